"""How fast the relay tells: a backlog from PostgreSQL to real Kafka, and from commit to an awake consumer when idle.

`python -m bench relay [--events 300000] [--commands 400]`; ends with a correctness check over everything published.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from uuid import UUID

import psycopg
from acuerdo.cases.v1.events_pb2 import CaseEvent
from aiokafka import AIOKafkaConsumer, TopicPartition

from dev.kafka import HOME
from dev.kafka import Kafka as KafkaServer
from dev.postgres import Postgres
from services.cases.card import CASES
from services.cases.domain.client import Client, ClientRegistered
from services.chassis.follower.record import partition_of, received
from services.chassis.follower.relay import Relay
from services.chassis.follower.topics import Kafka, events_topic
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.migrate import migrate
from services.kernel.facts import Change

PARTITIONS = 12
STREAMS = 20_000
STATE_BYTES = 60


async def bench(events: int, commands: int) -> None:
    with tempfile.TemporaryDirectory(dir=HOME.parent, ignore_cleanup_errors=True) as folder:
        with Postgres(Path(folder) / "postgres") as postgres, KafkaServer(HOME, Path(folder) / "kafka") as broker:
            migrate(postgres.dsn, "cases")
            await fill(postgres.dsn, events)
            log = Log(postgres.dsn, CASES, b"bench" * 8, partitions=PARTITIONS)
            await log.start()
            kafka = Kafka(broker.bootstrap)
            await backlog(log, kafka, events)
            await check(log, broker.bootstrap, events)
            await latency(log, kafka, commands)
            await check(log, broker.bootstrap, events + commands)
            await log.stop()


async def fill(dsn: str, events: int) -> None:
    """A log as if written: dense positions, streams with several versions. Its chain is not real; the relay does not look at it."""
    streams = [new_id() for _ in range(STREAMS)]
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        copy_to = (
            "COPY cases.events (stream_id, position, recorded_at, version, epoch, tenant_id, type_name, traceparent, event) FROM STDIN"
        )
        async with connection.cursor() as cursor, cursor.copy(copy_to) as copy:
            for position in range(1, events + 1):
                stream, version = streams[position % STREAMS], position // STREAMS + 1
                await copy.write_row(
                    (stream, position, "2026-01-01T00:00:00Z", version, 1, "bench", "ClientRegistered", None, event(stream, version))
                )
        await connection.execute("UPDATE cases.log_counter SET position = %s, recorded_at = '2026-01-01T00:00:00Z'", (events,))
        await connection.commit()
        await connection.set_autocommit(True)
        await connection.execute("VACUUM ANALYZE cases.events")


def event(stream: UUID, version: int) -> bytes:
    wanted = CaseEvent()
    wanted.meta.tenant_id, wanted.meta.stream_id, wanted.meta.version = "bench", stream.bytes, version
    wanted.meta.occurred_at.seconds = 1_700_000_000 + version
    wanted.meta.actor.id = "bench"
    wanted.meta.command_id = wanted.meta.correlation_id = stream.bytes
    wanted.meta.prev_hash = bytes(range(32))
    wanted.client_registered.external_ref = "x" * STATE_BYTES
    return wanted.SerializeToString(deterministic=True)


async def backlog(log: Log, kafka: Kafka, events: int) -> None:
    relay = Relay(log, kafka)
    await relay.start()
    began, cpu_began = time.perf_counter(), time.process_time()
    first, so_far = 0.0, 0
    async with await psycopg.AsyncConnection.connect(log.dsn, autocommit=True) as connection:
        while (position := await relayed(connection)) < events:
            if position and not first:
                first, so_far = time.perf_counter(), position
            await asyncio.sleep(0.02)
    seconds, under_way = time.perf_counter() - began, time.perf_counter() - first
    cpu = (time.process_time() - cpu_began) / events * 1e6
    await relay.stop()
    print(f"backlog: {events:,} events of {len(event(new_id(), 1))} bytes in {seconds:.2f} s from start: {events / seconds:,.0f}/s")
    print(f"         {(events - so_far) / under_way:,.0f}/s once under way; {cpu:.1f} us of this process's CPU an event")


async def relayed(connection: psycopg.AsyncConnection[tuple[int]]) -> int:
    row = await (await connection.execute("SELECT position FROM cases.positions WHERE follower = 'relay'")).fetchone()
    return row[0] if row else 0


async def latency(log: Log, kafka: Kafka, commands: int) -> None:
    relay = Relay(log, kafka)
    await relay.start()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False, fetch_max_wait_ms=500)
    await consumer.start()
    where = [TopicPartition(events_topic("cases"), partition) for partition in range(PARTITIONS)]
    consumer.assign(where)
    await consumer.seek_to_end(*where)
    await asyncio.sleep(2)
    waits = []
    for number in range(commands + 20):
        client = new_id()
        origin = Command("bench", "bench", "Register", f"r{number}", bytes(32), Actor("SYSTEM", "bench"))
        getting = asyncio.create_task(consumer.getone())
        await log.run(origin, Change(Client, client, register))
        committed = time.perf_counter()
        await getting
        if number >= 20:
            waits.append((time.perf_counter() - committed) * 1000)
        await asyncio.sleep(0.01)
    await consumer.stop()
    await relay.stop()
    cut = quantiles(waits, n=100)
    print(f"commit to awake consumer, idle: p50 {cut[49]:.1f} ms, p99 {cut[98]:.1f} ms ({commands} commands)")


def register(client: Client) -> None:
    client.tell(ClientRegistered(**client.next(), external_ref=str(client.id), name="bench"))


async def check(log: Log, bootstrap: str, events: int) -> None:
    """What is stored is published, once, in the partition of its key, and each says what came before it."""
    where = [TopicPartition(events_topic("cases"), partition) for partition in range(PARTITIONS)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    consumer.assign(where)
    await consumer.seek_to_beginning(*where)
    ends = await consumer.end_offsets(where)
    last, seen = dict.fromkeys(range(PARTITIONS), 0), 0
    while any([await consumer.position(partition) < ends[partition] for partition in where]):
        for partition, records in (await consumer.getmany(timeout_ms=500)).items():
            for record in records:
                fact = received(record.partition, record.offset, record.key, record.value, record.headers)
                assert fact.previous == last[record.partition] < fact.position, fact
                last[record.partition] = fact.position
                assert partition_of(fact.key, PARTITIONS) == partition.partition
                seen += 1
    await consumer.stop()
    assert seen >= events, (seen, events)
    assert max(last.values()) == (await log.head()).position == seen
    print(f"checked: {seen:,} stored = published, dense, every previous right")
