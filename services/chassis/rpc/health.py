"""The health door: grpc.health.v1 alone, in plaintext, for a kubelet, which brings no certificate and no token.

It opens last and closes first, so that it speaks for the whole process, a worker's too. It answers nothing else.
"""

from __future__ import annotations

import asyncio

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from services.chassis.runtime import StartRefused

WHOLE_PROCESS = ""
"""The name under which grpc.health.v1 answers for a server as a whole."""


class HealthDoor:
    """Serves on `listen` (host:port). Raises StartRefused where the address is taken."""

    name = "health"

    def __init__(self, listen: str) -> None:
        self._listen = listen
        self._health = health.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._stopped = asyncio.Event()
        self.port = 0
        """The port it listens on, once started."""

    async def start(self) -> None:
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        try:
            self.port = self._server.add_insecure_port(self._listen)
        except RuntimeError:
            raise StartRefused(f"the health address {self._listen} cannot be taken") from None
        await self._server.start()
        await self._health.set(WHOLE_PROCESS, health_pb2.HealthCheckResponse.SERVING)

    async def stop(self) -> None:
        if self._server is not None:
            await self._health.set(WHOLE_PROCESS, health_pb2.HealthCheckResponse.NOT_SERVING)
            await self._server.stop(None)
            self._server = None
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()
