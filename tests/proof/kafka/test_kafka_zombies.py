"""Two that hold themselves for the one: frozen past their lease and woken, cut off from it without noticing, or blocked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import psycopg
import pytest

from services.chassis.follower.leases import lock_number
from services.chassis.migrate import lock_class
from tests.chassis.follower.tales import LISTENER, PARTITIONS, TELLER, Direct, House, eventually, tales, tell
from tests.proof.kafka.workers import LEASE_SECONDS, Load, each, nothing_lost_nothing_twice, quiet, topic_is_complete, words, worker

UNNOTICED_SECONDS = 30.0
"""A lease whose holder looks after it every ten seconds: until then it does not know that it has lost it."""


async def end_lease(house: House, lock: int) -> None:
    """The session that holds it ends; its holder is not told."""
    holder = """SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
                AND (classid::bigint << 32 | objid::bigint) = %s AND mode = 'ExclusiveLock' AND granted"""
    await eventually(lambda: house.query("tales", holder, lock))


@asynccontextmanager
async def nothing_can_be_stored(house: House, schema: str) -> AsyncIterator[None]:
    """Whoever wants to append to that log waits meanwhile."""
    async with await psycopg.AsyncConnection.connect(house.dsn) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s, 0)", (lock_class(schema),))
        yield


async def waiting_to_store(house: House, number: int) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %s AND NOT granted"
    return (await house.query("echoes", waiting, lock_class("echoes")))[0][0] >= number


async def test_a_relay_frozen_past_its_lease_and_woken_does_no_harm(attacked: House) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    await attacked.reactions(listener, Direct(teller))
    async with worker(attacked, "relay") as frozen:
        await tell(teller, *each(some, words(3)))
        await quiet(attacked, teller)
        frozen.freeze()
        await tell(teller, *each(some, words(3, first=3)))  # what it will find when it wakes
        other = await attacked.relay(teller, lease_seconds=LEASE_SECONDS)
        await asyncio.wait_for(other._leases.wait_held("relay"), 20)
        await quiet(attacked, teller)

        frozen.thaw()
        for first in range(6, 12, 2):
            await tell(teller, *each(some, words(2, first=first)))
            await asyncio.sleep(0.2)

        await quiet(attacked, teller)
        assert frozen.is_running
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(12)))
    await topic_is_complete(attacked, teller)


async def test_two_relays_that_both_hold_themselves_for_the_leader_do_no_harm(attacked: House) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    await attacked.reactions(listener, Direct(teller))
    unaware = await attacked.relay(teller, lease_seconds=UNNOTICED_SECONDS)
    await tell(teller, *each(some, words(2)))
    await quiet(attacked, teller)

    telling = asyncio.create_task(tell(teller, *each(some, words(60, first=2))))
    await end_lease(attacked, lock_number("tales", "relay", "relay"))
    other = await attacked.relay(await attacked.log(TELLER), lease_seconds=LEASE_SECONDS, poll_seconds_max=0.02)
    await asyncio.wait_for(other._leases.wait_held("relay"), 20)
    await telling
    assert "relay" in unaware._leases.held
    await tell(teller, *each(some, words(20, first=62)))

    await quiet(attacked, teller)
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(82)))
    await topic_is_complete(attacked, teller)
    assert len(await attacked.topic()) > 8 * 82, "both of them have told the same"


async def test_a_lease_that_moves_in_the_middle_of_a_batch_moves_nothing_twice(attacked: House) -> None:
    """The first worker has decided and waits to store; the second takes over, decides on the same facts, and waits too."""
    teller, one, other = await attacked.log(TELLER), await attacked.log(LISTENER), await attacked.log(LISTENER)
    some = tales(8)
    await attacked.relay(teller)
    first = await attacked.reactions(one, Direct(teller), lease_seconds=UNNOTICED_SECONDS)
    await tell(teller, *each(some, words(2)))
    await quiet(attacked, teller)

    async with nothing_can_be_stored(attacked, "echoes"):
        await tell(teller, *each(some, words(3, first=2)))
        await eventually(lambda: waiting_to_store(attacked, 1))
        await end_lease(attacked, lock_number("echoes", "reactions tales 1", "0"))
        second = await attacked.reactions(other, Direct(teller), lease_seconds=LEASE_SECONDS)
        await eventually(lambda: waiting_to_store(attacked, 2))
        assert len(first._listeners) == len(second._listeners) == PARTITIONS

    await quiet(attacked, teller)
    await tell(teller, *each(some, words(3, first=5)))
    await quiet(attacked, teller)
    await nothing_lost_nothing_twice(attacked, other, dict.fromkeys(some, words(8)))


async def test_a_listener_frozen_past_its_lease_and_woken_applies_nothing_twice(attacked: House) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    await attacked.relay(teller)
    async with worker(attacked, "reactions") as frozen:
        await tell(teller, *each(some, words(3)))
        await quiet(attacked, teller)
        telling = asyncio.create_task(tell(teller, *each(some, words(40, first=3))))
        frozen.freeze()
        await attacked.reactions(listener, Direct(teller), lease_seconds=LEASE_SECONDS)
        await telling
        await quiet(attacked, teller)

        frozen.thaw()
        await tell(teller, *each(some, words(10, first=43)))

        await quiet(attacked, teller)
        assert frozen.is_running
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(53)))


async def test_a_handler_that_blocks_its_process_longer_than_its_lease_applies_nothing_twice(attacked: House) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(6)
    told: dict[UUID, list[str]] = {tale: ["a", "sleep3", "b"] for tale in some}
    await attacked.relay(teller)
    async with worker(attacked, "reactions", is_sleepy=True) as blocked:
        await tell(teller, *[(tale, word) for tale in some for word in told[tale]])
        await attacked.reactions(listener, Direct(teller), lease_seconds=LEASE_SECONDS)

        await quiet(attacked, teller)
        await asyncio.sleep(1.0)  # for the blocked one to come back to what it had in hand
        for tale in some:
            told[tale] += ["c"]
        await tell(teller, *each(some, ["c"]))
        await quiet(attacked, teller)
        assert blocked.is_running
    await nothing_lost_nothing_twice(attacked, listener, told)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_two_of_each_frozen_and_woken_by_turns_under_load(attacked: House) -> None:
    """Some stand still for longer than their lease, some for shorter, relays and listeners at once; forty times."""
    rng = random.Random(4)
    teller, listener = await attacked.log(TELLER), await attacked.log(LISTENER)
    async with AsyncExitStack() as running:
        parts = [await running.enter_async_context(worker(attacked, part)) for part in ("relay", "relay", "reactions", "reactions")]
        load = Load(teller, 12)
        for _ in range(40):
            for part in (frozen := rng.sample(parts, rng.randint(1, 3))):
                part.freeze()
            await asyncio.sleep(rng.choice((0.2, 1.5, 3.0)) * LEASE_SECONDS)
            for part in frozen:
                part.thaw()
            await asyncio.sleep(rng.uniform(0.0, 2.0))
        told = await load.end()

        await quiet(attacked, teller)
        assert all(part.is_running for part in parts)
    await nothing_lost_nothing_twice(attacked, listener, told)
    await topic_is_complete(attacked, teller)
