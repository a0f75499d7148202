"""Owing: what the links of a case need of its book: what is owed at a moment, of whom, and under which name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.kernel.calendar import date_at, zone
from services.kernel.money import Money
from services.kernel.refusal import IsUnknown
from services.payments.domain.amount_rule import Owed
from services.payments.domain.book import Book, BookState, owed_on
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.waterfall import Dueness


class CaseIsNotKnownYet(IsUnknown):
    """There is no such case, or payments has not heard of it yet."""


def is_known(ledger: AllocationLedger) -> bool:
    return ledger.book is not None


def is_open(ledger: AllocationLedger) -> bool:
    return ledger.book is not None and ledger.book.state is BookState.OPEN


def owed(ledger: AllocationLedger, now: datetime) -> Owed:
    """By what we have heard and allocated until now. What falls due today is past due for whoever pays today."""
    book = _book(ledger)
    slots = owed_on(book, date_at(now, zone(book.traits.zone))).slots
    due = sum(slot.minor_units for slot in slots if slot.dueness is not Dueness.FUTURE)
    code = book.traits.currency_code
    return Owed(Money(code, sum(slot.minor_units for slot in slots)), Money(code, due))


def promised(ledger: AllocationLedger, promise_id: UUID | None) -> Money | None:
    """What is left of a promise; None where we have not heard of it, or it is over."""
    commitment = _book(ledger).commitments.get(promise_id) if promise_id is not None else None
    return Money(currency_of(ledger), commitment.left) if commitment is not None and commitment.is_open else None


def currency_of(ledger: AllocationLedger) -> str:
    return _book(ledger).traits.currency_code


def client_of(ledger: AllocationLedger) -> UUID:
    return _book(ledger).traits.client_id


def reference_of(ledger: AllocationLedger) -> str:
    """The creditor's own name of the case, as the debtor finds it on their papers."""
    return _book(ledger).traits.external_ref


def zone_of(ledger: AllocationLedger) -> str:
    return _book(ledger).traits.zone


def _book(ledger: AllocationLedger) -> Book:
    if ledger.book is None:
        raise CaseIsNotKnownYet
    return ledger.book
