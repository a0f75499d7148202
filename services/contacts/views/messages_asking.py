"""Asking which contacts there were: within one tenant, by row-level security."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from services.chassis.log import connections

POOL_SIZE = 2
LOOK_AGAIN_AFTER_SECONDS = 0.01
NEWEST = 2**63 - 1


class MessageTables:
    """Asked as the query role, inside the caller's tenant."""

    name = "message tables"

    def __init__(self, dsn: str) -> None:
        limit = f"-c statement_timeout={connections.STATEMENT_TIMEOUT_SECONDS}s"
        conninfo = make_conninfo(dsn, options=f"-c role=contacts_query -c default_transaction_read_only=on {limit}")
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = connections.pool(
            conninfo, POOL_SIZE, "contacts.messages", autocommit=False, row_factory=dict_row
        )
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        await self._pool.open(wait=True)

    async def stop(self) -> None:
        await self._pool.close()
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()

    async def interactions(
        self, tenant_id: str, person_ids: Sequence[UUID], case_id: UUID | None, before: int, size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page of (interaction_id, began_at), newest first, older than `before`."""
        asked = {"person_ids": list(person_ids), "case_id": case_id, "before": before, "size": size}
        async with self._within(tenant_id, min_position) as (connection, known):
            found = await connection.execute(_OF_CASE if case_id is not None else _OF_PERSONS, asked)
            return known, await found.fetchall()

    async def known_position(self) -> int:
        """Up to where the table knows the log."""
        async with self._pool.connection() as connection:
            return await _known(connection)

    @asynccontextmanager
    async def _within(self, tenant_id: str, min_position: int) -> AsyncIterator[tuple[AsyncConnection[DictRow], int]]:
        """Once the table knows the log up to there; how long that may take is the caller's deadline. With the position it knows."""
        while True:
            async with self._pool.connection() as connection:
                # A rebuild empties it for every snapshot at once: not between the position and what is read after it.
                await connection.execute(b"LOCK TABLE contacts.interactions IN ACCESS SHARE MODE")
                known = await _known(connection)
                if known >= min_position:
                    await connection.execute("SELECT set_config('acuerdo.tenant', %s, true)", (tenant_id,))
                    yield connection, known
                    return
            # It is another process that moves the position: there is no event to wait for.
            await asyncio.sleep(LOOK_AGAIN_AFTER_SECONDS)


async def _known(connection: AsyncConnection[DictRow]) -> int:
    row = await (await connection.execute(_KNOWN)).fetchone()
    return 0 if row is None or row["position"] is None else row["position"]


_KNOWN = b"SELECT min(position) AS position FROM contacts.positions WHERE follower = 'view:messages'"
_OF_CASE = b"""
SELECT interaction_id, began_at FROM contacts.interactions
 WHERE case_id = %(case_id)s AND began_at < %(before)s ORDER BY began_at DESC LIMIT %(size)s"""
_OF_PERSONS = b"""
SELECT interaction_id, began_at FROM contacts.interactions
 WHERE person_id = ANY (%(person_ids)s) AND began_at < %(before)s ORDER BY began_at DESC LIMIT %(size)s"""
