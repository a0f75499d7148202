"""Timers: each fires once, whoever runs them, and one that comes to nothing is in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from services.chassis.clock import DevelopmentClock
from services.chassis.follower.marks import connect
from services.chassis.follower.state import is_quiet
from services.chassis.follower.timers import TimerRunner, next_due_at
from services.chassis.heard import Timer
from services.chassis.log.origins import TimerFired
from services.kernel.facts import Change
from tests.chassis.follower.tales import LISTENER, TENANT, Echo, House, Rung, eventually, say, tales


def ring(echo: Echo, fired: TimerFired) -> Iterable[Change[Echo]]:
    def decide(echo: Echo) -> None:
        if echo.rings_at is not None:
            echo.tell(Rung(**echo.next(), number=echo.rung + 1))

    yield Change(Echo, echo.id, decide)


def come_to_nothing(echo: Echo, fired: TimerFired) -> Iterable[Change[Echo]]:
    return ()


RINGS = {"echo.ring": Timer(Echo, ring)}


async def rung(house: House) -> int:
    return int((await house.query("echoes", "SELECT count(*) FROM events WHERE type_name = 'Rung'"))[0][0])


async def until_rung(house: House, times: int) -> None:
    async def is_so() -> bool:
        return await rung(house) >= times

    await eventually(is_so)


async def test_each_timer_fires_once_across_two_runners(home: House) -> None:
    one, other, some = await home.log(LISTENER), await home.log(LISTENER), tales(40)
    await home.run(TimerRunner(one, RINGS, lease_seconds=2.0))
    await home.run(TimerRunner(other, RINGS, lease_seconds=2.0))
    await asyncio.gather(*(say(one, echo, "ring0.3") for echo in some))

    await until_rung(home, 40)

    await asyncio.sleep(0.3)
    assert [(await one.fold(Echo, echo, TENANT)).rung for echo in some] == [1] * 40
    assert await home.query("echoes", "SELECT 1 FROM timers") == []


async def test_a_runner_that_lost_its_lease_unnoticed_fires_nothing_twice(home: House) -> None:
    one, other, some = await home.log(LISTENER), await home.log(LISTENER), tales(10)
    frozen = await home.run(TimerRunner(one, RINGS, lease_seconds=1.0))
    await frozen._leases.wait_held("timers")
    await frozen._leases._tasks.stop()
    second = await home.run(TimerRunner(other, RINGS, lease_seconds=1.0))
    await second._leases.wait_held("timers")

    await asyncio.gather(*(say(one, echo, "ring0.2") for echo in some))

    await until_rung(home, 10)
    await asyncio.sleep(0.3)
    assert await rung(home) == 10


async def test_what_fell_due_while_nobody_ran_fires_at_the_next_start(home: House) -> None:
    log, (echo,) = await home.log(LISTENER), tales(1)
    first = await home.run(TimerRunner(log, RINGS))
    await first.stop()
    await say(log, echo, "ring0")

    await home.run(TimerRunner(log, RINGS))

    await until_rung(home, 1)


async def test_a_timer_that_comes_to_nothing_backs_off_and_is_reported(home: House) -> None:
    log, (echo, other) = await home.log(LISTENER), tales(2)
    calls: list[datetime] = []

    def vain(stream: Echo, fired: TimerFired) -> Iterable[Change[Echo]]:
        calls.append(datetime.now(UTC))
        return ring(stream, fired) if stream.id == other else ()

    await home.run(TimerRunner(log, {"echo.ring": Timer(Echo, vain)}))
    await say(log, echo, "ring0")
    await eventually(lambda: home.query("echoes", "SELECT 1 FROM timer_troubles"))
    await say(log, other, "ring0")

    await until_rung(home, 1)
    await asyncio.sleep(0.5)
    assert len(calls) <= 4
    assert await home.query("echoes", "SELECT stream_id, key, reason FROM timer_troubles") == [(echo, "echo.ring", "CameToNothing")]


async def test_a_timer_that_fails_is_tried_again_and_the_others_go_on(home: House) -> None:
    log, some = await home.log(LISTENER), tales(5)
    broken = {some[2]}

    def fragile(stream: Echo, fired: TimerFired) -> Iterable[Change[Echo]]:
        if stream.id in broken:
            raise KeyError(str(stream.id))
        return ring(stream, fired)

    await home.run(TimerRunner(log, {"echo.ring": Timer(Echo, fragile)}))
    await asyncio.gather(*(say(log, echo, "ring0") for echo in some))
    await until_rung(home, 4)
    broken.clear()

    await until_rung(home, 5)


async def test_the_development_clock_makes_them_due(home: House) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    clock = await home.run(DevelopmentClock(home.dsn, "echoes", begin))
    log, (echo,) = await home.log(LISTENER, development_clock=clock), tales(1)
    runner = await home.run(TimerRunner(log, RINGS))
    await say(log, echo, "ring86400")
    async with await connect(home.dsn, "echoes", autocommit=True) as connection:
        due = await next_due_at(connection, await log.now())
        assert due is not None
        assert timedelta(hours=23) < due - begin <= timedelta(hours=24)
        assert await is_quiet(connection, await log.now())

        await clock.advance(due)
        runner.wake()

        await until_rung(home, 1)
        await eventually(lambda: is_quiet(connection, due))
        assert await next_due_at(connection, due) is None
