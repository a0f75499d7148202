"""Debts: what a case consists of, as a ledger by component and value date. Never netted across currencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.components import AMOUNT_MINOR_UNITS_MAX, ComponentAmount, moved, summed
from services.cases.domain.instalments import Instalment
from services.kernel.facts import Fact
from services.kernel.money import Money, total
from services.kernel.refusal import IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

ENTRIES_PER_DEBT_MAX = 20_000

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
        debt = Debt(
            self.debt_id,
            self.external_ref,
            self.product,
            self.oldest_due_date,
            self.value_date,
            self.components,
            version=self.originator_version,
        )
        debt.book(self.value_date, self.components)
        case.debts.by_id[self.debt_id] = debt


class DebtDetached(Fact):
    debt_id: UUID
    reason_code: str
    value_date: date

    def apply(self, case: Case) -> None:
        debt = case.debts.by_id[self.debt_id]
        debt.detached_on, debt.detached_version = self.value_date, self.originator_version


class DebtBalanceAdjusted(Fact):
    debt_id: UUID
    deltas: tuple[ComponentAmount, ...]
    reason: AdjustmentReason
    source_ref: str
    value_date: date

    def apply(self, case: Case) -> None:
        debt = case.debts.by_id[self.debt_id]
        debt.book(self.value_date, self.deltas)
        debt.adjustments.append(Adjustment(self.value_date, self.deltas, self.reason, self.source_ref, self.originator_version))
        if self.reason is AdjustmentReason.DISPUTE_UPHELD:
            debt.upheld.extend((self.value_date, delta) for delta in self.deltas)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One change of a balance that was neither its opening nor a payment, and the fact that told it."""

    value_date: date
    deltas: tuple[ComponentAmount, ...]
    reason: AdjustmentReason
    source_ref: str
    version: int


@dataclass(slots=True)
class Debt:
    """One debt and its ledger: dated entries, so that its balance can be told for any day."""

    id: UUID
    external_ref: str
    product: str
    oldest_due_date: date | None
    attached_on: date
    opening: tuple[ComponentAmount, ...] = ()
    detached_on: date | None = None
    entries: list[tuple[date, ComponentAmount]] = field(default_factory=list)
    instalments: dict[int, Instalment] = field(default_factory=dict)
    """By number; the latest word on a number counts."""
    upheld: list[tuple[date, ComponentAmount]] = field(default_factory=list)
    """What disputes took off: none of it is due any more."""
    moved_minor_units: int = 0
    """The sum of all entries regardless of sign: no balance on any day can exceed it."""
    adjustments: list[Adjustment] = field(default_factory=list)
    version: int = 0
    """Of the fact that attached it."""
    detached_version: int = 0

    def book(self, value_date: date, amounts: Sequence[ComponentAmount]) -> None:
        self.entries.extend((value_date, amount) for amount in amounts)
        self.moved_minor_units += moved(amounts)

    def schedule(self) -> tuple[Instalment, ...]:
        """What falls due of it; where only its oldest due date is known, all of it on that day."""
        if self.instalments or self.oldest_due_date is None:
            return tuple(each for each in self.instalments.values() if each.components)
        return (Instalment(0, self.oldest_due_date, self.opening),)

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

    def moves(self) -> dict[date, int]:
        """By how many minor units the case's balance changes on which day."""
        moves: dict[date, int] = defaultdict(int)
        for debt in self.by_id.values():
            counted = [(day, part) for day, part in debt.entries if debt.detached_on is None or day < debt.detached_on]
            for day, part in counted:
                moves[day] += part.amount.minor_units
            if debt.detached_on is not None:
                moves[debt.detached_on] -= sum(part.amount.minor_units for _, part in counted)
        return moves

    def balance_on(self, day: date, currency_code: str) -> Money:
        return total((amount.amount for amount in self.components_on(day)), currency_code)

    def of_ref(self, external_ref: str) -> Debt | None:
        """The debt that has this reference now: a detached one has given it up."""
        return next((debt for debt in self.by_id.values() if debt.external_ref == external_ref and debt.detached_on is None), None)


# What may be decided ---------------------------------------------------------


class DebtIsUnknown(IsUnknown):
    """The case has no such debt."""


class CaseAmountsAreTooLarge(Refusal):
    """More would be booked on the case than its balances may ever hold."""


def must_have_room(case: Case, amounts: Sequence[ComponentAmount]) -> None:
    if sum(debt.moved_minor_units for debt in case.debts.by_id.values()) + moved(amounts) > AMOUNT_MINOR_UNITS_MAX:
        raise CaseAmountsAreTooLarge(minor_units_max=AMOUNT_MINOR_UNITS_MAX)


def known(case: Case, debt_id: UUID) -> Debt:
    if debt_id not in case.debts.by_id:
        raise DebtIsUnknown(debt_id=debt_id)
    return case.debts.by_id[debt_id]
