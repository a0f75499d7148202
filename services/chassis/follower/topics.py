"""Topics: two for each service, with a partition count that is frozen for the epoch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from services.chassis.runtime import StartRefused

REQUEST_TIMEOUT_MS = 10_000
CLOSE_WITHIN_SECONDS = 2.0
ABANDONED_WITHIN_SECONDS = 0.2
BATCH_BYTES_MAX = 512 * 1024
"""Below Kafka's own limit of 1 MiB for a batch, above the largest event (64 KiB) with its headers."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kafka:
    """The broker as our settings name it."""

    bootstrap: str
    is_idempotent: bool = True
    """Off for the embedded broker only, which does not know it. Position and previous make repeats harmless either way."""
    replication: int = 1
    options: tuple[tuple[str, Any], ...] = ()
    """More for each client, e.g. security_protocol and ssl_context."""


class PartitionsDiffer(StartRefused):
    """The topic has another number of partitions than the epoch: keys would move. Nothing is published until an operator has decided."""


def events_topic(service: str) -> str:
    return f"acuerdo.{service}.v1.events"


def heads_topic(service: str) -> str:
    return f"acuerdo.{service}.v1.heads"


async def create_topics(kafka: Kafka, service: str, partitions: int) -> None:
    """Create what is missing, check what is there; PartitionsDiffer when the count is not the epoch's."""
    as_sent = {"compression.type": "producer"}  # a broker that compresses anew might choose what listeners cannot read
    forever = {"retention.ms": "-1", "retention.bytes": "-1", "message.timestamp.type": "LogAppendTime", **as_sent}
    newest = {"cleanup.policy": "compact", "segment.ms": "3600000", **as_sent}
    wanted = [
        NewTopic(events_topic(service), partitions, kafka.replication, topic_configs=forever),
        NewTopic(heads_topic(service), 1, kafka.replication, topic_configs=newest),
    ]
    async with administrator(kafka) as admin:
        known = await _partition_counts(admin, [topic.name for topic in wanted])
        missing = [topic for topic in wanted if topic.name not in known]
        if missing:
            await _create(admin, missing)
            known = await _partition_counts(admin, [topic.name for topic in wanted])
    found = known.get(events_topic(service), partitions)
    if found != partitions:
        raise PartitionsDiffer(f"{events_topic(service)} has {found} partitions; the epoch has {partitions}")


async def exist(kafka: Kafka, topics: list[str]) -> bool:
    async with administrator(kafka) as admin:
        return set(topics) <= (await _partition_counts(admin, topics)).keys()


@asynccontextmanager
async def administrator(kafka: Kafka) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap, request_timeout_ms=REQUEST_TIMEOUT_MS, **dict(kafka.options))
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


def producer(kafka: Kafka) -> AIOKafkaProducer:
    """Every setting that matters is said: the library's defaults are unsafe."""
    return AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap,
        acks="all",
        enable_idempotence=kafka.is_idempotent,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_batch_size=BATCH_BYTES_MAX,
        linger_ms=0,
        **dict(kafka.options),
    )


def looker(kafka: Kafka) -> AIOKafkaConsumer:
    """A consumer that reads nothing: it only asks where partitions end."""
    return AIOKafkaConsumer(
        bootstrap_servers=kafka.bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        **dict(kafka.options),
    )


async def close(*clients: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Stop clients without waiting long for what they still hold."""
    closing = {asyncio.create_task(client.stop()): client for client in clients}
    _, late = await asyncio.wait(closing, timeout=CLOSE_WITHIN_SECONDS)
    for task in late:
        task.cancel()
    outcomes = await asyncio.gather(*closing, return_exceptions=True)
    outcomes += await asyncio.gather(*(_abandon(closing[task]) for task in late), return_exceptions=True)
    for failed in outcomes:
        if isinstance(failed, Exception):
            _log.info("client_closed_badly", error_type=type(failed).__name__)


async def _abandon(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """End what `stop` did not come to: its tasks and connections would outlive it, and a woken broker be sent what is long told."""
    if isinstance(client, AIOKafkaProducer):
        await client.client.close()
        sending = client._sender.sender_task if client._sender is not None else None
        while sending is not None and not sending.done():
            sending.cancel()  # the first time it still waits for what is under way
            await asyncio.wait([sending], timeout=ABANDONED_WITHIN_SECONDS)
    else:
        if client._fetcher is not None:
            await client._fetcher.close()
        await client._client.close()


async def _create(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    response = await admin.create_topics(topics)
    for _topic, code, *_ in response.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):
            raise for_code(code)


async def _partition_counts(admin: AIOKafkaAdminClient, topics: list[str]) -> dict[str, int]:
    # Listed, not described: asking for a topic by name could create it.
    there = [topic for topic in await admin.list_topics() if topic in topics]
    if not there:
        return {}
    return {found["topic"]: len(found["partitions"]) for found in await admin.describe_topics(there) if not found["error_code"]}
