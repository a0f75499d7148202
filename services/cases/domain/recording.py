"""Recording: what contacts and strategy have told is told on the case, once and in their order; nothing of it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import assigning
from services.cases.domain.assignment import Requirements
from services.cases.domain.lifecycle import Lifecycle
from services.cases.domain.recorded import (
    Channel,
    Direction,
    InteractionRecorded,
    InteractionState,
    OutcomeRevised,
    PermitRecorded,
    PermitVerdict,
    Purpose,
    TreatmentKind,
    TreatmentRecorded,
)
from services.kernel.facts import Causation

if TYPE_CHECKING:
    from services.cases.domain.case import Case


@dataclass(frozen=True, slots=True)
class Contact:
    """An interaction as contacts tells of it. No direction: this fact does not say how it began."""

    interaction_id: UUID
    state: InteractionState
    person_id: UUID | None = None
    channel: Channel = Channel.UNSPECIFIED
    direction: Direction | None = None
    code: str = ""
    flags: tuple[str, ...] = ()
    permit_id: UUID | None = None
    is_breach: bool = False
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """What contacts said of one contact that was asked for."""

    permit_id: UUID
    verdict: PermitVerdict
    person_id: UUID | None = None
    channel: Channel = Channel.UNSPECIFIED
    purpose: Purpose = Purpose.UNSPECIFIED
    reason_codes: tuple[str, ...] = ()
    next_allowed_at: datetime | None = None
    request_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Treatment:
    """What strategy asks for."""

    request_id: UUID
    kind: TreatmentKind
    step: str
    strategy_version: str
    person_id: UUID | None = None
    channel: Channel = Channel.UNSPECIFIED
    purpose: Purpose = Purpose.UNSPECIFIED
    template: str = ""
    promise_id: UUID | None = None


def record_interaction(case: Case, contact: Contact, origin: Causation) -> None:
    """The first that is heard of it records it, what comes later revises it. What was told earlier and is heard late is passed over."""
    case.must_be_reportable()
    known = case.recorded.interactions.get(contact.interaction_id)
    if known is None:
        _record_first(case, contact, origin)
        return
    if known.origin.stream_id == origin.stream_id and known.origin.version >= origin.version:
        return
    code, flags = contact.code or known.code, contact.flags or known.flags
    if (known.state, known.code, known.flags) != (contact.state, code, flags):
        case.tell(
            OutcomeRevised(**case.next(), origin=origin, interaction_id=contact.interaction_id, state=contact.state, code=code, flags=flags)
        )


def record_permit(case: Case, permit: Permit, origin: Causation) -> None:
    case.must_be_reportable()
    if case.recorded.permits.get(permit.permit_id) is permit.verdict:
        return
    case.tell(
        PermitRecorded(
            **case.next(),
            origin=origin,
            permit_id=permit.permit_id,
            person_id=permit.person_id,
            verdict=permit.verdict,
            channel=permit.channel,
            purpose=permit.purpose,
            reason_codes=permit.reason_codes,
            next_allowed_at=permit.next_allowed_at,
            request_id=permit.request_id,
        )
    )


def record_treatment(case: Case, treatment: Treatment, wanted: Requirements, reason_code: str, origin: Causation) -> None:
    """What is for an agent makes an open case that nobody has wait for one: as strategy says, or as it was asked for before."""
    case.must_be_reportable()
    if treatment.request_id in case.recorded.treatments:
        return
    case.tell(
        TreatmentRecorded(
            **case.next(),
            origin=origin,
            request_id=treatment.request_id,
            kind=treatment.kind,
            step=treatment.step,
            strategy_version=treatment.strategy_version,
            person_id=treatment.person_id,
            channel=treatment.channel,
            purpose=treatment.purpose,
            template=treatment.template,
            promise_id=treatment.promise_id,
        )
    )
    is_free = case.lifecycle is Lifecycle.OPEN and case.assignment.holder_at(case.now) is None
    if treatment.kind is TreatmentKind.HAND_TO_AGENT and is_free:
        wants_nothing = wanted == Requirements()
        assigning.request(case, case.assignment.requirements if wants_nothing else wanted, reason_code)


def _record_first(case: Case, contact: Contact, origin: Causation) -> None:
    case.tell(
        InteractionRecorded(
            **case.next(),
            origin=origin,
            interaction_id=contact.interaction_id,
            person_id=contact.person_id,
            channel=contact.channel,
            direction=contact.direction or Direction.OUT,
            state=contact.state,
            code=contact.code,
            flags=contact.flags,
            permit_id=contact.permit_id,
            is_breach=contact.is_breach,
            request_id=contact.request_id,
        )
    )
