"""Each row of STATUS_OF, as a caller gets it; and what is in no row is a bug of ours that tells nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import psycopg
import pytest
from acuerdo.common.v1 import log_pb2, log_pb2_grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, PreconditionFailure, RetryInfo
from google.rpc.status_pb2 import Status
from psycopg_pool import PoolTimeout

from services.chassis.follower.views import ViewIsBehind
from services.chassis.identity.keys import KeysAreUnavailable
from services.chassis.identity.principal import NotAuthenticated, NotPermitted
from services.chassis.log import units
from services.chassis.rpc.limits import RequestIsTooLarge, ServerIsBusy
from services.chassis.rpc.refusals import STATUS_OF
from services.chassis.rpc.validation import RequestIsInvalid, Violation
from services.chassis.seal import SealIsBroken
from services.chassis.settings import Settings
from services.kernel.refusal import AlreadyExists, AreInvalid, IsInvalid, IsUnknown, Refusal

CONTRACT = log_pb2.DESCRIPTOR.services_by_name["Log"]
STREAM = UUID(int=7)
SECRET = "Key (national_id)=(12345678Z) already exists"


class CaseIsClosed(Refusal):
    """A closed case takes nothing more."""


class CaseIsUnknown(IsUnknown):
    """There is no such case."""


class BatchExists(AlreadyExists):
    """This batch is here already."""


ROWS: list[tuple[Exception, str, str, dict[str, str], type | None]] = [
    (CaseIsClosed(outcome="PAID"), "FAILED_PRECONDITION", "CASE_IS_CLOSED", {"outcome": "PAID"}, PreconditionFailure),
    (CaseIsUnknown(), "NOT_FOUND", "CASE_IS_UNKNOWN", {}, None),
    (BatchExists(), "ALREADY_EXISTS", "BATCH_EXISTS", {}, None),
    (IsInvalid("terms.zone", "is no zone"), "INVALID_ARGUMENT", "REQUEST_IS_INVALID", {"violations": "1", "named": "1"}, BadRequest),
    (
        AreInvalid([IsInvalid("steps[0]", "is never reached"), IsInvalid("steps[1]", "has no exit")]),
        "INVALID_ARGUMENT",
        "REQUEST_IS_INVALID",
        {"violations": "2", "named": "2"},
        BadRequest,
    ),
    (RequestIsInvalid([Violation("a", "r", "d")]), "INVALID_ARGUMENT", "REQUEST_IS_INVALID", {"violations": "1", "named": "1"}, BadRequest),
    (RequestIsTooLarge(9, 8), "INVALID_ARGUMENT", "REQUEST_IS_TOO_LARGE", {"bytes": "9", "bytes_max": "8"}, None),
    (units.RequestIdReused(), "INVALID_ARGUMENT", "REQUEST_ID_REUSED", {}, None),
    (units.Conflict(STREAM, 4), "ABORTED", "VERSION_CONFLICT", {"stream_id": str(STREAM), "current_version": "4"}, None),
    (units.ClaimedByAnother("ref", STREAM), "ALREADY_EXISTS", "CLAIMED_BY_ANOTHER", {"kind": "ref", "holder": str(STREAM)}, None),
    (units.LogIsBusy(2.5), "RESOURCE_EXHAUSTED", "IS_BUSY", {}, RetryInfo),
    (ServerIsBusy(), "RESOURCE_EXHAUSTED", "IS_BUSY", {}, RetryInfo),
    (units.OutcomeUnknown(), "UNAVAILABLE", "OUTCOME_UNKNOWN", {}, RetryInfo),
    (units.EventIsTooLarge(70_000), "INVALID_ARGUMENT", "EVENT_IS_TOO_LARGE", {"bytes": "70000", "bytes_max": "65536"}, None),
    (
        units.HistoryDoesNotVerify(STREAM, 3, "hash"),
        "DATA_LOSS",
        "HISTORY_DOES_NOT_VERIFY",
        {"stream_id": str(STREAM), "version": "3"},
        None,
    ),
    (SealIsBroken(STREAM, "note"), "DATA_LOSS", "SEAL_IS_BROKEN", {"stream_id": str(STREAM), "field": "note"}, None),
    (NotAuthenticated("TOKEN_HAS_EXPIRED"), "UNAUTHENTICATED", "TOKEN_HAS_EXPIRED", {}, None),
    (NotPermitted("TENANT_IS_NEEDED"), "PERMISSION_DENIED", "TENANT_IS_NEEDED", {}, None),
    (KeysAreUnavailable(), "UNAVAILABLE", "IDENTITY_IS_UNAVAILABLE", {}, RetryInfo),
    (ViewIsBehind(), "UNAVAILABLE", "VIEW_IS_BEHIND", {}, RetryInfo),
    (TimeoutError(), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", {}, None),
    (psycopg.errors.QueryCanceled(SECRET), "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", {}, None),
    (PoolTimeout(SECRET), "UNAVAILABLE", "STORE_IS_UNAVAILABLE", {}, RetryInfo),
    (psycopg.OperationalError(SECRET), "UNAVAILABLE", "STORE_IS_UNAVAILABLE", {}, RetryInfo),
    (psycopg.errors.AdminShutdown(SECRET), "UNAVAILABLE", "STORE_IS_UNAVAILABLE", {}, RetryInfo),
    (psycopg.errors.ReadOnlySqlTransaction(SECRET), "UNAVAILABLE", "STORE_IS_UNAVAILABLE", {}, RetryInfo),
]


def test_every_row_of_the_table_is_tried_here() -> None:
    tried = {next(kind for kind in type(raised).__mro__ if kind in STATUS_OF) for raised, *_ in ROWS}
    assert tried == set(STATUS_OF)


async def refused_with(toy: Any, serving: Any, settings: Settings, metadata: Any, raised: Exception) -> grpc.aio.AioRpcError:
    async def fail(*_: Any) -> None:
        raise raised

    async with serving(settings, toy(log_pb2_grpc.LogServicer, CONTRACT, fail)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await log_pb2_grpc.LogStub(channel).Head(log_pb2.HeadRequest(), metadata=metadata)
        streamed = log_pb2_grpc.LogStub(channel).Replay(log_pb2.ReplayRequest(), metadata=metadata)
        with pytest.raises(grpc.aio.AioRpcError) as refused_stream:
            _ = [chunk async for chunk in streamed]
    assert refused_stream.value.code() == refused.value.code()
    return refused.value


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row[0]).__name__)
async def test_what_is_raised_reaches_the_caller_by_name(
    row: tuple[Exception, str, str, dict[str, str], type | None],
    toy: Any,
    serving: Any,
    settings: Settings,
    bearer: Callable[..., Any],
) -> None:
    raised, code, reason, facts, detail = row
    error = await refused_with(toy, serving, settings, bearer("auditor"), raised)
    status, info = details_of(error)
    assert (error.code().name, info.reason, info.domain, dict(info.metadata)) == (code, reason, "acuerdo", facts)
    assert status.code == error.code().value[0]
    assert SECRET not in str(status)
    assert SECRET not in (error.details() or "")
    if detail is not None:
        assert status.details[1].Is(detail.DESCRIPTOR)  # type: ignore[attr-defined]


async def test_how_long_to_wait_is_said(toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]) -> None:
    status, _ = details_of(await refused_with(toy, serving, settings, bearer("auditor"), units.LogIsBusy(2.5)))
    retry = RetryInfo()
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToNanoseconds() == 2_500_000_000


@pytest.mark.parametrize("bug", [ValueError(SECRET), psycopg.errors.UniqueViolation(SECRET), KeyError(SECRET), AssertionError(SECRET)])
async def test_a_bug_is_internal_with_an_incident_and_without_its_text(
    bug: Exception, toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]
) -> None:
    error = await refused_with(toy, serving, settings, bearer("auditor"), bug)
    status, info = details_of(error)
    assert error.code() == grpc.StatusCode.INTERNAL
    assert info.metadata["incident_id"] in (error.details() or "")
    assert SECRET not in str(status)


def details_of(error: grpc.aio.AioRpcError) -> tuple[Any, Any]:
    status, info = Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"]), ErrorInfo()  # type: ignore[arg-type]
    assert status.details[0].Unpack(info)
    return status, info
