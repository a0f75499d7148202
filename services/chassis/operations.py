"""The Operations servicer: acuerdo.common.v1.Operations over the tables of one service, so that any process of it can answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from acuerdo.common.v1 import operations_pb2 as pb
from acuerdo.common.v1 import operations_pb2_grpc

from services.chassis.clock import DevelopmentClock
from services.chassis.follower import marks, parking, rebuilding, state, timers, views
from services.chassis.follower.relayed import RELAY
from services.chassis.log.log import Log
from services.chassis.rpc import Context, words
from services.chassis.rpc.pages import Pages
from services.kernel.refusal import Refusal


class ClockIsReal(Refusal):
    """This service runs on real time: nobody moves it."""


class OperationsService(operations_pb2_grpc.OperationsServicer):
    """A servicer, and a part: it has a few connections of its own. Put it before the Rpc that serves it.

    `view_names` are rebuilt on demand; `on_advance` are woken after each step of the development clock (relay.announce, timers.wake).
    """

    name = "operations"

    def __init__(self, log: Log, pages: Pages, view_names: Sequence[str] = (), on_advance: Sequence[Callable[[], None]] = ()) -> None:
        self._clock, self._pages = log.clock, pages
        self._view_names, self._on_advance = view_names, on_advance
        self._pool = marks.pool(log.dsn, log.service.name, self.name)
        self._stopped = asyncio.Event()

    # A part ------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        await self._pool.open()

    async def stop(self) -> None:
        await self._pool.close()
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()

    # Parked facts ------------------------------------------------------------------------------------------------------

    async def ListParked(self, request: pb.ListParkedRequest, context: Context) -> pb.ListParkedResponse:
        after, size = self._pages.after(request), self._pages.size(request)
        cursor = None if after is None else (datetime.fromisoformat(after[0]), *after[1:])
        async with self._pool.connection() as connection:
            found = await parking.list_parked(connection, limit=size + 1, after=cursor)
        shown = found[:size]
        response = pb.ListParkedResponse(parked=map(_parked, shown))
        if len(found) > size:
            last = shown[-1]
            place = (last.parked_at.isoformat(), last.follower, last.source, last.epoch, last.position)
            response.next_page_token = self._pages.token(place, request)
        return response

    async def RetryParked(self, request: pb.RetryParkedRequest, context: Context) -> pb.RetryParkedResponse:
        key = words.uuid_or_none(request.key, "key")
        async with self._pool.connection() as connection:
            flagged = await parking.flag_for_retry(connection, follower=request.follower, key=key)
        return pb.RetryParkedResponse(flagged=flagged)

    # Followers ---------------------------------------------------------------------------------------------------------

    async def ListFollowers(self, request: pb.ListFollowersRequest, context: Context) -> pb.ListFollowersResponse:
        async with self._pool.connection() as connection:
            found = await state.followers_state(connection)
        return pb.ListFollowersResponse(followers=map(_follower, found))

    async def RebuildTopic(self, request: pb.RebuildTopicRequest, context: Context) -> pb.RebuildTopicResponse:
        await self._rebuild(RELAY)
        return pb.RebuildTopicResponse()

    async def RebuildViews(self, request: pb.RebuildViewsRequest, context: Context) -> pb.RebuildViewsResponse:
        await self._rebuild(*map(views.follower_of, self._view_names))
        return pb.RebuildViewsResponse()

    async def _rebuild(self, *followers: str) -> None:
        async with self._pool.connection() as connection:
            await rebuilding.ask_for_rebuild(connection, followers)

    # The clock ---------------------------------------------------------------------------------------------------------

    async def GetClock(self, request: pb.GetClockRequest, context: Context) -> pb.GetClockResponse:
        now = self._clock.now()
        async with self._pool.connection() as connection:
            due = await timers.next_due_at(connection, now)
            is_quiet = await state.is_quiet(connection, now)
        response = pb.GetClockResponse(
            now=words.timestamp(now), is_development=isinstance(self._clock, DevelopmentClock), is_quiet=is_quiet
        )
        if due is not None:
            response.next_due_at.CopyFrom(words.timestamp(due))
        return response

    async def AdvanceClock(self, request: pb.AdvanceClockRequest, context: Context) -> pb.AdvanceClockResponse:
        if not isinstance(self._clock, DevelopmentClock):
            raise ClockIsReal
        now = await self._clock.advance(words.instant(request.to, "to"))
        for wake in self._on_advance:
            wake()
        return pb.AdvanceClockResponse(now=words.timestamp(now))


def _parked(fact: parking.Parked) -> pb.ParkedFact:
    return pb.ParkedFact(
        follower=fact.follower,
        source=fact.source,
        key=str(fact.key),
        position=fact.position,
        type=fact.type_name,
        reason=fact.reason,
        parked_at=words.timestamp(fact.parked_at),
        attempts=fact.attempts,
        is_unheard=fact.is_unheard,
        waiting=fact.waiting,
    )


def _follower(found: state.FollowerState) -> pb.FollowerState:
    said: dict[str, Any] = {} if found.complete_through is None else {"complete_through": words.timestamp(found.complete_through)}
    return pb.FollowerState(
        follower=found.follower,
        source=found.source,
        epoch=found.epoch,
        partition=found.partition,
        position=found.position,
        head_position=found.head_position,
        progressed_at=words.timestamp(found.progressed_at),
        parked=found.parked,
        **said,
    )
