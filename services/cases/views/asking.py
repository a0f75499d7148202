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

from services.cases.views.pledged import LIST_PROMISES, PROMISE_RATES, PromisesAsked
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


@dataclass(frozen=True, slots=True)
class CandidatesAsked:
    """What a case asks for; `agent_id`: how this one agent stands, whatever it asks for."""

    case_id: UUID
    agent_id: UUID | None = None
    skills: tuple[str, ...] = ()
    language: str = ""
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class WorklistAsked:
    """Whose worklist; no agent: the cases that wait for one. `client_ids` are those the caller may see; None: all."""

    agent_id: UUID | None
    team_id: UUID | None
    client_ids: frozenset[UUID] | None


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

    async def list_agents(
        self, tenant_id: str, team_id: UUID | None, skill: str, after: int, size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page in the order of registration, beginning after that position."""
        asked = {"team_id": team_id, "skill": skill, "after": after, "size": size}
        async with self._within(tenant_id, min_position) as (connection, known):
            return known, await (await connection.execute(_LIST_AGENTS, asked)).fetchall()

    async def candidates(self, tenant_id: str, asked: CandidatesAsked, size: int, min_position: int = 0) -> list[DictRow]:
        """Who may be given a case, the best first: agent_id, cases_of_person, load (as of the agent's version `given_at`)."""
        parameters = {name: getattr(asked, name) for name in asked.__dataclass_fields__}
        async with self._within(tenant_id, min_position) as (connection, _):
            found = await connection.execute(_CANDIDATES, {**parameters, "skills": list(asked.skills), "size": size})
            return await found.fetchall()

    async def worklist(
        self, tenant_id: str, asked: WorklistAsked, now: datetime, after: int, size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page; each row with the `holds` (first and last days) that stop its work."""
        parameters = {
            **{name: getattr(asked, name) for name in ("agent_id", "team_id")},
            "client_ids": None if asked.client_ids is None else list(asked.client_ids),
        }
        async with self._within(tenant_id, min_position) as (connection, known):
            found = await connection.execute(_worklist(asked), {**parameters, "now": now, "after": after, "size": size})
            rows = {row["case_id"]: {**row, "holds": []} for row in await found.fetchall()}
            held = await connection.execute(_HOLDS, (list(rows),))
            for hold in await held.fetchall():
                rows[hold["case_id"]]["holds"].append((hold["from_day"], hold["last_day"]))
            return known, list(rows.values())

    async def cases_of(self, tenant_id: str, agent_id: UUID, size: int, min_position: int = 0) -> list[DictRow]:
        """Cases that an agent has: case_id, portfolio_id."""
        async with self._within(tenant_id, min_position) as (connection, _):
            return await (await connection.execute(_CASES_OF, (agent_id, size))).fetchall()

    async def list_promises(
        self, tenant_id: str, asked: PromisesAsked, after: int, size: int, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and a page in the order in which they were made, beginning after that position."""
        async with self._within(tenant_id, min_position, _KNOWN_OF_PROMISES) as (connection, known):
            found = await connection.execute(LIST_PROMISES, {**asked.parameters(), "after": after, "size": size})
            return known, await found.fetchall()

    async def promise_rates(
        self, tenant_id: str, portfolio_id: UUID, since: date, through: date, min_position: int = 0
    ) -> tuple[int, list[DictRow]]:
        """Up to where the answer knows the log, and numbers and sums: taken_by, basis, outcome, promises, promised, paid."""
        asked = {"portfolio_id": portfolio_id, "since": since, "through": through}
        async with self._within(tenant_id, min_position, _KNOWN_OF_PROMISES) as (connection, known):
            return known, await (await connection.execute(PROMISE_RATES, asked)).fetchall()

    async def known_position(self) -> int:
        """Up to where the tables know the log."""
        async with self._pool.connection() as connection:
            return await _known(connection, _KNOWN)

    @asynccontextmanager
    async def _within(
        self, tenant_id: str, min_position: int, position: bytes | None = None
    ) -> AsyncIterator[tuple[AsyncConnection[DictRow], int]]:
        """Once the tables know the log up to there; how long that may take is the caller's deadline. With the position they know."""
        while True:
            async with self._pool.connection() as connection:
                # A rebuild empties them for every snapshot at once: not between the position and what is read after it.
                await connection.execute(_KEEP)
                known = await _known(connection, position or _KNOWN)
                if known >= min_position:
                    await connection.execute("SELECT set_config('acuerdo.tenant', %s, true)", (tenant_id,))
                    yield connection, known
                    return
            # It is another process that moves the position: there is no event to wait for.
            await asyncio.sleep(LOOK_AGAIN_AFTER_SECONDS)


async def _known(connection: AsyncConnection[DictRow], position: bytes) -> int:
    row = await (await connection.execute(position)).fetchone()
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


def _worklist(asked: WorklistAsked) -> bytes:
    """The condition itself depends on what is asked, so that an index answers it. Only our own constants are put together here."""
    whose = "h.is_waiting AND h.agent_id IS NULL"
    if asked.agent_id is not None:
        whose = "h.agent_id = %(agent_id)s::uuid AND h.lease_until > %(now)s"
    if asked.team_id is not None:
        whose += " AND h.team_id = %(team_id)s::uuid"
    return _WORKLIST.replace(b"{whose}", whose.encode())


_LIST_CASES = _sql("list_cases.sql")
_AGING = _sql("aging.sql")
_LIST_DIFFERENCES = _sql("list_differences.sql")
_KEEP = b"LOCK TABLE cases.case_list IN ACCESS SHARE MODE"
"""The first of the tables that a rebuild takes: it waits there, with none of the others in hand."""
_LIST_AGENTS = _sql("list_agents.sql")
_CANDIDATES = _sql("candidates.sql")
_WORKLIST = _sql("worklist.sql")
_HOLDS = b"SELECT case_id, from_day, last_day FROM cases.case_holds WHERE case_id = ANY (%s)"
_CASES_OF = (
    b"SELECT h.case_id, c.portfolio_id FROM cases.case_hands h JOIN cases.case_list c USING (case_id)"
    b" WHERE h.agent_id = %s ORDER BY h.since LIMIT %s"
)
_KNOWN = b"SELECT min(position) AS position FROM cases.positions WHERE follower = 'view:cases'"
_KNOWN_OF_PROMISES = b"SELECT min(position) AS position FROM cases.positions WHERE follower IN ('view:cases', 'view:promises')"
"""Whose portfolio a promise is, the view of cases knows."""
