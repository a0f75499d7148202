"""How fast the relay tells: a backlog from PostgreSQL to real Kafka, beside a writer, and from commit to an awake consumer when idle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.aims import held
from bench.chains import EVENTS_PER_CASE
from bench.copying import copied
from bench.gate import Gate, checker
from bench.place import Place, Size
from bench.replay import CLAIM_KEY
from bench.report import Measured, Report, measured, percentiles_ms, settings
from bench.seeding import Seeded, seed
from bench.serving import wait_until_followed
from bench.writing import Writing, uuids
from services.cases.card import CASES
from services.chassis.follower.relay import Relay
from services.chassis.follower.topics import Kafka, administrator, events_topic, heads_topic
from services.chassis.log.log import Log
from services.chassis.migrate import migrate

PARTITIONS = 12
WARM_COMMANDS = 20
WRITERS = 64
PAUSE_SECONDS = 0.01
BACKLOG, BACKLOG_CPU = "backlog, from the relay's start", "backlog, per second of this process's CPU"
WRITTEN, TOLD = "written beside the relay, same process", "told beside the writer"
IDLE = "commit to an awake consumer, idle"
GONE_WITHIN_SECONDS = 30.0


async def measure(place: Place, size: Size) -> Report:
    """Each round has a copy of the same log and topics of its own."""
    title = f"Relay: a backlog of {size.events:,} events, {size.commands} commands one by one, {size.runs} rounds"
    report = Report("relay", title, settings(place.server, partitions=PARTITIONS))
    original = place.database()
    migrate(original, CASES.name)
    seeded = seed(original, size.events // EVENTS_PER_CASE, CLAIM_KEY, with_views=False)
    kafka = Kafka(place.kafka)
    for number in range(size.runs):
        dsn = copied(place, original)
        gate = Gate(dsn)
        await asyncio.to_thread(gate.begin)
        log = Log(dsn, CASES, CLAIM_KEY, partitions=PARTITIONS)
        await log.start()
        await _forget_topics(kafka)
        writing = Writing(log, seeded.portfolio_id, f"r{number}")
        await _backlog(report, log, kafka, seeded.events, number)
        await _beside_a_writer(report, log, kafka, writing, seeded, size.seconds, number)
        await _idle(report, log, kafka, writing, seeded, size.commands, number)
        await log.stop()
        report.gates.append(f"round {number + 1}: {await asyncio.to_thread(gate.check, writing.told())}")
        report.gates.append(await checker(dsn, (), kafka=place.kafka, only=frozenset({"I4", "I5", "I12"})))
        await _forget_topics(kafka)
    rates = [one.per_second for one in report.of((BACKLOG, 0)) if one.per_second]
    waits = [one.p99_ms for one in report.of((IDLE, 1)) if one.p99_ms]
    report.held = [held("relay/backlog", rates), held("relay/idle", waits)]
    return report


@asynccontextmanager
async def _relaying(log: Log, kafka: Kafka) -> AsyncIterator[Relay]:
    relay = Relay(log, kafka)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()


async def _backlog(report: Report, log: Log, kafka: Kafka, events: int, number: int) -> None:
    began, cpu_began = time.perf_counter(), time.process_time()
    async with _relaying(log, kafka):
        await asyncio.to_thread(wait_until_followed, log.dsn, ("relay",))
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    report.measured.append(Measured(BACKLOG, 0, events / seconds, round=number))
    report.measured.append(Measured(BACKLOG_CPU, 0, events / cpu_seconds, round=number))


async def _beside_a_writer(report: Report, log: Log, kafka: Kafka, writing: Writing, seeded: Seeded, seconds: float, number: int) -> None:
    """As in a process `all`: the writer never stops, and the relay keeps up or falls behind."""
    cases = uuids(seeded.case_ids[: 4 * WRITERS])
    async with _relaying(log, kafka):
        await asyncio.to_thread(wait_until_followed, log.dsn, ("relay",))
        before = (await log.head()).position
        written_in, took = await writing.keep_on(cases, WRITERS, seconds)
        behind = await asyncio.to_thread(wait_until_followed, log.dsn, ("relay",))
        told = (await log.head()).position - before
    report.measured.append(measured(WRITTEN, WRITERS, written_in, took, number))
    report.measured.append(Measured(TOLD, WRITERS, told / (written_in + behind), round=number))
    report.said.append(f"round {number + 1}: the relay had told everything {1000 * behind:.0f} ms after the writer's last of {told:,}")


async def _idle(report: Report, log: Log, kafka: Kafka, writing: Writing, seeded: Seeded, commands: int, number: int) -> None:
    """One command at a time; the consumer waits for it. From the moment the command's caller is told to the record's arrival."""
    cases = uuids(seeded.case_ids[: commands + WARM_COMMANDS])
    async with _relaying(log, kafka), _consuming(kafka, "latest") as consumer:
        await asyncio.to_thread(wait_until_followed, log.dsn, ("relay",))
        await asyncio.sleep(1)
        waits = []
        for case_id in (cases * (1 + (commands + WARM_COMMANDS) // len(cases)))[: commands + WARM_COMMANDS]:
            getting = asyncio.create_task(consumer.getone())
            await asyncio.sleep(PAUSE_SECONDS)
            await writing.adjust(case_id)
            committed = time.perf_counter()
            await getting
            waits.append(time.perf_counter() - committed)
    p50, p99 = percentiles_ms(waits[WARM_COMMANDS:])
    report.measured.append(Measured(IDLE, 1, None, p50, p99, number))


@asynccontextmanager
async def _consuming(kafka: Kafka, begin: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap, enable_auto_commit=False, auto_offset_reset=begin, fetch_max_wait_ms=500)
    await consumer.start()
    try:
        where = [TopicPartition(events_topic(CASES.name), partition) for partition in range(PARTITIONS)]
        consumer.assign(where)
        await consumer.seek_to_end(*where)
        yield consumer
    finally:
        await consumer.stop()


async def _forget_topics(kafka: Kafka) -> None:
    """The relay finds none, whoever was here before. Kafka takes them away in its own time."""
    async with administrator(kafka) as admin:
        topics = list({events_topic(CASES.name), heads_topic(CASES.name)} & set(await admin.list_topics()))
        if topics:
            await admin.delete_topics(topics)
        until = time.monotonic() + GONE_WITHIN_SECONDS
        # Nothing says that a topic is gone: it is looked for.
        while set(topics) & set(await admin.list_topics()) and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
