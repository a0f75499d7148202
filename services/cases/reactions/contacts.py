"""Told by contacts: permits, contacts that were made and what came of them, holds it has heeded. Recorded on the case with their origin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from acuerdo.contacts.v1 import casefiles_pb2 as casefiles
from acuerdo.contacts.v1 import permits_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as types

from services.cases.application import elsewhere
from services.cases.domain.case import Case
from services.cases.domain.heeding import ContactBetween, Heeded
from services.cases.domain.recorded import Channel, Direction, InteractionState, PermitVerdict, Purpose
from services.cases.domain.recording import Contact, Permit
from services.cases.reactions import heeding
from services.chassis.heard import Heard, Look, Looking, Reactions
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
    contact = Contact(
        interaction_id=UUID(bytes=fact.attempt_id),
        state=InteractionState.DONE,
        person_id=UUID(bytes=fact.person_id),
        channel=channel(fact.channel),
        direction=Direction[types.Direction.Name(fact.direction).removeprefix("DIRECTION_")],
        flags=tuple(fact.result.flags),
        permit_id=_id_or_none(fact.permit_id),
        is_breach=True,
    )
    yield elsewhere.record_interaction(UUID(bytes=fact.case_id), contact, heard.origin)


async def acknowledge_hold(heard: Heard[casefiles.HoldHeeded], look: Look) -> Iterable[Change[Case]]:
    fact = heard.fact
    between = [
        ContactBetween(UUID(bytes=each.interaction_id), words.instant(each.at, "at"), channel(each.channel))
        for each in fact.contacts_between
    ]
    heeded = Heeded(words.instant(fact.heeded_at, "heeded_at"), between, len(fact.permits_revoked))
    return await heeding.acknowledge(heard, look, "contacts", heeded)


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


REACTIONS: Reactions = {
    permits.ContactPermitGranted: record_grant,
    permits.ContactPermitDeferred: record_deferral,
    permits.ContactPermitDenied: record_denial,
    permits.ContactPermitRevoked: record_revocation,
    permits.ContactPermitReleased: record_release,
    permits.ContactPermitExpired: record_expiry,
    permits.AttemptOutsidePermitRecorded: record_breach,
    casefiles.HoldHeeded: Looking(acknowledge_hold),
}
