"""A source that was away for a while is asked again soon after it is back: gaps are not left open by our own patience."""

from __future__ import annotations

import asyncio

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from dev.ports import free_port
from services.chassis.rpc.peers import peer_channel
from services.chassis.settings import Settings

AWAY_SECONDS = 30.0
"""gRPC's own pause between two attempts to connect has grown to more than ten seconds by then."""
BACK_WITHIN_SECONDS = 8.0
ASK_EVERY_SECONDS = 0.2


@pytest.mark.long
async def test_a_peer_that_was_away_is_found_soon_after_it_is_back() -> None:
    port = free_port()
    channel = peer_channel(Settings(peers={"cases": f"127.0.0.1:{port}"}), "cases")
    stub = health_pb2_grpc.HealthStub(channel)

    async def answers() -> bool:
        try:
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
        except grpc.aio.AioRpcError:
            await asyncio.sleep(ASK_EVERY_SECONDS)
            return False
        return True

    give_up_at = asyncio.get_running_loop().time() + AWAY_SECONDS
    while asyncio.get_running_loop().time() < give_up_at:
        assert not await answers()
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    async with asyncio.timeout(BACK_WITHIN_SECONDS):
        while not await answers():
            pass
    await channel.close()
    await server.stop(0)
