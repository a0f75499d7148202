"""The book of permits: where a person's permits stand, and the contacts that limits count, oldest first."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.policy.decision import NO_OVERRIDE, Override
from services.contacts.domain.policy.facts import Attempt
from services.contacts.domain.policy.terms import channel_of


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What became of a contact, as far as limits look at it."""

    at: datetime
    ended_at: datetime | None = None
    is_connected: bool = True
    is_conversation: bool = False
    is_direct: bool = False
    debts: tuple[UUID, ...] = ()
    conversation_debts: tuple[UUID, ...] = ()
    flags: tuple[str, ...] = ()
    party: str = "consumer"


@dataclass(frozen=True, slots=True)
class ContactCounted:
    """A contact as it is counted. `person_id`: of whom it was recorded, who may since have been merged."""

    attempt_id: UUID
    person_id: UUID
    case_id: UUID
    client_id: UUID | None
    channel: Channel
    direction: Direction
    point_id: UUID | None
    campaign: str
    in_reply_to: UUID | None
    is_breach: bool
    result: AttemptResult


class AnswerKind(Enum):
    GRANTED = "GRANTED"
    DEFERRED = "DEFERRED"
    DENIED = "DENIED"


class PermitState(Enum):
    OPEN = "OPEN"
    CONSUMED = "CONSUMED"
    RELEASED = "RELEASED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said to a request, and where the decision stands in the person's history."""

    kind: AnswerKind
    until: datetime | None
    """GRANTED: when the permit expires. DEFERRED, DENIED: when it would be allowed; None: something must happen first."""
    version: int


@dataclass(slots=True)
class Permit:
    id: UUID
    case_id: UUID
    client_id: UUID | None
    channel: Channel
    purpose: Purpose
    point_id: UUID | None
    request_ref: UUID | None
    granted_at: datetime
    expires_at: datetime
    party: str
    debts: tuple[UUID, ...]
    campaign: str
    in_reply_to: UUID | None
    obligations: tuple[str, ...]
    grounds: tuple[str, ...] = ()
    override: Override = NO_OVERRIDE
    state: PermitState = PermitState.OPEN
    attempt_id: UUID | None = None
    revoked_by: UUID | None = None
    """The hold, where it was one."""
    revoked_because: str = ""

    def is_open_at(self, at: datetime) -> bool:
        """Past its end it is not, whether that has been told yet or not."""
        return self.state is PermitState.OPEN and at < self.expires_at


@dataclass(slots=True)
class Permits:
    by_id: dict[UUID, Permit] = field(default_factory=dict)
    open: dict[UUID, Permit] = field(default_factory=dict)
    answers: dict[UUID, Answer] = field(default_factory=dict)
    """By permit id: what was said to each request."""
    used_by: dict[UUID, UUID] = field(default_factory=dict)
    """Attempt → the permit it used."""
    contacts: dict[UUID, ContactCounted] = field(default_factory=dict)
    """By attempt id: contacts made, of this person and of those merged into it."""
    breaches: int = 0
    ordered: list[Attempt] = field(default_factory=list)
    """Contacts and reservations as policies see them, oldest first."""

    def end(self, permit_id: UUID, state: PermitState) -> Permit:
        self.open.pop(permit_id, None)
        self._forget(permit_id)
        permit = self.by_id[permit_id]
        permit.state = state
        return permit

    def record(self, contact: ContactCounted) -> None:
        self._forget(contact.attempt_id)
        self.contacts[contact.attempt_id] = contact
        self.count(_counted(contact))

    def correct(self, attempt_id: UUID, result: AttemptResult) -> None:
        known = self.contacts[attempt_id]
        self.record(
            ContactCounted(
                known.attempt_id,
                known.person_id,
                known.case_id,
                known.client_id,
                known.channel,
                known.direction,
                known.point_id,
                known.campaign,
                known.in_reply_to,
                known.is_breach,
                result,
            )
        )

    def forget(self, attempt_id: UUID) -> None:
        """It was not made after all."""
        self.contacts.pop(attempt_id, None)
        self._forget(attempt_id)

    def count(self, attempt: Attempt) -> None:
        insort(self.ordered, attempt, key=_when)

    def _forget(self, counted_id: UUID) -> None:
        # What changes is nearly always among the latest.
        for place in range(len(self.ordered) - 1, -1, -1):
            if self.ordered[place].id == counted_id:
                del self.ordered[place]
                return


def _when(attempt: Attempt) -> datetime:
    return attempt.at


def reserved(permit: Permit) -> Attempt:
    """A permit counts as a contact that is connected, until it is known otherwise."""
    return Attempt(
        id=permit.id,
        at=permit.granted_at,
        channel=channel_of(permit.channel.name.lower()),
        party=permit.party,
        creditor_id=permit.client_id,
        case_id=permit.case_id,
        campaign=permit.campaign,
        debts=frozenset(permit.debts),
        point_id=permit.point_id,
        replies_to=permit.in_reply_to,
    )


def _counted(contact: ContactCounted) -> Attempt:
    result = contact.result
    return Attempt(
        id=contact.attempt_id,
        at=result.at,
        channel=channel_of(contact.channel.name.lower()),
        is_outbound=contact.direction is Direction.OUT,
        party=result.party,
        creditor_id=contact.client_id,
        case_id=contact.case_id,
        campaign=contact.campaign,
        debts=frozenset(result.debts),
        conversation_debts=frozenset(result.conversation_debts),
        point_id=contact.point_id,
        is_connected=result.is_connected,
        conversed_at=(result.ended_at or result.at) if result.is_conversation else None,
        is_direct=result.is_direct,
        replies_to=contact.in_reply_to,
        flags=frozenset(result.flags),
    )
