"""What a caller has written is in the list it asks for with `min_position`, also when a rebuild empties the view between the two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from psycopg import AsyncConnection

from services.cases.views import VIEWS
from tests.services.cases.service import Caller, Running, a_debt, a_row, cycles_terms, on

TABLES = ", ".join(f"cases.{table}" for table in VIEWS[0].tables)
EMPTIED = [
    f"TRUNCATE {TABLES}",
    "UPDATE cases.positions SET position = 0 WHERE follower = 'view:cases'",
]
"""As the view's writer does it."""


async def a_case(caller: Caller) -> Any:
    """Its portfolio's id and its own."""
    client = await caller.RegisterClient(external_ref="bank", name="Bank")
    portfolio = await caller.OpenPortfolio(client_id=client.client_id, external_ref="cards", name="Cards", terms=cycles_terms())
    parties = a_row(1, "x", 1, str(UUID(int=21))).parties
    case = await caller.RegisterCase(
        portfolio_id=portfolio.portfolio_id, external_ref="ref-1", product="card", parties=parties, debts=[a_debt(100_000)]
    )
    return portfolio.portfolio_id, case.case_id


@asynccontextmanager
async def a_rebuild_that_begins_when_somebody_reads(cases: Running) -> AsyncIterator[None]:
    """The tables are held; whoever reads them waits, and what it finds then is what a rebuild has just emptied."""
    async with await AsyncConnection.connect(cases.log.dsn) as writer:
        await writer.execute("LOCK TABLE cases.case_list IN ACCESS EXCLUSIVE MODE")
        reading = asyncio.create_task(_somebody_waits(cases.log.dsn))
        yield
        await reading
        for statement in EMPTIED:
            await writer.execute(statement.encode())


async def _somebody_waits(dsn: str) -> None:
    waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'cases.case_list'::regclass"
    async with await AsyncConnection.connect(dsn, autocommit=True) as looking:
        async with asyncio.timeout(10):
            # Nobody tells of a lock that is waited for.
            while await (await looking.execute(waiting)).fetchone() is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("asked", ["ListCases", "GetAgingReport"])
async def test_an_answer_knows_what_it_says_it_knows(cases: Running, asked: str) -> None:
    caller = cases.as_()
    portfolio_id, case_id = await a_case(caller)
    position = (await cases.log.head()).position
    await caller.ListCases(min_position=position)
    questions: dict[str, Any] = {
        "ListCases": lambda: caller.ListCases(min_position=position),
        "GetAgingReport": lambda: caller.GetAgingReport(portfolio_id=portfolio_id, as_of=on(date(2026, 1, 15)), min_position=position),
    }

    async with a_rebuild_that_begins_when_somebody_reads(cases):
        asking = asyncio.create_task(questions[asked]())
    await cases.rebuild_views()  # the writer goes on with it

    answer = await asyncio.wait_for(asking, 10)
    assert answer.position >= position
    assert [case.case_id for case in answer.cases] == [case_id] if asked == "ListCases" else sum(row.count for row in answer.rows) == 1
