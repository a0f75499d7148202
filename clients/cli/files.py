"""The files a creditor sends, row by row: the remesa, the monthly report, withdrawals, instalments. Described in data/README.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid5

from acuerdo.cases.v1.instalments_pb2 import Instalment
from acuerdo.cases.v1.service_pb2 import ArrearsRow, CaseRow, WithdrawalRow
from acuerdo.cases.v1.types_pb2 import Component, ComponentAmount, ControlTotals, Debt, Liability, Party, PartyRole
from acuerdo.common.v1.types_pb2 import Money
from google.type import date_pb2

from clients.cli.identities import IDENTITY
from clients.cli.money import decimals_of
from clients.cli.tables import CellIsWrong, Cells, Columns, Table, read_table

PERSONS = UUID("669356b4-7d84-5b16-aba0-da50fcbd634c")
"""Where a file names nobody, a person is derived (UUIDv5) from the client and its reference: the same row again is the same person."""
CHUNK_ROWS_MAX = 128
"""As the contract says of RegisterCases and ReportArrears."""
CYCLES_MAX = 999
DAYS_MAX = 36_500
INSTALMENT_NUMBER_MAX = 10_000
REFERENCE_MAX = 64
PRODUCT_MAX = 40
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")

R = TypeVar("R")


def read_remesa(file: Path, client_id: str, currency_code: str) -> Table[CaseRow]:
    """One case a row. `client_id` is whose references these are; `currency_code` is the portfolio's."""
    return read_table(file, REMESA, partial(_case_row, client_id, currency_code), unique=("external_ref",))


def read_arrears(file: Path, currency_code: str) -> Table[ArrearsRow]:
    """How late each case is, and what is owed."""
    return read_table(file, ARREARS, partial(_arrears_row, currency_code), unique=("external_ref",))


def read_withdrawals(file: Path, reason_code: str) -> Table[WithdrawalRow]:
    """What the creditor takes back: a case or one of its debts a row. `reason_code` stands where a row says none."""
    return read_table(file, WITHDRAWALS, partial(_withdrawal, reason_code), unique=("external_ref", "debt_ref"))


def read_instalments(file: Path, currency_code: str) -> Table[Instalment]:
    """What falls due of one debt, one instalment a row; a row without amounts: not due any more."""
    return read_table(file, INSTALMENTS, partial(_instalment, currency_code), unique=("number",))


def totals_of(rows: Iterable[CaseRow], currency_code: str) -> ControlTotals:
    """How many cases, and the sum over all components of all their debts."""
    count, units = 0, 0
    for row in rows:
        count += 1
        units += sum(component.amount.minor_units for debt in row.debts for component in debt.components)
    return ControlTotals(count=count, amount=Money(currency_code=currency_code, minor_units=units))


def chunks(rows: Sequence[R], size: int = CHUNK_ROWS_MAX) -> Iterator[Sequence[R]]:
    """The rows in lists of `size`, the last one shorter."""
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


