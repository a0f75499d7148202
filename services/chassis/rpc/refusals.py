"""Refusals: what is raised becomes a status with its reason, in one table. What is missing from it is a bug of ours: INTERNAL."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
import psycopg
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import (
    BadRequest,
    ErrorInfo,
    PreconditionFailure,
    RetryInfo,
)
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from psycopg_pool import PoolTimeout

from services.chassis.follower.views import ViewIsBehind
from services.chassis.identity.keys import KeysAreUnavailable
from services.chassis.identity.principal import NotAuthenticated, NotPermitted
from services.chassis.log import units
from services.chassis.rpc.call import Call
from services.chassis.rpc.limits import RequestIsTooLarge, ServerIsBusy
from services.chassis.rpc.validation import RequestIsInvalid
from services.chassis.seal.subjects import SealIsBroken
from services.kernel.refusal import AlreadyExists, AreInvalid, IsInvalid, IsUnknown, Refusal

DOMAIN = "acuerdo"
DETAILS_BYTES_MAX = 5_000
"""Of all details of one status: what a client takes as trailing metadata by default, in base64, with room to spare."""

_log = structlog.get_logger("rpc")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status as the caller gets it. No personal data, no text of a foreign exception."""

    code: StatusCode
    reason: str
    message: str
    facts: Mapping[str, str]
    details: Sequence[Message] = ()

    def status(self) -> Status:
        info = ErrorInfo(reason=self.reason, domain=DOMAIN, metadata=self.facts)
        status = Status(code=self.code.value[0], message=self.message)
        for detail in (info, *self.details):
            packed = AnyMessage()
            packed.Pack(detail)
            status.details.append(packed)
        return status


async def refuse(call: Call, raised: Exception) -> NoReturn:
    """Word whatever was raised and end the call with it."""
    if isinstance(raised, grpc.aio.AbortError):
        raise raised
    answer = answer_to(raised)
    if answer.code in (StatusCode.INTERNAL, StatusCode.DATA_LOSS):
        _log.error("call_failed", method=call.method, code=answer.code.name, exc_info=raised, **answer.facts)
    trailing = (("grpc-status-details-bin", answer.status().SerializeToString()),)
    await call.context.abort(answer.code, answer.message, trailing)


def answer_to(raised: BaseException) -> Answer:
    """The status of an exception: the nearest class in STATUS_OF, else INTERNAL with an incident id that is in our logs too."""
    for kind in type(raised).__mro__:
        if kind in STATUS_OF:
            return STATUS_OF[kind](raised)
    incident_id = secrets.token_hex(8)
    return Answer(StatusCode.INTERNAL, "INTERNAL", f"something failed here; incident {incident_id}", {"incident_id": incident_id})


# The business says no --------------------------------------------------------------------------------------------------


def _precondition(refusal: Refusal) -> Answer:
    broken = PreconditionFailure.Violation(type=refusal.reason, subject=DOMAIN, description=refusal.sentence)
    return Answer(
        StatusCode.FAILED_PRECONDITION, refusal.reason, refusal.sentence, refusal.facts, (PreconditionFailure(violations=[broken]),)
    )


def _unknown(refusal: Refusal) -> Answer:
    return Answer(StatusCode.NOT_FOUND, refusal.reason, refusal.sentence, refusal.facts)


def _exists(refusal: Refusal) -> Answer:
    return Answer(StatusCode.ALREADY_EXISTS, refusal.reason, refusal.sentence, refusal.facts)


def _invalid(refusal: IsInvalid) -> Answer:
    return _bad_request([BadRequest.FieldViolation(field=refusal.field, description=refusal.description, reason=refusal.reason)])


def _all_invalid(refusal: AreInvalid) -> Answer:
    """Each with the rule that it names, else with its kind."""
    return _bad_request(
        [
            BadRequest.FieldViolation(field=broken.field, description=broken.description, reason=broken.facts.get("rule", broken.reason))
            for broken in refusal.broken
        ]
    )


# The request is not as the contract says -------------------------------------------------------------------------------


def _invalid_request(invalid: RequestIsInvalid) -> Answer:
    return _bad_request(
        [
            BadRequest.FieldViolation(field=broken.field, description=broken.description, reason=_as_reason(broken.rule))
            for broken in invalid.violations
        ]
    )


