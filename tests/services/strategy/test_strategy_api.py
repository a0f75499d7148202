"""The promises of acuerdo.strategy.v1.Strategy, asked over the wire and answered from a real log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.strategy.v1 import service_pb2 as pb
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status

from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.kernel.facts import Causation
from services.kernel.money import Money
from services.strategy import application
from services.strategy.domain.segments import hash_of
from services.strategy.domain.standing import BalanceAuthority
from tests.services.strategy.examples import SAMPLE, THE_CASE, THE_CLIENT, THE_DEBT, THE_PORTFOLIO, a_row, a_table, as_bytes

Bearer = Callable[..., Any]
TWO = as_bytes(a_table(a_row("only", segment='"personal_call"')))


def publishing(table: bytes, request_id: str = "", **other: Any) -> pb.PublishSegmentTableRequest:
    return pb.PublishSegmentTableRequest(request_id=request_id or str(uuid4()), name="Sample", table=table, **other)


def activating(version: int) -> pb.ActivateSegmentTableRequest:
    return pb.ActivateSegmentTableRequest(request_id=str(uuid4()), version=version)


async def code_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code()


async def a_treated_case(log: Log) -> None:
    origin = Causation(THE_CASE, 1)
    for number, change in enumerate(
        (
            application.start_treatment(THE_CASE, THE_CLIENT, THE_PORTFOLIO, origin, "TWD", BalanceAuthority.OURS, "Asia/Taipei"),
            application.note_debt("demo", Causation(THE_CASE, 2), THE_DEBT, Money("TWD", 1_500_000)),
            application.open_treatment("demo", Causation(THE_CASE, 3), "1"),
        )
    ):
        await log.run(Command("demo", "test", "test", str(number), b"p" * 32, Actor("SYSTEM", "test")), change)


async def test_a_table_is_published_activated_and_read(strategy: Any, bearer: Bearer) -> None:
    who = bearer("supervisor")
    published = await strategy.PublishSegmentTable(publishing(SAMPLE), metadata=who)
    assert published.version == 1
    assert await code_of(strategy.GetSegmentTable(pb.GetSegmentTableRequest(), metadata=who)) is grpc.StatusCode.NOT_FOUND
    activated = await strategy.ActivateSegmentTable(activating(1), metadata=who)
    assert activated.receipt.version == 2
    found = await strategy.GetSegmentTable(pb.GetSegmentTableRequest(), metadata=bearer("agent"))
    assert (found.version, found.name, found.table, found.table_hash) == (1, "Sample", SAMPLE, hash_of(SAMPLE))
    assert (found.is_active, found.latest_version, found.etag) == (True, 1, "2")


async def test_the_same_table_published_again_is_the_same_version(strategy: Any, bearer: Bearer) -> None:
    who = bearer("operator")
    first = await strategy.PublishSegmentTable(publishing(SAMPLE, "one"), metadata=who)
    await strategy.PublishSegmentTable(publishing(TWO), metadata=who)
    again = await strategy.PublishSegmentTable(publishing(SAMPLE), metadata=who)
    repeated = await strategy.PublishSegmentTable(publishing(SAMPLE, "one"), metadata=who)
    assert (again.version, again.receipt.version) == (1, 2)
    assert repeated == first
    found = await strategy.GetSegmentTable(pb.GetSegmentTableRequest(version=2), metadata=who)
    assert (found.table, found.is_active, found.latest_version) == (TWO, False, 2)


async def test_a_broken_table_is_refused_naming_row_and_column(strategy: Any, bearer: Bearer) -> None:
    broken = as_bytes(a_table(a_row("bad", bucket="current"), a_row("rest")))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await strategy.PublishSegmentTable(publishing(broken), metadata=bearer("supervisor"))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]
    found = BadRequest()
    assert any(detail.Unpack(found) for detail in Status.FromString(details).details)
    assert [violation.field for violation in found.field_violations] == ["table.rows[0].bucket"]
    assert "row 'bad', column bucket" in found.field_violations[0].description


async def test_only_those_who_lead_publish(strategy: Any, bearer: Bearer) -> None:
    call = strategy.PublishSegmentTable(publishing(SAMPLE), metadata=bearer("agent"))
    assert await code_of(call) is grpc.StatusCode.PERMISSION_DENIED


async def test_an_old_etag_is_told_apart(strategy: Any, bearer: Bearer) -> None:
    who = bearer("supervisor")
    await strategy.PublishSegmentTable(publishing(SAMPLE), metadata=who)
    assert await code_of(strategy.PublishSegmentTable(publishing(TWO, etag="0"), metadata=who)) is grpc.StatusCode.ABORTED


async def test_a_version_that_is_not_there_is_not_activated(strategy: Any, bearer: Bearer) -> None:
    assert await code_of(strategy.ActivateSegmentTable(activating(7), metadata=bearer("supervisor"))) is grpc.StatusCode.NOT_FOUND


async def test_a_tenant_has_its_own_tables(strategy: Any, bearer: Bearer) -> None:
    await strategy.PublishSegmentTable(publishing(SAMPLE), metadata=bearer("supervisor"))
    call = strategy.GetSegmentTable(pb.GetSegmentTableRequest(version=1), metadata=bearer("supervisor", tenant="other"))
    assert await code_of(call) is grpc.StatusCode.NOT_FOUND


async def test_a_segment_is_explained_and_reproduced_after_another_table_is_in_force(strategy: Any, bearer: Bearer, log: Log) -> None:
    who = bearer("supervisor")
    await strategy.PublishSegmentTable(publishing(SAMPLE), metadata=who)
    await strategy.ActivateSegmentTable(activating(1), metadata=who)
    await a_treated_case(log)
    await strategy.PublishSegmentTable(publishing(TWO), metadata=who)
    await strategy.ActivateSegmentTable(activating(2), metadata=who)
    why = await strategy.ExplainSegment(pb.ExplainSegmentRequest(case_id=str(THE_CASE)), metadata=bearer("auditor"))
    assert (why.segment, why.table_version, why.row_id, why.is_reproduced) == ("friendly_reminder", 1, "one-cycle-small", True)
    assert (why.bucket, why.balance.minor_units, why.client_id) == ("1", 1_500_000, str(THE_CLIENT))
    assert why.reason.startswith("One payment missed")
    found = await strategy.GetTreatment(pb.GetTreatmentRequest(case_id=str(THE_CASE)), metadata=bearer("agent"))
    assert (found.treatment.segment, found.treatment.table_version, found.treatment.has_ended) == ("friendly_reminder", 1, False)
    assert (found.treatment.bucket, found.treatment.balance.minor_units, found.treatment.etag) == ("1", 1_500_000, "5")


async def test_before_a_table_has_spoken_there_is_a_treatment_and_nothing_to_explain(strategy: Any, bearer: Bearer, log: Log) -> None:
    await a_treated_case(log)
    found = await strategy.GetTreatment(pb.GetTreatmentRequest(case_id=str(THE_CASE)), metadata=bearer("agent"))
    assert (found.treatment.segment, found.treatment.table_version) == ("", 0)
    call = strategy.ExplainSegment(pb.ExplainSegmentRequest(case_id=str(THE_CASE)), metadata=bearer("agent"))
    assert await code_of(call) is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_case_that_is_not_there_or_of_another_tenant_is_unknown(strategy: Any, bearer: Bearer, log: Log) -> None:
    await a_treated_case(log)
    for case_id, tenant in ((UUID(int=99), "demo"), (THE_CASE, "other")):
        call = strategy.GetTreatment(pb.GetTreatmentRequest(case_id=str(case_id)), metadata=bearer("agent", tenant=tenant))
        assert await code_of(call) is grpc.StatusCode.NOT_FOUND
