"""Epochs: the next one is heard only after the whole of the old one, and what was told beyond its end is not."""

from __future__ import annotations

import asyncio

import pytest

from services.chassis.follower.listens import HeardOrphans
from services.chassis.follower.reactions import Reactions
from tests.chassis.follower.tales import ECHO, LISTENER, PARTITIONS, SOURCE, TELLER, Direct, House, eventually, tales, tell


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
