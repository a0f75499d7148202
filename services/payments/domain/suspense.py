"""Suspense: money that came and is not spread over anybody's debts yet. It waits with the case, under a reference, or by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Due, Fact, Stream
from services.kernel.money import Money
from services.payments.domain.payment import Payment
from services.payments.domain.source import PaymentSource


class SuspenseReason(Enum):
    NO_REFERENCE = 1
    REFERENCE_IS_UNKNOWN = 2
    CASE_IS_NOT_HEARD = 3
    CASE_IS_NOT_OPEN = 4
    NO_DEBT_COUNTS = 5
    EXCESS = 6
    UNMATCHED = 7
    CURRENCY_DIFFERS = 8


class SuspenseOutcome(Enum):
    MATCHED = 1
    REVERSED = 2
    UNMATCHED = 3


# What happened ---------------------------------------------------------------


class SuspenseItemOpened(Fact):
    item_id: UUID
    payment_id: UUID
    amount: Money
    value_date: date
    reason: SuspenseReason
    candidate_case_ids: tuple[UUID, ...]
    portfolio_ids: tuple[UUID, ...]
    client_id: UUID | None
    external_ref: str

    def apply(self, holder: Holder) -> None:
        waiting = holder.waiting
        waiting.opened += 1
        waiting.items[self.item_id] = Item(
            self.item_id,
            self.payment_id,
            self.amount,
            self.value_date,
            self.reason,
            self.timestamp,
            self.candidate_case_ids,
            self.portfolio_ids,
        )


class SuspenseItemResolved(Fact):
    item_id: UUID
    payment_id: UUID
    amount: Money
    outcome: SuspenseOutcome
    case_id: UUID | None
    # Not told at first.
    reason: SuspenseReason | None = None
    candidate_case_ids: tuple[UUID, ...] = ()
    portfolio_ids: tuple[UUID, ...] = ()

    def apply(self, holder: Holder) -> None:
        del holder.waiting.items[self.item_id]


class CaseNamed(Fact):
    client_id: UUID
    external_ref: str
    case_id: UUID

    def apply(self, suspense: Suspense) -> None:
        suspense.case_id = self.case_id


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """So much of a payment waits."""

    id: UUID
    payment_id: UUID
    amount: Money
    value_date: date
    reason: SuspenseReason
    since: datetime
    candidate_case_ids: tuple[UUID, ...]
    portfolio_ids: tuple[UUID, ...]


@dataclass(slots=True)
class Waiting:
    """What waits in one place."""

    items: dict[UUID, Item] = field(default_factory=dict)
    opened: int = 0
    """How many ever waited here."""

    def of(self, payment_id: UUID) -> list[Item]:
        return [item for item in self.items.values() if item.payment_id == payment_id] if self.items else []


class Holder(Protocol):
    """A stream in which money waits."""

    waiting: Waiting


class Suspense(Stream):
    """Money that waits under a creditor's reference, or a payment that came under no name."""

    begins_with = ("SuspenseItemOpened", "CaseNamed")

    def __init__(self) -> None:
        self.waiting = Waiting()
        self.case_id: UUID | None = None
        """The case under this reference, once one is known."""

    def due(self) -> Iterable[Due]:
        if self.case_id is not None and self.waiting.items:
            yield Due("suspense.draw", max(item.since for item in self.waiting.items.values()))


# What may be decided ---------------------------------------------------------


def name_case(suspense: Suspense, client_id: UUID, external_ref: str, case_id: UUID) -> None:
    """The reference is this case's. The latest word counts: a rejected case gives its reference up."""
    if suspense.case_id != case_id:
        suspense.tell(CaseNamed(**suspense.next(), client_id=client_id, external_ref=external_ref, case_id=case_id))


def hold(suspense: Suspense, payment: Payment, source: PaymentSource, amount: Money | None = None) -> None:
    """So much of the payment (None: all of it) waits here: it is nobody's yet."""
    terms = payment.terms
    reason = SuspenseReason.NO_REFERENCE
    if payment.waits_apart:
        reason = SuspenseReason.UNMATCHED
    elif terms.client_id is not None and terms.external_ref:
        reason = SuspenseReason.REFERENCE_IS_UNKNOWN
    is_named = reason is SuspenseReason.REFERENCE_IS_UNKNOWN
    suspense.tell(
        SuspenseItemOpened(
            **suspense.next(),
            item_id=next_item_id(suspense, suspense.waiting),
            payment_id=payment.id,
            amount=terms.amount if amount is None else amount,
            value_date=terms.value_date,
            reason=reason,
            candidate_case_ids=(),
            portfolio_ids=source.portfolio_ids,
            client_id=terms.client_id if is_named else None,
            external_ref=terms.external_ref if is_named else "",
        )
    )


def release(holder: Suspense, payment_id: UUID, outcome: SuspenseOutcome, case_id: UUID | None = None) -> None:
    """What waits of that payment waits here no longer."""
    for item in holder.waiting.of(payment_id):
        holder.tell(resolved(holder, item, outcome, case_id))


def resolved(holder: Stream, item: Item, outcome: SuspenseOutcome, case_id: UUID | None) -> SuspenseItemResolved:
    return SuspenseItemResolved(
        **holder.next(),
        item_id=item.id,
        payment_id=item.payment_id,
        amount=item.amount,
        outcome=outcome,
        case_id=case_id,
        reason=item.reason,
        candidate_case_ids=item.candidate_case_ids,
        portfolio_ids=item.portfolio_ids,
    )


def next_item_id(holder: Stream, waiting: Waiting) -> UUID:
    return ids.derived("suspense-item", holder.id, waiting.opened + 1)


def payments_of(items: Sequence[Item]) -> list[UUID]:
    """Whose money waits, each once, in order."""
    return list(dict.fromkeys(item.payment_id for item in items))
