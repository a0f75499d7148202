"""Relays and listeners as processes of their own, to be frozen and killed, and what must be true of all of them afterwards.

`python -m tests.proof.kafka.workers '{"part": "relay", …}'` runs one until it is stopped.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from services.chassis.follower.hearing import hear
from services.chassis.follower.record import partition_of
from services.chassis.follower.topics import Kafka
from services.chassis.log.log import Log
from tests.chassis.follower.tales import LISTENER, PARTITIONS, TELLER, Direct, House, by, echo, eventually, tales, tell
from tests.chassis.follower.test_relay import Numbers

ROOT = Path(__file__).resolve().parents[3]
LEASE_SECONDS = 1.0
QUIET_WITHIN_SECONDS = 60.0
CLIENT_ROUTINES = {"Sender._sender_routine": 1, "Fetcher._fetch_requests_routine": 2, "AIOKafkaClient._md_synchronizer": 3}


class Worker:
    """One such process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def freeze(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    @property
    def is_running(self) -> bool:
        return self._process.returncode is None


@asynccontextmanager
async def worker(house: House, part: str, **settings: Any) -> AsyncIterator[Worker]:
    """Started and at work; killed at the end if it still lives."""
    asked = json.dumps({"part": part, "dsn": house.dsn, "bootstrap": house.kafka.bootstrap, **settings})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, asked, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        while (line := await process.stdout.readline()) != b"at work\n":
            assert line, f"the {part} ended instead of starting"
        draining = asyncio.create_task(process.stdout.read())
        yield Worker(process)
        draining.cancel()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def run(asked: Mapping[str, Any]) -> None:
    """The process itself."""
    async with AsyncExitStack() as stack:
        house = House(asked["dsn"], Kafka(asked["bootstrap"]), stack)
        teller = await house.log(TELLER)
        if asked["part"] == "relay":
            part = await house.relay(teller, lease_seconds=LEASE_SECONDS, poll_seconds_max=0.02)
            await part._leases.wait_held("relay") if asked.get("first") else None
        else:
            table = by(_Sleepy()) if asked.get("is_sleepy") else None
            part = await house.reactions(await house.log(LISTENER), Direct(teller), table, lease_seconds=LEASE_SECONDS)
        print("at work", flush=True)
        await part.wait()


class _Sleepy:
    """A reaction that blocks its whole process, once, when it hears "sleep<seconds>"."""

    def __init__(self) -> None:
        self._has_slept = False

    def __call__(self, heard: Any) -> Any:
        if heard.fact.word.startswith("sleep") and not self._has_slept:
            self._has_slept = True
            time.sleep(float(heard.fact.word.removeprefix("sleep")))
        return echo(heard)


class Load:
    """Tells one word of each of its tales after another, until it is told to end."""

    def __init__(self, log: Log, number: int) -> None:
        self.told: dict[UUID, list[str]] = {tale: [] for tale in tales(number)}
        self._log = log
        self._is_over = False
        self._task = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while not self._is_over:
            (word,) = words(1, first=len(next(iter(self.told.values()))))
            await tell(self._log, *each(self.told, [word]))
            for said in self.told.values():
                said.append(word)
            await asyncio.sleep(0.02)

    async def end(self) -> dict[UUID, list[str]]:
        self._is_over = True
        await self._task
        return self.told


# What must be true afterwards -----------------------------------------------------------------------------------------


async def watch_positions(dsn: str, schema: str) -> None:
    """Write down every step of every position, in the order in which they were committed to be made."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(
            f"""CREATE TABLE {schema}.moves (step bigserial, follower text, epoch integer, partition integer, before bigint, after bigint);
                CREATE FUNCTION {schema}.note_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                  INSERT INTO {schema}.moves (follower, epoch, partition, before, after)
                  VALUES (new.follower, new.epoch, new.partition, old.position, new.position); RETURN new; END $$;
                CREATE TRIGGER note_move AFTER UPDATE ON {schema}.positions FOR EACH ROW EXECUTE FUNCTION {schema}.note_move()""".encode()
        )


async def quiet(house: House, teller: Log, *parts: Any, within_seconds: float = QUIET_WITHIN_SECONDS) -> None:
    """Every listener is where its partition of the teller's log ends, and the relay where the log does. Raises what a part failed of."""
    ends = dict.fromkeys(range(PARTITIONS), 0)
    for record in await teller.read(0, 1_000_000):
        ends[partition_of(record.stream_id, PARTITIONS)] = record.position

    async def is_quiet() -> bool:
        if not await house.query("echoes", "SELECT 1 FROM listens"):
            return False
        heard = await house.query("echoes", "SELECT partition, position FROM positions WHERE follower = 'reactions'")
        relayed = await house.query("tales", "SELECT position FROM positions WHERE follower = 'relay'")
        return dict(heard) == ends and (not relayed or relayed == [(max(ends.values()),)])

    failing = [asyncio.ensure_future(part.wait()) for part in parts]
    waiting = asyncio.ensure_future(eventually(is_quiet, within_seconds))
    done, pending = await asyncio.wait([*failing, waiting], return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()
    assert waiting in done, "a part has ended"


async def nothing_lost_nothing_twice(house: House, listener: Log, told: Mapping[UUID, Sequence[str]]) -> None:
    """Each word has its echo once, in the order of its tale; every step led forward and began where the last one ended."""
    assert await house.echoes(told, listener) == {tale: list(enumerate(words, 1)) for tale, words in told.items()}
    stored = await house.query("echoes", "SELECT count(*) FROM events WHERE type_name = 'Echoed'")
    assert stored == [(sum(map(len, told.values())),)]
    at: dict[tuple[str, int, int], int] = {}
    steps = "SELECT follower, epoch, partition, before, after FROM moves WHERE before <> after ORDER BY step"
    for follower, epoch, partition, before, after in await house.query("echoes", steps):
        here = (follower, epoch, partition)
        assert before == at.get(here, before) < after, f"{here} went from {before} to {after} and stood at {at.get(here)}"
        at[here] = after


async def topic_is_complete(house: House, teller: Log) -> None:
    """Whoever begins at its first record hears the whole log without ever asking for a replay; every record is that of its fact."""
    log = {record.position: record for record in await teller.read(0, 1_000_000)}
    previous: dict[int, int] = {}
    at: dict[int, int] = {}
    for position, record in log.items():
        partition = partition_of(record.stream_id, PARTITIONS)
        previous[position], at[partition] = at.get(partition, 0), position
    heard = dict.fromkeys(range(PARTITIONS), 0)
    for record in await house.topic():
        headers = dict(record.headers)
        numbers = Numbers(int(headers["acuerdo-previous"]), int(headers["acuerdo-position"]))
        assert numbers.previous == previous[numbers.position]
        assert record.value == log[numbers.position].event
        hearing = hear(heard[record.partition], [numbers])
        assert not hearing.rest, f"{numbers} in partition {record.partition} after {heard[record.partition]}"
        for fact in hearing.facts:
            heard[record.partition] = fact.position
    assert heard == {partition: at.get(partition, 0) for partition in range(PARTITIONS)}


async def no_client_was_left_behind() -> None:
    """One relay (a producer, and a consumer that looks) and one listener run in this process: so many routines, and no more."""

    async def are_alone() -> bool:
        names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
        return Counter(name for name in names if name in CLIENT_ROUTINES) == CLIENT_ROUTINES

    await eventually(are_alone)


def words(number: int, first: int = 0) -> list[str]:
    return [f"word{first + index}" for index in range(number)]


def each(tales: Iterable[UUID], said: Sequence[str]) -> list[tuple[UUID, str]]:
    return [(tale, word) for word in said for tale in tales]


if __name__ == "__main__":
    asyncio.run(run(json.loads(sys.argv[1])))
