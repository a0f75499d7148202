"""I9: money is conserved, added up from the stored bytes alone: after every fact of payments no more is somewhere than has come, at the
end exactly that; each allocation is its lines; and what payments has allocated is what cases has applied, allocation by allocation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.payments.v1.events_pb2 import PaymentEvent

from proof.checker.evidence import Evidence
from proof.checker.findings import Finding, Looked
from proof.checker.stored import Event, NameOf

Amount = tuple[str, int]
"""Currency, minor units."""


@dataclass(slots=True)
class Books:
    """Where money is, by the facts of payments so far."""

    looked: Looked
    received: dict[NameOf, Amount] = field(default_factory=dict)
    reversed: set[NameOf] = field(default_factory=set)
    allocated: dict[NameOf, tuple[NameOf, NameOf, Amount]] = field(default_factory=dict)
    """By allocation: payment, case, amount."""
    waiting: dict[NameOf, tuple[NameOf, Amount]] = field(default_factory=dict)
    allocations: int = 0
    """All that there ever were."""
    held: dict[NameOf, int] = field(default_factory=dict)
    """By payment: what is allocated or waits."""

    def take(self, event: Event) -> None:
        noting = NOTED.get(event.fact)
        if noting is not None:
            self.looked.counted += 1
            noting(self, event, getattr(PaymentEvent.FromString(event.data), _field(event.fact)))

    def come(self, event: Event, fact: Any) -> None:
        if fact.payment_id in self.received:
            self.looked.breaks(f"{event.name}: the payment has come before")
        self.received[fact.payment_id] = _amount(fact.amount)

    def go(self, event: Event, fact: Any) -> None:
        self.reversed.add(fact.payment_id)

    def allocate(self, event: Event, fact: Any) -> None:
        amount = _amount(fact.amount)
        if sum(line.amount.minor_units for line in fact.lines) != amount[1] or {line.amount.currency_code for line in fact.lines} != {
            amount[0]
        }:
            self.looked.breaks(f"{event.name}: its lines are not its amount")
        self.allocations += 1
        self.allocated[fact.allocation_id] = (fact.payment_id, fact.case_id, amount)
        self._hold(event, fact.payment_id, amount)

    def take_back(self, event: Event, fact: Any) -> None:
        known = self.allocated.pop(fact.allocation_id, None)
        if known is None or known[2] != _amount(fact.amount):
            self.looked.breaks(f"{event.name}: takes back what was not allocated so")
        else:
            self.held[fact.payment_id] -= known[2][1]

    def wait(self, event: Event, fact: Any) -> None:
        self.waiting[fact.item_id] = (fact.payment_id, _amount(fact.amount))
        self._hold(event, fact.payment_id, _amount(fact.amount))

    def resolve(self, event: Event, fact: Any) -> None:
        known = self.waiting.pop(fact.item_id, None)
        if known is None or known[1] != _amount(fact.amount):
            self.looked.breaks(f"{event.name}: resolves what did not wait so")
        else:
            self.held[fact.payment_id] -= known[1][1]

    def end(self) -> None:
        """Every payment is somewhere, whole; one that was taken back is nowhere."""
        for payment_id, (_, amount) in self.received.items():
            due = 0 if payment_id in self.reversed else amount
            if self.held.get(payment_id, 0) != due:
                self.looked.breaks(f"payment {UUID(bytes=payment_id)}: {self.held.get(payment_id, 0)} is somewhere, {due} should be")

    def _hold(self, event: Event, payment_id: NameOf, amount: Amount) -> None:
        held = self.held[payment_id] = self.held.get(payment_id, 0) + amount[1]
        come = self.received.get(payment_id)
        if come is None or come[0] != amount[0] or held > come[1]:
            self.looked.breaks(f"{event.name}: more than has come of that payment")


def money(evidence: Evidence) -> Finding:
    looked = Looked("I9")
    books = Books(looked)
    for event in evidence.stored["payments"].events:
        books.take(event)
    books.end()
    if "cases" in evidence.stored:
        _compare(books, _applied(evidence), looked)
    return looked.finding(reason=f"{len(books.received)} payments, {books.allocations} allocations, {len(books.reversed)} taken back")


def _applied(evidence: Evidence) -> Mapping[NameOf, tuple[NameOf, Amount]]:
    """By allocation: the case it counts on, and its amount."""
    applied: dict[NameOf, tuple[NameOf, Amount]] = {}
    for event in evidence.stored["cases"].events:
        if event.fact == "PaymentApplied":
            fact: Any = CaseEvent.FromString(event.data).payment_applied
            applied[fact.allocation_id] = (event.stream, _amount(fact.amount))
        elif event.fact == "PaymentUnapplied":
            applied.pop(CaseEvent.FromString(event.data).payment_unapplied.allocation_id, None)
    return applied


def _compare(books: Books, applied: Mapping[NameOf, tuple[NameOf, Amount]], looked: Looked) -> None:
    allocated = {allocation_id: (case_id, amount) for allocation_id, (_, case_id, amount) in books.allocated.items()}
    for allocation_id in allocated.keys() | applied.keys():
        looked.counted += 1
        if allocated.get(allocation_id) != applied.get(allocation_id):
            theirs = applied.get(allocation_id, (b"", ("", 0)))[1]
            ours = allocated.get(allocation_id, (b"", ("", 0)))[1]
            looked.breaks(f"allocation {UUID(bytes=allocation_id)}: payments {ours[1]} {ours[0]}, cases {theirs[1]} {theirs[0]}")


def _amount(wire: Any) -> Amount:
    return wire.currency_code, wire.minor_units


def _field(fact: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in fact).lstrip("_")


NOTED: Mapping[str, Callable[[Books, Event, Any], None]] = {
    "PaymentReceived": Books.come,
    "PaymentReversed": Books.go,
    "PaymentAllocated": Books.allocate,
    "AllocationReversed": Books.take_back,
    "SuspenseItemOpened": Books.wait,
    "SuspenseItemResolved": Books.resolve,
}
