"""Contacting: what a reported contact means for the person: it is counted, and what was learned of the person and the point is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.contacts.domain import agreement, contact_reports, outcomes, points, recording
from services.contacts.domain.agreement import Cease
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.contact_reports import ContactReport
from services.contacts.domain.interaction import Contact, Interaction
from services.contacts.domain.outcomes import Outcome, OutcomeCodes, OutcomeFlag, Result
from services.contacts.domain.permit_book import AttemptResult
from services.contacts.domain.person import Person
from services.contacts.domain.recording import Report
from services.kernel import ids
from services.kernel.sealed import Sealed

NOT_CONNECTED = frozenset({Outcome.BUSY, Outcome.UNREACHABLE})
"""Nobody and nothing was reached: what 12 CFR 1006.14(b)(3)(ii) leaves uncounted."""


@dataclass(frozen=True, slots=True)
class OutcomeSaid:
    """What came of a contact, as it is reported."""

    code: str
    reported_by: str
    flags: tuple[OutcomeFlag, ...] = ()
    duration_seconds: int = 0
    notes: Sealed | None = None


@dataclass(frozen=True, slots=True)
class ContactSaid:
    """A contact made elsewhere, as it is reported."""

    case_id: UUID
    channel: Channel
    direction: Direction
    purpose: Purpose
    outcome: OutcomeSaid
    point_id: UUID | None = None
    permit_id: UUID | None = None


def count(person: Person, file: CaseFile, codes: OutcomeCodes, interaction_id: UUID, said: ContactSaid) -> None:
    """Counted against every limit, with a permit or without one. A code that is unknown is refused before anything is counted."""
    person.must_be_live()
    file.must_be_known()
    if said.point_id is not None:
        points.known(person, said.point_id)
    result = outcomes.read(codes, said.outcome.code, said.outcome.flags)
    is_new = interaction_id not in person.permits.contacts
    contact_reports.report(
        person,
        file,
        ContactReport(
            attempt_id=interaction_id,
            case_id=said.case_id,
            channel=said.channel,
            direction=said.direction,
            result=_counted(person, result, said.outcome.duration_seconds),
            reported_by=said.outcome.reported_by,
            permit_id=said.permit_id,
            point_id=said.point_id,
            is_recorded_apart=True,
        ),
    )
    if is_new:
        contact = Contact(said.case_id, person.id, said.channel, said.direction, said.purpose, said.point_id)
        _learn(person, interaction_id, contact, result)


def record(interaction: Interaction, person: Person, codes: OutcomeCodes, said: ContactSaid) -> None:
    """The interaction's own record: by the permit that covered it, where one did."""
    recording.record_contact(
        interaction,
        Report(
            case_id=said.case_id,
            person_id=person.id,
            channel=said.channel,
            direction=said.direction,
            purpose=said.purpose,
            result=outcomes.read(codes, said.outcome.code, said.outcome.flags),
            reported_by=said.outcome.reported_by,
            point_id=said.point_id,
            permit_id=person.permits.used_by.get(interaction.id),
            duration_seconds=said.outcome.duration_seconds,
            notes=said.outcome.notes,
        ),
    )


def record_outcome(interaction: Interaction, codes: OutcomeCodes, said: OutcomeSaid) -> None:
    result = outcomes.read(codes, said.code, said.flags)
    recording.record_outcome(interaction, result, said.reported_by, said.duration_seconds, said.notes)


def note_outcome(person: Person, interaction: Interaction) -> None:
    """What was recorded of an attempt of ours, or corrected, as far as limits and points rest on it."""
    result, contact = interaction.result, interaction.contact
    known = person.permits.contacts.get(interaction.id)
    if result is None:
        return
    if known is not None:
        began = known.result.at
        counted = _counted(person, result, interaction.duration_seconds)
        contact_reports.note_result(person, interaction.id, _since(counted, began, interaction.duration_seconds))
    _learn(person, interaction.id, contact, result)


def _counted(person: Person, result: Result, duration_seconds: int) -> AttemptResult:
    """As limits see it. A conversation goes on until its end: a cooling-off counts from there.

    A call to the person that somebody else answered was placed to the person, and counts so.
    """
    counted = AttemptResult(
        at=person.happened_at,
        is_connected=result.outcome not in NOT_CONNECTED,
        is_conversation=result.is_conversation,
        is_direct=OutcomeFlag.RIGHT_PARTY in result.flags,
    )
    return _since(counted, person.happened_at, duration_seconds)


def _since(counted: AttemptResult, at: datetime, duration_seconds: int) -> AttemptResult:
    return replace(counted, at=at, ended_at=at + timedelta(seconds=duration_seconds) if duration_seconds else None)


def _learn(person: Person, interaction_id: UUID, contact: Contact, result: Result) -> None:
    """Who wants to be left alone is; a point that is somebody else's, or nobody's, is not used again. Told once for each contact."""
    if person.merging.into is not None or contact.channel is None:
        return
    evidence = str(interaction_id)
    if OutcomeFlag.DO_NOT_CONTACT in result.flags:
        cease = Cease(
            cease_id=ids.derived("opt-out", interaction_id),
            person_id=person.id,
            channels=(contact.channel,),
            case_ids=(),
            medium=contact.channel.name,
            evidence_ref=evidence,
            received_at=person.happened_at,
        )
        agreement.cease_communication(person, cease)
    if contact.point_id not in person.points.by_id:
        return
    if result.outcome is Outcome.WRONG_PARTY:
        points.mark_third_party(person, contact.point_id, "WRONG_PARTY", evidence)
    elif result.outcome is Outcome.UNREACHABLE:
        points.invalidate(person, contact.point_id, "UNREACHABLE", evidence)
