"""Asking the read models: within one tenant, by row-level security, and within the clients that the caller may see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
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
LATEST = "infinity"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list of cases is narrowed to; None: not narrowed. `client_ids` are those the caller may see; None: all."""

    client_ids: frozenset[UUID] | None = None
    client_id: UUID | None = None
    portfolio_id: UUID | None = None
    batch_id: UUID | None = None
    person_id: UUID | None = None
    external_ref: str | None = None
    bucket: str | None = None
    segment: str | None = None
    lifecycle: str | None = None

    def parameters(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**named, "client_ids": None if self.client_ids is None else list(self.client_ids)}


@dataclass(frozen=True, slots=True)
class Look:
    """One day a report looks at: until when a fact of life must have happened, and before which instant it must have been known."""

    day: date
    ends_at: datetime
    known_before: datetime | None = None
    creditor_says: bool = False


@dataclass(frozen=True, slots=True)
class AgingGroup:
    """Cases that were in one bucket and are in another. `is_in`, `was_in`: active at the day, and at the day before it."""

    is_in: bool
    was_in: bool
    bucket: str
    bucket_before: str
    cases: int
    balance: int
    balance_before: int


class CaseTables:
    """The questions that read models answer. Every one is asked as the query role, inside the caller's tenant."""

    name = "case tables"

    def __init__(self, dsn: str) -> None:
        limit = f"-c statement_timeout={connections.STATEMENT_TIMEOUT_SECONDS}s"
        conninfo = make_conninfo(dsn, options=f"-c role=cases_query -c default_transaction_read_only=on {limit}")
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = connections.pool(
            conninfo, POOL_SIZE, "cases.tables", autocommit=False, row_factory=dict_row
        )
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        await self._pool.open(wait=True)

    async def stop(self) -> None:
        await self._pool.close()
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()

    async def list_cases(
        self, tenant_id: str, chosen: CaseFilter, after: int, size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page in the order of registration, beginning after that position."""
        async with self._within(tenant_id, min_position) as (connection, known):
            found = await connection.execute(_LIST_CASES, {**chosen.parameters(), "after": after, "size": size})
            return known, await found.fetchall()

    async def aging(
        self, tenant_id: str, portfolio_id: UUID, at: Look, since: Look | None, min_position: int = 0
    ) -> tuple[int, list[AgingGroup]]:
        """Up to where the answer knows the log, and the groups."""
        async with self._within(tenant_id, min_position) as (connection, known):
            found = await connection.execute(_AGING, _aging_parameters(portfolio_id, at, since))
            return known, [AgingGroup(**row) for row in await found.fetchall()]

    async def list_differences(
        self, tenant_id: str, portfolio_id: UUID, with_explained: bool, after: tuple[date, UUID], size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page of what the creditor's snapshots and our ledger differ by, oldest first."""
        asked = {
            "portfolio_id": portfolio_id,
            "with_explained": with_explained,
            "after_day": after[0],
            "after_case": after[1],
            "size": size,
        }
        async with self._within(tenant_id, min_position) as (connection, known):
            found = await connection.execute(_LIST_DIFFERENCES, asked)
            return known, await found.fetchall()

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


def _aging_parameters(portfolio_id: UUID, at: Look, since: Look | None) -> Mapping[str, Any]:
    return {
        "portfolio_id": portfolio_id,
        "as_of": at.day,
        "as_of_end": at.ends_at,
        "as_of_cut": at.known_before or LATEST,
        "creditor_says": at.creditor_says,
        "as_reported": at.known_before is not None,
        "since": since.day if since else None,
        "since_end": since.ends_at if since else None,
        "since_cut": (since.known_before if since else None) or LATEST,
        "creditor_said": since.creditor_says if since else False,
    }


def _sql(name: str) -> bytes:
    return Path(__file__).with_name(name).read_bytes()


_LIST_CASES = _sql("list_cases.sql")
_AGING = _sql("aging.sql")
_LIST_DIFFERENCES = _sql("list_differences.sql")
_KEEP = b"LOCK TABLE cases.case_list IN ACCESS SHARE MODE"
"""The first of the tables that a rebuild takes: it waits there, with none of the others in hand."""
_KNOWN = b"SELECT min(position) AS position FROM cases.positions WHERE follower = 'view:cases'"
