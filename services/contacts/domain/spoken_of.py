"""What messages speak of: by what name a creditor is known, and what was promised. Heard from cases, and kept as far as texts need it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Causation, Fact, Stream
from services.kernel.money import Money

# What happened ---------------------------------------------------------------


class CreditorNoted(Fact):
    client_id: UUID
    name: str
    origin: Causation

    def apply(self, creditor: Creditor) -> None:
        creditor.name, creditor.heard_version = self.name, self.origin.version


class PromiseNoted(Fact):
    promise_id: UUID
    case_id: UUID
    due_on: date
    amount: Money
    origin: Causation

    def apply(self, promise: PromiseSpokenOf) -> None:
        promise.due_on, promise.amount = self.due_on, self.amount


# Where it stands -------------------------------------------------------------


class Creditor(Stream):
    def __init__(self) -> None:
        self.name = ""
        self.heard_version = 0


class PromiseSpokenOf(Stream):
    def __init__(self) -> None:
        self.due_on: date | None = None
        self.amount: Money | None = None


def creditor_stream(client_id: UUID) -> UUID:
    """The stream of what we know of a creditor."""
    return ids.derived("creditor", client_id)


def promise_stream(promise_id: UUID) -> UUID:
    """The stream of what we know of a promise."""
    return ids.derived("promise-spoken-of", promise_id)


# What may be decided ---------------------------------------------------------


def note_creditor(creditor: Creditor, client_id: UUID, name: str, origin: Causation) -> None:
    """What is heard late does not undo what is newer."""
    if name != creditor.name and origin.version > creditor.heard_version:
        creditor.tell(CreditorNoted(**creditor.next(), client_id=client_id, name=name, origin=origin))


def note_promise(promise: PromiseSpokenOf, promise_id: UUID, case_id: UUID, due_on: date, amount: Money, origin: Causation) -> None:
    if (promise.due_on, promise.amount) != (due_on, amount):
        promise.tell(PromiseNoted(**promise.next(), promise_id=promise_id, case_id=case_id, due_on=due_on, amount=amount, origin=origin))
