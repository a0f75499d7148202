"""Asking the read models of contacts: within one tenant, by row-level security."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from services.chassis.log import connections

POOL_SIZE = 4
LOOK_AGAIN_AFTER_SECONDS = 0.01
ALIKE_MAX = 1_000
"""How many entries like one are looked at: what half a town shares proves nothing."""


class PeopleTables:
    """The questions that read models answer. Every one is asked as the query role, inside the caller's tenant."""

    name = "people tables"

    def __init__(self, dsn: str) -> None:
        limit = f"-c statement_timeout={connections.STATEMENT_TIMEOUT_SECONDS}s"
        conninfo = make_conninfo(dsn, options=f"-c role=contacts_query -c default_transaction_read_only=on {limit}")
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = connections.pool(
            conninfo, POOL_SIZE, "contacts.tables", autocommit=False, row_factory=dict_row
        )
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        await self._pool.open(wait=True)

    async def stop(self) -> None:
        await self._pool.close()
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()

    async def persons_with(self, tenant_id: str, kind: str, hmac: bytes, size: int, min_position: int = 0) -> tuple[int, list[UUID]]:
        """Up to where the answer knows the log, and the persons that were recorded with that."""
        async with self._within(tenant_id, min_position) as (connection, known):
            found = await connection.execute(
                "SELECT DISTINCT person_id FROM contacts.person_index WHERE kind = %s AND hmac = %s ORDER BY person_id LIMIT %s",
                (kind, hmac, size),
            )
            return known, [row["person_id"] for row in await found.fetchall()]

    async def alike(self, tenant_id: str, person_ids: Sequence[UUID], min_position: int = 0) -> list[DictRow]:
        """What others share with these persons: person_id, kind, item_id (theirs), own_item_id."""
        async with self._within(tenant_id, min_position) as (connection, _):
            found = await connection.execute(
                """SELECT theirs.person_id, theirs.kind, theirs.item_id, own.item_id AS own_item_id
                     FROM contacts.person_index own
                     JOIN contacts.person_index theirs ON (theirs.tenant_id, theirs.kind, theirs.hmac) = (own.tenant_id, own.kind, own.hmac)
                    WHERE own.person_id = ANY(%(persons)s) AND theirs.person_id <> ALL(%(persons)s)
                    LIMIT %(limit)s""",
                {"persons": list(person_ids), "limit": ALIKE_MAX},
            )
            return await found.fetchall()

    async def cases_of(self, tenant_id: str, person_ids: Iterable[UUID], min_position: int = 0) -> list[DictRow]:
        """Cases that these persons are parties of: person_id, role, case_id, client_id, portfolio_id, external_ref, is_closed."""
        async with self._within(tenant_id, min_position) as (connection, _):
            found = await connection.execute(
                """SELECT p.person_id, p.role, f.case_id, f.client_id, f.portfolio_id, f.external_ref, f.is_closed
                     FROM contacts.case_file_parties p JOIN contacts.case_files f USING (file_id)
                    WHERE p.person_id = ANY(%s) ORDER BY f.case_id, p.person_id""",
                (list(person_ids),),
            )
            return await found.fetchall()

    async def known_position(self) -> int:
        """Up to where the tables know the log."""
        async with self._pool.connection() as connection:
            return await _known(connection)

    @asynccontextmanager
    async def _within(self, tenant_id: str, min_position: int) -> AsyncIterator[tuple[AsyncConnection[DictRow], int]]:
        """Once the tables know the log up to there; how long that may take is the caller's deadline. With the position they know."""
        while True:
            async with self._pool.connection() as connection:
                # A rebuild empties them for every snapshot at once: not between the position and what is read after it.
                await connection.execute("LOCK TABLE contacts.person_index IN ACCESS SHARE MODE")
                known = await _known(connection)
                if known >= min_position:
                    await connection.execute("SELECT set_config('acuerdo.tenant', %s, true)", (tenant_id,))
                    yield connection, known
                    return
            # It is another process that moves the position: there is no event to wait for.
            await asyncio.sleep(LOOK_AGAIN_AFTER_SECONDS)


async def _known(connection: AsyncConnection[DictRow]) -> int:
    row = await (
        await connection.execute("SELECT min(position) AS position FROM contacts.positions WHERE follower = 'view:people'")
    ).fetchone()
    return 0 if row is None or row["position"] is None else row["position"]
