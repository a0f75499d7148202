"""Finds a case by its id or by the client's reference."""

from __future__ import annotations

from uuid import UUID

from acuerdo.cases.v1 import service_pb2 as cases

from clients.cli.connection import Doors
from clients.cli.failures import INVALID, NOT_FOUND, Failure
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
