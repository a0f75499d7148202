"""A broker of our own for these tests: it is killed, frozen and emptied, so nobody else may stand on it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dev.kafka import HOME, Kafka, is_available
from services.chassis.follower import consuming, topics
from services.chassis.follower.topics import Kafka as Broker
from tests.chassis.follower.conftest import empty
from tests.chassis.follower.tales import House, prepare
from tests.proof.kafka.workers import watch_positions

REQUEST_TIMEOUT_MS = 1_000
"""Ten times shorter than in earnest, so that a broker that keeps silent for three seconds has been given up by its clients."""


@pytest.fixture(scope="session")
def broker(servers: Path) -> Iterator[Kafka]:
    missing = is_available()
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"real Kafka is required with CI=true: {missing}")
        pytest.skip(f"NO REAL KAFKA: {missing}")
    with Kafka(home=HOME, data=servers / "attacked-kafka") as broker:
        yield broker


@pytest.fixture
async def attacked(database: str, broker: Kafka) -> AsyncIterator[House]:
    """A house whose broker may be attacked; every step of its listeners is written down in echoes.moves."""
    await prepare(database, "tales", "echoes")
    await watch_positions(database, "echoes")
    kafka = Broker(broker.bootstrap)
    await empty(kafka)
    async with AsyncExitStack() as stack:
        yield House(database, kafka, stack)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our Kafka clients give a silent broker up sooner."""
    for module in (topics, consuming):
        monkeypatch.setattr(module, "REQUEST_TIMEOUT_MS", REQUEST_TIMEOUT_MS)
