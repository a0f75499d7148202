"""The server as a part: health, reflection, limits, deadlines, TLS, and a drain that lets work in hand finish."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from acuerdo.common.v1 import log_pb2, log_pb2_grpc, operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from dev.certificates import Authority
from services.chassis.rpc.server import Rpc
from services.chassis.runtime import StartRefused
from services.chassis.settings import Settings

CONTRACT = log_pb2.DESCRIPTOR.services_by_name["Log"]
HEAD, REPLAY = log_pb2.HeadRequest(), log_pb2.ReplayRequest()


async def nothing(*_: Any) -> None:
    return None


@pytest.fixture
def a_log(toy: Any) -> Callable[[Any], Any]:
    return lambda behave: toy(log_pb2_grpc.LogServicer, CONTRACT, behave)


async def health_of(channel: grpc.aio.Channel, service: str = "") -> str:
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


async def test_health_is_answered_for_each_service_without_a_token(a_log: Any, serving: Any, settings: Settings) -> None:
    async with serving(settings, a_log(nothing)) as (_, channel):
        assert await health_of(channel) == "SERVING"
        assert await health_of(channel, "acuerdo.common.v1.Log") == "SERVING"


@pytest.mark.parametrize("is_on", [True, False])
async def test_reflection_is_there_in_development_only(is_on: bool, a_log: Any, serving: Any, settings: Settings) -> None:
    async with serving(settings.model_copy(update={"reflection": is_on}), a_log(nothing)) as (_, channel):
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([asked]))
        if is_on:
            answers = [answer async for answer in call]
            assert "acuerdo.common.v1.Log" in {service.name for service in answers[0].list_services_response.service}
        else:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                _ = [answer async for answer in call]
            assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_what_is_not_promised_is_unimplemented(a_log: Any, serving: Any, settings: Settings, bearer: Any) -> None:
    async with serving(settings, a_log(nothing)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await channel.unary_unary("/acuerdo.common.v1.Log/Forget")(b"", metadata=bearer("operator"))
        assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_a_drain_says_not_serving_and_lets_work_in_hand_finish(a_log: Any, settings: Settings, bearer: Any) -> None:
    begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def slow(*_: Any) -> None:
        begun.set()
        await may_go_on.wait()

    rpc = Rpc(settings.model_copy(update={"drain_seconds": 5.0}), a_log(slow))
    await rpc.start()
    async with grpc.aio.insecure_channel(rpc.address) as channel:
        asked = asyncio.ensure_future(log_pb2_grpc.LogStub(channel).Head(HEAD, metadata=bearer("auditor")))
        await begun.wait()
        stopping = asyncio.create_task(rpc.stop())
        await asyncio.sleep(0.1)
        assert await health_of(channel) == "NOT_SERVING"
        assert not stopping.done()
        may_go_on.set()
        assert await asked == log_pb2.HeadResponse()
        await stopping
        await rpc.wait()
        with pytest.raises(grpc.aio.AioRpcError):
            await log_pb2_grpc.LogStub(channel).Head(HEAD, metadata=bearer("auditor"), timeout=1)


async def test_a_drain_does_not_wait_for_ever(a_log: Any, settings: Settings, bearer: Any) -> None:
    begun = asyncio.Event()

    async def endless(*_: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    rpc = Rpc(settings.model_copy(update={"drain_seconds": 0.3}), a_log(endless))
    await rpc.start()
    async with grpc.aio.insecure_channel(rpc.address) as channel:
        asked = asyncio.ensure_future(log_pb2_grpc.LogStub(channel).Head(HEAD, metadata=bearer("auditor")))
        await begun.wait()
        before = time.monotonic()
        await rpc.stop()
        assert time.monotonic() - before < 3
        with pytest.raises(grpc.aio.AioRpcError):
            await asked


async def test_no_call_outlives_the_servers_own_deadline(a_log: Any, serving: Any, settings: Settings, bearer: Any) -> None:
    async def endless(*_: Any) -> None:
        await asyncio.Event().wait()

    short = settings.model_copy(update={"unary_seconds_max": 0.2, "stream_seconds_max": 0.3})
    async with serving(short, a_log(endless)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await log_pb2_grpc.LogStub(channel).Head(HEAD, metadata=bearer("auditor"))
        assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            _ = [chunk async for chunk in log_pb2_grpc.LogStub(channel).Replay(REPLAY, metadata=bearer("auditor"))]
        assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_client_that_reads_slowly_is_told_when_its_stream_ends(a_log: Any, serving: Any, settings: Settings, bearer: Any) -> None:
    class Endless(log_pb2_grpc.LogServicer):
        async def Replay(self, request: Any, context: Any) -> Any:
            while True:
                yield log_pb2.ReplayResponse(records=[log_pb2.Record(event=b"x" * 60_000)])

        async def Head(self, request: Any, context: Any) -> Any:
            return log_pb2.HeadResponse()

        async def VerifyStream(self, request: Any, context: Any) -> Any:
            return log_pb2.VerifyStreamResponse()

    async with serving(settings.model_copy(update={"stream_seconds_max": 0.3}), Endless()) as (_, channel):
        call = log_pb2_grpc.LogStub(channel).Replay(REPLAY, metadata=bearer("auditor"), timeout=20)
        await call.read()
        await asyncio.sleep(0.6)
        before = time.monotonic()

        async def read_to_the_end() -> None:
            while await call.read() is not grpc.aio.EOF:
                pass

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await read_to_the_end()
        assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert time.monotonic() - before < 5, "by the server, not by the client's own deadline"


async def test_a_cancelled_call_does_not_abort_what_is_shielded(a_log: Any, serving: Any, settings: Settings, bearer: Any) -> None:
    done = asyncio.Event()

    async def commit() -> None:
        await asyncio.sleep(0.2)
        done.set()

    async def shielded(*_: Any) -> None:
        await asyncio.shield(asyncio.create_task(commit()))

    async with serving(settings, a_log(shielded)) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await log_pb2_grpc.LogStub(channel).Head(HEAD, metadata=bearer("auditor"), timeout=0.05)
        assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await asyncio.wait_for(done.wait(), 2)


async def test_one_connection_may_hold_as_many_calls_as_we_take(a_log: Any, serving: Any, settings: Settings, bearer: Any) -> None:
    in_hand, all_there = 0, asyncio.Event()

    async def waiting(*_: Any) -> log_pb2.HeadResponse:
        nonlocal in_hand
        in_hand += 1
        if in_hand == settings.rpcs_max:
            all_there.set()
        await all_there.wait()
        return log_pb2.HeadResponse()

    async with serving(settings, a_log(waiting)) as (_, channel):
        stub = log_pb2_grpc.LogStub(channel)
        answers = await asyncio.gather(*(stub.Head(HEAD, metadata=bearer("auditor"), timeout=20) for _ in range(settings.rpcs_max)))
    assert len(answers) == settings.rpcs_max


async def test_more_calls_than_we_take_are_refused_at_once(a_log: Any, serving: Any, settings: Settings, bearer: Any) -> None:
    may_go_on = asyncio.Event()

    async def slow(*_: Any) -> None:
        await may_go_on.wait()

    async with serving(settings.model_copy(update={"rpcs_max": 2}), a_log(slow)) as (_, channel):
        calls = [asyncio.ensure_future(log_pb2_grpc.LogStub(channel).Head(HEAD, metadata=bearer("auditor"))) for _ in range(4)]
        finished = asyncio.as_completed(calls)
        for _ in range(2):
            with pytest.raises(grpc.aio.AioRpcError):
                await next(finished)
        may_go_on.set()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        codes = sorted(answer.code().name for answer in answers if isinstance(answer, grpc.aio.AioRpcError))
        assert codes == ["RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"]
        assert len([answer for answer in answers if isinstance(answer, log_pb2.HeadResponse)]) == 2


async def test_a_request_has_a_size(a_log: Any, serving: Any, settings: Settings, bearer: Any) -> None:
    """A larger one is refused by name; one beyond all bounds by grpc itself, before it is read."""
    small = settings.model_copy(update={"unary_bytes_max": 2000, "message_bytes_max": 10_000})
    async with serving(small, a_log(nothing)) as (_, channel):
        ask = channel.unary_unary("/acuerdo.common.v1.Log/Head")
        unknown_field = b"\xfa\x01" + bytes([0xB8, 0x17]) + b"x" * 3000
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(unknown_field, metadata=bearer("auditor"))
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await ask(b"x" * 20_000, metadata=bearer("auditor"))
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_taken_address_is_no_start(a_log: Any, serving: Any, settings: Settings) -> None:
    async with serving(settings, a_log(nothing)) as (rpc, _):
        with pytest.raises(StartRefused, match="address"):
            await Rpc(settings.model_copy(update={"listen": rpc.address}), a_log(nothing)).start()


def test_a_promise_that_is_not_written_is_no_start(settings: Settings) -> None:
    class Half(log_pb2_grpc.LogServicer):
        async def Head(self, request: Any, context: Any) -> log_pb2.HeadResponse:
            return log_pb2.HeadResponse()

    class Blocking(log_pb2_grpc.LogServicer):
        def Head(self, request: Any, context: Any) -> log_pb2.HeadResponse:
            return log_pb2.HeadResponse()

    with pytest.raises(StartRefused, match=r"Log/(Replay|VerifyStream) is promised and not written"):
        Rpc(settings, Half())  # type: ignore[abstract]  # which is the point
    with pytest.raises(StartRefused):
        Rpc(settings, Blocking())  # type: ignore[abstract]
    with pytest.raises(StartRefused, match="generated servicer"):
        Rpc(settings, operations_pb2)


# TLS -------------------------------------------------------------------------------------------------------------------


async def test_without_a_certificate_of_the_right_authority_nobody_gets_in_and_certificates_rotate(
    a_log: Any, settings: Settings, tmp_path: Path, bearer: Any
) -> None:
    authority, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "strangers")
    certificate, key = authority.write(tmp_path, "server")
    secured = settings.model_copy(update={"tls_cert": certificate, "tls_key": key, "tls_client_ca": authority.certificate})
    rpc = Rpc(secured, a_log(nothing))
    await rpc.start()

    async def head_by(client: Authority | None, trusting: bytes = authority.pem) -> str:
        pair = (None, None) if client is None else tuple(path.read_bytes() for path in reversed(client.write(tmp_path, "client")))
        credentials = grpc.ssl_channel_credentials(trusting, *pair)
        async with grpc.aio.secure_channel(rpc.address, credentials, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            try:
                await log_pb2_grpc.LogStub(channel).Head(HEAD, metadata=bearer("auditor"), timeout=5)
            except grpc.aio.AioRpcError as error:
                return error.code().name
            return "OK"

    try:
        assert await head_by(authority) == "OK"
        assert await head_by(None) == "UNAVAILABLE"
        assert await head_by(stranger) == "UNAVAILABLE"
        successor = Authority(tmp_path, "successor")
        successor.write(tmp_path, "server")
        assert await head_by(authority, successor.pem) == "OK"
    finally:
        await rpc.stop()
