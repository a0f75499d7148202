"""The creditor: the name by which whoever pays knows to whom."""

from __future__ import annotations

from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Causation, Fact, Stream

# What happened ---------------------------------------------------------------


class CreditorNoted(Fact):
    client_id: UUID
    name: str
    origin: Causation

    def apply(self, creditor: Creditor) -> None:
        creditor.name = self.name


# Where it stands -------------------------------------------------------------


class Creditor(Stream):
    def __init__(self) -> None:
        self.name = ""


def stream_of(client_id: UUID) -> UUID:
    """The stream of what payments knows of a client."""
    return ids.derived("creditor", client_id)


# What may be decided ---------------------------------------------------------


def note(creditor: Creditor, client_id: UUID, name: str, origin: Causation) -> None:
    if name != creditor.name:
        creditor.tell(CreditorNoted(**creditor.next(), client_id=client_id, name=name, origin=origin))
