"""PostgreSQL stopped hard, restarted, frozen, locked, refused, its sessions killed, under load: deadlines kept, promised statuses only."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from psycopg import sql

from proof.callers import Caller, Told, a_case, case_worker, prepare, reader, receive_batch
from proof.history import History
from proof.kept_postgres import KeptPostgres
from proof.lost_answers import judged_by_the_checker, unopened
from proof.one_service import OneService, new_database, one_service
from proof.other_doors import writes_on_its_own
from proof.proxy import Direction
from proof.stored_once import stored_once

PROMISED = {"OK", "UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "CANCELLED", "FAILED_PRECONDITION"}
"""The last is the right answer to what some callers ask."""
OF_THE_LOG_ITSELF = {"OutcomeUnknown", "LogIsBusy", "TimeoutError"}
UNARY_SECONDS_MAX = 2.0
IMPATIENT_SECONDS, PATIENT_SECONDS = 1.0, 60.0
QUIET_AGAIN_WITHIN_SECONDS = 60.0
AGAIN_UNITS = 30
BATCH_ROWS = 30
SESSIONS_MAX = 30
"""Of two logs, the seals, the read models, the views, the timers and their leases, as their pools are bounded; none may leak."""


@pytest.fixture(scope="module")
def server(servers: Path) -> Iterator[KeptPostgres]:
    """A server that nobody else uses: it is stopped, killed and frozen."""
    with KeptPostgres(servers / "attacked") as attacked:
        yield attacked


@dataclass
class House:
    server: KeptPostgres
    service: OneService
    told: Told

    async def again(self) -> None:
        """By itself: callers of all kinds get on."""
        finished, give_up_at = self.told.finished, monotonic() + QUIET_AGAIN_WITHIN_SECONDS
        while self.told.finished < finished + AGAIN_UNITS and monotonic() < give_up_at:  # noqa: ASYNC110 - counted, not told
            await asyncio.sleep(0.05)
        assert self.told.finished >= finished + AGAIN_UNITS, "the callers do not get on after all is healed"


@asynccontextmanager
async def under_load(server: KeptPostgres, home: Path) -> AsyncIterator[House]:
    """Some callers with a short deadline, some that leave it to the service, writers and readers; afterwards all is judged."""
    is_over = asyncio.Event()
    async with new_database(server.dsn, f"attacked_{monotonic():.6f}".replace(".", "_")) as database:
        async with one_service(database, home, unary_seconds_max=UNARY_SECONDS_MAX) as service:
            told = Told(History(home / "history.jsonl"))
            _, portfolio_id = await prepare(service, told)
            case = await a_case(Caller(service, told, "looked-at", PATIENT_SECONDS), portfolio_id)
            async with asyncio.TaskGroup() as load:
                for n, deadline_seconds in enumerate([IMPATIENT_SECONDS, PATIENT_SECONDS] * 4):
                    load.create_task(case_worker(Caller(service, told, f"case-{n}", deadline_seconds), portfolio_id, is_over.is_set))
                    asks = Caller(service, told, f"reader-{n}", deadline_seconds)
                    load.create_task(reader(asks, portfolio_id, case.case_id, is_over.is_set))
                load.create_task(receive_batch(Caller(service, told, "batch", IMPATIENT_SECONDS), portfolio_id, BATCH_ROWS))
                load.create_task(writes_on_its_own(service.replica, told, "own", is_over.is_set))
                house = House(server, service, told)
                await house.again()
                yield house
                service.proxy.heal()
                await house.again()
                is_over.set()
            health = await health_pb2_grpc.HealthStub(service.channel).Check(health_pb2.HealthCheckRequest())
            assert health.status == health_pb2.HealthCheckResponse.SERVING
            assert await service.failed() == []
            assert await unopened(database, BATCH_ROWS) == 0
            assert await sessions(database) <= SESSIONS_MAX
        assert set(told.statuses) <= PROMISED | OF_THE_LOG_ITSELF
        assert told.false_answers == []
        assert told.late == []
        found = await stored_once(database, told.acknowledged)
        assert (found.duplicates, found.missing, found.broken) == ([], [], [])
        assert await judged_by_the_checker(database, home / "history.jsonl") == []


async def sessions(dsn: str) -> int:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        counting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        row = await (await connection.execute(counting.encode())).fetchone()
        return int(row[0]) if row is not None else 0


# The faults ----------------------------------------------------------------------------------------------------------


async def stopped_hard(house: House, seconds: float) -> None:
    await asyncio.to_thread(house.server.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(house.server.start)


async def restarted(house: House, seconds: float) -> None:
    await asyncio.to_thread(house.server.stop)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(house.server.start)


async def frozen(house: House, seconds: float) -> None:
    await asyncio.to_thread(house.server.freeze)
    try:
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(house.server.thaw)


async def sessions_killed(house: House, seconds: float) -> None:
    """Of the writers at random, now and then of everybody."""
    rng, until = random.Random(4), monotonic() + seconds
    async with await psycopg.AsyncConnection.connect(house.service.dsn, autocommit=True) as killer:
        while monotonic() < until:
            whose = "application_name LIKE 'acuerdo/%%writer'" if rng.random() < 0.8 else "pid <> pg_backend_pid()"
            await killer.execute(
                f"""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND {whose} AND random() < 0.5 AND pid <> pg_backend_pid()""".encode().replace(
                    b"%%", b"%"
                )
            )
            await asyncio.sleep(rng.uniform(0.01, 0.1))


async def locked(house: House, seconds: float) -> None:
    async with await psycopg.AsyncConnection.connect(house.service.dsn) as stranger:
        await stranger.execute("LOCK TABLE cases.events IN ACCESS EXCLUSIVE MODE")
        await asyncio.sleep(seconds)
        await stranger.rollback()


async def read_only(house: House, seconds: float) -> None:
    """As after a failover to a standby that is not promoted yet."""
    forbid = "ALTER DATABASE {} SET default_transaction_read_only = on"
    kick = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with await psycopg.AsyncConnection.connect(house.service.dsn, autocommit=True) as stranger:
        database = sql.Identifier(stranger.info.dbname)
        await stranger.execute(sql.SQL(forbid).format(database))
        await stranger.execute(kick.encode())
        await asyncio.sleep(seconds)
        await stranger.execute(sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(database))
        await stranger.execute(kick.encode())


async def refused(house: House, seconds: float) -> None:
    house.service.proxy.refuse()
    await asyncio.sleep(seconds)
    house.service.proxy.heal()


async def cut_off(house: House, seconds: float) -> None:
    """A partition: nothing passes, nobody is told, and those who waited are cut in the end."""
    house.service.proxy.blackhole(forget=True)
    await asyncio.sleep(seconds)
    house.service.proxy.heal()


async def deaf(house: House, seconds: float) -> None:
    """Answers do not come, and then all at once."""
    house.service.proxy.blackhole(Direction.TO_CLIENT)
    await asyncio.sleep(seconds)
    house.service.proxy.heal()


Fault = Callable[[House, float], Awaitable[None]]
SHORT: list[tuple[Fault, float]] = [
    (stopped_hard, 0.1),
    (restarted, 0.1),
    (sessions_killed, 0.7),
    (frozen, 1.5),
    (locked, 0.7),
    (read_only, 0.5),
    (refused, 0.7),
    (deaf, 0.7),
]
LONG: list[tuple[Fault, float]] = [
    (stopped_hard, 10.0),
    (restarted, 10.0),
    (sessions_killed, 20.0),
    (frozen, 8.0),
    (frozen, 12.0),
    (locked, 12.0),
    (read_only, 12.0),
    (refused, 40.0),
    (cut_off, 12.0),
    (deaf, 12.0),
]


async def test_whatever_happens_to_postgres_deadlines_are_kept_and_nothing_is_lost(server: KeptPostgres, tmp_path: Path) -> None:
    async with under_load(server, tmp_path) as house:
        for fault, seconds in SHORT:
            await fault(house, seconds)
            await house.again()


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("fault", "seconds"), LONG, ids=lambda value: getattr(value, "__name__", str(value)))
async def test_the_same_at_length(server: KeptPostgres, tmp_path: Path, fault: Fault, seconds: float) -> None:
    async with under_load(server, tmp_path) as house:
        for _ in range(2):
            await fault(house, seconds)
            await house.again()
