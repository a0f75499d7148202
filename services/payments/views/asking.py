"""Asking the read models: within one tenant, by row-level security, and within the clients that the caller may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from services.chassis.log import connections

POOL_SIZE = 4
LOOK_AGAIN_AFTER_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What a list of payments is narrowed to; None: not narrowed. `client_ids` are those the caller may see; None: all."""

    client_ids: frozenset[UUID] | None = None
    case_id: UUID | None = None
    source_id: UUID | None = None
    from_day: date | None = None
    through_day: date | None = None


@dataclass(frozen=True, slots=True)
class SuspenseFilter:
    """What a list of what waits is narrowed to; None: not narrowed."""

    client_ids: frozenset[UUID] | None = None
    portfolio_id: UUID | None = None
    reason: str | None = None


class PaymentTables:
    """The questions that read models answer. Every one is asked as the query role, inside the caller's tenant."""

    name = "payment tables"

    def __init__(self, dsn: str) -> None:
        limit = f"-c statement_timeout={connections.STATEMENT_TIMEOUT_SECONDS}s"
        conninfo = make_conninfo(dsn, options=f"-c role=payments_query -c default_transaction_read_only=on {limit}")
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = connections.pool(
            conninfo, POOL_SIZE, "payments.tables", autocommit=False, row_factory=dict_row
        )
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        await self._pool.open(wait=True)

    async def stop(self) -> None:
        await self._pool.close()
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()

    async def list_payments(
        self, tenant_id: str, chosen: PaymentFilter, after: int, size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page in the order of recording, beginning after that position."""
        return await self._page(_LIST_PAYMENTS, tenant_id, asdict(chosen), after, size, min_position)

    async def list_suspense(
        self, tenant_id: str, chosen: SuspenseFilter, after: int, size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page of what waits, the oldest first."""
        return await self._page(_LIST_SUSPENSE, tenant_id, asdict(chosen), after, size, min_position)

    async def list_sources(
        self,
        tenant_id: str,
        client_ids: frozenset[UUID] | None,
        portfolio_id: UUID | None,
        after: int,
        size: int,
        min_position: int = 0,
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page in the order of registration."""
        chosen = {"client_ids": client_ids, "portfolio_id": portfolio_id}
        return await self._page(_LIST_SOURCES, tenant_id, chosen, after, size, min_position)

    async def known_position(self) -> int:
        """Up to where the tables know the log."""
        async with self._pool.connection() as connection:
            return await _known(connection)

    async def _page(
        self, statement: bytes, tenant_id: str, chosen: Mapping[str, Any], after: int, size: int, min_position: int
    ) -> tuple[int, list[DictRow]]:
        visible = chosen["client_ids"]
        asked = {**chosen, "client_ids": None if visible is None else list(visible), "after": after, "size": size}
        async with self._within(tenant_id, min_position) as (connection, known):
            return known, await (await connection.execute(statement, asked)).fetchall()

    @asynccontextmanager
    async def _within(self, tenant_id: str, min_position: int) -> AsyncIterator[tuple[AsyncConnection[DictRow], int]]:
        """Once the tables know the log up to there; how long that may take is the caller's deadline. With the position they know."""
        while True:
            async with self._pool.connection() as connection:
                # A rebuild empties them for every snapshot at once: not between the position and what is read after it.
                await connection.execute(_KEEP)
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


def _sql(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


_LIST_PAYMENTS = _sql("list_payments.sql")
_LIST_SUSPENSE = _sql("list_suspense.sql")
_LIST_SOURCES = _sql("list_sources.sql")
_KEEP = b"LOCK TABLE payments.source_list IN ACCESS SHARE MODE"
"""The first of the tables that a rebuild takes: it waits there, with none of the others in hand."""
_KNOWN = b"SELECT min(position) AS position FROM payments.positions WHERE follower = 'view:payments'"
