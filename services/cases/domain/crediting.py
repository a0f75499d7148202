"""Crediting: what payments tells of a case's money is booked on it, from its value date on, and taken back when payments takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import closing, delinquency, keeping, reconciling, transit
from services.cases.domain.components import ComponentAmount
from services.cases.domain.debts import ENTRIES_PER_DEBT_MAX, known, must_have_room
from services.cases.domain.lifecycle import ReopenReason
from services.cases.domain.payments import PaymentApplied, PaymentLine, PaymentUnapplied
from services.kernel.facts import Causation
from services.kernel.money import Money, total
from services.kernel.refusal import IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

ALLOCATIONS_PER_CASE_MAX = 20_000
VALUE_DATE_AHEAD_DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Credit:
    """An allocation as payments tells it."""

    allocation_id: UUID
    payment_id: UUID
    amount: Money
    lines: tuple[PaymentLine, ...]
    value_date: date
    source: str


class PaymentIsUnknown(IsUnknown):
    """The case knows of no such allocation."""


class PaymentIsOfAnotherCurrency(Refusal):
    """The debts of the case are in another currency."""


class PaymentDoesNotAddUp(Refusal):
    """The lines of an allocation are more than nothing each, and its amount together."""


class PaymentLiesFarAhead(Refusal):
    """A value date may lie ahead, but not that far."""


class PaymentLiesBeforeTheDebt(Refusal):
    """The debt counts from a later day: what was paid before is in its opening balance."""


class CaseHasTooManyPayments(Refusal):
    """The case holds as many payments as it may."""


def apply(case: Case, credit: Credit, origin: Causation) -> None:
    """Heard twice, booked once. Also on a closed case, and on a debt that was detached: money that came is money that came."""
    case.must_be_reportable()
    if credit.allocation_id in case.payments.by_allocation:
        return
    _check(case, credit)
    delinquency.catch_up(case)
    case.tell(
        PaymentApplied(
            **case.next(),
            payment_id=credit.payment_id,
            allocation_id=credit.allocation_id,
            amount=credit.amount,
            lines=credit.lines,
            value_date=credit.value_date,
            credit=_credit_left(case, credit),
            origin=origin,
            source=credit.source,
        )
    )
    delinquency.tell_after(case, "PAYMENT_APPLIED")
    reconciling.explain_since(case, credit.value_date)
    keeping.settle(case, "PAYMENT_RECORDED_LATE")
    transit.settle(case, credit.payment_id, "RECEIVED", origin)


def unapply(case: Case, allocation_id: UUID, cause: str, value_date: date, origin: Causation) -> None:
    """The whole allocation, from that day on; a day before it counted: it never did. A case closed as paid on it reopens."""
    case.must_be_reportable()
    allocation = case.payments.by_allocation.get(allocation_id)
    if allocation is None:
        raise PaymentIsUnknown(allocation_id=allocation_id)
    if allocation.unapplied_on is not None:
        return
    _must_be_near(case, value_date)
    delinquency.catch_up(case)
    case.tell(
        PaymentUnapplied(
            **case.next(),
            payment_id=allocation.payment_id,
            allocation_id=allocation_id,
            amount=total((line.amount for line in allocation.lines), case.currency_code),
            value_date=max(value_date, allocation.value_date),
            cause=cause,
            origin=origin,
            lines=allocation.lines,
        )
    )
    unapplied = Causation(case.id, case.version)
    delinquency.tell_after(case, "PAYMENT_UNAPPLIED")
    reconciling.explain_since(case, max(value_date, allocation.value_date))
    keeping.settle(case, cause)
    closing.reopen_where_ground_is_gone(case, unapplied, ReopenReason.PAYMENT_REVERSED, on=value_date)


def _check(case: Case, credit: Credit) -> None:
    if any(amount.currency_code != case.currency_code for amount in (credit.amount, *(line.amount for line in credit.lines))):
        raise PaymentIsOfAnotherCurrency(currency_code=case.currency_code)
    if min((line.amount.minor_units for line in credit.lines), default=0) <= 0 or credit.amount != _sum(case, credit.lines):
        raise PaymentDoesNotAddUp(minor_units=credit.amount.minor_units)
    _must_be_near(case, credit.value_date)
    must_have_room(case, [ComponentAmount(line.component, line.amount) for line in credit.lines])
    if len(case.payments.by_allocation) >= ALLOCATIONS_PER_CASE_MAX:
        raise CaseHasTooManyPayments(allocations_max=ALLOCATIONS_PER_CASE_MAX)
    for line in credit.lines:
        debt = known(case, line.debt_id)
        if credit.value_date < debt.attached_on:
            raise PaymentLiesBeforeTheDebt(debt_id=debt.id, attached_on=debt.attached_on)
        if len(debt.entries) >= ENTRIES_PER_DEBT_MAX:
            raise CaseHasTooManyPayments(entries_max=ENTRIES_PER_DEBT_MAX)


def _must_be_near(case: Case, value_date: date) -> None:
    if (value_date - case.today).days > VALUE_DATE_AHEAD_DAYS_MAX:
        raise PaymentLiesFarAhead(value_date=value_date, days_max=VALUE_DATE_AHEAD_DAYS_MAX)


def _credit_left(case: Case, credit: Credit) -> Money:
    """What of it is more than was owed on the debts it went to, by what we know today."""
    left = Money.zero(case.currency_code)
    for debt_id in {line.debt_id for line in credit.lines}:
        paid = _sum(case, [line for line in credit.lines if line.debt_id == debt_id])
        owed = total((part.amount for part in known(case, debt_id).components_on(case.today)), case.currency_code)
        left += max(Money.zero(case.currency_code), min(paid, paid - owed))
    return left


def _sum(case: Case, lines: Sequence[PaymentLine]) -> Money:
    return total((line.amount for line in lines), case.currency_code)
