"""Told by contacts: permits, contacts that were made and what came of them, holds it has heeded. Recorded on the case with their origin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from acuerdo.contacts.v1 import casefiles_pb2 as casefiles
from acuerdo.contacts.v1 import message_events_pb2 as told
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import permits_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as types

from services.cases.application import elsewhere
from services.cases.domain.case import Case
from services.cases.domain.heeding import ContactBetween, Heeded
from services.cases.domain.recorded import Channel, Direction, InteractionState, PermitVerdict, Purpose
from services.cases.domain.recording import Contact, Permit
from services.cases.reactions import heeding
from services.chassis.heard import Heard, Look, Looking, Reaction, Reactions
from services.chassis.rpc import words
from services.kernel.facts import Change


def record_grant(heard: Heard[permits.ContactPermitGranted]) -> Iterable[Change[Case]]:
    yield _permit(heard, PermitVerdict.GRANTED, ())


def record_deferral(heard: Heard[permits.ContactPermitDeferred]) -> Iterable[Change[Case]]:
    until = words.instant(heard.fact.until, "until")
    yield _permit(heard, PermitVerdict.DEFERRED, _reasons(heard.fact), until)


def record_denial(heard: Heard[permits.ContactPermitDenied]) -> Iterable[Change[Case]]:
    """The law, the person or the house says no: the case's history says why, and from when on it might be allowed."""
    yield _permit(heard, PermitVerdict.DENIED, _reasons(heard.fact), words.instant_or_none(heard.fact, "next_allowed_at"))


def record_revocation(heard: Heard[permits.ContactPermitRevoked]) -> Iterable[Change[Case]]:
    yield _permit(heard, PermitVerdict.REVOKED, (heard.fact.reason_code,))


def record_release(heard: Heard[permits.ContactPermitReleased]) -> Iterable[Change[Case]]:
    yield _permit(heard, PermitVerdict.RELEASED, (heard.fact.reason_code,))


def record_expiry(heard: Heard[permits.ContactPermitExpired]) -> Iterable[Change[Case]]:
    yield _permit(heard, PermitVerdict.EXPIRED, (heard.fact.reason_code,))


def record_breach(heard: Heard[permits.AttemptOutsidePermitRecorded]) -> Iterable[Change[Case]]:
    """Somebody of ours, or for us, contacted the person without a permit."""
    fact = heard.fact
    contact = replace(_reported(fact), direction=_direction(fact.direction), permit_id=_id_or_none(fact.permit_id), is_breach=True)
    yield elsewhere.record_interaction(UUID(bytes=fact.case_id), contact, heard.origin)


def record_report(heard: Heard[permits.AttemptResultRecorded]) -> Iterable[Change[Case]]:
    """A contact that was made by a permit, and reported. What is recorded apart has facts of its own, which say more."""
    fact = heard.fact
    if not fact.is_recorded_apart:
        contact = replace(_reported(fact), direction=_direction(fact.direction), permit_id=_id_or_none(fact.permit_id))
        yield elsewhere.record_interaction(UUID(bytes=fact.case_id), contact, heard.origin)


def record_reception(heard: Heard[permits.ContactReceived]) -> Iterable[Change[Case]]:
    """The debtor came to us, as somebody reports."""
    fact = heard.fact
    if not fact.is_recorded_apart:
        yield elsewhere.record_interaction(UUID(bytes=fact.case_id), replace(_reported(fact), direction=Direction.IN), heard.origin)


def record_start(heard: Heard[told.AttemptStarted]) -> Iterable[Change[Case]]:
    fact = heard.fact
    started = _contact(heard, InteractionState.STARTED)
    begun = replace(started, channel=channel(fact.channel), direction=_direction(fact.direction), permit_id=_id_or_none(fact.permit_id))
    yield elsewhere.record_interaction(UUID(bytes=fact.case_id), begun, heard.origin)


def record_dispatch(heard: Heard[told.AttemptDispatched]) -> Iterable[Change[Case]]:
    yield _interaction(heard, InteractionState.DISPATCHED)


def record_delivery(heard: Heard[told.AttemptDelivered]) -> Iterable[Change[Case]]:
    yield _interaction(heard, InteractionState.DELIVERED)


def record_bounce(heard: Heard[told.AttemptBounced]) -> Iterable[Change[Case]]:
    yield _interaction(heard, InteractionState.BOUNCED, _cause(heard.fact.cause))


def record_failure(heard: Heard[told.AttemptFailed]) -> Iterable[Change[Case]]:
    yield _interaction(heard, InteractionState.FAILED, _cause(heard.fact.cause))


def record_cancellation(heard: Heard[told.AttemptCancelled]) -> Iterable[Change[Case]]:
    """Stopped before it was sent: by a hold, a permit that was taken back, a link that was refused."""
    yield _interaction(heard, InteractionState.CANCELLED, heard.fact.reason_code)


def record_outcome(heard: Heard[told.OutcomeRecorded]) -> Iterable[Change[Case]]:
    """What came of it; the first that is heard of a call, a letter, an answer."""
    fact = heard.fact
    contact = replace(
        _contact(heard, InteractionState.DONE, fact.code or _outcome(fact.outcome)),
        channel=channel(fact.channel),
        direction=_direction(fact.direction),
        flags=_flags(fact.flags),
        permit_id=_id_or_none(fact.permit_id),
        is_breach=fact.is_breach,
    )
    yield elsewhere.record_interaction(UUID(bytes=fact.case_id), contact, heard.origin)


