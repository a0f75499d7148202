"""When it was recorded: after the lock, by the store's clock, and never before what was recorded earlier."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import psycopg

from services.chassis.clock import DevelopmentClock
from services.chassis.log.log import Log
from tests.chassis.log.ledgers import a_log, asked, opening, query

LOCK_CLASS = 7
"""Of the log of the ledgers (ledgers.prepare)."""
IS_ANYONE_WAITING = """SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"""


async def test_times_never_go_back_though_the_clock_does(ledgers: str) -> None:
    clock = DevelopmentClock(ledgers, "ledgers", datetime(2026, 3, 1, 12, tzinfo=UTC))
    await clock.start()
    try:
        async with a_log(ledgers, development_clock=clock) as log:
            before = await log.run(asked(), opening())
            await query(ledgers, "UPDATE ledgers.development_clock SET now = now - interval '1 hour'")
            after = await log.run(asked(), opening())
            head = await log.head()
        assert after.recorded_at > before.recorded_at
        assert head.complete_through >= after.recorded_at
    finally:
        await clock.stop()


async def test_the_time_is_taken_when_it_is_ones_turn(log: Log, ledgers: str) -> None:
    """Whoever waits for the lock records the instant at which it had it, not the one at which it came."""
    async with await psycopg.AsyncConnection.connect(ledgers, autocommit=False) as other_writer:
        await other_writer.execute("SELECT pg_advisory_xact_lock(%s, 0)", (LOCK_CLASS,))
        waiting = asyncio.create_task(log.run(asked(), opening()))
        async with asyncio.timeout(4):
            while not (await query(ledgers, IS_ANYONE_WAITING))[0][0]:  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.01)
        ((its_turn_at,),) = await query(ledgers, "SELECT clock_timestamp()")
        await other_writer.rollback()
    assert (await waiting).recorded_at > its_turn_at
