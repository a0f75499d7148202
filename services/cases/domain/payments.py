"""Payments: what payments has allocated to the case's debts, each with its origin. Money counts from its value date on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.components import Component, ComponentAmount
from services.kernel.facts import Causation, Fact
from services.kernel.money import Money

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """Where a part of a payment went; `instalment` 0: to none, the oldest is paid first; `commitment_id`: the promise it was given to."""

    debt_id: UUID
    component: Component
    amount: Money
    instalment: int
    commitment_id: UUID | None = None


class PaymentApplied(Fact):
    payment_id: UUID
    allocation_id: UUID
    amount: Money
    lines: tuple[PaymentLine, ...]
    value_date: date
    credit: Money
    origin: Causation
    source: str

    def apply(self, case: Case) -> None:
        case.payments.by_allocation[self.allocation_id] = Allocation(
            self.allocation_id, self.payment_id, self.lines, self.value_date, self.originator_version, self.timestamp, source=self.source
        )
        for line in self.lines:
            case.debts.by_id[line.debt_id].book(self.value_date, (ComponentAmount(line.component, -line.amount),))


class PaymentUnapplied(Fact):
    payment_id: UUID
    allocation_id: UUID
    amount: Money
    value_date: date
    cause: str
    origin: Causation
    lines: tuple[PaymentLine, ...]

    def apply(self, case: Case) -> None:
        allocation = case.payments.by_allocation[self.allocation_id]
        allocation.unapplied_on, allocation.unapplied_version = self.value_date, self.originator_version
        for line in self.lines:
            case.debts.by_id[line.debt_id].book(self.value_date, (ComponentAmount(line.component, line.amount),))


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Allocation:
    """What one payment paid. Unapplied, it counts until before that day."""

    id: UUID
    payment_id: UUID
    lines: tuple[PaymentLine, ...]
    value_date: date
    version: int
    told_at: datetime
    unapplied_on: date | None = None
    unapplied_version: int = 0
    source: str = ""

    def counts_on(self, day: date) -> bool:
        return self.value_date <= day and (self.unapplied_on is None or day < self.unapplied_on)


@dataclass(slots=True)
class Payments:
    by_allocation: dict[UUID, Allocation] = field(default_factory=dict)
