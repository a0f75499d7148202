"""The Interaction: one contact with a person, on any channel, from the attempt to what came of it. Its id is the attempt's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.outcomes import Outcome, OutcomeFlag, Result
from services.kernel.facts import Causation, Fact, Stream
from services.kernel.refusal import IsUnknown
from services.kernel.sealed import Sealed

# What happened ---------------------------------------------------------------


class AttemptStarted(Fact):
    interaction_id: UUID
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    direction: Direction
    purpose: Purpose
    point_id: UUID
    template_id: UUID
    template_version: int
    request_ref: UUID | None
    link_token_hash: bytes
    promise_id: UUID | None
    currency_code: str
    locale: str
    obligations: tuple[str, ...]
    send_before: datetime

    def apply(self, interaction: Interaction) -> None:
        interaction.state = InteractionState.STARTED
        interaction.of = Contact(
            self.case_id, self.person_id, self.channel, self.direction, self.purpose, self.point_id, self.permit_id, self.request_ref
        )
        interaction.started_at = self.timestamp
        interaction.message = Message(
            self.template_id,
            self.template_version,
            self.link_token_hash,
            self.promise_id,
            self.locale,
            self.obligations,
            self.send_before,
        )


class AttemptLinkIssued(Fact):
    interaction_id: UUID
    case_id: UUID
    link_id: UUID
    expires_at: datetime
    origin: Causation

    def apply(self, interaction: Interaction) -> None:
        interaction.link_id = self.link_id


class AttemptDispatched(Fact):
    interaction_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    provider_ref: str
    rendered_hash: bytes
    rendered: Sealed
    tries: int
    template_id: UUID
    template_version: int

    def apply(self, interaction: Interaction) -> None:
        interaction.dispatched = Dispatched(self.timestamp, self.provider_ref, self.rendered_hash, self.rendered, self.tries)
        if interaction.state in (InteractionState.STARTED, InteractionState.CANCELLED):
            interaction.state = InteractionState.DISPATCHED


class AttemptDelivered(Fact):
    interaction_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    provider_ref: str

    def apply(self, interaction: Interaction) -> None:
        interaction.delivered_at = self.timestamp
        if interaction.state is not InteractionState.BOUNCED:
            interaction.state = InteractionState.DELIVERED


class AttemptBounced(Fact):
    interaction_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    point_id: UUID
    is_permanent: bool
    cause: DeliveryCause
    status_code: str

    def apply(self, interaction: Interaction) -> None:
        interaction.state = InteractionState.BOUNCED
        interaction.bounces += (self.is_permanent,)
        interaction.cause = self.cause


class AttemptFailed(Fact):
    interaction_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    cause: DeliveryCause
    status_code: str
    tries: int
    may_have_been_sent: bool

    def apply(self, interaction: Interaction) -> None:
        interaction.state = InteractionState.FAILED
        interaction.cause = self.cause
        interaction.may_have_been_sent = self.may_have_been_sent


class AttemptCancelled(Fact):
    interaction_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    reason_code: str
    origin: Causation | None
    may_have_been_sent: bool

    def apply(self, interaction: Interaction) -> None:
        if interaction.of is None:
            interaction.of = Contact(self.case_id, self.person_id, request_ref=self.request_ref)
            interaction.started_at = self.timestamp
        interaction.state = InteractionState.CANCELLED
        interaction.reason_code = self.reason_code
        interaction.may_have_been_sent = self.may_have_been_sent


class OutcomeRecorded(Fact):
    interaction_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    direction: Direction
    purpose: Purpose
    code: str
    outcome: Outcome
    flags: tuple[OutcomeFlag, ...]
    permit_id: UUID | None
    is_breach: bool
    point_id: UUID | None
    request_ref: UUID | None
    duration_seconds: int
    reported_by: str
    notes: Sealed | None

    def apply(self, interaction: Interaction) -> None:
        if interaction.of is None:
            interaction.state = InteractionState.RECORDED
            interaction.of = Contact(
                self.case_id, self.person_id, self.channel, self.direction, self.purpose, self.point_id, self.permit_id, self.request_ref
            )
            interaction.started_at = self.timestamp
            interaction.is_breach = self.is_breach
        interaction.result = Result(self.code, self.outcome, self.flags)
        interaction.duration_seconds, interaction.reported_by, interaction.notes = self.duration_seconds, self.reported_by, self.notes


class OutcomeCorrected(Fact):
    interaction_id: UUID
    case_id: UUID
    person_id: UUID
    code: str
    outcome: Outcome
    flags: tuple[OutcomeFlag, ...]
    code_before: str
    outcome_before: Outcome
    flags_before: tuple[OutcomeFlag, ...]
    reason_code: str
    request_ref: UUID | None

    def apply(self, interaction: Interaction) -> None:
        interaction.result = Result(self.code, self.outcome, self.flags)


# Where it stands -------------------------------------------------------------


class InteractionState(Enum):
    STARTED = "STARTED"
    DISPATCHED = "DISPATCHED"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    RECORDED = "RECORDED"


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is contacted, about what, and by what right. A request that came to nothing knows less."""

    case_id: UUID
    person_id: UUID
    channel: Channel | None = None
    direction: Direction | None = None
    purpose: Purpose | None = None
    point_id: UUID | None = None
    permit_id: UUID | None = None
    request_ref: UUID | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be sent, and until when."""

    template_id: UUID
    template_version: int
    link_token_hash: bytes
    promise_id: UUID | None
    locale: str
    obligations: tuple[str, ...]
    send_before: datetime

    @property
    def wants_link(self) -> bool:
        return bool(self.link_token_hash)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What the provider took, and when."""

    at: datetime
    provider_ref: str
    rendered_hash: bytes
    rendered: Sealed
    tries: int


class Interaction(Stream):
    begins_with = ("AttemptStarted", "AttemptCancelled", "OutcomeRecorded")

    def __init__(self) -> None:
        self.state = InteractionState.STARTED
        self.of: Contact | None = None
        self.message: Message | None = None
        self.started_at: datetime | None = None
        self.link_id: UUID | None = None
        self.dispatched: Dispatched | None = None
        self.delivered_at: datetime | None = None
        self.bounces: tuple[bool, ...] = ()
        self.cause: DeliveryCause | None = None
        self.reason_code = ""
        self.may_have_been_sent = False
        self.result: Result | None = None
        self.is_breach = False
        self.duration_seconds = 0
        self.reported_by = ""
        self.notes: Sealed | None = None

    @property
    def contact(self) -> Contact:
        if self.of is None:
            raise InteractionIsUnknown
        return self.of

    @property
    def is_waiting(self) -> bool:
        """Begun, and neither sent nor over."""
        return self.exists and self.state is InteractionState.STARTED

    @property
    def may_be_sent(self) -> bool:
        """Whoever has to wait for a payment link has got it."""
        return self.is_waiting and self.message is not None and (not self.message.wants_link or self.link_id is not None)


class InteractionIsUnknown(IsUnknown):
    """There is no such interaction, or none that the caller may see."""
