"""Contact reports: contacts as they were made, by a permit or outside of any, and how they go along when two persons are one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.channels import Channel, Direction
from services.contacts.domain.permit_book import AttemptResult, ContactCounted, Permit, PermitState
from services.contacts.domain.permit_uses import revoke_open, tell_consumed
from services.contacts.domain.permits import AttemptOutsidePermitRecorded, AttemptResultRecorded, ContactHistoryTakenOver, ContactReceived

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

HISTORY_PART = 1_500
"""Ids told in one fact when a history is taken over, about: an event has its measure."""


@dataclass(frozen=True, slots=True)
class ContactReport:
    """A contact that somebody made, as it is reported."""

    attempt_id: UUID
    case_id: UUID
    channel: Channel
    direction: Direction
    result: AttemptResult
    reported_by: str
    permit_id: UUID | None = None
    point_id: UUID | None = None
    campaign: str = ""
    is_recorded_apart: bool = False
    """An interaction of its own tells of it, too."""


def report(person: Person, file: CaseFile, said: ContactReport) -> None:
    """A contact as it was made: by a permit, or outside of any, which is never refused: it is counted, and reported as a breach."""
    person.must_be_live()
    known = person.permits.contacts.get(said.attempt_id)
    if known is not None:
        if known.result != _completed(said.result, known.result):
            _tell_result(person, known, _completed(said.result, known.result), is_recorded_apart=said.is_recorded_apart)
        return
    client_id = file.client_id if file.version else None
    if said.direction is Direction.IN:
        _tell_received(person, said, client_id)
        return
    permit = person.permits.by_id.get(said.permit_id) if said.permit_id is not None else None
    why = _why_outside(person, permit, said)
    if permit is None or why:
        _tell_outside(person, said, client_id, why or "NO_PERMIT")
        return
    tell_consumed(person, permit, said.attempt_id, "REPORTED")
    made = person.permits.contacts[said.attempt_id]
    _tell_result(person, made, _completed(said.result, made.result), is_recorded_apart=said.is_recorded_apart)


def note_result(person: Person, attempt_id: UUID, result: AttemptResult) -> None:
    """What became of an interaction that is counted already; one that is not is passed over."""
    known = person.permits.contacts.get(attempt_id)
    if known is not None and known.result != _completed(result, known.result):
        _tell_result(person, known, _completed(result, known.result), is_recorded_apart=True)


def _completed(result: AttemptResult, known: AttemptResult) -> AttemptResult:
    """A report that names no debts speaks of those that the permit was for; whoever answered, it was placed to whom it was for."""
    return replace(result, debts=result.debts or known.debts, party=known.party)


def _why_outside(person: Person, permit: Permit | None, said: ContactReport) -> str:
    """Why the permit that was named does not cover the contact; empty: it does."""
    if permit is None:
        return "NO_PERMIT" if said.permit_id is None else "PERMIT_UNKNOWN"
    if permit.state is PermitState.CONSUMED:
        return "PERMIT_USED"
    if permit.state in (PermitState.REVOKED, PermitState.RELEASED):
        return f"PERMIT_{permit.state.name}"
    if not permit.granted_at <= said.result.at < permit.expires_at:
        return "PERMIT_EXPIRED"
    if permit.state is PermitState.EXPIRED:
        # It was used in time and told late: the reservation is gone, the contact is not.
        return ""
    return "" if permit.channel is said.channel and permit.case_id == said.case_id else "PERMIT_FOR_ANOTHER_CONTACT"


def _tell_result(person: Person, contact: ContactCounted, result: AttemptResult, *, is_recorded_apart: bool) -> None:
    person.tell(
        AttemptResultRecorded(
            **person.next(),
            attempt_id=contact.attempt_id,
            permit_id=person.permits.used_by.get(contact.attempt_id),
            case_id=contact.case_id,
            person_id=contact.person_id,
            result=result,
            channel=contact.channel,
            direction=contact.direction,
            is_recorded_apart=is_recorded_apart,
        )
    )


def _tell_received(person: Person, said: ContactReport, client_id: UUID | None) -> None:
    person.tell(
        ContactReceived(
            **person.next(),
            attempt_id=said.attempt_id,
            case_id=said.case_id,
            person_id=person.id,
            channel=said.channel,
            at=said.result.at,
            reported_by=said.reported_by,
            result=said.result,
            point_id=said.point_id,
            client_id=client_id,
            is_recorded_apart=said.is_recorded_apart,
        )
    )


def _tell_outside(person: Person, said: ContactReport, client_id: UUID | None, reason_code: str) -> None:
    person.tell(
        AttemptOutsidePermitRecorded(
            **person.next(),
            attempt_id=said.attempt_id,
            case_id=said.case_id,
            person_id=person.id,
            channel=said.channel,
            direction=said.direction,
            at=said.result.at,
            reported_by=said.reported_by,
            result=said.result,
            point_id=said.point_id,
            client_id=client_id,
            campaign=said.campaign,
            permit_id=said.permit_id,
            reason_code=reason_code,
        )
    )


# One and the same ---------------------------------------------------------------


def take_over(person: Person, other: Person) -> None:
    """Contacts with the other count for this one: it is the same person."""
    _take_over(person, other, other.permits.contacts.values())


def end(other: Person) -> None:
    """A merged person's open permits are over: whoever wants to contact it asks the one it is."""
    revoke_open(other, None, "PERSON_MERGED")


def give_back(other: Person, person: Person) -> None:
    """They were two: what was contacted since by an address of the other counts for both."""
    made = person.permits.contacts.values()
    since = [replace(contact, person_id=other.id) for contact in made if contact.point_id in other.points.by_id]
    _take_over(other, person, since)


def _take_over(person: Person, other: Person, contacts: Iterable[ContactCounted]) -> None:
    part: list[ContactCounted] = []
    for contact in [contact for contact in contacts if contact.attempt_id not in person.permits.contacts]:
        if part and sum(map(_weight, part)) + _weight(contact) > HISTORY_PART:
            _tell_part(person, other, part)
            part = []
        part.append(contact)
    if part:
        _tell_part(person, other, part)


def _weight(contact: ContactCounted) -> int:
    """In ids, about."""
    result = contact.result
    return 10 + len(result.debts) + len(result.conversation_debts) + len(result.flags)


def _tell_part(person: Person, other: Person, part: Sequence[ContactCounted]) -> None:
    person.tell(ContactHistoryTakenOver(**person.next(), from_person_id=other.id, contacts=tuple(part)))
