"""Debts: what a case consists of, as a ledger by component and value date. Never netted across currencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.components import Component, ComponentAmount, summed
from services.kernel.facts import Fact
from services.kernel.money import Money, total
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case
    from services.cases.domain.instalments import Instalment

DEBTS_PER_CASE_MAX = 500
ENTRIES_PER_DEBT_MAX = 20_000
AMOUNT_MINOR_UNITS_MAX = 10**15

# What happened ---------------------------------------------------------------


class AdjustmentReason(Enum):
    """Why a balance was adjusted."""

    CLIENT_UPDATE = "CLIENT_UPDATE"
    INTEREST = "INTEREST"
    FEE = "FEE"
    CORRECTION = "CORRECTION"
    DISPUTE_UPHELD = "DISPUTE_UPHELD"


class DebtAttached(Fact):
    debt_id: UUID
    external_ref: str
    product: str
    components: tuple[ComponentAmount, ...]
    oldest_due_date: date | None
    value_date: date

    def apply(self, case: Case) -> None:
        debt = Debt(self.debt_id, self.external_ref, self.product, self.oldest_due_date, self.value_date)
        debt.book(self.value_date, self.components)
        case.debts.by_id[self.debt_id] = debt


class DebtDetached(Fact):
    debt_id: UUID
    reason_code: str
    value_date: date

    def apply(self, case: Case) -> None:
        case.debts.by_id[self.debt_id].detached_on = self.value_date


class DebtBalanceAdjusted(Fact):
    debt_id: UUID
    deltas: tuple[ComponentAmount, ...]
    reason: AdjustmentReason
    source_ref: str
    value_date: date

    def apply(self, case: Case) -> None:
        case.debts.by_id[self.debt_id].book(self.value_date, self.deltas)


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Debt:
    """One debt and its ledger: dated entries, so that its balance can be told for any day."""

    id: UUID
    external_ref: str
    product: str
    oldest_due_date: date | None
    attached_on: date
    detached_on: date | None = None
    entries: list[tuple[date, ComponentAmount]] = field(default_factory=list)
    instalments: dict[int, Instalment] = field(default_factory=dict)
    """By number; the latest word on a number counts."""
    moved_minor_units: int = 0
    """The sum of all entries regardless of sign: no balance on any day can exceed it."""

    def book(self, value_date: date, amounts: Sequence[ComponentAmount]) -> None:
        self.entries.extend((value_date, amount) for amount in amounts)
        self.moved_minor_units += moved(amounts)

    def counts_on(self, day: date) -> bool:
        return self.attached_on <= day and (self.detached_on is None or day < self.detached_on)

    def components_on(self, day: date) -> tuple[ComponentAmount, ...]:
        """Its balance by component; empty on days on which it does not count."""
        if not self.counts_on(day):
            return ()
        return summed(amount for value_date, amount in self.entries if value_date <= day)


@dataclass(slots=True)
class Debts:
    by_id: dict[UUID, Debt] = field(default_factory=dict)

    def components_on(self, day: date) -> tuple[ComponentAmount, ...]:
        """The case's balance by component: the sum over its debts."""
        return summed(amount for debt in self.by_id.values() for amount in debt.components_on(day))

    def balance_on(self, day: date, currency_code: str) -> Money:
        return total((amount.amount for amount in self.components_on(day)), currency_code)

    def of_ref(self, external_ref: str) -> Debt | None:
        """The debt that has this reference now: a detached one has given it up."""
        return next((debt for debt in self.by_id.values() if debt.external_ref == external_ref and debt.detached_on is None), None)


# What may be decided ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DebtTerms:
    """A debt as a row brings it."""

    external_ref: str
    product: str
    components: tuple[ComponentAmount, ...]
    oldest_due_date: date | None = None


class DebtIsUnknown(IsUnknown):
    """The case has no such debt."""


class DebtIsAttachedAlready(AlreadyExists):
    """The case has a debt of this reference already."""


