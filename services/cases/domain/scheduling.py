"""Scheduling: the creditor says when what falls due of a debt; a later word on an instalment takes the place of the earlier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import delinquency
from services.cases.domain.components import check_amounts
from services.cases.domain.debts import known
from services.cases.domain.delinquency import DUE_DATE_AHEAD_DAYS_MAX, DUE_DATE_YEAR_MIN
from services.cases.domain.instalments import Instalment, InstalmentsScheduled
from services.kernel.refusal import IsInvalid, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

INSTALMENTS_PER_DEBT_MAX = 1_200
"""A hundred years of months."""


class DebtHasTooManyInstalments(Refusal):
    """The debt has as many instalments as it may."""


def schedule(case: Case, debt_id: UUID, instalments: Sequence[Instalment], source_ref: str) -> None:
    """Those that say nothing new are left away; where none is left, nothing is told."""
    case.must_be_reportable()
    debt = known(case, debt_id)
    _check(case, instalments)
    news = tuple(each for each in instalments if debt.instalments.get(each.number) != each)
    if not news:
        return
    if len({*debt.instalments, *(each.number for each in news)}) > INSTALMENTS_PER_DEBT_MAX:
        raise DebtHasTooManyInstalments(instalments_max=INSTALMENTS_PER_DEBT_MAX)
    delinquency.catch_up(case)
    case.tell(InstalmentsScheduled(**case.next(), debt_id=debt_id, instalments=news, source_ref=source_ref))
    delinquency.tell_after(case, "INSTALMENTS_SCHEDULED")


def _check(case: Case, instalments: Sequence[Instalment]) -> None:
    if not instalments:
        raise IsInvalid("instalments", "must hold at least one")
    seen: set[int] = set()
    for place, each in enumerate(instalments):
        at = f"instalments[{place}]"
        if each.number < 1 or each.number in seen:
            raise IsInvalid(f"{at}.number", "must be a number from 1 that no other one has")
        seen.add(each.number)
        _check_due_date(each.due_date, case.today, f"{at}.due_date")
        if each.components:
            check_amounts(each.components, case.currency_code, f"{at}.components")
        for part, amount in enumerate(each.components):
            if amount.amount.minor_units <= 0:
                raise IsInvalid(f"{at}.components[{part}].amount.minor_units", "must be more than nothing")


def _check_due_date(due_date: date, today: date, field: str) -> None:
    if due_date.year < DUE_DATE_YEAR_MIN or (due_date - today).days > DUE_DATE_AHEAD_DAYS_MAX:
        raise IsInvalid(field, f"must lie between {DUE_DATE_YEAR_MIN} and {DUE_DATE_AHEAD_DAYS_MAX} days ahead")
