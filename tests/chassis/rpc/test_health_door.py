"""The health door: what a kubelet sees of a process."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from dev.ports import LOOPBACK, free_port
from services.chassis.probe import probe
from services.chassis.rpc.health import HealthDoor
from services.chassis.runtime import Runtime, StartRefused


async def ask(port: int, *, may_wait: bool = False) -> Any:
    async with grpc.aio.insecure_channel(f"{LOOPBACK}:{port}") as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call]  # its stubs are untyped
        return (await stub.Check(health_pb2.HealthCheckRequest(), timeout=5, wait_for_ready=may_wait)).status


class Slow:
    """A part that is started when somebody lets it."""

    name = "slow"

    def __init__(self) -> None:
        self.may_start, self._stopped = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        await self.may_start.wait()

    async def stop(self) -> None:
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()


async def test_it_serves_once_everything_before_it_has_started_and_no_longer_once_asked_to_stop() -> None:
    port = free_port()
    slow, door = Slow(), HealthDoor(f"{LOOPBACK}:{port}")
    runtime = Runtime(slow, door)
    running = asyncio.create_task(runtime.run_here())
    await asyncio.sleep(0.05)
    assert door.port == 0
    slow.may_start.set()
    assert await ask(port, may_wait=True) == health_pb2.HealthCheckResponse.SERVING
    runtime.stop()
    assert await running == 0
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await ask(port)
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_taken_address_is_refused_at_the_start() -> None:
    first = HealthDoor(f"{LOOPBACK}:0")
    await first.start()
    with pytest.raises(StartRefused, match="health address"):
        await HealthDoor(f"{LOOPBACK}:{first.port}").start()
    await first.stop()


async def test_it_answers_nothing_but_health() -> None:
    door = HealthDoor(f"{LOOPBACK}:0")
    await door.start()
    async with grpc.aio.insecure_channel(f"{LOOPBACK}:{door.port}") as channel:
        call = channel.unary_unary("/acuerdo.common.v1.Log/Head")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(b"", timeout=2)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    await door.stop()


async def test_the_probe_s_exit_code_is_the_answer() -> None:
    door = HealthDoor(f"{LOOPBACK}:0")
    await door.start()
    assert await asyncio.to_thread(probe, f"{LOOPBACK}:{door.port}") == 0
    await door.stop()
    assert await asyncio.to_thread(probe, f"{LOOPBACK}:{door.port}") == 1
