"""News: what live streams do not know yet. Asked for every question about a live stream, so over a connection of its own, prepared, and
for all who ask meanwhile at once: through the pool, this one query cost as much as all the rest of an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import psycopg

from services.chassis.log.arrays import int4s, uuids
from services.chassis.log.calls import BYTES, INSTANT, INTEGER, TEXT, UUID_, Calls, Row
from services.chassis.log.together import Together

ASK_SECONDS_MAX = 5.0
"""After that the connection is given up."""
ASK_AGAIN_MAX = 6
ASK_AGAIN_PAUSE_SECONDS = 0.05
_STREAM_ID, _VERSION = 2, 3

Known = tuple[UUID, int]
"""A live stream, and the version up to which it is known."""


class News:
    """`columns` are those of a stored fact, in the order of _FACT."""

    def __init__(self, dsn: str, schema: str, columns: str) -> None:
        self._dsn = dsn
        self._statement = (
            f"SELECT {columns} FROM unnest($1::uuid[], $2::int[]) live (id, known)"
            f" JOIN {schema}.events ON stream_id = live.id AND version > live.known ORDER BY version"
        )
        self._calls: Calls | None = None
        self._ask = Together("log.news", self._asked)

    async def of(self, stream_id: UUID, version: int) -> list[Row]:
        """The facts after this version, oldest first."""
        return await self._ask((stream_id, version))

    def close(self) -> None:
        if self._calls is not None:
            self._calls.close()

    async def _asked(self, asked: Sequence[Known]) -> Callable[[Known], list[Row]]:
        known: dict[UUID, int] = {}
        for stream_id, version in asked:
            known[stream_id] = min(version, known.get(stream_id, version))
        rows = await self._rows([uuids(known), int4s(list(known.values()))])
        if not rows:
            return lambda _: []
        return lambda live: [row for row in rows if row[_STREAM_ID] == live[0] and row[_VERSION] > live[1]]

    async def _rows(self, arguments: list[bytes | None]) -> list[Row]:
        """Asked again where the connection was lost: reading is harmless."""
        for again in range(ASK_AGAIN_MAX):
            try:
                async with asyncio.timeout(ASK_SECONDS_MAX):
                    if self._calls is None or self._calls.is_lost:
                        self._calls = await Calls.open(self._dsn, self._statement, 2, _FACT)
                    return await self._calls.send(arguments)
            except TimeoutError:
                self.close()
                raise
            except psycopg.OperationalError:
                if again == ASK_AGAIN_MAX - 1:
                    raise
            await asyncio.sleep(ASK_AGAIN_PAUSE_SECONDS * again)
        raise AssertionError("unreachable: the last attempt raises or returns")


_FACT = (INTEGER, INSTANT, UUID_, INTEGER, TEXT, TEXT, BYTES, INTEGER, TEXT)
