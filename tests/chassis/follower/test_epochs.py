"""Epochs: the next one is heard only after the whole of the old one, and what was told beyond its end is not."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from acuerdo.common.v1 import log_pb2

from services.chassis.follower import topics
from services.chassis.follower.listens import HeardOrphans
from services.chassis.follower.reactions import Reactions
from tests.chassis.follower.tales import ECHO, LISTENER, PARTITIONS, SOURCE, TELLER, Direct, Fragile, House, by, eventually, tales, tell
from tests.chassis.follower.test_reactions import publish_by_hand


async def test_a_listener_goes_over_to_the_next_epoch(house: House) -> None:
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(6)
    relay = await house.relay(teller)
    await house.reactions(listener, Direct(teller))
    await tell(teller, *[(tale, word) for word in "ab" for tale in some])
    await house.query("tales", "INSERT INTO epochs VALUES (2, 12, %s)", PARTITIONS)
    await tell(teller, *[(tale, word) for word in "cd" for tale in some])
    relay.announce()

    async def is_heard() -> bool:
        found = await house.echoes(some, listener)
        return all([word for _, word in heard] == ["a", "b", "c", "d"] for heard in found.values())

    await eventually(is_heard)
    assert await house.query("echoes", "SELECT epoch, starts_after FROM listens") == [(2, 12)]
    assert await house.query("echoes", "SELECT DISTINCT position FROM positions WHERE epoch = 1") == [(12,)]


async def test_what_is_parked_waits_on_in_the_next_epoch_and_is_not_overtaken(house: House) -> None:
    teller, listener, (sick, well) = await house.log(TELLER), await house.log(LISTENER), tales(2)
    relay, fragile = await house.relay(teller), Fragile({"poison"})
    await house.reactions(listener, Direct(teller), by(fragile))
    await tell(teller, (sick, "a"), (sick, "poison"), (well, "a"))
    await eventually(lambda: house.query("echoes", "SELECT 1 FROM parked"))
    await house.query("tales", "INSERT INTO epochs VALUES (2, 3, %s)", PARTITIONS)
    await tell(teller, (sick, "b"), (well, "b"))
    relay.announce()

    async def is_heard(tale: UUID, expected: list[str]) -> bool:
        return [word for _, word in (await house.echoes([tale], listener))[tale]] == expected

    await eventually(lambda: is_heard(well, ["a", "b"]))
    await eventually(lambda: house.query("echoes", "SELECT 1 FROM parked HAVING count(*) = 2"))
    assert await is_heard(sick, ["a"])
    fragile.breaks_on.clear()
    await house.query("echoes", "UPDATE parked SET retry = true")

    await eventually(lambda: is_heard(sick, ["a", "poison", "b"]))
    assert await house.query("echoes", "SELECT 1 FROM parked") == []
    assert await house.query("echoes", "SELECT 1 FROM positions WHERE follower LIKE 'reactions/%%'") == []


async def test_an_epoch_that_the_source_denies_is_not_gone_over_to(house: House) -> None:
    """A record, or a head, that no relay of the source has written."""
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(6)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))
    await tell(teller, *[(tale, "a") for tale in some])
    await eventually(lambda: house.query("echoes", "SELECT 1 FROM positions HAVING max(position) = 6"))
    producer = topics.producer(house.kafka)
    await producer.start()
    like = (await house.topic())[-1]
    numbers = {"acuerdo-epoch": b"4711", "acuerdo-position": b"7", "acuerdo-previous": b"6"}
    headers = list({**dict(like.headers), **numbers}.items())
    await producer.send_and_wait(topics.events_topic("tales"), like.value, like.key, partition=like.partition, headers=headers)
    head = log_pb2.Head(epoch=4711, position=7, partition_position=7)
    await producer.send_and_wait(topics.heads_topic("tales"), head.SerializeToString(), b"0")
    await producer.stop()

    await tell(teller, *[(tale, "b") for tale in some])

    async def is_heard() -> bool:
        found = await house.echoes(some, listener)
        return all([word for _, word in heard] == ["a", "b"] for heard in found.values())

    await eventually(is_heard)
    assert await house.query("echoes", "SELECT epoch FROM listens") == [(1,)]


async def test_what_is_told_again_behind_the_first_fact_of_the_next_epoch_does_no_harm(house: House) -> None:
    """As by a relay that was frozen before the epoch began."""
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    await tell(teller, (tale, "a"), (tale, "b"))
    await house.query("tales", "INSERT INTO epochs VALUES (2, 2, %s)", PARTITIONS)
    await tell(teller, (tale, "c"))
    await publish_by_hand(house, teller, lambda _: True)
    await publish_by_hand(house, teller, lambda record: record.epoch == 1)
    await house.reactions(listener, Direct(teller))

    async def is_heard() -> bool:
        return [word for _, word in (await house.echoes([tale], listener))[tale]] == ["a", "b", "c"]

    await eventually(is_heard)


async def test_a_listener_that_has_heard_what_was_lost_in_a_restore_stops(house: House) -> None:
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(6)
    await house.relay(teller)
    reactions = Reactions(listener, SOURCE, ECHO, house.kafka, Direct(teller), lease_seconds=2.0)
    await reactions.start()
    await tell(teller, *[(tale, "a") for tale in some])

    async def is_heard() -> bool:
        return all((await house.echoes(some, listener)).values())

    await eventually(is_heard)
    await house.query("echoes", "UPDATE positions SET position = 99 WHERE partition = 0")  # heard before the restore
    await house.query("tales", "INSERT INTO epochs VALUES (2, 6, %s)", PARTITIONS)
    await tell(teller, *[(tale, "b") for tale in some])

    try:
        with pytest.raises(HeardOrphans):
            await asyncio.wait_for(reactions.wait(), 15)
    finally:
        await reactions.stop()