class DebtIsDetached(Refusal):
    """The debt has been detached from the case: nothing is booked on it any more."""


class CaseHasTooManyDebts(Refusal):
    """The case holds as many debts as it may."""


class CaseAmountsAreTooLarge(Refusal):
    """More would be booked on the case than its balances may ever hold."""


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
    _must_have_room(case, debt.components)
    on = case.day_or_today(value_date, "value_date")
    if debt.oldest_due_date is not None and debt.oldest_due_date > on:
        raise IsInvalid(f"{field}.oldest_due_date", "must not lie after the value date")
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


def detach(case: Case, debt_id: UUID, reason_code: str, value_date: date | None) -> None:
    """From `value_date` on (today, where none is given) the debt no longer counts."""
    case.must_be_workable()
    debt = _known(case, debt_id)
    if debt.detached_on is not None:
        return
    on = case.day_or_today(value_date, "value_date")
    if on < debt.attached_on:
        raise IsInvalid("value_date", "must not lie before the day the debt was attached from")
    case.tell(DebtDetached(**case.next(), debt_id=debt_id, reason_code=reason_code, value_date=on))


def adjust(
    case: Case, debt_id: UUID, deltas: Sequence[ComponentAmount], reason: AdjustmentReason, source_ref: str, value_date: date | None
) -> None:
    """Book changes by component. A balance may become negative: that is a credit."""
    case.must_be_workable()
    debt = _known(case, debt_id)
    if debt.detached_on is not None:
        raise DebtIsDetached(debt_id=debt_id)
    check_amounts(deltas, case.currency_code, "deltas")
    if len(debt.entries) + len(deltas) > ENTRIES_PER_DEBT_MAX:
        raise DebtHasTooManyEntries(entries_max=ENTRIES_PER_DEBT_MAX)
    _must_have_room(case, deltas)
    on = case.day_or_today(value_date, "value_date")
    if on < debt.attached_on:
        raise IsInvalid("value_date", "must not lie before the day the debt was attached from")
    changes = tuple(delta for delta in deltas if not delta.amount.is_zero)
    if changes:
        case.tell(DebtBalanceAdjusted(**case.next(), debt_id=debt_id, deltas=changes, reason=reason, source_ref=source_ref, value_date=on))


def check_amounts(amounts: Sequence[ComponentAmount], currency_code: str, field: str) -> None:
    """At most one bounded amount for each component, all in the portfolio's currency."""
    if not amounts:
        raise IsInvalid(field, "must hold at least one component")
    seen: set[Component] = set()
    for place, amount in enumerate(amounts):
        if amount.component in seen:
            raise IsInvalid(f"{field}[{place}].component", "must not appear twice")
        seen.add(amount.component)
        check_money(amount.amount, currency_code, f"{field}[{place}].amount")


def check_money(amount: Money, currency_code: str, field: str) -> None:
    if amount.currency_code != currency_code:
        raise IsInvalid(f"{field}.currency_code", f"must be the portfolio's: {currency_code}")
    if abs(amount.minor_units) > AMOUNT_MINOR_UNITS_MAX:
        raise IsInvalid(f"{field}.minor_units", f"must not exceed {AMOUNT_MINOR_UNITS_MAX}")


def moved(amounts: Iterable[ComponentAmount]) -> int:
    """Minor units, regardless of sign."""
    return sum(abs(amount.amount.minor_units) for amount in amounts)


def _must_have_room(case: Case, amounts: Sequence[ComponentAmount]) -> None:
    if sum(debt.moved_minor_units for debt in case.debts.by_id.values()) + moved(amounts) > AMOUNT_MINOR_UNITS_MAX:
        raise CaseAmountsAreTooLarge(minor_units_max=AMOUNT_MINOR_UNITS_MAX)


def _known(case: Case, debt_id: UUID) -> Debt:
    if debt_id not in case.debts.by_id:
        raise DebtIsUnknown(debt_id=debt_id)
    return case.debts.by_id[debt_id]
