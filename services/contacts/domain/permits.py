"""Permits: one-use authorisations to contact a person, and the contacts that its limits count, in whatever case or channel."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.permit_book import (
    Answer,
    AnswerKind,
    AttemptResult,
    ContactCounted,
    Permit,
    PermitState,
    reserved,
)
from services.contacts.domain.policy.decision import ContactDecision, Override
from services.kernel.facts import Due, Fact

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

EXPIRY = "permit.expiry"

# What happened ---------------------------------------------------------------


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
        person.permits.count(reserved(permit))


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
    channel: Channel
    direction: Direction
    is_recorded_apart: bool

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
    is_recorded_apart: bool

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


# What it wants to be woken for ----------------------------------------------------


def due(person: Person) -> Iterable[Due]:
    """Each open permit expires."""
    return (Due(f"{EXPIRY}/{permit.id}", permit.expires_at) for permit in person.permits.open.values())