def wire_date(day: date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def _case_row(client_id: str, currency_code: str, cells: Cells) -> CaseRow:
    _check_currency(cells, currency_code)
    reference = _short(cells, "external_ref", REFERENCE_MAX)
    product = _short(cells, "product", PRODUCT_MAX)
    debt = Debt(
        external_ref=_short(cells, "debt_ref", REFERENCE_MAX) if cells.has("debt_ref") else reference,
        product=product,
        components=[
            ComponentAmount(component=component, amount=_money(cells, name, currency_code))
            for name, component in COMPONENTS.items()
            if name == "principal" or cells.has(name)
        ],
        oldest_due_date=_day(cells, "oldest_due_date"),
    )
    person_id = _uuid(cells, "person_id") if cells.has("person_id") else str(uuid5(PERSONS, f"{client_id}/{reference}"))
    debtor = Party(person_id=person_id, role=PartyRole.PARTY_ROLE_DEBTOR, liability=Liability.LIABILITY_FULL)
    value_date = _day(cells, "value_date")
    return CaseRow(line=cells.line, external_ref=reference, product=product, parties=[debtor], debts=[debt], value_date=value_date)


def _arrears_row(currency_code: str, cells: Cells) -> ArrearsRow:
    _check_currency(cells, currency_code)
    said = [name for name in LATENESS if cells.has(name)]
    if len(said) > 1:
        raise CellIsWrong(said[1], "LATENESS_IS_SAID_TWICE", f"says how late in a second way; {said[0]} says it already")
    if not said and not cells.has("balance"):
        raise CellIsWrong("", "ROW_SAYS_NOTHING", "says neither how late the case is nor what is owed")
    if cells.has("payment"):
        _money(cells, "payment", currency_code)  # read, so that a broken one is seen; what was paid is not for this report to say
    return ArrearsRow(
        line=cells.line,
        external_ref=_short(cells, "external_ref", REFERENCE_MAX),
        cycles_past_due=cells.whole("cycles_past_due", 0, CYCLES_MAX) if cells.has("cycles_past_due") else None,
        days_past_due=cells.whole("days_past_due", 0, DAYS_MAX) if cells.has("days_past_due") else None,
        oldest_unpaid_due_date=_day(cells, "oldest_unpaid_due_date"),
        past_due=_money(cells, "past_due", currency_code) if cells.has("past_due") else None,
        balance=_money(cells, "balance", currency_code) if cells.has("balance") else None,
    )


def _withdrawal(reason_code: str, cells: Cells) -> WithdrawalRow:
    said = cells.text("reason_code") if cells.has("reason_code") or not reason_code else reason_code
    if not _CODE.fullmatch(said):
        raise CellIsWrong("reason_code", "REASON_CODE_IS_INVALID", "is not a code such as CLIENT_RECALL")
    return WithdrawalRow(
        line=cells.line,
        external_ref=_short(cells, "external_ref", REFERENCE_MAX),
        debt_ref=_short(cells, "debt_ref", REFERENCE_MAX) if cells.has("debt_ref") else "",
        reason_code=said,
        effective_on=_day(cells, "effective_on"),
    )


def _instalment(currency_code: str, cells: Cells) -> Instalment:
    return Instalment(
        number=cells.whole("number", 1, INSTALMENT_NUMBER_MAX),
        due_date=wire_date(cells.day("due_date")),
        components=[
            ComponentAmount(component=component, amount=_money(cells, name, currency_code))
            for name, component in COMPONENTS.items()
            if cells.has(name)
        ],
    )


def _money(cells: Cells, name: str, currency_code: str) -> Money:
    return Money(currency_code=currency_code, minor_units=cells.amount(name, decimals_of(currency_code)))


def _day(cells: Cells, name: str) -> date_pb2.Date | None:
    return wire_date(cells.day(name)) if cells.has(name) else None


def _short(cells: Cells, name: str, length_max: int) -> str:
    value = cells.text(name)
    if len(value) > length_max:
        raise CellIsWrong(name, "TEXT_IS_TOO_LONG", f"is longer than {length_max} characters")
    if not value.isprintable():
        raise CellIsWrong(name, "TEXT_IS_NOT_PRINTABLE", "holds a character that cannot be seen")
    return value


def _check_currency(cells: Cells, portfolio: str) -> None:
    if cells.has("currency") and cells.text("currency") != portfolio:
        raise CellIsWrong("currency", "CURRENCY_IS_ANOTHER", f"must be the portfolio's: {portfolio}")


def _uuid(cells: Cells, name: str) -> str:
    try:
        return str(UUID(cells.text(name)))
    except ValueError:
        raise CellIsWrong(name, "PERSON_IS_INVALID", "is not a UUID") from None


COMPONENTS = {
    "principal": Component.COMPONENT_PRINCIPAL,
    "interest": Component.COMPONENT_INTEREST,
    "fees": Component.COMPONENT_FEES,
    "costs": Component.COMPONENT_COSTS,
}

LATENESS = ("cycles_past_due", "days_past_due", "oldest_unpaid_due_date")

REMESA = Columns(
    required=("external_ref", "product", "principal"),
    optional=("interest", "fees", "costs", "currency", "value_date", "oldest_due_date", "debt_ref", "person_id", *IDENTITY),
)

ARREARS = Columns(required=("external_ref",), optional=(*LATENESS, "past_due", "balance", "payment", "currency"))

WITHDRAWALS = Columns(required=("external_ref",), optional=("debt_ref", "reason_code", "effective_on"))

INSTALMENTS = Columns(required=("number", "due_date"), optional=tuple(COMPONENTS))
