"""A part of which several processes may run one each: the one that holds the lease works, the others wait for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from services.chassis.follower.leases import Leases
from services.chassis.follower.tasks import Tasks
from services.chassis.follower.waking import Waking

FINISH_WITHIN_SECONDS = 2.0


class Leaseholder(ABC):
    """The life of such a part; what it does while it holds its lease is `_run`, which ends soon after `_is_stopping`."""

    name: str

    def __init__(self, leases: Leases, pool: AsyncConnectionPool[AsyncConnection[Any]], waking: Waking) -> None:
        self._leases, self._pool, self._waking = leases, pool, waking
        self._tasks = Tasks()
        self._is_stopping = False

    async def start(self) -> None:
        await self._pool.open(wait=True, timeout=10)
        await self._leases.start()
        self._tasks.start(self.name, self._run())

    async def stop(self) -> None:
        self._is_stopping = True
        self._waking.wake()
        await self._tasks.stop(grace_seconds=FINISH_WITHIN_SECONDS if self._leases.held else 0.0)
        await self._leases.stop()
        await self._pool.close()

    async def wait(self) -> None:
        await self._tasks.wait()

    @abstractmethod
    async def _run(self) -> None: ...