def revise_outcome(heard: Heard[told.OutcomeCorrected]) -> Iterable[Change[Case]]:
    fact = heard.fact
    contact = replace(_contact(heard, InteractionState.DONE, fact.code or _outcome(fact.outcome)), flags=_flags(fact.flags))
    yield elsewhere.record_interaction(UUID(bytes=fact.case_id), contact, heard.origin)


async def acknowledge_hold(heard: Heard[casefiles.HoldHeeded], look: Look) -> Iterable[Change[Case]]:
    fact = heard.fact
    between = [
        ContactBetween(UUID(bytes=each.interaction_id), words.instant(each.at, "at"), channel(each.channel))
        for each in fact.contacts_between
    ]
    heeded = Heeded(words.instant(fact.heeded_at, "heeded_at"), between, len(fact.permits_revoked))
    return await heeding.acknowledge(heard, look, "contacts", heeded)


def _reported(fact: permits.AttemptOutsidePermitRecorded | permits.AttemptResultRecorded | permits.ContactReceived) -> Contact:
    """What every report of a contact says that was made elsewhere."""
    return Contact(
        interaction_id=UUID(bytes=fact.attempt_id),
        state=InteractionState.DONE,
        person_id=UUID(bytes=fact.person_id),
        channel=channel(fact.channel),
        flags=tuple(fact.result.flags),
    )


def _interaction(heard: Heard[Any], state: InteractionState, code: str = "") -> Change[Case]:
    return elsewhere.record_interaction(UUID(bytes=heard.fact.case_id), _contact(heard, state, code), heard.origin)


def _contact(heard: Heard[Any], state: InteractionState, code: str = "") -> Contact:
    """What every fact of an interaction says."""
    fact = heard.fact
    return Contact(
        interaction_id=UUID(bytes=fact.interaction_id),
        state=state,
        person_id=_id_or_none(fact.person_id),
        code=code,
        request_id=_id_or_none(fact.request_ref),
    )


def _direction(wire: types.Direction) -> Direction:
    """Where nothing is said, we began."""
    return Direction.IN if wire == types.DIRECTION_IN else Direction.OUT


def _cause(wire: messages.DeliveryCause) -> str:
    return messages.DeliveryCause.Name(wire).removeprefix("DELIVERY_CAUSE_")


def _outcome(wire: messages.Outcome) -> str:
    return messages.Outcome.Name(wire).removeprefix("OUTCOME_")


def _flags(wire: Iterable[messages.OutcomeFlag]) -> tuple[str, ...]:
    return tuple(messages.OutcomeFlag.Name(flag).removeprefix("OUTCOME_FLAG_") for flag in wire)


def channel(wire: types.Channel) -> Channel:
    return Channel[types.Channel.Name(wire).removeprefix("CHANNEL_")]


def _permit(heard: Heard[Any], verdict: PermitVerdict, reasons: Sequence[str], next_allowed_at: datetime | None = None) -> Change[Case]:
    """A permit that is taken back or runs out names neither channel nor purpose: the fact that granted it does."""
    fact = heard.fact
    names = fact.DESCRIPTOR.fields_by_name
    permit = Permit(
        permit_id=UUID(bytes=fact.permit_id),
        verdict=verdict,
        person_id=UUID(bytes=fact.person_id),
        channel=channel(fact.channel) if "channel" in names else Channel.UNSPECIFIED,
        purpose=Purpose[types.Purpose.Name(fact.purpose).removeprefix("PURPOSE_")] if "purpose" in names else Purpose.UNSPECIFIED,
        reason_codes=tuple(dict.fromkeys(reason for reason in reasons if reason)),
        next_allowed_at=next_allowed_at,
        request_id=_id_or_none(fact.request_ref),
    )
    return elsewhere.record_permit(UUID(bytes=fact.case_id), permit, heard.origin)


def _reasons(fact: permits.ContactPermitDeferred | permits.ContactPermitDenied) -> list[str]:
    """In the order of the decision."""
    return [reason.code for reason in fact.decision.reasons]


def _id_or_none(wire: bytes) -> UUID | None:
    return UUID(bytes=wire) if wire else None


def of_a_case(react: Reaction) -> Reaction:
    """A contact that is about no case of ours is nobody's to record here."""

    def react_where_there_is_one(heard: Heard[Any]) -> Iterable[Change[Any]]:
        return react(heard) if heard.fact.case_id else ()

    return react_where_there_is_one


REACTIONS: Reactions = {
    permits.ContactPermitGranted: of_a_case(record_grant),
    permits.ContactPermitDeferred: of_a_case(record_deferral),
    permits.ContactPermitDenied: of_a_case(record_denial),
    permits.ContactPermitRevoked: of_a_case(record_revocation),
    permits.ContactPermitReleased: of_a_case(record_release),
    permits.ContactPermitExpired: of_a_case(record_expiry),
    permits.AttemptOutsidePermitRecorded: of_a_case(record_breach),
    permits.AttemptResultRecorded: of_a_case(record_report),
    permits.ContactReceived: of_a_case(record_reception),
    told.AttemptStarted: of_a_case(record_start),
    told.AttemptDispatched: of_a_case(record_dispatch),
    told.AttemptDelivered: of_a_case(record_delivery),
    told.AttemptBounced: of_a_case(record_bounce),
    told.AttemptFailed: of_a_case(record_failure),
    told.AttemptCancelled: of_a_case(record_cancellation),
    told.OutcomeRecorded: of_a_case(record_outcome),
    told.OutcomeCorrected: of_a_case(revise_outcome),
    casefiles.HoldHeeded: Looking(acknowledge_hold),
}
