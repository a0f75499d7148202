"""Recorded: interactions, permits and treatments decided elsewhere, told on the case with their origin; counted at the source."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Causation, Fact

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class Channel(Enum):
    """The way in which somebody is spoken to. UNSPECIFIED: none."""

    UNSPECIFIED = "UNSPECIFIED"
    CALL = "CALL"
    SMS = "SMS"
    EMAIL = "EMAIL"
    CHAT = "CHAT"
    LETTER = "LETTER"
    MESSAGING_APP = "MESSAGING_APP"
    IVR = "IVR"
    PORTAL = "PORTAL"
    IN_PERSON = "IN_PERSON"


class Direction(Enum):
    """Who began."""

    OUT = "OUT"
    IN = "IN"


class Purpose(Enum):
    """What a contact is for. UNSPECIFIED: none."""

    UNSPECIFIED = "UNSPECIFIED"
    REMINDER = "REMINDER"
    COLLECTION = "COLLECTION"
    PROMISE_FOLLOW_UP = "PROMISE_FOLLOW_UP"
    SERVICE = "SERVICE"
    LEGAL_NOTICE = "LEGAL_NOTICE"


class InteractionState(Enum):
    """How far an interaction has come."""

    STARTED = "STARTED"
    DISPATCHED = "DISPATCHED"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    DONE = "DONE"


class PermitVerdict(Enum):
    """What contacts said of one contact that was asked for, and whether it was taken back before it was used."""

    GRANTED = "GRANTED"
    DEFERRED = "DEFERRED"
    DENIED = "DENIED"
    REVOKED = "REVOKED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


class TreatmentKind(Enum):
    """What strategy wants done."""

    MESSAGE = "MESSAGE"
    HAND_TO_AGENT = "HAND_TO_AGENT"


class InteractionRecorded(Fact):
    origin: Causation
    interaction_id: UUID
    person_id: UUID | None
    channel: Channel
    direction: Direction
    state: InteractionState
    code: str
    flags: tuple[str, ...]
    permit_id: UUID | None
    is_breach: bool
    request_id: UUID | None

    def apply(self, case: Case) -> None:
        case.recorded.interactions[self.interaction_id] = Interaction(self.state, self.code, self.flags, self.origin)


class OutcomeRevised(Fact):
    origin: Causation
    interaction_id: UUID
    state: InteractionState
    code: str
    flags: tuple[str, ...]

    def apply(self, case: Case) -> None:
        case.recorded.interactions[self.interaction_id] = Interaction(self.state, self.code, self.flags, self.origin)


class PermitRecorded(Fact):
    origin: Causation
    permit_id: UUID
    person_id: UUID | None
    verdict: PermitVerdict
    channel: Channel
    purpose: Purpose
    reason_codes: tuple[str, ...]
    next_allowed_at: datetime | None
    request_id: UUID | None

    def apply(self, case: Case) -> None:
        case.recorded.permits[self.permit_id] = self.verdict


class TreatmentRecorded(Fact):
    origin: Causation
    request_id: UUID
    kind: TreatmentKind
    step: str
    strategy_version: str
    person_id: UUID | None
    channel: Channel
    purpose: Purpose
    template: str
    promise_id: UUID | None

    def apply(self, case: Case) -> None:
        case.recorded.treatments.add(self.request_id)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interaction:
    """As it was last told, and the fact of contacts that told it."""

    state: InteractionState
    code: str
    flags: tuple[str, ...]
    origin: Causation


@dataclass(slots=True)
class Recorded:
    interactions: dict[UUID, Interaction] = field(default_factory=dict)
    permits: dict[UUID, PermitVerdict] = field(default_factory=dict)
    treatments: set[UUID] = field(default_factory=set)
