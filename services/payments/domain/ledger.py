"""The allocation ledger: where the money of one case went, what of it waits, and what we heard of the case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Due, Fact, Stream
from services.kernel.money import Money
from services.payments.domain.book import Book
from services.payments.domain.components import Component
from services.payments.domain.suspense import Item, SuspenseReason, Waiting

# What happened ---------------------------------------------------------------


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
    designated_debt_ids: tuple[UUID, ...]
    commitment_id: UUID | None

    def apply(self, ledger: AllocationLedger) -> None:
        ledger.allocations[self.allocation_id] = Allocation(
            self.allocation_id,
            self.payment_id,
            self.amount,
            self.lines,
            self.value_date,
            self.waterfall_version,
            self.source,
            self.designated_debt_ids,
            self.commitment_id,
            self.originator_version,
        )
        ledger.by_payment.setdefault(self.payment_id, []).append(self.allocation_id)
        ledger.book_lines(self.lines, 1)


class AllocationReversed(Fact):
    case_id: UUID
    allocation_id: UUID
    payment_id: UUID
    cause: ReversalCause
    value_date: date
    amount: Money

    def apply(self, ledger: AllocationLedger) -> None:
        allocation = ledger.allocations[self.allocation_id]
        allocation.reversed_on, allocation.reversed_because = self.value_date, self.cause
        allocation.reversed_version = self.originator_version
        ledger.book_lines(allocation.lines, -1)


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Allocation:
    """Where a payment, or a part of it, went. Reversed, it counts until before that day."""

    id: UUID
    payment_id: UUID
    amount: Money
    lines: tuple[AllocationLine, ...]
    value_date: date
    waterfall_version: str
    source: str
    designated_debt_ids: tuple[UUID, ...]
    commitment_id: UUID | None
    version: int
    reversed_on: date | None = None
    reversed_because: ReversalCause | None = None
    reversed_version: int = 0

    @property
    def is_live(self) -> bool:
        return self.reversed_on is None

    def counts_on(self, day: date) -> bool:
        return self.value_date <= day and (self.reversed_on is None or day < self.reversed_on)


class AllocationLedger(Stream):
    begins_with = ("CaseBookOpened", "SuspenseItemOpened")

    def __init__(self) -> None:
        self.book: Book | None = None
        self.heard = 0
        """Version of the case up to which what we were told is noted."""
        self.allocations: dict[UUID, Allocation] = {}
        self.by_payment: dict[UUID, list[UUID]] = {}
        self.credits: dict[UUID, Money] = {}
        self.waiting = Waiting()

    def book_lines(self, lines: Iterable[AllocationLine], sign: int) -> None:
        assert self.book is not None
        for line in lines:
            self.book.debts[line.debt_id].pay(line.component, sign * line.amount.minor_units)
            if line.commitment_id in self.book.commitments:
                self.book.commitments[line.commitment_id].paid += sign * line.amount.minor_units

    def allocations_of(self, payment_id: UUID) -> list[Allocation]:
        return [self.allocations[allocation_id] for allocation_id in self.by_payment.get(payment_id, ())]

    def held_of(self, payment_id: UUID) -> int:
        """Minor units of the payment that are here: spread or waiting."""
        spread = sum(each.amount.minor_units for each in self.allocations_of(payment_id) if each.is_live)
        return spread + sum(item.amount.minor_units for item in self.waiting.of(payment_id))

    def why_waits(self, value_date: date, currency_code: str) -> SuspenseReason | None:
        """Why money of that day cannot be spread over the debts of the case; None: it can."""
        if self.book is None:
            return SuspenseReason.CASE_IS_NOT_HEARD
        if not self.book.takes_money:
            return SuspenseReason.CASE_IS_NOT_OPEN
        if currency_code != self.book.traits.currency_code:
            return SuspenseReason.CURRENCY_DIFFERS
        return None if self.book.debts_on(value_date) else SuspenseReason.NO_DEBT_COUNTS

    def drawable(self) -> list[Item]:
        """What waits and need not any more."""
        return [
            item
            for item in self.waiting.items.values()
            if item.reason is not SuspenseReason.EXCESS and self.why_waits(item.value_date, item.amount.currency_code) is None
        ]

    def due(self) -> Iterable[Due]:
        drawable = self.drawable() if self.waiting.items else []
        if drawable:
            yield Due("ledger.draw", max(item.since for item in drawable))


def stream_of(case_id: UUID) -> UUID:
    """The stream of the case's ledger."""
    return ids.derived("ledger", case_id)
