"""Leases: shared out evenly, and free again however their holder ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import psycopg
import pytest

from services.chassis.follower.leases import Leases
from tests.chassis.follower.tales import House, eventually

NAMES = [str(number) for number in range(7)]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def worker(home: House, **settings: object) -> Leases:
    leases: Leases = await home.run(Leases(home.dsn, "tales", "sharing", NAMES, lease_seconds=1.0, **settings))  # type: ignore[arg-type]
    return leases


async def settle(*workers: Leases) -> None:
    """All names are held, none twice, and nobody has more than ⌈names ÷ workers⌉ or nothing at all."""
    share = -(-len(NAMES) // len(workers))

    async def are_shared() -> bool:
        counts = [len(one.held) for one in workers]
        held = set().union(*(one.held for one in workers))
        return sum(counts) == len(held) == len(NAMES) and min(counts) >= 1 and max(counts) <= share

    await eventually(are_shared)


async def test_they_are_shared_out_over_the_workers_there_are(home: House) -> None:
    first = await worker(home)
    await settle(first)

    second, third = await worker(home), await worker(home)
    await settle(first, second, third)

    await second.stop()
    await settle(first, third)


async def test_the_holder_is_told_to_finish_before_it_lets_go(home: House) -> None:
    let_go: list[str] = []

    async def finish(names: Sequence[str]) -> None:
        assert not set(names) & first.held
        let_go.extend(names)

    first = await worker(home, let_go=finish)
    await settle(first)
    second = await worker(home)
    await settle(first, second)

    assert set(let_go) == second.held


async def test_a_holder_whose_connection_breaks_loses_them_and_takes_them_again(home: House) -> None:
    first = await worker(home)
    await settle(first)
    first.changed.clear()
    async with await psycopg.AsyncConnection.connect(home.dsn, autocommit=True) as admin:
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'")

    await first.changed.wait()
    await settle(first)


async def test_a_silent_holder_is_ended_by_the_server(home: House) -> None:
    frozen = await worker(home)
    await settle(frozen)
    await frozen._tasks.stop()

    second = await worker(home)

    async def has_them_all() -> bool:
        return len(second.held) == len(NAMES)

    await eventually(has_them_all)
