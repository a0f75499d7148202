"""The log as it is asked for over the wire: order, partitions, tenants, clients, and chains that do not hold."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import psycopg
import pytest
from acuerdo.common.v1 import log_pb2, log_pb2_grpc, types_pb2  # noqa: F401  # the small contract rests on the types
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from services.chassis.follower.record import partition_of
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.log.units import Record
from services.chassis.logservice import LogService
from services.chassis.service import Service
from services.chassis.settings import Settings
from services.kernel import ids
from services.kernel.facts import Change, Fact, Stream

CHASSIS = Path(__file__).resolve().parents[3] / "services" / "chassis"
PARTITIONS = 4
THEIRS = "0190a000-0000-7000-8000-00000000000c"


class CaseOpened(Fact):
    reason: str

    def apply(self, case: Any) -> None:
        return


class Case(Stream):
    pass


def a_small_contract() -> type[Message]:
    """The event message of a service that tells one kind of fact."""
    file = descriptor_pb2.FileDescriptorProto(name="a_test/log/v1/events.proto", package="a_test.log.v1", syntax="proto3")
    file.dependency.append("acuerdo/common/v1/types.proto")
    opened = file.message_type.add(name="CaseOpened")
    opened.field.add(name="reason", number=1, type=9, label=1)
    event = file.message_type.add(name="CaseEvent")
    event.oneof_decl.add(name="event")
    event.field.add(name="meta", number=1, type=11, label=1, type_name=".acuerdo.common.v1.EventMeta")
    event.field.add(name="case_opened", number=2, type=11, label=1, type_name=".a_test.log.v1.CaseOpened", oneof_index=0)
    pool = descriptor_pool.Default()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("a_test.log.v1.CaseEvent"))


CASES = Service("cases", a_small_contract(), [sys.modules[__name__]])


async def make_schema(dsn: str, name: str) -> None:
    """The chassis's own tables of one service."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as owner:
        await owner.execute(f"CREATE SCHEMA {name}".encode())
        for file in ("log/schema.sql", "log/append.sql", "log/roles.sql", "follower/schema.sql"):
            await owner.execute((CHASSIS / file).read_text().format(schema=name, lock_class=1).encode())


@pytest.fixture
async def log(database: str) -> AsyncIterator[Log]:
    await make_schema(database, "cases")
    running = Log(database, CASES, b"c" * 32, partitions=PARTITIONS)
    await running.start()
    yield running
    await running.stop()


def a_case(number: int) -> UUID:
    return ids.derived("test", number)


async def open_case(log: Log, number: int, tenant: str = "demo", times: int = 1) -> UUID:
    for time in range(times):
        origin = Command(tenant, "tester", "Open", f"{number}/{time}", bytes(32), Actor("SYSTEM", "tester"), traceparent=f"trace-{number}")
        change = Change(Case, a_case(number), lambda case: case.tell(CaseOpened(**case.next(), reason="REGISTERED")))
        await log.run(origin, change)
    return a_case(number)


@pytest.fixture
def asked(log: Log, serving: Any, settings: Settings) -> Callable[..., Any]:
    """A served log: (stub of it) inside `async with`."""

    class Door:
        def __init__(self, may_see: Any = None) -> None:
            self._service = LogService(log) if may_see is None else LogService(log, may_see)

        async def __aenter__(self) -> log_pb2_grpc.LogStub:
            self._serving = serving(settings, self._service)
            _, channel = await self._serving.__aenter__()
            return log_pb2_grpc.LogStub(channel)

        async def __aexit__(self, *error: Any) -> None:
            await self._serving.__aexit__(*error)

    return Door


async def replay(stub: Any, metadata: Any, **said: Any) -> list[log_pb2.Record]:
    chunks = stub.Replay(log_pb2.ReplayRequest(**said), metadata=metadata, timeout=20)
    return [record async for chunk in chunks for record in chunk.records]


async def test_the_past_comes_back_byte_for_byte_in_order(log: Log, asked: Any, bearer: Callable[..., Any]) -> None:
    for number in range(7):
        await open_case(log, number, times=2)
    stored = await log.read(0, 100)
    async with asked() as stub:
        everything = await replay(stub, bearer("auditor"))
        some = await replay(stub, bearer("auditor"), after_position=5, limit=3)
        one = await replay(stub, bearer("auditor"), stream_id=str(a_case(3)))
        none = await replay(stub, bearer("auditor"), types=["acuerdo.cases.v1.CaseClosed"])
    assert [(r.position, r.event, r.type, r.epoch) for r in everything] == [(s.position, s.event, s.type_name, 1) for s in stored]
    assert everything[0].traceparent == "trace-0"
    assert [r.position for r in some] == [6, 7, 8]
    assert [(r.position, r.partition) for r in one] == [(7, partition_of(a_case(3), PARTITIONS)), (8, partition_of(a_case(3), PARTITIONS))]
    assert none == []


