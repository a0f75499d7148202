"""Replays over gRPC: what the source's log serves is what a listener hears."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
import pytest
from acuerdo.common.v1 import log_pb2, log_pb2_grpc
from acuerdo.common.v1.types_pb2 import EventMeta

from services.chassis.follower.record import Received, to_message
from services.chassis.follower.replays import GrpcReplays, SourceUnreachable, first_position_of
from tests.chassis.follower.tales import TALES

TOLD_AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


def a_fact(position: int, epoch: int = 1) -> Received:
    key = uuid4()
    event = TALES["TaleEvent"](meta=EventMeta(stream_id=key.bytes, version=1))  # type: ignore[call-arg]
    return Received(epoch, 2, position, position - 1, "acuerdo.tales.v1.Told", key, event.SerializeToString(), TOLD_AT, "")


class Source(log_pb2_grpc.LogServicer):
    def __init__(self, facts: list[Received]) -> None:
        self.facts = facts
        self.tokens: set[str] = set()

    async def Replay(self, request: log_pb2.ReplayRequest, context: Any) -> AsyncIterator[log_pb2.ReplayResponse]:  # type: ignore[override]
        self.tokens.add(dict(context.invocation_metadata())["authorization"])
        wanted = [fact for fact in self.facts if fact.position > request.after_position][: request.limit]
        for fact in wanted:
            yield log_pb2.ReplayResponse(records=[to_message(fact)])

    async def Head(self, request: log_pb2.HeadRequest, context: Any) -> log_pb2.HeadResponse:  # type: ignore[override]
        return log_pb2.HeadResponse(head=log_pb2.Head(epoch=2, position=len(self.facts)), partitions=12)


async def test_records_and_head_of_the_source() -> None:
    source = Source([a_fact(1), a_fact(2), a_fact(3, epoch=2)])
    server = grpc.aio.server()
    log_pb2_grpc.add_LogServicer_to_server(source, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        replays = GrpcReplays(channel, lambda: "secret")

        assert await replays.replay(2, 1, 10) == source.facts[1:]
        head = await replays.head()
        assert (head.epoch, head.partitions, head.position) == (2, 12, 3)
        assert source.tokens == {"Bearer secret"}
        assert await first_position_of(replays, 2, head.position) == 3
        await server.stop(None)
        with pytest.raises(SourceUnreachable):
            await replays.replay(2, 1, 10)
