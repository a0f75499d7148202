"""The relay: our own log, in order, to Kafka. Its position moves after the acknowledgement; repeats are harmless by their numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.follower import meters, relayed, topics
from services.chassis.follower.heads import Heads
from services.chassis.follower.leaseholder import Leaseholder
from services.chassis.follower.leases import Leases
from services.chassis.follower.marks import pool
from services.chassis.follower.rebuilding import ask_for_rebuild, is_rebuild_asked_for
from services.chassis.follower.record import partition_of, published
from services.chassis.follower.relayed import RELAY, EpochIsUnknown, Relayed, TopicWasLost
from services.chassis.follower.topics import Kafka, events_topic
from services.chassis.follower.waking import Waking
from services.chassis.log.connections import STORE_IS_AWAY
from services.chassis.log.log import Log
from services.chassis.log.units import HeardAlready, Record
from services.chassis.telemetry.metrics import RELAY_LAG

PAGE_RECORDS_MAX = 4_000
TURN_RECORDS_MAX = 250
"""Prepared at a stretch: then others in this process have their turn."""
ACKNOWLEDGED_WITHIN_SECONDS = 20.0
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.2, 5.0
GATHER_SECONDS = 0.005
TOPIC_CHECKED_EVERY_SECONDS = 5.0

_log = structlog.get_logger()


class _Sent(NamedTuple):
    epoch: int
    partition: int
    position: int
    """Of the batch's last record."""
    acknowledgement: asyncio.Future[Any]


class _Page(NamedTuple):
    """Facts that are on their way."""

    sent: list[_Sent]
    position: int
    """Of the last of them."""
    records: int


