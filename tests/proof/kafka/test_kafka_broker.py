"""The broker killed and frozen under load: commands go on, and afterwards nothing is missing and nothing is there twice."""

from __future__ import annotations

import asyncio

import pytest

from dev.kafka import Kafka
from services.chassis.follower import relay as relay_module
from services.chassis.follower.watchdog import Watchdog
from tests.chassis.follower.tales import LISTENER, TELLER, Direct, House
from tests.proof.kafka.workers import Load, no_client_was_left_behind, nothing_lost_nothing_twice, quiet, topic_is_complete


@pytest.mark.usefixtures("impatient")
async def test_a_broker_that_is_killed_under_load_comes_back_to_everything(attacked: House, broker: Kafka) -> None:
    teller, listener = await attacked.log(TELLER), await attacked.log(LISTENER)
    relay = await attacked.relay(teller)
    reactions = await attacked.reactions(listener, Direct(teller))
    load = Load(teller, 8)
    await asyncio.sleep(1.0)

    await asyncio.to_thread(broker.kill)
    said_before = len(next(iter(load.told.values())))
    await asyncio.sleep(1.0)
    assert len(next(iter(load.told.values()))) > said_before, "no command waits for the broker"
    broker.start()

    told = await load.end()
    await quiet(attacked, teller, relay, reactions)
    await nothing_lost_nothing_twice(attacked, listener, told)
    await topic_is_complete(attacked, teller)
    await no_client_was_left_behind()


@pytest.mark.usefixtures("impatient")
async def test_a_broker_that_stands_still_longer_than_anyone_waits_goes_on(
    attacked: House, broker: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relay and listener have given up their clients, more than once, before it goes on."""
    monkeypatch.setattr(relay_module, "ACKNOWLEDGED_WITHIN_SECONDS", 1.0)
    teller, listener = await attacked.log(TELLER), await attacked.log(LISTENER)
    relay = await attacked.relay(teller)
    reactions = await attacked.reactions(listener, Direct(teller), watchdog=Watchdog("reactions", "tales", patience_seconds=2.0))
    load = Load(teller, 8)
    await asyncio.sleep(1.0)

    broker.freeze()
    await asyncio.sleep(5.0)
    broker.thaw()

    told = await load.end()
    await quiet(attacked, teller, relay, reactions)
    await nothing_lost_nothing_twice(attacked, listener, told)
    await topic_is_complete(attacked, teller)
    await no_client_was_left_behind()


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_broker_frozen_and_killed_again_and_again_with_the_timeouts_of_earnest(attacked: House, broker: Kafka) -> None:
    """15 seconds frozen, longer than our clients wait; down for long; killed again before it is in step."""
    teller, listener = await attacked.log(TELLER), await attacked.log(LISTENER)
    relay, reactions = await attacked.relay(teller), await attacked.reactions(listener, Direct(teller))
    load = Load(teller, 8)
    await asyncio.sleep(2.0)
    for down_seconds, frozen_seconds in ((0, 15), (1, 0), (12, 0), (0, 35), (1, 15)):
        if frozen_seconds:
            broker.freeze()
            await asyncio.sleep(frozen_seconds)
            broker.thaw()
        if down_seconds:
            await asyncio.to_thread(broker.kill)
            await asyncio.sleep(down_seconds)
            broker.start()
        await asyncio.sleep(1.0)

    told = await load.end()
    await quiet(attacked, teller, relay, reactions)
    await nothing_lost_nothing_twice(attacked, listener, told)
    await topic_is_complete(attacked, teller)
    await no_client_was_left_behind()