@pytest.mark.parametrize("after", [0, 1, 9, 23, 39, 40])
async def test_a_partition_is_replayed_with_the_position_before_each(
    after: int, log: Log, asked: Any, bearer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.logservice.LOOK_BACK_RECORDS", 2)
    for number in range(40):
        await open_case(log, number)
    async with asked() as stub:
        for partition in range(PARTITIONS):
            there = [0] + [r.position for r in await log.read(0, 100) if partition_of(r.stream_id, PARTITIONS) == partition]
            expected = [(position, before) for before, position in pairwise(there) if position > after]
            found = await replay(stub, bearer("system", tenant="*"), after_position=after, partition=partition)
            assert [(r.position, r.previous) for r in found] == expected


async def test_a_tenant_sees_its_own_and_the_platform_everything(log: Log, asked: Any, bearer: Callable[..., Any]) -> None:
    for number in range(6):
        await open_case(log, number, tenant=("north", "south")[number % 2])
    async with asked() as stub:
        assert [r.position for r in await replay(stub, bearer("operator", tenant="north"))] == [1, 3, 5]
        assert [r.position for r in await replay(stub, bearer("auditor", tenant="south"), limit=2)] == [2, 4]
        assert await replay(stub, bearer("auditor", tenant="east")) == []
        assert len(await replay(stub, bearer("system", tenant="*"))) == 6
        assert await replay(stub, bearer("auditor", tenant="south"), stream_id=str(a_case(0))) == []
        assert len(await replay(stub, bearer("operator", tenant="*"), stream_id=str(a_case(0)))) == 1
        theirs = await replay(stub, bearer("auditor", tenant="north"), partition=partition_of(a_case(0), PARTITIONS))
        assert {record.previous for record in theirs} == {0}, "how much the others do is not theirs to know"


async def test_a_client_sees_what_the_service_says_is_its_own(log: Log, asked: Any, bearer: Callable[..., Any]) -> None:
    for number in range(4):
        await open_case(log, number)

    async def of_the_client(who: Any, records: Sequence[Record]) -> Sequence[Record]:
        return [record for record in records if record.stream_id == a_case(2) and who.may_see_client(UUID(THEIRS))]

    async with asked(of_the_client) as stub:
        assert [r.position for r in await replay(stub, bearer("client", client_ids=[THEIRS]))] == [3]
        assert await replay(stub, bearer("client")) == []
        assert await replay(stub, bearer("client", client_ids=[THEIRS]), stream_id=str(a_case(0))) == []
    async with asked() as stub:
        assert await replay(stub, bearer("client", client_ids=[THEIRS])) == []


async def test_long_histories_come_in_messages_that_fit(
    log: Log, asked: Any, bearer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.chassis.logservice.PAGE_RECORDS", 4)
    monkeypatch.setattr("services.chassis.logservice.CHUNK_BYTES_MAX", 400)
    await open_case(log, 1, times=15)
    async with asked() as stub:
        chunks = [chunk async for chunk in stub.Replay(log_pb2.ReplayRequest(limit=13), metadata=bearer("auditor"))]
    assert len(chunks) > 4
    assert [record.position for chunk in chunks for record in chunk.records] == list(range(1, 14))
    assert all(chunk.records for chunk in chunks)


async def test_where_the_log_stands(log: Log, asked: Any, bearer: Callable[..., Any]) -> None:
    await open_case(log, 1, times=3)
    async with asked() as stub:
        answer = await stub.Head(log_pb2.HeadRequest(), metadata=bearer("client"))
    assert (answer.head.position, answer.head.epoch, answer.partitions) == (3, 1, PARTITIONS)
    assert answer.head.HasField("complete_through")


async def test_a_chain_is_verified_and_a_change_is_named(log: Log, asked: Any, bearer: Callable[..., Any], database: str) -> None:
    case = str(await open_case(log, 1, times=4))
    request = log_pb2.VerifyStreamRequest(stream_id=case)
    async with asked() as stub:
        intact = await stub.VerifyStream(request, metadata=bearer("auditor"))
        assert (intact.intact, intact.version, intact.broken_at_version) == (True, 4, 0)
        assert intact.head_hash == hashlib.sha256((await log.read(3, 1))[0].event).digest()
        assert await stub.VerifyStream(request, metadata=bearer("operator", tenant="*")) == intact
        for metadata, asked_for in ((bearer("auditor", tenant="other"), case), (bearer("auditor"), str(UUID(int=5)))):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.VerifyStream(log_pb2.VerifyStreamRequest(stream_id=asked_for), metadata=metadata)
            assert refused.value.code() == grpc.StatusCode.NOT_FOUND

        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as insider:
            await insider.execute("SET session_replication_role = replica")
            last = "octet_length(event) - 1"
            await insider.execute(f"UPDATE cases.events SET event = set_byte(event, {last}, get_byte(event, {last}) # 1) WHERE version = 2")
        broken = await stub.VerifyStream(request, metadata=bearer("auditor"))
        assert not broken.intact
        assert broken.broken_at_version in (2, 3)
        assert broken.finding
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.VerifyStream(request, metadata=bearer("auditor", tenant="other"))
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
        assert await replay(stub, bearer("auditor", tenant="other"), stream_id=case) == []
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await replay(stub, bearer("auditor"), stream_id=case)
        assert refused.value.code() == grpc.StatusCode.DATA_LOSS
