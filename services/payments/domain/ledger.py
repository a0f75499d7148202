"""The allocation ledger: where the money of one case went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Fact, Stream
from services.kernel.money import Money

# What happened ---------------------------------------------------------------


class Component(Enum):
    """Part of a debt."""

    PRINCIPAL = 1
    INTEREST = 2
    FEES = 3
    COSTS = 4


class ReversalCause(Enum):
    """Why money that was credited is not any more."""

    RETURNED = 1
    CHARGEBACK = 2
    REALLOCATED = 3
    ENTERED_IN_ERROR = 4


@dataclass(frozen=True, slots=True)
class AllocationLine:
    """`instalment` 0: to none. `commitment_id`: the promise or agreement it was given to."""

    debt_id: UUID
    component: Component
    amount: Money
    instalment: int
    commitment_id: UUID | None
    rule: str


class PaymentAllocated(Fact):
    case_id: UUID
    allocation_id: UUID
    payment_id: UUID
    amount: Money
    lines: tuple[AllocationLine, ...]
    value_date: date
    waterfall_version: str
    source: str

    def apply(self, ledger: AllocationLedger) -> None:
        ledger.allocations[self.allocation_id] = self


class AllocationReversed(Fact):
    case_id: UUID
    allocation_id: UUID
    payment_id: UUID
    cause: ReversalCause
    value_date: date
    amount: Money

    def apply(self, ledger: AllocationLedger) -> None:
        ledger.reversed.add(self.allocation_id)


# Where it stands -------------------------------------------------------------


class AllocationLedger(Stream):
    def __init__(self) -> None:
        self.allocations: dict[UUID, PaymentAllocated] = {}
        self.reversed: set[UUID] = set()


def stream_of(case_id: UUID) -> UUID:
    """The stream of the case's ledger."""
    return ids.derived("ledger", case_id)
