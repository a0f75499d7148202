"""Listens to a topic as any outside listener may: nothing twice, and gaps are seen, by the numbers in each record's headers."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from clients.cli.failures import NOT_FOUND, UNAVAILABLE, Failure

POLL_MS = 500
REQUEST_TIMEOUT_MS = 10_000


@dataclass(frozen=True, slots=True)
class Heard:
    """One record of a topic."""

    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]
    """Empty for a record without ours: heads have none."""
    missing: tuple[int, int] | None = None
    """Positions (after, up to) in which there is a record that was never seen here: ask Log.Replay for it."""


@dataclass(slots=True)
class Rule:
    """The rule of the listener, by (epoch, partition): position not above what was heard is a repeat; a later `previous` is a gap."""

    heard: dict[tuple[int, int], int] = field(default_factory=dict)
    has_seen_the_start: bool = False
    """True when listening began with the first record: then the first gap counts too."""

    def look(self, record: Heard) -> Heard | None:
        """The record, with the gap before it; None for one that was heard before."""
        try:
            epoch, position, previous = (int(record.headers[f"acuerdo-{name}"]) for name in ("epoch", "position", "previous"))
        except (KeyError, ValueError):
            return replace(record, headers={})
        stretch = (epoch, record.partition)
        heard = self.heard.get(stretch, 0 if self.has_seen_the_start and epoch == 1 else previous)
        if position <= heard:
            return None
        self.heard[stretch] = position
        return replace(record, missing=(heard, previous)) if previous > heard else record


async def listen(bootstrap: str, topic: str, *, from_start: bool, to_end: bool) -> AsyncIterator[Heard]:
    """Records as they come, each partition in order. `to_end` stops where the topic ended when listening began.

    Failure where Kafka cannot be reached or has no such topic."""
    # What the library logs of a broker that is not there, we say ourselves.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    rule = Rule(has_seen_the_start=from_start)
    async with _consumer(bootstrap) as consumer:
        partitions = await _partitions(bootstrap, topic)
        consumer.assign(partitions)
        await (consumer.seek_to_beginning(*partitions) if from_start else consumer.seek_to_end(*partitions))
        ends = await consumer.end_offsets(partitions)
        while not (to_end and await _are_reached(consumer, ends)):
            for partition, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
                for record in records:
                    if to_end and record.offset >= ends[partition]:
                        continue
                    if (heard := rule.look(_heard(record))) is not None:
                        yield heard


async def _partitions(bootstrap: str, topic: str) -> list[TopicPartition]:
    """Listed before it is described: a question for a topic by name may create it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS)
    await admin.start()
    try:
        if topic not in await admin.list_topics():
            raise Failure(NOT_FOUND, f"Kafka at {bootstrap} has no topic {topic}.", "NO_TOPIC")
        (described,) = await admin.describe_topics([topic])
        return [TopicPartition(topic, number) for number in sorted(found["partition"] for found in described["partitions"])]
    finally:
        await admin.close()


async def _are_reached(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return False
    return True


@asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """No group, no commits: nobody notices that we listen."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", request_timeout_ms=REQUEST_TIMEOUT_MS
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as failed:
        raise Failure(UNAVAILABLE, f"Kafka at {bootstrap} cannot be reached ({type(failed).__name__}).", "KAFKA_IS_UNAVAILABLE") from None
    finally:
        await consumer.stop()


def _heard(record: Any) -> Heard:
    headers = {name: value.decode(errors="replace") for name, value in record.headers or ()}
    return Heard(record.partition, record.offset, (record.key or b"").decode(errors="replace"), record.value or b"", headers)
