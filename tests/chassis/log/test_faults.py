"""Faults between the log and its store: lost answers, killed and frozen backends, a restart. What is acknowledged is there, once."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from psycopg import conninfo

from dev.postgres import Postgres
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardFact, HeardUpTo
from services.chassis.log.units import OutcomeUnknown, Stored
from services.kernel.facts import Causation, Change
from tests.chassis.log.ledgers import (
    TENANT,
    Ledger,
    a_log,
    add,
    adding,
    asked,
    is_sound,
    opened,
    opening,
    prepare,
    query,
    reviewing,
    timer_of,
)

WRITERS = "application_name = 'acuerdo/ledgers_writer' AND datname = current_database()"
WRITER_AT_WORK = f"SELECT pid FROM pg_stat_activity WHERE {WRITERS} AND query LIKE '%%append%%'"


# A store that answers badly ------------------------------------------------------------------------------------------


class Proxy:
    """Forwards to the server. Armed, it lets the next command with `word` in it reach the server, swallows the answer, and hangs up."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self.port = 0
        self.word: bytes | None = None
        self.swallowed = 0

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_server = await asyncio.open_connection(self._host, self._port)
        swallow = asyncio.Event()

        async def forth() -> None:
            while data := await reader.read(1 << 20):
                # The prepared statement's name does not tell; a Sync ends the call that carries the units.
                if self.word is not None and self.word in data:
                    self.word = None
                    swallow.set()
                to_server[1].write(data)
                await to_server[1].drain()

        async def back() -> None:
            while data := await to_server[0].read(1 << 20):
                if swallow.is_set():
                    if not data.endswith(b"Z" + struct.pack(">i", 5) + b"I"):
                        continue  # until the server is ready again: the unit is committed
                    self.swallowed += 1
                    break
                writer.write(data)
                await writer.drain()

        tasks = {asyncio.create_task(forth()), asyncio.create_task(back())}
        with suppress(ConnectionError):
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for one in (writer, to_server[1]):
            one.close()


@asynccontextmanager
async def a_log_behind_a_proxy(dsn: str) -> AsyncIterator[tuple[Log, Proxy]]:
    parts = conninfo.conninfo_to_dict(dsn)
    async with Proxy(str(parts["host"]), int(str(parts["port"]))) as proxy:
        async with a_log(conninfo.make_conninfo(dsn, host="127.0.0.1", port=proxy.port)) as log:
            yield log, proxy


async def test_a_command_whose_commit_answer_was_lost_is_stored_once(ledgers: str) -> None:
    async with a_log_behind_a_proxy(ledgers) as (log, proxy):
        ledger_id = await opened(log)
        proxy.word = b"lost-answer"
        stored = await asyncio.gather(*(log.run(asked(f"lost-answer-{i}"), adding(ledger_id)) for i in range(5)))
        assert proxy.swallowed == 1
        assert sorted(each.streams[0].version for each in stored) == [2, 3, 4, 5, 6]
        assert await is_sound(ledgers, log) == 6
        assert (await log.load(Ledger, ledger_id, TENANT)).total == 5


async def test_a_timer_whose_commit_answer_was_lost_is_stored_and_not_stale(ledgers: str) -> None:
    async with a_log_behind_a_proxy(ledgers) as (log, proxy):
        ledger_id = await opened(log)
        fired = await timer_of(ledgers, ledger_id)
        proxy.word = b"Reviewed"
        assert (await log.run(fired, reviewing(ledger_id))).streams[0].version == 2
        assert proxy.swallowed == 1
        await log.run(asked(), adding(ledger_id))
        assert await is_sound(ledgers, log) == 3


async def test_heard_facts_whose_commit_answer_was_lost_are_stored_once(ledgers: str) -> None:
    async with a_log_behind_a_proxy(ledgers) as (log, proxy):
        ledger_id = await opened(log)
        heard = HeardFact("listener", TENANT, Causation(new_id(), 1), new_id(), (await log.head()).complete_through)
        proxy.word = b"listener"
        stored = await log.run_heard(HeardUpTo("listener", "elsewhere", 1, 0, 0, 9), [(heard, [adding(ledger_id)])])
        assert (proxy.swallowed, stored.position) == (1, 2)
        assert await query(ledgers, "SELECT position FROM ledgers.positions") == [(9,)]
        assert await is_sound(ledgers, log) == 2


