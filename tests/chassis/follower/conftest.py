"""One house for each test: a fresh database, and a broker whose topics of the test's services are empty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

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


async def empty(kafka: Kafka) -> None:
    names = [events_topic("tales"), heads_topic("tales")]

    async def are_gone() -> bool:
        async with topics.administrator(kafka) as admin:
            return not set(names) & set(await admin.list_topics())

    async with topics.administrator(kafka) as admin:
        there = sorted(set(names) & set(await admin.list_topics()))
        if there:
            try:
                await admin.delete_topics(there)
            except UnknownTopicOrPartitionError:
                pass
    await eventually(are_gone)
