"""Recording: what came of a contact, told by whoever made it; and that it was something else, told by whoever found out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.interaction import (
    Interaction,
    OutcomeCorrected,
    OutcomeRecorded,
)
from services.contacts.domain.outcomes import Result
from services.kernel.refusal import Refusal
from services.kernel.sealed import Sealed


class OutcomeIsRecordedAlready(Refusal):
    """Something else was recorded of this contact: correct it instead."""


class NothingIsRecordedYet(Refusal):
    """There is no outcome to correct."""


class NobodyWasContacted(Refusal):
    """The attempt came to nothing: there is no outcome of it."""


@dataclass(frozen=True, slots=True)
class Report:
    """A contact made elsewhere, as it is reported."""

    case_id: UUID
    person_id: UUID
    channel: Channel
    direction: Direction
    purpose: Purpose
    result: Result
    reported_by: str
    point_id: UUID | None = None
    permit_id: UUID | None = None
    duration_seconds: int = 0
    notes: Sealed | None = None

    @property
    def is_breach(self) -> bool:
        """We spoke to somebody without having asked whether we may."""
        return self.direction is Direction.OUT and self.permit_id is None


def record_contact(interaction: Interaction, report: Report) -> None:
    if interaction.exists:
        return
    result = report.result
    interaction.tell(
        OutcomeRecorded(
            **interaction.next(),
            interaction_id=interaction.id,
            case_id=report.case_id,
            person_id=report.person_id,
            channel=report.channel,
            direction=report.direction,
            purpose=report.purpose,
            code=result.code,
            outcome=result.outcome,
            flags=result.flags,
            permit_id=report.permit_id,
            is_breach=report.is_breach,
            point_id=report.point_id,
            request_ref=None,
            duration_seconds=report.duration_seconds,
            reported_by=report.reported_by,
            notes=report.notes,
        )
    )


def record_outcome(interaction: Interaction, result: Result, reported_by: str, duration_seconds: int, notes: Sealed | None) -> None:
    """Of an attempt that has begun here. The same again: told once."""
    contact = interaction.contact
    if contact.channel is None or contact.direction is None or contact.purpose is None:
        raise NobodyWasContacted
    if interaction.result is not None:
        if interaction.result == result:
            return
        raise OutcomeIsRecordedAlready(code=interaction.result.code)
    interaction.tell(
        OutcomeRecorded(
            **interaction.next(),
            interaction_id=interaction.id,
            case_id=contact.case_id,
            person_id=contact.person_id,
            channel=contact.channel,
            direction=contact.direction,
            purpose=contact.purpose,
            code=result.code,
            outcome=result.outcome,
            flags=result.flags,
            permit_id=contact.permit_id,
            is_breach=interaction.is_breach,
            point_id=contact.point_id,
            request_ref=contact.request_ref,
            duration_seconds=duration_seconds,
            reported_by=reported_by,
            notes=notes,
        )
    )


def correct_outcome(interaction: Interaction, result: Result, reason_code: str) -> None:
    contact, before = interaction.contact, interaction.result
    if before is None:
        raise NothingIsRecordedYet
    if before == result:
        return
    interaction.tell(
        OutcomeCorrected(
            **interaction.next(),
            interaction_id=interaction.id,
            case_id=contact.case_id,
            person_id=contact.person_id,
            code=result.code,
            outcome=result.outcome,
            flags=result.flags,
            code_before=before.code,
            outcome_before=before.outcome,
            flags_before=before.flags,
            reason_code=reason_code,
            request_ref=contact.request_ref,
        )
    )
