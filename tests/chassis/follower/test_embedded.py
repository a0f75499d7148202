"""The embedded broker: a smoke test. It forgets everything when it stops, and nothing is lost by that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dev.broker import EmbeddedBroker
from services.chassis.follower import topics
from services.chassis.follower.topics import Kafka
from tests.chassis.follower.tales import LISTENER, TELLER, Direct, House, eventually, numbered, prepare, tales, tell


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path / "broker") as broker:
        yield broker


async def test_facts_cross_it_and_outlive_it(broker: EmbeddedBroker, database: str) -> None:
    await prepare(database, "tales", "echoes")
    async with AsyncExitStack() as stack:
        house = House(database, Kafka(broker.bootstrap, is_idempotent=False), stack)
        teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(6)
        relay = await house.relay(teller)
        reactions = await house.reactions(listener, Direct(teller))

        async def are_heard(words: str) -> bool:
            found = await house.echoes(some, listener)
            return all([word for _, word in heard] == list(words) for heard in found.values())

        await tell(teller, *[(tale, word) for word in "ab" for tale in some])
        await eventually(lambda: are_heard("ab"))
        await reactions.stop()
        await relay.stop()
        broker.stop()
        await tell(teller, *[(tale, "c") for tale in some])
        broker.start()
        relayed_again = await house.relay(teller)
        await house.reactions(listener, Direct(teller))
        await eventually(lambda: are_heard("abc"))
        for _ in range(3):
            await relayed_again.stop()
            relayed_again = await house.relay(teller)
            await tell(teller, *[(tale, "d") for tale in some])
        await asyncio.sleep(0.5)
        positions = [position for _, position in numbered(await house.topic())]
        assert sorted(positions) == sorted(set(positions)), "what is there was not published again"


async def test_it_may_be_restarted_under_running_parts(broker: EmbeddedBroker, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "REQUEST_TIMEOUT_MS", 2_000)
    await prepare(database, "tales", "echoes")
    async with AsyncExitStack() as stack:
        house = House(database, Kafka(broker.bootstrap, is_idempotent=False), stack)
        teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
        await house.relay(teller)
        await house.reactions(listener, Direct(teller))

        async def are_heard(words: str) -> bool:
            return [word for _, word in (await house.echoes([tale], listener))[tale]] == list(words)

        await tell(teller, (tale, "a"))
        await eventually(lambda: are_heard("a"))
        broker.stop()
        await tell(teller, (tale, "b"))
        broker.start()
        await tell(teller, (tale, "c"))
        await eventually(lambda: are_heard("abc"), 40.0)
