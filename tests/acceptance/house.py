"""The whole house for tests: services as child processes, and a way in for whoever a test needs."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from dev.keyring import ROLES
from dev.ports import free_port
from dev.processes import Stack
from dev.services import SERVICES
from tests.acceptance.collector import Collector


def ports_of_our_own() -> dict[str, int]:
    """Two stacks at once must not meet at the ports that people know."""
    return {service: free_port() for service in SERVICES}


@dataclass
class House:
    """A running stack. Each test is a tenant of its own in it."""

    stack: Stack
    home: Path
    dsn: str
    collector: Collector

    @asynccontextmanager
    async def doors(self, tenant: str, roles: Sequence[str] = ROLES) -> AsyncIterator[Doors]:
        token = self.stack.issuer.token("tester", roles, tenant=tenant)
        async with Doors(Endpoints(self.stack.addresses), token) as doors:
            yield doors

    @asynccontextmanager
    async def platform_doors(self) -> AsyncIterator[Doors]:
        """For who sees every tenant's log, and commands none."""
        async with self.doors("*", ("system", "operator")) as doors:
            yield doors

    def kill(self) -> None:
        """End both services at once, as a crash would."""
        for service in SERVICES:
            os.kill(int((self.home / service / f"{service}.pid").read_text().split("\n")[0]), signal.SIGKILL)

    def restart(self) -> None:
        self.stack.stop()
        self.stack.start(lambda _: None)

    def logs(self) -> str:
        """What the services have written, since the start before this one too."""
        return "".join(file.read_text() for service in SERVICES for file in sorted((self.home / service).glob("*.log")))
