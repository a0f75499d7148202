"""Connections keep nobody beyond a deadline, and pools are back soon after the server is, however long it was away."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from proof.postgres_wire import Loss, Losses
from proof.proxy import LOOPBACK, Proxy
from services.chassis.log import connections
from services.chassis.log.connections import connect, pool
from tests.chassis.log.ledgers import a_log, adding, asked, is_sound, opened

SERVICES = Path(connections.__file__).resolve().parents[2]
SLOW = "SELECT pg_sleep(30)"
LONG_BEFORE_PSYCOPG_GIVES_UP_SECONDS = 5.0
OUTAGE_SECONDS_MAX = 30.0


def through(proxy: Proxy, dsn: str) -> str:
    return conninfo.make_conninfo(dsn, host=LOOPBACK, port=proxy.port)


def before(dsn: str) -> Proxy:
    parts = conninfo.conninfo_to_dict(dsn)
    return Proxy(str(parts["host"]), int(str(parts["port"])))


async def test_a_call_to_a_server_that_says_nothing_ends_when_it_is_cancelled(database: str) -> None:
    async with before(database) as proxy:
        connection = await connect(through(proxy, database))
        proxy.blackhole(forget=True)
        calling = asyncio.create_task(connection.execute("SELECT 1"))
        await asyncio.sleep(0.05)
        calling.cancel()
        done, _ = await asyncio.wait({calling}, timeout=LONG_BEFORE_PSYCOPG_GIVES_UP_SECONDS)
        assert done
        assert calling.cancelled()
        assert connection.closed


async def test_a_deadline_is_kept_as_a_deadline(database: str) -> None:
    async with before(database) as proxy, pool(through(proxy, database), 1, "test") as some:
        proxy.blackhole(forget=True)

        async def ask() -> None:
            async with asyncio.timeout(0.1), some.connection() as connection:
                await connection.execute("SELECT 1")

        asking = asyncio.create_task(ask())
        done, _ = await asyncio.wait({asking}, timeout=LONG_BEFORE_PSYCOPG_GIVES_UP_SECONDS)
        assert done
        assert isinstance(asking.exception(), TimeoutError)
        proxy.heal()
        async with some.connection() as connection:
            assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_a_cancelled_call_is_cancelled_at_the_server_and_the_connection_serves_on(database: str) -> None:
    connection = await connect(database)
    calling = asyncio.create_task(connection.execute(SLOW))
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as other:
        looking = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s"
        while await (await other.execute(looking, (SLOW,))).fetchone() != (1,):  # noqa: ASYNC110 - another session
            await asyncio.sleep(0.01)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        assert await (await other.execute(looking, (SLOW,))).fetchone() == (0,)
    assert await (await connection.execute("SELECT 1")).fetchone() == (1,)
    await connection.close()


async def test_a_pool_goes_on_trying_as_often_as_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own pauses double: after 0, 1 and 3 seconds its next attempt would come at 7, 15, 31 …"""
    monkeypatch.setattr(connections, "RECONNECT_SECONDS_MAX", 0.3)
    attempts = 0

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal attempts
        attempts += 1
        writer.close()

    server = await asyncio.start_server(hang_up, LOOPBACK, 0)
    dsn = f"postgresql://postgres@{LOOPBACK}:{server.sockets[0].getsockname()[1]}/postgres?sslmode=disable"
    some = pool(dsn, 1, "test", size_min=0, wait_seconds=0.1)
    await some.open()
    async with asyncio.timeout(OUTAGE_SECONDS_MAX):
        while attempts < 6:
            with pytest.raises(psycopg.OperationalError):
                async with some.connection():
                    pass
    await some.close()
    server.close()


def test_every_connection_of_a_service_is_of_this_kind() -> None:
    found = [
        f"{file.relative_to(SERVICES)}: {match}"
        for file in SERVICES.rglob("*.py")
        if file.name not in ("connections.py", "clock.py")  # the development clock's has no caller who waits
        for match in re.findall(r"AsyncConnectionPool\(|AsyncConnection\.connect", file.read_text())
    ]
    assert found == []


async def test_a_lost_answer_costs_one_new_connection(ledgers: str) -> None:
    parts, losses = conninfo.conninfo_to_dict(ledgers), Losses()
    async with Proxy(str(parts["host"]), int(str(parts["port"])), wire=losses.reads_along) as proxy:
        async with a_log(through(proxy, ledgers)) as log:
            ledger_id = await opened(log)
            connected = proxy.accepted
            losses.lose(Loss.DROP_ANSWER)
            stored = await log.run(asked(), adding(ledger_id))
            assert (losses.commits_lost, stored.streams[0].version) == (1, 2)
            assert proxy.accepted == connected + 1
            assert await is_sound(ledgers, log) == 2
