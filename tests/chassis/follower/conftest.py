"""One house for each test: a fresh database, and a broker whose topics of the test's services are empty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress

import pytest
from aiokafka.errors import UnknownTopicOrPartitionError

from services.chassis.follower import topics
from services.chassis.follower.topics import Kafka, events_topic, heads_topic
from tests.chassis.follower.tales import House, eventually, prepare


@pytest.fixture
async def house(database: str, kafka: str) -> AsyncIterator[House]:
    await prepare(database, "tales", "echoes")
    broker = Kafka(kafka)
    await empty(broker)
    async with AsyncExitStack() as stack:
        yield House(database, broker, stack)


@pytest.fixture
async def home(database: str) -> AsyncIterator[House]:
    """Without a broker: for followers of our own log."""
    await prepare(database, "tales", "echoes")
    async with AsyncExitStack() as stack:
        yield House(database, Kafka("127.0.0.1:1"), stack)


async def empty(kafka: Kafka) -> None:
    names = [events_topic("tales"), heads_topic("tales")]

    async def are_gone() -> bool:
        async with topics.administrator(kafka) as admin:
            return not set(names) & set(await admin.list_topics())

    async with topics.administrator(kafka) as admin:
        there = sorted(set(names) & set(await admin.list_topics()))
        if there:
            with suppress(UnknownTopicOrPartitionError):
                await admin.delete_topics(there)
    await eventually(are_gone)
