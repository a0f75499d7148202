"""Permits: one-use authorisations to contact a person, and the contacts that its limits count, in whatever case or channel."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.policy.decision import NO_OVERRIDE, ContactDecision, Override
from services.contacts.domain.policy.facts import Attempt
from services.contacts.domain.policy.terms import channel_of
from services.kernel.facts import Due, Fact

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

EXPIRY = "permit.expiry"

# What happened ---------------------------------------------------------------


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


class ContactPermitGranted(Fact):
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    purpose: Purpose
    point_id: UUID | None
    request_ref: UUID | None
    expires_at: datetime
    decision: ContactDecision
    client_id: UUID | None

    def apply(self, person: Person) -> None:
        asking = self.decision.asking
        permit = Permit(
            self.permit_id,
            self.case_id,
            self.client_id,
            self.channel,
            self.purpose,
            self.point_id,
            self.request_ref,
            self.decision.evaluated_at,
            self.expires_at,
            asking.party,
            asking.debts,
            asking.campaign,
            asking.in_reply_to,
            tuple(owed.code for owed in self.decision.obligations),
            asking.grounds,
            Override(asking.override_ground, asking.evidence_ref),
        )
        person.permits.by_id[self.permit_id] = permit
        person.permits.open[self.permit_id] = permit
        person.permits.answers[self.permit_id] = Answer(AnswerKind.GRANTED, self.expires_at, self.originator_version)
        person.permits.count(_reserved(permit))


class ContactPermitDeferred(Fact):
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    purpose: Purpose
    point_id: UUID | None
    request_ref: UUID | None
    until: datetime
    decision: ContactDecision

    def apply(self, person: Person) -> None:
        person.permits.answers[self.permit_id] = Answer(AnswerKind.DEFERRED, self.until, self.originator_version)


class ContactPermitDenied(Fact):
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    purpose: Purpose
    point_id: UUID | None
    request_ref: UUID | None
    next_allowed_at: datetime | None
    decision: ContactDecision

    def apply(self, person: Person) -> None:
        person.permits.answers[self.permit_id] = Answer(AnswerKind.DENIED, self.next_allowed_at, self.originator_version)


class ContactPermitConsumed(Fact):
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    attempt_id: UUID
    reason_code: str

    def apply(self, person: Person) -> None:
        permit = person.permits.end(self.permit_id, PermitState.CONSUMED)
        permit.attempt_id = self.attempt_id
        person.permits.used_by[self.attempt_id] = self.permit_id
        person.permits.record(
            ContactCounted(
                self.attempt_id,
                self.person_id,
                self.case_id,
                permit.client_id,
                permit.channel,
                Direction.OUT,
                permit.point_id,
                permit.campaign,
                permit.in_reply_to,
                False,
                AttemptResult(self.timestamp, debts=permit.debts, party=permit.party),
            )
        )


class ContactPermitReleased(Fact):
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    attempt_id: UUID | None
    reason_code: str

    def apply(self, person: Person) -> None:
        permit = person.permits.end(self.permit_id, PermitState.RELEASED)
        if permit.attempt_id is not None:
            person.permits.forget(permit.attempt_id)


class ContactPermitRevoked(Fact):
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    reason_code: str
    hold_id: UUID | None

    def apply(self, person: Person) -> None:
        permit = person.permits.end(self.permit_id, PermitState.REVOKED)
        permit.revoked_by, permit.revoked_because = self.hold_id, self.reason_code


class ContactPermitExpired(Fact):
    permit_id: UUID
    case_id: UUID
    person_id: UUID
    request_ref: UUID | None
    reason_code: str

    def apply(self, person: Person) -> None:
        person.permits.end(self.permit_id, PermitState.EXPIRED)


class AttemptResultRecorded(Fact):
    attempt_id: UUID
    permit_id: UUID | None
    case_id: UUID
    person_id: UUID
    result: AttemptResult

    def apply(self, person: Person) -> None:
        person.permits.correct(self.attempt_id, self.result)


class AttemptOutsidePermitRecorded(Fact):
    attempt_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    direction: Direction
    at: datetime
    reported_by: str
    result: AttemptResult
    point_id: UUID | None
    client_id: UUID | None
    campaign: str
    permit_id: UUID | None
    reason_code: str

    def apply(self, person: Person) -> None:
        person.permits.breaches += 1
        person.permits.record(
            ContactCounted(
                self.attempt_id,
                self.person_id,
                self.case_id,
                self.client_id,
                self.channel,
                self.direction,
                self.point_id,
                self.campaign,
                None,
                True,
                self.result,
            )
        )


class ContactReceived(Fact):
    attempt_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    at: datetime
    reported_by: str
    result: AttemptResult
    point_id: UUID | None
    client_id: UUID | None

    def apply(self, person: Person) -> None:
        person.permits.record(
            ContactCounted(
                self.attempt_id,
                self.person_id,
                self.case_id,
                self.client_id,
                self.channel,
                Direction.IN,
                self.point_id,
                "",
                None,
                False,
                self.result,
            )
        )


class ContactHistoryTakenOver(Fact):
    from_person_id: UUID
    contacts: tuple[ContactCounted, ...]

    def apply(self, person: Person) -> None:
        for contact in self.contacts:
            person.permits.record(contact)


# Where it stands -------------------------------------------------------------


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


def _reserved(permit: Permit) -> Attempt:
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


def due(person: Person) -> Iterable[Due]:
    """Each open permit expires."""
    return (Due(f"{EXPIRY}/{permit.id}", permit.expires_at) for permit in person.permits.open.values())
