"""The proxy before PostgreSQL loses the answers that it is told to lose, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection, conninfo

from proof.postgres_wire import Loss, Losses
from proof.proxy import LOOPBACK, Proxy

TABLE = "CREATE TABLE told (n integer)"
APPEND = """CREATE FUNCTION append(n integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock(1); INSERT INTO told VALUES (n); RETURN n; END $$"""
CALL = "SELECT * FROM public.append(%s)"
HOLD_SECONDS = 0.2


@asynccontextmanager
async def behind_a_proxy(dsn: str) -> AsyncIterator[tuple[Losses, str]]:
    parts, losses = conninfo.conninfo_to_dict(dsn), Losses(seed=3)
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(TABLE)
        await connection.execute(APPEND)
    async with Proxy(str(parts["host"]), int(str(parts["port"])), wire=losses.reads_along) as proxy:
        yield losses, conninfo.make_conninfo(dsn, host=LOOPBACK, port=proxy.port)


async def append(dsn: str, n: int) -> int:
    """As the log's writer calls it: prepared, autocommit, the answer in binary."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        cursor = await connection.execute(CALL.encode(), (n,), prepare=True, binary=True)
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])


async def stored(dsn: str) -> list[int]:
    async with await AsyncConnection.connect(dsn) as connection:
        return [row[0] for row in await (await connection.execute("SELECT n FROM told ORDER BY ctid")).fetchall()]


async def test_a_dropped_answer_is_that_of_a_commit(database: str) -> None:
    async with behind_a_proxy(database) as (losses, through):
        assert await append(through, 1) == 1
        losses.lose(Loss.DROP_ANSWER, times=2)
        for n in (2, 3):
            with pytest.raises(psycopg.OperationalError):
                await append(through, n)
        assert losses.commits_lost == 2
        assert await append(through, 4) == 4
        assert await stored(database) == [1, 2, 3, 4]


async def test_what_is_held_open_holds_its_locks_until_it_commits_late(database: str) -> None:
    async with behind_a_proxy(database) as (losses, through):
        losses.lose(Loss.HOLD_OPEN, hold_seconds=HOLD_SECONDS)
        with pytest.raises(psycopg.OperationalError):
            await append(through, 1)
        assert (await stored(database), losses.commits_lost) == ([], 0)
        assert await append(through, 2) == 2  # waits for the lock of the first
        assert (await stored(database), losses.commits_lost) == ([1, 2], 1)


async def test_what_is_held_open_may_be_rolled_back_in_the_end(database: str) -> None:
    async with behind_a_proxy(database) as (losses, through):
        losses.lose(Loss.HOLD_THEN_ABORT, hold_seconds=HOLD_SECONDS)
        with pytest.raises(psycopg.OperationalError):
            await append(through, 1)
        assert await append(through, 2) == 2
        assert (await stored(database), losses.commits_lost, losses.lost[Loss.HOLD_THEN_ABORT]) == ([2], 0, 1)


async def test_what_arrives_late_comes_after_what_was_asked_meanwhile(database: str) -> None:
    async with behind_a_proxy(database) as (losses, through):
        losses.lose(Loss.ARRIVE_LATE, hold_seconds=HOLD_SECONDS)
        with pytest.raises(psycopg.OperationalError):
            await append(through, 1)
        assert await append(through, 2) == 2
        async with await AsyncConnection.connect(database, autocommit=True) as connection:
            while losses.lost[Loss.ARRIVE_LATE] == 0:
                await connection.execute("SELECT pg_sleep(0.01)")
        assert await stored(database) == [2, 1]


async def test_an_answer_that_is_no_commit_is_not_lost(database: str) -> None:
    async with behind_a_proxy(database) as (losses, through):
        for loss in (Loss.DROP_ANSWER, Loss.HOLD_OPEN, Loss.HOLD_THEN_ABORT):
            async with await AsyncConnection.connect(through, autocommit=True) as connection:
                losses.lose(loss)
                with pytest.raises(psycopg.errors.DivisionByZero):
                    await connection.execute("SELECT public.append(1 / %s)", (0,), prepare=True)
                assert await answer(connection) == 5
        assert losses.lost.total() == 0
        assert await stored(database) == []


async def test_other_conversations_are_left_alone(database: str) -> None:
    async with behind_a_proxy(database) as (losses, through):
        losses.lose_by_chance({Loss.DROP_ANSWER: 1.0})
        async with await AsyncConnection.connect(through) as connection, connection.transaction():
            await connection.execute("INSERT INTO told SELECT generate_series(1, 5000)")
            assert len(await (await connection.execute("SELECT n, repeat('x', 100) FROM told")).fetchall()) == 5000
            async with connection.pipeline():
                cursors = [await connection.execute("SELECT %s::integer", (n,)) for n in range(50)]
                assert [(await cursor.fetchone()) for cursor in cursors] == [(n,) for n in range(50)]
        losses.heal()
        assert await append(through, 7) == 7
        assert losses.lost.total() == 0


async def answer(connection: AsyncConnection[Any]) -> int:
    row = await (await connection.execute("SELECT 5")).fetchone()
    assert row is not None
    return int(row[0])