class Relay(Leaseholder):
    """Publishes our log on `acuerdo.<service>.v1.events` and says on `.heads` how far it is complete.

    `poll_seconds_max`: set it to 0.02 in a process that appends nothing itself, for there nothing but polling finds news.
    """

    name = "relay"

    def __init__(
        self,
        log: Log,
        kafka: Kafka,
        *,
        lease_seconds: float = 10.0,
        poll_seconds_max: float = 0.2,
        heads_every_seconds: float = 1.0,
    ) -> None:
        self._log, self._kafka = log, kafka
        service = self._service = log.service.name
        super().__init__(
            Leases(log.dsn, service, RELAY, [RELAY], lease_seconds=lease_seconds),
            pool(log.dsn, service, RELAY),
            Waking(log, poll_seconds_max=poll_seconds_max, gather_seconds=GATHER_SECONDS),
        )
        self._heads = Heads(log, self._service, every_seconds=heads_every_seconds)

    def announce(self) -> None:
        """Say now how far we are: the development clock has made a step."""
        self._heads.ask()
        self._waking.wake()

    async def rebuild_topic(self) -> None:
        """Publish everything again: for a topic that was lost. Listeners drop what they have heard."""
        async with self._pool.connection() as connection:
            await ask_for_rebuild(connection, [RELAY])

    async def _run(self) -> None:
        pause = RETRY_SECONDS_MIN
        while not self._is_stopping:
            await self._leases.wait_held(RELAY)
            began = monotonic()
            try:
                await self._relay_or_begin_from_zero()
            except (HeardAlready, EpochIsUnknown) as moved:
                _log.warning("relay_begins_again", service=self._service, error_type=type(moved).__name__)
            except (KafkaError, *STORE_IS_AWAY) as error:
                _log.warning("relay_interrupted", service=self._service, error_type=type(error).__name__)
            pause = RETRY_SECONDS_MIN if monotonic() - began > RETRY_SECONDS_MAX else min(pause * 2, RETRY_SECONDS_MAX)
            if not self._is_stopping:
                await asyncio.sleep(pause)

    async def _relay_or_begin_from_zero(self) -> None:
        try:
            await self._relay_with_a_new_producer()
        except TopicWasLost as lost:
            _log.warning("topic_was_lost", service=self._service, finding=str(lost))
            await self._begin_from_zero()

    async def _relay_with_a_new_producer(self) -> None:
        """A producer that is wedged is left behind; the saved position says where to go on."""
        epoch = await self._log.epoch()
        await topics.create_topics(self._kafka, self._service, epoch.partitions)
        async with self._pool.connection() as connection:
            memory = await relayed.load(connection, self._service)
        producer, looker = topics.producer(self._kafka), topics.looker(self._kafka)
        try:
            await producer.start()
            await looker.start()
            await self._relay(producer, looker, memory)
        finally:
            # What it has not sent is not worth waiting for: it is sent again from the position.
            await topics.close(producer, looker)

    async def _relay(self, producer: AIOKafkaProducer, looker: AIOKafkaConsumer, memory: Relayed) -> None:
        checked_at = float("-inf")
        while not self._is_stopping and RELAY in self._leases.held:
            if monotonic() - checked_at >= TOPIC_CHECKED_EVERY_SECONDS:
                await self._check(looker, memory)
                checked_at = monotonic()
            await self._relay_pages(producer, memory)
            await self._heads.tell(producer, memory)
            await self._waking.wait(seconds_max=self._heads.seconds_to_next(memory.position))

    async def _relay_pages(self, producer: AIOKafkaProducer, memory: Relayed) -> None:
        """What is stored and not told, page after page: the next one is read and prepared while Kafka writes the one before it."""
        under_way: _Page | None = None
        page: Sequence[Record] = await self._log.read(memory.position, PAGE_RECORDS_MAX)
        while page:
            sent = _Page(await self._send(producer, memory, page), page[-1].position, len(page))
            reading = None
            if len(page) == PAGE_RECORDS_MAX:
                reading = asyncio.create_task(self._log.read(sent.position, PAGE_RECORDS_MAX))
            try:
                if under_way is not None:
                    await self._mark(memory, under_way)
                under_way = sent
                page = await reading if reading is not None else ()
            finally:
                if reading is not None:
                    reading.cancel()
        if under_way is not None:
            await self._mark(memory, under_way)

    async def _mark(self, memory: Relayed, page: _Page) -> None:
        """The position moves past a page once Kafka has all of it."""
        for batch, first_offset in zip(page.sent, await _acknowledged(page.sent), strict=True):
            memory.acknowledge(batch.epoch, batch.partition, batch.position, first_offset)
        async with self._pool.connection() as connection:
            await relayed.save(connection, self._service, memory, page.position)
        meters.RELAYED.add(page.records, {"service": self._service})

    async def _send(self, producer: AIOKafkaProducer, memory: Relayed, page: Sequence[Record]) -> list[_Sent]:
        """Queue a page, in as few batches as there is room for."""
        topic = events_topic(self._service)
        filling: dict[tuple[int, int], tuple[Any, int]] = {}
        sent: list[_Sent] = []

        async def send(epoch: int, partition: int) -> None:
            batch, position = filling.pop((epoch, partition))
            acknowledgement = await producer.send_batch(batch, topic, partition=partition)
            acknowledgement.add_done_callback(_look_away)
            sent.append(_Sent(epoch, partition, position, acknowledgement))

        for number, record in enumerate(page, 1):
            if number % TURN_RECORDS_MAX == 0:
                await asyncio.sleep(0)
            partition = partition_of(record.stream_id, memory.partitions_of(record.epoch))
            here = (record.epoch, partition)
            fact = published(record, memory.queue(record.epoch, partition, record.position), self._service)
            batch = filling[here][0] if here in filling else producer.create_batch()
            if batch.append(key=fact.key, value=fact.value, timestamp=None, headers=fact.headers) is None:
                await send(*here)
                batch = producer.create_batch()
                batch.append(key=fact.key, value=fact.value, timestamp=None, headers=fact.headers)
            filling[here] = (batch, record.position)
        for here in list(filling):
            await send(*here)
        return sent

    async def _check(self, looker: AIOKafkaConsumer, memory: Relayed) -> None:
        """Is what Kafka acknowledged still there, and has nobody asked for it to be published again?"""
        async with self._pool.connection() as connection:
            if await is_rebuild_asked_for(connection, RELAY):
                raise TopicWasLost("an operator asked for everything to be published again")
        partitions = {partition for _, partition in memory.acknowledged}
        where = [TopicPartition(events_topic(self._service), partition) for partition in partitions]
        for found, end in (await looker.end_offsets(where) if where else {}).items():
            memory.check_end(found.partition, end)
        RELAY_LAG.set((await self._log.head()).position - memory.position, {"service": self._service})

    async def _begin_from_zero(self) -> None:
        async with self._pool.connection() as connection:
            await relayed.forget(connection, self._service)


async def _acknowledged(sent: Sequence[_Sent]) -> list[int]:
    """The first offset of each batch, once Kafka has them all. Raises the first failure; TimeoutError when Kafka keeps silent."""
    waiting = [batch.acknowledgement for batch in sent]
    done, pending = await asyncio.wait(waiting, timeout=ACKNOWLEDGED_WITHIN_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
    for acknowledgement in done:
        acknowledgement.result()
    if pending:
        raise TimeoutError
    return [acknowledgement.result().offset for acknowledgement in waiting]


def _look_away(acknowledgement: asyncio.Future[Any]) -> None:
    """A batch we no longer wait for may fail: asking for its outcome keeps asyncio from complaining."""
    if not acknowledgement.cancelled():
        acknowledgement.exception()
