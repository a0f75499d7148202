"""The Rpc part: one grpc.aio server with health, limits, TLS and what stands around each call, drained in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from services.chassis.identity.access import rules_of
from services.chassis.identity.admitting import Identity
from services.chassis.identity.keys import IssuerKeys
from services.chassis.identity.tokens import Tokens
from services.chassis.rpc.around import Around
from services.chassis.rpc.limits import Limits
from services.chassis.rpc.served import Served, Unregistered
from services.chassis.rpc.tls import credentials
from services.chassis.runtime import StartRefused

if TYPE_CHECKING:
    from services.chassis.settings import Settings

KEEPALIVE_EVERY_SECONDS = 60
KEEPALIVE_ANSWER_WITHIN_SECONDS = 20
CLIENT_PINGS_EVERY_SECONDS_MIN = 10
NOT_SERVING_BEFORE_DRAIN_SECONDS = 0.2
"""Long enough that who watches our health turns to another replica before we say no."""

_log = structlog.get_logger("rpc")


class Rpc:
    """Serves `servicers` (each extends one generated base class) with everything of ours around each call.

    Raises StartRefused where a method has no access rule, is not written, or the address is taken.
    """

    name = "rpc"

    def __init__(self, settings: Settings, *servicers: Any) -> None:
        self._settings = settings
        self._served = [Served.by(servicer) for servicer in servicers]
        self._rules = rules_of(served.contract for served in self._served)
        self._stopped = asyncio.Event()
        self._server: grpc.aio.Server | None = None
        self._health = health.HealthServicer()
        self.port = 0
        """The port it listens on, once started."""

    @property
    def address(self) -> str:
        return f"{self._settings.listen.rpartition(':')[0]}:{self.port}"

    async def start(self) -> None:
        settings = self._settings
        self._server = grpc.aio.server(
            interceptors=[self._around()], options=_options(settings), maximum_concurrent_rpcs=settings.rpcs_max * 2
        )
        for served in self._served:
            served.add_to(self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, Unregistered(self._server))  # type: ignore[arg-type]  # all it asks of a server
        if settings.reflection:
            names = [served.name for served in self._served]
            reflection.enable_server_reflection([*names, "grpc.health.v1.Health", reflection.SERVICE_NAME], self._server)
        self.port = self._bind(self._server)
        await self._server.start()
        await self._say(health_pb2.HealthCheckResponse.SERVING)
        _log.info("listening", address=self.address)

    def _bind(self, server: grpc.aio.Server) -> int:
        secured = credentials(self._settings)
        try:
            if secured is None:
                return server.add_insecure_port(self._settings.listen)
            return server.add_secure_port(self._settings.listen, secured)
        except RuntimeError:
            raise StartRefused(f"the address {self._settings.listen} cannot be taken") from None

    def _around(self) -> Around:
        settings = self._settings
        tokens = Tokens(IssuerKeys(settings.jwks), settings.issuer, settings.audience, settings.clock_leeway_seconds)
        limits = Limits(settings.rpcs_max, settings.unary_bytes_max, settings.unary_seconds_max, settings.stream_seconds_max)
        return Around(limits, Identity(tokens, self._rules))

    async def _say(self, status: int) -> None:
        for name in ("", *(served.name for served in self._served)):
            await self._health.set(name, status)

    async def stop(self) -> None:
        """Say no to new calls, let those in hand finish within the drain time, then end what is left."""
        if self._server is not None:
            await self._say(health_pb2.HealthCheckResponse.NOT_SERVING)
            await asyncio.sleep(min(NOT_SERVING_BEFORE_DRAIN_SECONDS, self._settings.drain_seconds))
            await self._server.stop(self._settings.drain_seconds)
            self._server = None
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()


def _options(settings: Settings) -> list[tuple[str, int]]:
    return [
        ("grpc.max_receive_message_length", settings.message_bytes_max),
        ("grpc.max_concurrent_streams", settings.streams_per_connection_max),
        ("grpc.max_metadata_size", settings.metadata_bytes_max),
        ("grpc.absolute_max_metadata_size", settings.metadata_bytes_max),
        ("grpc.max_connection_age_ms", settings.connection_age_seconds * 1000),
        ("grpc.max_connection_age_grace_ms", int(settings.stream_seconds_max * 1000)),
        ("grpc.keepalive_time_ms", KEEPALIVE_EVERY_SECONDS * 1000),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_ANSWER_WITHIN_SECONDS * 1000),
        ("grpc.http2.min_ping_interval_without_data_ms", CLIENT_PINGS_EVERY_SECONDS_MIN * 1000),
        # Two processes must never share one port by accident and answer in turn.
        ("grpc.so_reuseport", 0),
    ]
