"""Clocks: the port for business time. Tokens, leases and RPC deadlines always use real time, never this."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
from psycopg import AsyncConnection


class Clock(Protocol):
    """What time the business believes it is. Every instant has a zone (UTC)."""

    def now(self) -> datetime: ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class DevelopmentClock:
    """A shared row of the service's schema, moved forward by hand: months of a portfolio play in a minute. A Part. Never in production."""

    name = "clock"
    LOOK_EVERY_SECONDS = 0.05

    def __init__(self, dsn: str, schema: str, begin: datetime | None = None) -> None:
        self._dsn, self._schema = dsn, schema
        self._now = begin or datetime.now(UTC)
        self._connection: AsyncConnection[Any] | None = None
        self._looking: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """As of the last look, at most LOOK_EVERY_SECONDS ago. What is stored takes the row itself."""
        return self._now

    async def start(self) -> None:
        self._connection = await AsyncConnection.connect(self._dsn, autocommit=True)
        await self._connection.execute(
            f"INSERT INTO {self._schema}.development_clock (now) VALUES (%s) ON CONFLICT DO NOTHING".encode(), (self._now,)
        )
        await self._look()
        self._looking = asyncio.create_task(self._keep_looking(), name="clock")

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError, psycopg.Error):
                await self._looking
        if self._connection is not None:
            await self._connection.close()

    async def wait(self) -> None:
        if self._looking is not None:
            await asyncio.wait({self._looking})
            if not self._looking.cancelled():
                self._looking.result()

    async def advance(self, to: datetime) -> datetime:
        """Move forward to `to`; never back. The time it is then."""
        async with await AsyncConnection.connect(self._dsn, autocommit=True) as connection:
            await connection.execute(f"UPDATE {self._schema}.development_clock SET now = greatest(now, %s)".encode(), (to,))
        await self._look()
        return self._now

    async def _look(self) -> None:
        assert self._connection is not None
        cursor = await self._connection.execute(f"SELECT now FROM {self._schema}.development_clock".encode())
        row = await cursor.fetchone()
        if row is not None:
            self._now = row[0].astimezone(UTC)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(self.LOOK_EVERY_SECONDS)
            await self._look()
