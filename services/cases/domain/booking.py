"""Booking: debts are attached to a case, adjusted, and detached (baja); what that changes of the past is told as restated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import delinquency, dropping, reconciling
from services.cases.domain.components import ComponentAmount, check_amounts
from services.cases.domain.debts import (
    ENTRIES_PER_DEBT_MAX,
    AdjustmentReason,
    DebtAttached,
    DebtBalanceAdjusted,
    DebtDetached,
    known,
    must_have_room,
)
from services.kernel.refusal import AlreadyExists, IsInvalid, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

DEBTS_PER_CASE_MAX = 500


@dataclass(frozen=True, slots=True)
class DebtTerms:
    """A debt as a row brings it."""

    external_ref: str
    product: str
    components: tuple[ComponentAmount, ...]
    oldest_due_date: date | None = None


class DebtIsAttachedAlready(AlreadyExists):
    """The case has a debt of this reference already."""


class DebtIsDetached(Refusal):
    """The debt has been detached from the case: nothing is booked on it any more."""


class CaseHasTooManyDebts(Refusal):
    """The case holds as many debts as it may."""


class DebtHasTooManyEntries(Refusal):
    """The debt's ledger holds as many entries as it may."""


def attach(case: Case, debt_id: UUID, debt: DebtTerms, value_date: date | None, field: str = "debt") -> None:
    """From `value_date` on (today, where none is given) the debt counts in the balance."""
    case.must_be_workable()
    if debt_id in case.debts.by_id:
        return
    if case.debts.of_ref(debt.external_ref) is not None:
        raise DebtIsAttachedAlready(external_ref=debt.external_ref)
    if len(case.debts.by_id) >= DEBTS_PER_CASE_MAX:
        raise CaseHasTooManyDebts(debts_max=DEBTS_PER_CASE_MAX)
    if not debt.external_ref.strip():
        raise IsInvalid(f"{field}.external_ref", "must not be empty")
    check_amounts(debt.components, case.currency_code, f"{field}.components")
    must_have_room(case, debt.components)
    on = case.day_or_today(value_date, "value_date")
    if debt.oldest_due_date is not None and debt.oldest_due_date > on:
        raise IsInvalid(f"{field}.oldest_due_date", "must not lie after the value date")
    delinquency.catch_up(case)
    case.tell(
        DebtAttached(
            **case.next(),
            debt_id=debt_id,
            external_ref=debt.external_ref,
            product=debt.product,
            components=debt.components,
            oldest_due_date=debt.oldest_due_date,
            value_date=on,
        )
    )
    delinquency.tell_after(case, "DEBT_ATTACHED")
    reconciling.explain_since(case, on)


def detach(case: Case, debt_id: UUID, reason_code: str, value_date: date | None) -> None:
    """From `value_date` on (today, where none is given) the debt no longer counts."""
    case.must_be_workable()
    debt = known(case, debt_id)
    if debt.detached_on is not None:
        return
    on = case.day_or_today(value_date, "value_date")
    if on < debt.attached_on:
        raise IsInvalid("value_date", "must not lie before the day the debt was attached from")
    delinquency.catch_up(case)
    case.tell(DebtDetached(**case.next(), debt_id=debt_id, reason_code=reason_code, value_date=on))
    delinquency.tell_after(case, "DEBT_DETACHED")
    dropping.cancel_of_debt(case, debt_id)
    reconciling.explain_since(case, on)


def adjust(
    case: Case, debt_id: UUID, deltas: Sequence[ComponentAmount], reason: AdjustmentReason, source_ref: str, value_date: date | None
) -> None:
    """Book changes by component. A balance may become negative: that is a credit."""
    case.must_be_workable()
    book(case, debt_id, deltas, reason, source_ref, value_date)


def book(
    case: Case, debt_id: UUID, deltas: Sequence[ComponentAmount], reason: AdjustmentReason, source_ref: str, value_date: date | None
) -> None:
    """The same on a closed case too: what follows from a dispute's answer does not wait for a reopening."""
    on = checked_value_date(case, debt_id, deltas, value_date)
    changes = tuple(delta for delta in deltas if not delta.amount.is_zero)
    if not changes:
        return
    delinquency.catch_up(case)
    case.tell(DebtBalanceAdjusted(**case.next(), debt_id=debt_id, deltas=changes, reason=reason, source_ref=source_ref, value_date=on))
    delinquency.tell_after(case, "BALANCE_ADJUSTED")
    reconciling.explain_since(case, on)


def checked_value_date(case: Case, debt_id: UUID, deltas: Sequence[ComponentAmount], value_date: date | None) -> date:
    """That these changes may be booked on the debt; the day from which they count."""
    debt = known(case, debt_id)
    if debt.detached_on is not None:
        raise DebtIsDetached(debt_id=debt_id)
    check_amounts(deltas, case.currency_code, "deltas")
    if len(debt.entries) + len(deltas) > ENTRIES_PER_DEBT_MAX:
        raise DebtHasTooManyEntries(entries_max=ENTRIES_PER_DEBT_MAX)
    must_have_room(case, deltas)
    on = case.day_or_today(value_date, "value_date")
    if on < debt.attached_on:
        raise IsInvalid("value_date", "must not lie before the day the debt was attached from")
    return on
