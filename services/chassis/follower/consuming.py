"""Consuming: one source's topics by manual assignment. Offsets are only hints; what counts is the position."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.chassis.follower import topics
from services.chassis.follower.heads import HeadHeard, read_head
from services.chassis.follower.record import Received, RecordIsUnreadable, received
from services.chassis.follower.topics import REQUEST_TIMEOUT_MS, Kafka, events_topic, heads_topic

FETCH_WAIT_MS = 100
"""How long the broker may hold an answer back: a partition that was full meanwhile waits that long for the next question."""
RECORDS_MAX = 2_000
COMMIT_WITHIN_SECONDS = 2.0

_log = structlog.get_logger()


@dataclass(slots=True)
class Arrived:
    """What one fetch brought."""

    facts: dict[int, list[Received]] = field(default_factory=dict)
    heads: list[HeadHeard] = field(default_factory=list)


class Consuming:
    """Reads some partitions of `events` from given offsets, and `heads` from a little before its end."""

    def __init__(self, kafka: Kafka, source: str, follower: str) -> None:
        self._events, self._heads = events_topic(source), TopicPartition(heads_topic(source), 0)
        self._follower = follower
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka.bootstrap,
            group_id=follower,  # only so that the usual tools see our lag: we never join a group
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # never from the end: what we have heard already is dropped by its number
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            **dict(kafka.options),
        )
        self._heads_from: int | None = None
        self._may_commit = True

    async def start(self) -> None:
        await self._consumer.start()

    async def stop(self) -> None:
        await topics.close(self._consumer)

    async def assign(self, offsets: Mapping[int, int], heads_wanted: int) -> None:
        """Read these partitions from these offsets on. An offset that is not there any more means the earliest."""
        if self._heads_from is None:
            end = (await self._consumer.end_offsets([self._heads]))[self._heads]
            self._heads_from = max(0, end - heads_wanted)
        self._consumer.assign([self._heads, *(TopicPartition(self._events, partition) for partition in offsets)])
        self._consumer.seek(self._heads, self._heads_from)
        for partition, offset in offsets.items():
            self._consumer.seek(TopicPartition(self._events, partition), offset)

    async def fetch(self, partitions: Sequence[int], wait_ms: int) -> Arrived:
        """What has come of these partitions, and heads. The others are left to wait in the consumer."""
        wanted = [self._heads, *(TopicPartition(self._events, partition) for partition in partitions)]
        arrived = Arrived()
        for where, records in (await self._consumer.getmany(*wanted, timeout_ms=wait_ms, max_records=RECORDS_MAX)).items():
            for record in records:
                try:
                    if where == self._heads:
                        self._heads_from = record.offset + 1
                        arrived.heads.append(read_head(record.key, record.value))
                    else:
                        fact = received(where.partition, record.offset, record.key, record.value, record.headers)
                        arrived.facts.setdefault(where.partition, []).append(fact)
                except RecordIsUnreadable as error:
                    # No relay wrote it, so it has no number and cannot be missed.
                    _log.error(
                        "record_is_unreadable",
                        follower=self._follower,
                        topic=where.topic,
                        partition=where.partition,
                        offset=record.offset,
                        error_type=type(error).__name__,
                    )
        return arrived

    async def commit(self, offsets: Mapping[int, int]) -> None:
        """A courtesy to lag tools. Given up at the first refusal, until the consumer is made anew."""
        if not (self._may_commit and offsets):
            return
        try:
            # While no coordinator is there, the client would wait for one for ever, and we would hear nothing meanwhile.
            async with asyncio.timeout(COMMIT_WITHIN_SECONDS):
                await self._consumer.commit({TopicPartition(self._events, partition): offset for partition, offset in offsets.items()})
        except (KafkaError, TimeoutError) as error:
            self._may_commit = False
            _log.info("offsets_not_committed", follower=self._follower, error_type=type(error).__name__)
