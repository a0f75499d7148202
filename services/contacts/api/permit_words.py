"""Words of permits: contacts off the wire, decisions back onto it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast, get_type_hints
from uuid import UUID

from acuerdo.contacts.v1 import decisions_pb2, types_pb2
from acuerdo.contacts.v1 import permit_service_pb2 as pb
from google.protobuf.descriptor import Descriptor
from google.protobuf.duration_pb2 import Duration

from services.chassis.rpc import words
from services.chassis.wire.writing import Writers
from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.contact_reports import ContactReport
from services.contacts.domain.packs import Activation, Candidate, PublishedPack
from services.contacts.domain.permit_book import Answer, AnswerKind, AttemptResult, Permit, PermitState
from services.contacts.domain.permitting import VALID_FOR, PermitAsked
from services.contacts.domain.policy.decision import ContactDecision, Override
from services.contacts.domain.policy.facts import CONSUMER
from services.contacts.domain.policy.standing import PARTIES_KNOWN
from services.kernel.refusal import IsInvalid

_write: Callable[[Any], bytes] = Writers().writer(
    ContactDecision, get_type_hints(ContactDecision), cast("Descriptor", decisions_pb2.ContactDecision.DESCRIPTOR)
)

LONGEST = timedelta(days=1)
"""Of a contact: what lasted longer was several."""

# Off the wire -------------------------------------------------------------------


def channel(wire: int) -> Channel:
    return Channel[types_pb2.Channel.Name(cast("types_pb2.Channel", wire)).removeprefix("CHANNEL_")]


def asked(
    wanted: pb.ContactWanted, permit_id: UUID, field: str, ready_to_wait: timedelta = timedelta(0), valid_for: timedelta = VALID_FOR
) -> PermitAsked:
    return PermitAsked(
        permit_id=permit_id,
        case_id=words.uuid(wanted.case_id, f"{field}.case_id"),
        channel=channel(wanted.channel),
        purpose=Purpose[types_pb2.Purpose.Name(wanted.purpose).removeprefix("PURPOSE_")],
        point_id=words.uuid_or_none(wanted.point_id, f"{field}.point_id"),
        ready_to_wait=ready_to_wait,
        valid_for=valid_for,
        debts=tuple(sorted({words.uuid(debt, f"{field}.debt_ids") for debt in wanted.debt_ids})),
        party=party(wanted.party, f"{field}.party"),
        campaign=wanted.campaign,
        mode=wanted.mode,
        cli_type=wanted.cli_type,
        in_reply_to=words.uuid_or_none(wanted.in_reply_to, f"{field}.in_reply_to"),
        grounds=tuple(sorted(set(wanted.grounds))),
        override=_override(wanted, field),
    )


def _override(wanted: pb.ContactWanted, field: str) -> Override:
    if bool(wanted.override_ground) != bool(wanted.evidence_ref.strip()):
        raise IsInvalid(f"{field}.override_ground", "goes with evidence_ref: a ground without evidence is none")
    return Override(wanted.override_ground, wanted.evidence_ref)


def party(said: str, field: str) -> str:
    if said and said not in PARTIES_KNOWN:
        raise IsInvalid(field, f"is not one of {', '.join(sorted(PARTIES_KNOWN))}")
    return said or CONSUMER


def duration(request: Any, field: str, otherwise: timedelta) -> timedelta:
    said: Duration = getattr(request, field)
    return timedelta(seconds=said.seconds, microseconds=said.nanos // 1_000) if request.HasField(field) else otherwise


def reported(report: pb.AttemptReport, attempt_id: UUID, field: str, by: str, latest: datetime) -> ContactReport:
    """`latest`: what is told to have happened after it has not happened yet."""
    at = words.instant(report.at, f"{field}.at")
    ended = words.instant(report.ended_at, f"{field}.ended_at") if report.HasField("ended_at") else None
    if at > latest:
        raise IsInvalid(f"{field}.at", "lies in the future")
    if ended is not None and not at <= ended <= min(latest, at + LONGEST):
        raise IsInvalid(f"{field}.ended_at", "lies before it began, more than a day after, or in the future")
    result = AttemptResult(
        at=at,
        ended_at=ended,
        is_connected=not report.is_not_connected,
        is_conversation=report.is_conversation,
        is_direct=report.is_direct,
        debts=_ids(report.debt_ids, f"{field}.debt_ids"),
        conversation_debts=_ids(report.conversation_debt_ids, f"{field}.conversation_debt_ids"),
        flags=tuple(sorted(set(report.flags))),
        party=party(report.party, f"{field}.party"),
    )
    if result.is_conversation and not result.is_connected:
        raise IsInvalid(f"{field}.is_conversation", "needs a connection")
    return ContactReport(
        attempt_id=attempt_id,
        case_id=words.uuid(report.case_id, f"{field}.case_id"),
        channel=channel(report.channel),
        direction=Direction[types_pb2.Direction.Name(report.direction).removeprefix("DIRECTION_")],
        result=result,
        reported_by=report.reported_by or by,
        permit_id=words.uuid_or_none(report.permit_id, f"{field}.permit_id"),
        point_id=words.uuid_or_none(report.point_id, f"{field}.point_id"),
        campaign=report.campaign,
    )


def _ids(said: Any, field: str) -> tuple[UUID, ...]:
    return tuple(sorted({words.uuid(one, field) for one in said}))


# Back onto the wire ---------------------------------------------------------------


def decision_bytes(decision: ContactDecision) -> bytes:
    """As inside the event, byte for byte."""
    return _write(decision)


def wire_decision(decision: ContactDecision) -> decisions_pb2.ContactDecision:
    return decisions_pb2.ContactDecision.FromString(_write(decision))


def wire_answer(kind: AnswerKind) -> str:
    return f"PERMIT_ANSWER_{kind.name}"


def wire_permit(permit_id: UUID, permit: Permit, state: PermitState) -> pb.ContactPermit:
    return pb.ContactPermit(
        permit_id=str(permit_id),
        state=f"STATE_{state.name}",
        case_id=str(permit.case_id),
        channel=f"CHANNEL_{permit.channel.name}",
        purpose=f"PURPOSE_{permit.purpose.name}",
        point_id=str(permit.point_id or ""),
        granted_at=words.timestamp(permit.granted_at),
        expires_at=words.timestamp(permit.expires_at),
        attempt_id=str(permit.attempt_id or ""),
        obligations=permit.obligations,
    )


def wire_no(permit_id: UUID, answer: Answer) -> pb.ContactPermit:
    """A request that was answered by a no."""
    return pb.ContactPermit(
        permit_id=str(permit_id),
        state=f"STATE_{answer.kind.name}",
        next_allowed_at=words.timestamp(answer.until) if answer.until else None,
    )


def wire_ref(pack_id: str, version: str, digest: bytes, is_shadow: bool = False) -> pb.PackRef:
    return pb.PackRef(pack_id=pack_id, version=version, digest=digest, is_shadow=is_shadow)


def wire_checked(candidate: Candidate) -> pb.CheckedPack:
    return pb.CheckedPack(
        ref=wire_ref(candidate.pack.id, candidate.pack.version, candidate.digest),
        rules=len(candidate.pack.rules),
        vectors=candidate.vectors,
        failing=[pb.FailingVector(name=vector.name, differs=vector.differs) for vector in candidate.failing],
        status=candidate.pack.status,
    )


def wire_published(published: PublishedPack, activation: Activation | None) -> pb.PublishedRulePack:
    return pb.PublishedRulePack(
        ref=wire_ref(published.id, published.version, published.digest, activation is not None and activation.is_shadow),
        status=published.status,
        is_in_force=activation is not None and not activation.is_shadow,
        vectors=published.vectors_passed,
        published_at=words.timestamp(published.published_at),
    )