# Backends killed -----------------------------------------------------------------------------------------------------


async def test_what_is_acknowledged_while_backends_are_killed_is_there_once(log: Log, ledgers: str) -> None:
    streams = [await opened(log) for _ in range(16)]
    killed, is_over = 0, False

    async def kill() -> None:
        nonlocal killed
        async with await psycopg.AsyncConnection.connect(ledgers, autocommit=True) as connection:
            while not is_over:
                cursor = await connection.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {WRITERS}".encode())
                killed += cursor.rowcount
                await asyncio.sleep(0.03)

    async def work(worker: int) -> list[Stored]:
        stored: list[Stored] = []
        while len(stored) < 25 or killed < 6:
            stored.append(await log.run(asked(f"{worker}-{len(stored)}"), adding(streams[worker]), deadline_seconds=30))
        return stored

    killing = asyncio.create_task(kill())
    stored = await asyncio.gather(*(work(worker) for worker in range(16)))
    is_over = True
    await killing
    assert await is_sound(ledgers, log) == 16 + sum(map(len, stored))
    for stream, acknowledged in zip(streams, stored, strict=True):
        assert (await log.fold(Ledger, stream, TENANT)).total == len(acknowledged)


# A server that says nothing ------------------------------------------------------------------------------------------


async def test_a_frozen_backend_ends_in_outcome_unknown_and_later_in_the_first_reply(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    ((pid,),) = await query(ledgers, WRITER_AT_WORK)
    request = asked()
    try:
        os.kill(pid, signal.SIGSTOP)
    except PermissionError:
        pytest.skip("may not stop the server's processes")
    began = monotonic()
    try:
        with pytest.raises(OutcomeUnknown):
            await log.run(request, adding(ledger_id), deadline_seconds=1.0)
        assert monotonic() - began < 2.0
    finally:
        os.kill(pid, signal.SIGCONT)
    again = await log.run(request, adding(ledger_id), deadline_seconds=20)
    assert again.streams[0].version == 2
    await log.run(asked(), adding(ledger_id))
    assert await is_sound(ledgers, log) == 3


async def test_a_lock_held_by_a_stranger_holds_nobody_longer_than_the_deadline(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    async with await psycopg.AsyncConnection.connect(ledgers, autocommit=False) as stranger:
        await stranger.execute("LOCK TABLE ledgers.events IN ACCESS EXCLUSIVE MODE")
        began = monotonic()
        with pytest.raises(OutcomeUnknown):
            await log.run(asked(), adding(ledger_id), deadline_seconds=0.5)
        assert monotonic() - began < 1.5
        await stranger.rollback()
    await log.run(asked(), adding(ledger_id))
    await is_sound(ledgers, log)


# The caller goes away ------------------------------------------------------------------------------------------------


async def test_a_caller_that_goes_away_does_not_take_its_unit_along(log: Log, ledgers: str) -> None:
    ledger_id = await opened(log)
    request = asked()
    is_decided = asyncio.Event()

    def decides(ledger: Ledger) -> None:
        add(ledger, amount=1)
        is_decided.set()

    calling = asyncio.create_task(log.run(request, Change(Ledger, ledger_id, decides)))
    await is_decided.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    again = await log.run(request, adding(ledger_id))
    assert (again.streams[0].version, again.is_repeated) == (2, True)
    assert await is_sound(ledgers, log) == 2


# The server comes back -----------------------------------------------------------------------------------------------


async def test_the_writer_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    with Postgres(tmp_path / "postgres") as server:
        await prepare(server.dsn)
        async with a_log(server.dsn) as log:
            ledger_id = await opened(log)

            async def work() -> int:
                done = 0
                for i in range(40):
                    await log.run(asked(f"{i}"), adding(ledger_id), deadline_seconds=30)
                    done += 1
                    await asyncio.sleep(0.01)
                return done

            working = asyncio.create_task(work())
            await asyncio.sleep(0.1)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(server.start)
            assert await working == 40
            assert await is_sound(server.dsn, log) == 41
            assert (await log.run(asked(), opening())).position == 42
