"""Finds a case, and a debt of one, by its id or by the client's reference."""

from __future__ import annotations

from uuid import UUID

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1.types_pb2 import Money

from clients.cli.connection import Doors
from clients.cli.failures import INVALID, NOT_FOUND, Failure, usage
from clients.cli.money import NotAnAmount, decimals_of, minor_units
from clients.cli.reading import is_uuid

SAME_REFERENCE_MAX = 20


async def case_id_of(doors: Doors, case: str, portfolio: str = "") -> str:
    """`case` where it is a UUID, else the one case with that reference of a client. Failure where there is none, or more than one."""
    if is_uuid(case):
        return str(UUID(case))
    request = cases.ListCasesRequest(external_ref=case, portfolio_id=portfolio, page_size=SAME_REFERENCE_MAX)
    found = (await doors.cases.ListCases(request)).cases
    if not found:
        raise Failure(NOT_FOUND, f"There is no case with the reference {case}.", "CASE_IS_UNKNOWN")
    if len(found) > 1:
        lines = [f"{one.case_id} in portfolio {one.portfolio_id}" for one in found]
        raise Failure(INVALID, f"Several cases have the reference {case}: say its id, or --portfolio.", "REFERENCE_IS_AMBIGUOUS", lines)
    return found[0].case_id


async def debt_of(doors: Doors, case_id: str, debt: str) -> tuple[str, str]:
    """Id and currency of the debt: by its id or the client's reference, or the only one. Failure where there is none, or several."""
    case = (await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id))).case
    found = [each for each in case.debts if debt in (each.debt_id, each.external_ref) or (not debt and not each.is_detached)]
    if not found:
        raise Failure(NOT_FOUND, f"The case has no debt {debt}.".replace(" .", "."), "DEBT_IS_UNKNOWN")
    if len(found) > 1:
        lines = [f"{one.debt_id} {one.external_ref}" for one in found]
        raise Failure(INVALID, "The case has several debts: say --debt.", "DEBT_IS_AMBIGUOUS", lines)
    return found[0].debt_id, case.balance.currency_code


def amount_of(text: str, currency: str, option: str) -> Money:
    """`400.00` in that currency. Failure naming the option."""
    try:
        units = minor_units(text, decimals=decimals_of(currency))
    except NotAnAmount as wrong:
        raise usage(f"{option} {wrong}: {text}") from wrong
    return Money(currency_code=currency, minor_units=units)
