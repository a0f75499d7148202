"""The case file: what contacts has heard of one case, as far as contacting people rests on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Causation, Fact, Stream

# What happened ---------------------------------------------------------------


class Channel(Enum):
    """The way in which somebody is spoken to."""

    CALL = 1
    SMS = 2
    EMAIL = 3
    CHAT = 4
    LETTER = 5
    MESSAGING_APP = 6
    IVR = 7
    PORTAL = 8
    IN_PERSON = 9


@dataclass(frozen=True, slots=True)
class ContactMade:
    interaction_id: UUID
    at: datetime
    channel: Channel


class HoldHeeded(Fact):
    case_id: UUID
    hold_id: UUID
    origin: Causation
    heeded_at: datetime
    permits_revoked: tuple[UUID, ...]
    contacts_between: tuple[ContactMade, ...]

    def apply(self, file: CaseFile) -> None:
        file.heeded.add(self.hold_id)


# Where it stands -------------------------------------------------------------


class CaseFile(Stream):
    def __init__(self) -> None:
        self.heeded: set[UUID] = set()


def stream_of(case_id: UUID) -> UUID:
    """The stream of the case's file."""
    return ids.derived("case-file", case_id)
