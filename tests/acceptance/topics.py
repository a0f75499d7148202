"""What stands on the topics, read from their beginning with repeats and all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from dev.services import SERVICES

PARTITIONS = 12
PUBLISHED_WITHIN_SECONDS = 30.0


def partitions_of(service: str) -> list[TopicPartition]:
    return [TopicPartition(f"acuerdo.{service}.v1.events", number) for number in range(PARTITIONS)]


async def until_published(bootstrap: str, wanted: Mapping[str, int]) -> None:
    """Until each service's topic holds at least so many records. A topic may not be there yet."""
    async with asyncio.timeout(PUBLISHED_WITHIN_SECONDS):
        for service, records in wanted.items():
            while (await _counted(bootstrap, service) or 0) < records:  # noqa: ASYNC110 - a broker tells nobody that something came
                await asyncio.sleep(0.1)


async def records_on_topic(bootstrap: str, service: str) -> int:
    """Repeats counted too."""
    counted = await _counted(bootstrap, service)
    assert counted is not None, f"{service} has no topic"
    return counted


async def _counted(bootstrap: str, service: str) -> int | None:
    async with _consumer(bootstrap) as consumer:
        partitions = partitions_of(service)
        consumer.assign(partitions)
        try:
            async with asyncio.timeout(2):
                ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
                return sum(ends.values())
        except (KafkaError, TimeoutError):
            return None


async def every_record(bootstrap: str) -> AsyncIterator[bytes]:
    """Key, value and headers of each record on all topics of all services."""
    partitions = [partition for service in SERVICES for partition in partitions_of(service)]
    partitions += [TopicPartition(f"acuerdo.{service}.v1.heads", 0) for service in SERVICES]
    async with _consumer(bootstrap) as consumer:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while await _are_left(consumer, ends):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    yield b"\n".join([record.key or b"", record.value or b"", *_texts(record.headers)])


async def _are_left(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    return any([await consumer.position(partition) < end for partition, end in ends.items()])


def _texts(headers: Sequence[tuple[str, bytes]]) -> list[bytes]:
    return [name.encode() + b": " + value for name, value in headers]


@asynccontextmanager
async def _consumer(bootstrap: str) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