def _bad_request(violations: list[BadRequest.FieldViolation]) -> Answer:
    """Every broken field, as long as a client can receive it: descriptions go first, then the last fields, and the facts say how many."""
    request = BadRequest(field_violations=violations)
    if request.ByteSize() > DETAILS_BYTES_MAX:
        request = BadRequest(field_violations=[BadRequest.FieldViolation(field=broken.field) for broken in violations])
    while request.ByteSize() > DETAILS_BYTES_MAX:
        del request.field_violations[-max(1, len(request.field_violations) // 8) :]
    named = ", ".join(broken.field or "the request" for broken in violations[:8]) + (" …" if len(violations) > 8 else "")
    facts = {"violations": str(len(violations)), "named": str(len(request.field_violations))}
    return Answer(StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID", f"invalid: {named}"[:500], facts, (request,))


def _as_reason(rule: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in rule).upper()


def _too_large(large: RequestIsTooLarge) -> Answer:
    facts = {"bytes": str(large.size), "bytes_max": str(large.limit)}
    return Answer(StatusCode.INVALID_ARGUMENT, "REQUEST_IS_TOO_LARGE", f"the request is larger than {large.limit} bytes", facts)


def _reused(_: units.RequestIdReused) -> Answer:
    return Answer(StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED", "the request_id was used before with another payload", {})


# The log says no -------------------------------------------------------------------------------------------------------


def _conflict(conflict: units.Conflict) -> Answer:
    facts = {"stream_id": str(conflict.stream_id), "current_version": str(conflict.current_version)}
    return Answer(StatusCode.ABORTED, "VERSION_CONFLICT", f"it has moved on to version {conflict.current_version}", facts)


def _claimed(claimed: units.ClaimedByAnother) -> Answer:
    facts = {"kind": claimed.kind, "holder": str(claimed.holder)}
    return Answer(StatusCode.ALREADY_EXISTS, "CLAIMED_BY_ANOTHER", "another one has this name already", facts)


def _busy(busy: units.LogIsBusy | ServerIsBusy) -> Answer:
    retry = _retry_after(busy.retry_after_seconds)
    return Answer(StatusCode.RESOURCE_EXHAUSTED, "IS_BUSY", "too much at once; try again later", {}, (retry,))


def _outcome_unknown(_: units.OutcomeUnknown) -> Answer:
    return Answer(
        StatusCode.UNAVAILABLE,
        "OUTCOME_UNKNOWN",
        "it may be stored or not: ask again with the same request_id",
        {},
        (_retry_after(1.0),),
    )


def _event_too_large(large: units.EventIsTooLarge) -> Answer:
    facts = {"bytes": str(large.size), "bytes_max": str(large.limit)}
    return Answer(StatusCode.INVALID_ARGUMENT, "EVENT_IS_TOO_LARGE", f"what it would tell is larger than {large.limit} bytes", facts)


def _does_not_verify(broken: units.HistoryDoesNotVerify) -> Answer:
    facts = {"stream_id": str(broken.stream_id), "version": str(broken.version)}
    return Answer(StatusCode.DATA_LOSS, "HISTORY_DOES_NOT_VERIFY", f"the stored history is broken at version {broken.version}", facts)


def _seal_is_broken(broken: SealIsBroken) -> Answer:
    facts = {"stream_id": str(broken.stream_id), "field": broken.field}
    return Answer(StatusCode.DATA_LOSS, "SEAL_IS_BROKEN", "a sealed value was changed or moved", facts)


# Identity and machinery ------------------------------------------------------------------------------------------------


def _not_authenticated(refused: NotAuthenticated) -> Answer:
    return Answer(StatusCode.UNAUTHENTICATED, refused.reason, "a valid token is needed", {})


def _not_permitted(refused: NotPermitted) -> Answer:
    return Answer(StatusCode.PERMISSION_DENIED, refused.reason, "the caller may not do this", refused.facts)


def _too_slow(_: BaseException) -> Answer:
    return Answer(StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "not done in time; ask again with the same request_id", {})


def _unavailable(_: BaseException) -> Answer:
    return Answer(StatusCode.UNAVAILABLE, "STORE_IS_UNAVAILABLE", "the store cannot be reached", {}, (_retry_after(1.0),))


def _behind(_: ViewIsBehind) -> Answer:
    return Answer(StatusCode.UNAVAILABLE, "VIEW_IS_BEHIND", "the read model does not show that position yet", {}, (_retry_after(0.5),))


def _no_keys(_: KeysAreUnavailable) -> Answer:
    return Answer(StatusCode.UNAVAILABLE, "IDENTITY_IS_UNAVAILABLE", "no token can be judged now", {}, (_retry_after(5.0),))


def _retry_after(seconds: float) -> RetryInfo:
    delay = Duration()
    delay.FromNanoseconds(int(seconds * 1_000_000_000))
    return RetryInfo(retry_delay=delay)


STATUS_OF: Mapping[type[BaseException], Callable[[Any], Answer]] = {
    Refusal: _precondition,
    IsUnknown: _unknown,
    AlreadyExists: _exists,
    IsInvalid: _invalid,
    AreInvalid: _all_invalid,
    RequestIsInvalid: _invalid_request,
    RequestIsTooLarge: _too_large,
    units.RequestIdReused: _reused,
    units.Conflict: _conflict,
    units.ClaimedByAnother: _claimed,
    units.LogIsBusy: _busy,
    ServerIsBusy: _busy,
    units.OutcomeUnknown: _outcome_unknown,
    units.EventIsTooLarge: _event_too_large,
    units.HistoryDoesNotVerify: _does_not_verify,
    SealIsBroken: _seal_is_broken,
    NotAuthenticated: _not_authenticated,
    NotPermitted: _not_permitted,
    KeysAreUnavailable: _no_keys,
    ViewIsBehind: _behind,
    TimeoutError: _too_slow,
    psycopg.errors.QueryCanceled: _too_slow,
    PoolTimeout: _unavailable,
    psycopg.OperationalError: _unavailable,
    psycopg.errors.ReadOnlySqlTransaction: _unavailable,
}
"""Exception to status; the nearest class counts."""
