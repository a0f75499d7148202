"""What an operator asks of a running service, and gets from its tables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import psycopg
import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.common.v1 import operations_pb2 as pb
from acuerdo.common.v1 import operations_pb2_grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from services.chassis.clock import DevelopmentClock
from services.chassis.log.log import Log
from services.chassis.operations import OperationsService
from services.chassis.rpc import words
from services.chassis.rpc.pages import Pages
from services.chassis.service import Service
from services.chassis.settings import Settings
from services.kernel.facts import Fact

CHASSIS = Path(__file__).resolve().parents[3] / "services" / "chassis"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class CaseOpened(Fact):
    reason: str
    initial_bucket: str

    def apply(self, case: Any) -> None:
        return


@pytest.fixture
async def dsn(database: str) -> str:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        await owner.execute(b"CREATE SCHEMA cases")
        for file in ("log/schema.sql", "log/append.sql", "log/roles.sql", "follower/schema.sql"):
            await owner.execute((CHASSIS / file).read_text().format(schema="cases", lock_class=1).encode())
    return database


class Door:
    """A served Operations over a log with or without the development clock."""

    def __init__(self, dsn: str, serving: Any, settings: Settings, *, moved: bool) -> None:
        self._clock = DevelopmentClock(dsn, "cases", BEGIN) if moved else None
        service = Service("cases", cases.CaseEvent, [sys.modules[__name__]])
        self._log = Log(dsn, service, b"c" * 32, partitions=4, development_clock=self._clock)
        self.woken = 0
        self._operations = OperationsService(self._log, Pages(b"k" * 32), view_names=["cases", "aging"], on_advance=[self._wake])
        self._serving = serving(settings, self._operations)

    def _wake(self) -> None:
        self.woken += 1

    async def __aenter__(self) -> Any:
        for part in (self._clock, self._log, self._operations):
            if part is not None:
                await part.start()
        _, channel = await self._serving.__aenter__()
        self.stub: Any = operations_pb2_grpc.OperationsStub(channel)
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._serving.__aexit__(*error)
        for part in (self._operations, self._log, self._clock):
            if part is not None:
                await part.stop()


@pytest.fixture
def opened(dsn: str, serving: Any, settings: Settings) -> Callable[..., Door]:
    return lambda *, moved=False: Door(dsn, serving, settings, moved=moved)


async def test_the_real_clock_is_told_and_nobody_moves_it(opened: Any, bearer: Callable[..., Any]) -> None:
    async with opened() as door:
        told = await door.stub.GetClock(pb.GetClockRequest(), metadata=bearer("operator"))
        assert not told.is_development
        assert abs(words.instant(told.now, "now") - datetime.now(UTC)) < timedelta(seconds=5)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await door.stub.AdvanceClock(pb.AdvanceClockRequest(request_id="r", to=words.timestamp(BEGIN)), metadata=bearer("operator"))
        info = ErrorInfo()
        assert Status.FromString(dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]).details[0].Unpack(info)  # type: ignore[arg-type]
        assert (refused.value.code(), info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "CLOCK_IS_REAL")


async def test_the_development_clock_moves_forward_only_and_wakes_whoever_waits(opened: Any, bearer: Callable[..., Any]) -> None:
    async with opened(moved=True) as door:
        told = await door.stub.GetClock(pb.GetClockRequest(), metadata=bearer("operator"))
        assert (told.is_development, words.instant(told.now, "now"), told.is_quiet) == (True, BEGIN, True)
        for to, expected in ((BEGIN + timedelta(days=30), BEGIN + timedelta(days=30)), (BEGIN, BEGIN + timedelta(days=30))):
            request = pb.AdvanceClockRequest(request_id="r", to=words.timestamp(to))
            moved = await door.stub.AdvanceClock(request, metadata=bearer("operator"))
            assert words.instant(moved.now, "now") == expected
        assert door.woken == 2


async def test_the_clock_tells_the_next_timer_and_that_a_due_one_is_no_quiet(opened: Any, bearer: Callable[..., Any], dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as owner:
        for number, due in enumerate((BEGIN + timedelta(days=1), BEGIN + timedelta(days=2))):
            await owner.execute("INSERT INTO cases.timers VALUES (%s, 'x', 'demo', 1, %s)", (UUID(int=number), due))
    async with opened(moved=True) as door:
        told = await door.stub.GetClock(pb.GetClockRequest(), metadata=bearer("operator"))
        assert (told.is_quiet, words.instant(told.next_due_at, "due")) == (True, BEGIN + timedelta(days=1))
        request = pb.AdvanceClockRequest(request_id="r", to=words.timestamp(BEGIN + timedelta(days=1)))
        await door.stub.AdvanceClock(request, metadata=bearer("operator"))
        told = await door.stub.GetClock(pb.GetClockRequest(), metadata=bearer("operator"))
        assert (told.is_quiet, words.instant(told.next_due_at, "due")) == (False, BEGIN + timedelta(days=2))


async def test_parked_facts_are_listed_page_by_page_and_flagged(opened: Any, bearer: Callable[..., Any], dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as owner:
        for number in range(5):
            await owner.execute(
                "INSERT INTO cases.parked VALUES ('reactions', 'strategy', 1, 0, %s, %s, 'a.B', 'KeyError', %s, 1, false, false, '')",
                (number + 1, UUID(int=number), BEGIN + timedelta(seconds=number)),
            )
    async with opened() as door:
        found, token = [], ""
        for _ in range(3):
            page = await door.stub.ListParked(pb.ListParkedRequest(page_size=2, page_token=token), metadata=bearer("operator"))
            found += [fact.position for fact in page.parked]
            token = page.next_page_token
        assert (found, token) == ([1, 2, 3, 4, 5], "")
        one = pb.RetryParkedRequest(request_id="r", key=str(UUID(int=3)))
        assert (await door.stub.RetryParked(one, metadata=bearer("operator"))).flagged == 1
        assert (await door.stub.RetryParked(pb.RetryParkedRequest(request_id="s"), metadata=bearer("operator"))).flagged == 5


async def test_followers_are_told_as_they_stand_and_rebuilds_are_asked_for(opened: Any, bearer: Callable[..., Any], dsn: str) -> None:
    async with opened() as door, await psycopg.AsyncConnection.connect(dsn, autocommit=True) as owner:
        await owner.execute("INSERT INTO cases.positions VALUES ('view:cases', 'cases', 0, 0, 7)")
        answer = await door.stub.ListFollowers(pb.ListFollowersRequest(), metadata=bearer("supervisor"))
        assert [(state.follower, state.position) for state in answer.followers] == [("view:cases", 7)]
        await door.stub.RebuildTopic(pb.RebuildTopicRequest(request_id="r"), metadata=bearer("operator"))
        await door.stub.RebuildViews(pb.RebuildViewsRequest(request_id="r"), metadata=bearer("operator"))
        cursor = await owner.execute("SELECT follower FROM cases.rebuilds ORDER BY 1")
        assert [row[0] for row in await cursor.fetchall()] == ["relay", "view:aging", "view:cases"]
