"""Told by strategy: segments, treatments it asks for, holds it has heeded. The case's history says so, and is complete by itself."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from acuerdo.contacts.v1 import types_pb2 as contacts
from acuerdo.strategy.v1 import events_pb2 as told
from acuerdo.strategy.v1 import types_pb2 as types

from services.cases import application
from services.cases.application.elsewhere import record_treatment
from services.cases.domain.assignment import Requirements
from services.cases.domain.case import Case
from services.cases.domain.heeding import Heeded
from services.cases.domain.recorded import Channel, Purpose, TreatmentKind
from services.cases.domain.recording import Treatment
from services.cases.reactions import heeding
from services.chassis.heard import Heard, Look, Looking, Reactions
from services.chassis.rpc import words
from services.kernel.facts import Change


def record_segment(heard: Heard[told.SegmentAssigned]) -> Iterable[Change[Case]]:
    """Strategy has put the case into a segment: the case's history says so, with the row that matched."""
    fact = heard.fact
    yield application.record_segment(UUID(bytes=fact.case_id), heard.origin, fact.to, str(fact.table_version), fact.reason)


def record_requested_treatment(heard: Heard[told.TreatmentRequested]) -> Iterable[Change[Case]]:
    """What is for an agent waits for one from now on."""
    fact = heard.fact
    treatment = Treatment(
        request_id=UUID(bytes=fact.request_id),
        kind=TreatmentKind[types.RequestKind.Name(fact.kind).removeprefix("REQUEST_KIND_")],
        step=fact.step,
        strategy_version=str(fact.strategy_version),
        person_id=UUID(bytes=fact.person_id) if fact.person_id else None,
        channel=Channel[contacts.Channel.Name(fact.channel).removeprefix("CHANNEL_")],
        purpose=Purpose[contacts.Purpose.Name(fact.purpose).removeprefix("PURPOSE_")],
        template=fact.template,
        promise_id=UUID(bytes=fact.promise_id) if fact.promise_id else None,
    )
    wanted = Requirements(tuple(fact.skills), fact.language, UUID(bytes=fact.team_id) if fact.team_id else None)
    yield record_treatment(UUID(bytes=fact.case_id), treatment, wanted, fact.reason_code or "TREATMENT", heard.origin)


async def acknowledge_hold(heard: Heard[told.HoldHeeded], look: Look) -> Iterable[Change[Case]]:
    fact = heard.fact
    heeded = Heeded(words.instant(fact.heeded_at, "heeded_at"), stopped=len(fact.steps_stopped))
    return await heeding.acknowledge(heard, look, "strategy", heeded)


REACTIONS: Reactions = {
    told.SegmentAssigned: record_segment,
    told.TreatmentRequested: record_requested_treatment,
    told.HoldHeeded: Looking(acknowledge_hold),
}
