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
        conninfo = make_conninfo(dsn, options="-c role=cases_query -c default_transaction_read_only=on")
        self._pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            conninfo, kwargs={"row_factory": dict_row}, min_size=1, max_size=POOL_SIZE, open=False
        )
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        await self._pool.open(wait=True)

    async def stop(self) -> None:
        await self._pool.close()
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()

    async def list_cases(self, tenant_id: str, chosen: CaseFilter, after: int, size: int) -> list[DictRow]:
        """A page in the order of registration, beginning after that position."""
        async with self._within(tenant_id) as connection:
            found = await connection.execute(_LIST_CASES, {**chosen.parameters(), "after": after, "size": size})
            return await found.fetchall()

    async def aging(self, tenant_id: str, portfolio_id: UUID, at: Look, since: Look | None) -> list[AgingGroup]:
        async with self._within(tenant_id) as connection:
            found = await connection.execute(_AGING, _aging_parameters(portfolio_id, at, since))
            return [AgingGroup(**row) for row in await found.fetchall()]

    async def known_position(self) -> int:
        """Up to where the tables know the log."""
        async with self._pool.connection() as connection:
            found = await connection.execute(_KNOWN)
            row = await found.fetchone()
            return 0 if row is None else row["position"]

    async def wait_for(self, position: int) -> int:
        """Return once the tables know the log up to `position`; how long that may take is the caller's deadline."""
        # It is another process that moves the position: there is no event to wait for.
        while (known := await self.known_position()) < position:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_AGAIN_AFTER_SECONDS)
        return known

    @asynccontextmanager
    async def _within(self, tenant_id: str) -> AsyncIterator[AsyncConnection[DictRow]]:
        async with self._pool.connection() as connection:
            await connection.execute("SELECT set_config('acuerdo.tenant', %s, true)", (tenant_id,))
            yield connection


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
_KNOWN = b"SELECT min(position) AS position FROM cases.positions WHERE follower = 'view:cases'"
