"""A night in which every case crosses a boundary: from the midnight to the last bucket told, shown in the read models, and in Kafka.

The parts of a worker in one process, which has none of the cases in memory. Each round is the next night: the bucket set has a boundary
for each of them.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import psycopg

from bench.aims import held
from bench.calls import CURRENCY
from bench.counted import a_case, a_portfolio
from bench.gate import Gate, GateFailed, checker
from bench.place import Place, Size
from bench.replay import CLAIM_KEY
from bench.report import Measured, Report, settings
from bench.serving import wait_until_followed
from bench.writing import AT_ONCE
from services.cases.card import CASES
from services.cases.domain.buckets import Bucket
from services.cases.timers import TIMERS
from services.cases.views import VIEWS
from services.chassis.clock import DevelopmentClock
from services.chassis.follower.relay import Relay
from services.chassis.follower.timers import TimerRunner
from services.chassis.follower.topics import Kafka
from services.chassis.follower.views import Views
from services.chassis.log.log import Log
from services.chassis.migrate import migrate
from services.chassis.part import Part
from services.kernel.money import Money

NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)
"""In Madrid; the night's midnight is 23:00 UTC."""
DAYS_LATE_AT_FIRST = 30
NIGHTS_MAX = 6
OWED = Money(CURRENCY, 100_000)
ANY_DUE = "SELECT EXISTS (SELECT FROM cases.timers WHERE due <= %s)"
NIGHT = "cases that cross a boundary, told and shown"


async def measure(place: Place, size: Size) -> Report:
    report = Report("night", f"A night: {size.night_cases:,} cases cross a boundary, {size.runs} nights", settings(place.server))
    dsn = place.database()
    migrate(dsn, CASES.name)
    began = time.monotonic()
    await _register(dsn, size.night_cases)
    report.said.append(f"the cases were registered within {time.monotonic() - began:.0f} s")
    gate = Gate(dsn)
    await asyncio.to_thread(gate.begin)
    took = []
    for number in range(min(size.runs, NIGHTS_MAX)):
        seconds = await _night(place, dsn, NOON + timedelta(days=number + 1), report)
        took.append(seconds)
        report.measured.append(Measured(NIGHT, 0, size.night_cases / seconds, round=number))
        report.gates.append(f"night {number + 1}: {_all_are_told(dsn, size.night_cases, number + 1)}")
        report.gates.append(f"night {number + 1}: {await asyncio.to_thread(gate.check, {})}")
    report.gates.append(await checker(dsn, (), only=frozenset({"I2", "I12"})))
    report.held = [held("night/told", took)]
    report.said.append("published too" if place.kafka else "NO KAFKA: told and shown, not published")
    return report


async def _night(place: Place, dsn: str, until: datetime, report: Report) -> float:
    """Seconds from the midnight until nothing is left to do."""
    clock = DevelopmentClock(dsn, CASES.name)
    log = Log(dsn, CASES, CLAIM_KEY, development_clock=clock)
    timers = TimerRunner(log, TIMERS)
    parts: list[Part] = [clock, log, Views(log, VIEWS), timers]
    if place.kafka:
        parts.append(Relay(log, Kafka(place.kafka)))
    followers = ("view:cases", *(["relay"] if place.kafka else []))
    async with AsyncExitStack() as stack:
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        await asyncio.to_thread(wait_until_followed, dsn, followers)
        began, cpu_began = time.monotonic(), time.process_time()
        await clock.advance(until)
        timers.wake()
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            # It is other tasks that fire them: there is no event to wait for.
            while (await (await connection.execute(ANY_DUE, (until,))).fetchall())[0][0]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.to_thread(wait_until_followed, dsn, followers)
        seconds = time.monotonic() - began
        report.said.append(f"{seconds:.1f} s, {time.process_time() - cpu_began:.1f} s of CPU in this process")
    return seconds


def _all_are_told(dsn: str, cases: int, nights: int) -> str:
    """Each case is in the night's bucket, told once for each night, and the read model shows it."""
    bucket = str(DAYS_LATE_AT_FIRST + nights)
    with psycopg.connect(dsn) as connection:
        told = connection.execute(
            """SELECT count(*), min(n), max(n) FROM (
                   SELECT count(*) AS n FROM cases.events WHERE type_name = 'BucketChanged' GROUP BY stream_id) t"""
        ).fetchone()
        shown = connection.execute("SELECT bucket, count(*) FROM cases.case_list GROUP BY 1").fetchall()
    if told != (cases, nights + 1, nights + 1) or shown != [(bucket, cases)]:
        raise GateFailed(f"told {told}, shown {shown}: not {cases} cases in {bucket} after {nights} nights")
    return f"{cases:,} cases in bucket {bucket}, each told once a night"


# What is there at noon ---------------------------------------------------------------------------------------------------


async def _register(dsn: str, cases: int) -> None:
    clock = DevelopmentClock(dsn, CASES.name, NOON)
    log = Log(dsn, CASES, CLAIM_KEY, development_clock=clock)
    await clock.start()
    await log.start()
    # A bucket for each night, and what lies before and after.
    days = range(DAYS_LATE_AT_FIRST, DAYS_LATE_AT_FIRST + NIGHTS_MAX + 1)
    portfolio = await a_portfolio(log, "night", [*(Bucket(str(late), late, late) for late in days), Bucket("after", days[-1] + 1, None)])
    due, numbers = (NOON - timedelta(days=DAYS_LATE_AT_FIRST)).date(), iter(range(cases))

    async def call() -> None:
        for number in numbers:
            await a_case(log, portfolio, f"C{number}", OWED, oldest_due_date=due)

    await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    await log.stop()
    await clock.stop()
