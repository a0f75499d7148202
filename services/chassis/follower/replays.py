"""Replays: asking a source for what Kafka did not bring. The only synchronous call between services, beside people's queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import grpc
from acuerdo.common.v1 import log_pb2, log_pb2_grpc

from services.chassis.follower.record import Received, from_message

REPLAY_SECONDS_MAX = 20.0
HEAD_SECONDS_MAX = 5.0

TokenSource = Callable[[], str]
"""A bearer token for the role `system`, fresh each time it is asked."""


class SourceUnreachable(Exception):
    """The source did not answer; it is asked again later."""


@dataclass(frozen=True, slots=True)
class SourceHead:
    """Where a source's log stands."""

    epoch: int
    partitions: int
    position: int
    complete_through: datetime


class Replays(Protocol):
    """Port: the past of one source. SourceUnreachable when it cannot be asked."""

    async def replay(self, partition: int | None, after_position: int, limit: int) -> Sequence[Received]:
        """At most `limit` records after a position, in log order: of one partition, or (None) of the whole log."""

    async def head(self) -> SourceHead: ...


class GrpcReplays:
    """`acuerdo.common.v1.Log` of the source, over the channel it is given."""

    def __init__(self, channel: grpc.aio.Channel, token: TokenSource) -> None:
        self._source = log_pb2_grpc.LogStub(channel)
        self._token = token

    async def replay(self, partition: int | None, after_position: int, limit: int) -> Sequence[Received]:
        request = log_pb2.ReplayRequest(after_position=after_position, limit=limit, partition=partition)
        records: list[Received] = []
        try:
            async for response in self._source.Replay(request, timeout=REPLAY_SECONDS_MAX, metadata=self._metadata()):
                records += [from_message(record) for record in response.records]
        except grpc.aio.AioRpcError as error:
            raise SourceUnreachable(error.code().name) from error
        return records

    async def head(self) -> SourceHead:
        try:
            response = await self._source.Head(log_pb2.HeadRequest(), timeout=HEAD_SECONDS_MAX, metadata=self._metadata())
        except grpc.aio.AioRpcError as error:
            raise SourceUnreachable(error.code().name) from error
        head = response.head
        return SourceHead(head.epoch, response.partitions, head.position, head.complete_through.ToDatetime(UTC))

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._token()}"),)


async def first_position_of(replays: Replays, epoch: int, end: int) -> int:
    """Position of the epoch's first record; `end` + 1 when it has none yet. Positions are dense, so a few questions find it."""
    low, high = 1, end + 1
    while low < high:
        middle = (low + high) // 2
        found = await replays.replay(None, middle - 1, 1)
        if found and found[0].epoch < epoch:
            low = middle + 1
        else:
            high = middle
    return low
