"""Leases: who follows what. Session advisory locks on one dedicated direct connection; they end with it, whatever happens to us.

A lease only spares work: that no two owners both count is the position's doing, moved by compare-and-set.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection

from services.chassis.follower.marks import connect
from services.chassis.follower.tasks import Tasks

_log = structlog.get_logger()

LetGo = Callable[[Sequence[str]], Awaitable[None]]


class Leases:
    """The share of `names` that this worker holds: at most ⌈names ÷ live workers⌉.

    The server ends a session that has been silent for `lease_seconds`; we speak every third of that. The locks are of the
    one-number kind, a space apart from the log's two-number locks.
    """

    def __init__(
        self, dsn: str, schema: str, scope: str, names: Iterable[str], *, lease_seconds: float = 10.0, let_go: LetGo | None = None
    ) -> None:
        self.held: frozenset[str] = frozenset()
        self.changed = asyncio.Event()
        """Set whenever `held` has changed; whoever looks clears it."""
        self._dsn, self._schema, self._scope = dsn, schema, scope
        self._locks = {name: lock_number(schema, scope, name) for name in names}
        self._worker_lock = lock_number(schema, scope, "")
        self._lease_seconds = lease_seconds
        self._let_go = let_go
        self._connection: AsyncConnection[Any] | None = None
        self._tasks = Tasks()

    async def start(self) -> None:
        self._tasks.start(f"leases {self._scope}", self._keep())

    async def stop(self) -> None:
        """Give up everything at once, for the next worker to take."""
        await self._tasks.stop()
        await self._disconnect()

    async def wait_held(self, name: str) -> None:
        while name not in self.held:
            self.changed.clear()
            await self.changed.wait()

    async def _keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._lease_seconds / 2):
                    await self._beat()
            except (psycopg.Error, OSError, TimeoutError) as error:
                _log.warning("leases lost", scope=self._scope, error_type=type(error).__name__)
                await self._disconnect()
            await asyncio.sleep(self._lease_seconds / 3 if self.held else min(1.0, self._lease_seconds / 10))

    async def _beat(self) -> None:
        connection = self._connection or await self._connect()
        share = -(-len(self._locks) // max(1, await self._live_workers(connection)))
        surplus = sorted(self.held)[share:]
        if surplus:
            self._hold(self.held - set(surplus))
            if self._let_go is not None:
                await self._let_go(surplus)
            for name in surplus:
                await connection.execute("SELECT pg_advisory_unlock(%s)", (self._locks[name],))
        if len(self.held) < share:
            await self._take(connection, share - len(self.held))

    async def _take(self, connection: AsyncConnection[Any], wanted: int) -> None:
        taken: set[str] = set()
        free = [name for name in self._locks if name not in self.held]
        first = connection.info.backend_pid % len(free) if free else 0  # workers begin at different places
        for name in free[first:] + free[:first]:
            if len(taken) == wanted:
                break
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (self._locks[name],))
            row = await cursor.fetchone()
            if row is not None and row[0]:
                taken.add(name)
        if taken:
            self._hold(self.held | taken)

    async def _live_workers(self, connection: AsyncConnection[Any]) -> int:
        cursor = await connection.execute(
            """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ShareLock' AND granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND (classid::bigint << 32 | objid::bigint) = %s""",
            (self._worker_lock,),
        )
        row = await cursor.fetchone()
        return int(row[0]) if row is not None else 0

    async def _connect(self) -> AsyncConnection[Any]:
        connection = await connect(
            self._dsn, self._schema, autocommit=True, settings={"idle_session_timeout": f"{int(self._lease_seconds * 1000)}ms"}
        )
        self._connection = connection
        await connection.execute("SELECT pg_advisory_lock_shared(%s)", (self._worker_lock,))
        return connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._hold(frozenset())
        if connection is not None:
            await connection.close()

    def _hold(self, names: Iterable[str]) -> None:
        held = frozenset(names)
        if held != self.held:
            self.held = held
            self.changed.set()


def lock_number(schema: str, scope: str, name: str) -> int:
    """A signed 64-bit number for one lease of one service."""
    return int.from_bytes(hashlib.sha256("\x1f".join(("lease", schema, scope, name)).encode()).digest()[:8], "big", signed=True)
