"""Parking: a fact that cannot be applied holds up its key and nobody else, and is heard once when it can be."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from services.chassis.follower import parking
from services.chassis.follower.marks import connect
from services.chassis.follower.source import Source
from services.chassis.log.log import Log
from tests.chassis.follower.tales import (
    LISTENER,
    TALES,
    TELLER,
    Direct,
    Fragile,
    House,
    Whispered,
    by,
    echo,
    eventually,
    tales,
    tales_of_yesterday,
    tell,
)
from tests.chassis.follower.test_reactions import publish_by_hand


async def words(house: House, log: Log, tale_id: UUID) -> list[str]:
    return [word for _, word in (await house.echoes([tale_id], log))[tale_id]]


async def until(house: House, log: Log, tale_id: UUID, expected: list[str]) -> None:
    async def is_so() -> bool:
        return await words(house, log, tale_id) == expected

    await eventually(is_so)


async def parked(house: House) -> list[parking.Parked]:
    async with await connect(house.dsn, "echoes", autocommit=True) as connection:
        return await parking.list_parked(connection, limit=10)


async def flag(house: House, **what: Any) -> int:
    async with await connect(house.dsn, "echoes", autocommit=True) as connection:
        return await parking.flag_for_retry(connection, **what)


async def test_poison_parks_its_key_only_and_is_drained_in_order(house: House) -> None:
    teller, listener, (sick, well) = await house.log(TELLER), await house.log(LISTENER), tales(2, on_partition=1)
    fragile = Fragile({"poison"})
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), by(fragile))

    await tell(teller, *[(tale, word) for word in ("a", "poison", "b", "c") for tale in (sick,)], (well, "x"), (well, "y"))
    await until(house, listener, well, ["x", "y"])
    await until(house, listener, sick, ["a"])

    async def all_wait() -> bool:
        return [(fact.key, fact.reason, fact.waiting) for fact in await parked(house)] == [(sick, "KeyError", 2)]

    await eventually(all_wait)
    await tell(teller, (well, "z"))
    await until(house, listener, well, ["x", "y", "z"])

    assert await flag(house, key=sick) == 1  # still broken

    async def has_failed_again() -> bool:
        return [(fact.attempts, fact.retry) for fact in await parked(house)] == [(2, False)]

    await eventually(has_failed_again)
    fragile.breaks_on.clear()
    await flag(house, follower="reactions")
    await until(house, listener, sick, ["a", "poison", "b", "c"])
    await tell(teller, (sick, "d"))
    await until(house, listener, sick, ["a", "poison", "b", "c", "d"])
    assert await parked(house) == []
    assert await house.query("echoes", "SELECT 1 FROM positions WHERE follower LIKE '%%/%%'", *()) == []


async def test_what_follows_poison_in_the_same_batch_waits_behind_it(house: House) -> None:
    teller, listener, (sick, well) = await house.log(TELLER), await house.log(LISTENER), tales(2, on_partition=1)
    fragile = Fragile({"poison"})
    await tell(teller, *[(sick, word) for word in ("a", "poison", "b", "c")], (well, "x"))
    await publish_by_hand(house, teller, lambda _: True)
    await house.reactions(listener, Direct(teller), by(fragile))

    await until(house, listener, well, ["x"])
    await eventually(lambda: house.query("echoes", "SELECT 1 FROM positions WHERE position = 5"))

    assert await words(house, listener, sick) == ["a"]
    assert [(fact.key, fact.waiting) for fact in await parked(house)] == [(sick, 2)]
    fragile.breaks_on.clear()
    await flag(house)
    await until(house, listener, sick, ["a", "poison", "b", "c"])


async def test_a_parked_fact_that_is_refused_in_the_end_is_an_outcome_too(house: House) -> None:
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    fragile = Fragile({"unfit"})
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), by(fragile))
    await tell(teller, (tale, "unfit"), (tale, "b"))
    await eventually(lambda: parked(house))
    fragile.breaks_on.clear()

    await flag(house)

    await until(house, listener, tale, ["b"])
    assert await house.query("echoes", "SELECT key, reason FROM refused_facts") == [(tale, "WORD_IS_UNFIT")]


async def test_what_stays_parked_waits_over_a_restart(house: House) -> None:
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    await house.relay(teller)
    broken = await house.reactions(listener, Direct(teller), by(Fragile({"poison"})))
    await tell(teller, (tale, "poison"))
    await eventually(lambda: parked(house))
    await broken.stop()
    await tell(teller, (tale, "b"))

    await house.reactions(listener, Direct(teller))

    async def waits() -> bool:
        return [fact.waiting for fact in await parked(house)] == [1]

    await eventually(waits)
    assert await words(house, listener, tale) == []
    await flag(house)
    await until(house, listener, tale, ["poison", "b"])


async def test_a_fact_whose_effects_are_stored_is_not_applied_again_by_a_retry(house: House) -> None:
    """The worker died between storing the effects of a parked fact and taking it off the list."""
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    fragile = Fragile({"poison"})
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), by(fragile))
    await tell(teller, (tale, "poison"))
    await eventually(lambda: parked(house))
    await house.query("echoes", "UPDATE positions SET position = 2 WHERE follower = 'reactions/1'")
    fragile.breaks_on.clear()

    await flag(house)

    async def is_off_the_list() -> bool:
        return not await parked(house)

    await eventually(is_off_the_list)
    assert await words(house, listener, tale) == []


async def test_a_refusal_is_an_outcome(house: House) -> None:
    teller, listener, (tale, other) = await house.log(TELLER), await house.log(LISTENER), tales(2, on_partition=2)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))

    await tell(teller, (tale, "a"), (tale, "unfit"), (tale, "b"), (other, "x"))

    await until(house, listener, tale, ["a", "b"])
    await until(house, listener, other, ["x"])
    assert await house.query("echoes", "SELECT key, reason FROM refused_facts") == [(tale, "WORD_IS_UNFIT")]
    assert await parked(house) == []


async def test_a_decision_that_breaks_in_the_middle_of_a_batch_parks_only_its_fact(house: House) -> None:
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(20, on_partition=3)
    await tell(teller, *[(tale, "boom" if tale == some[7] else "fine") for tale in some])

    def explosive(heard: Any) -> Any:
        def explode(_: Any) -> None:
            raise ZeroDivisionError

        for change in echo(heard):
            yield type(change)(change.stream, change.id, explode) if heard.fact.word == "boom" else change

    await house.relay(teller)
    await house.reactions(listener, Direct(teller), by(explosive))

    async def are_there() -> bool:
        found = await house.echoes(some, listener)
        return sum(len(heard) for heard in found.values()) == len(some) - 1

    await eventually(are_there)
    assert [(fact.key, fact.reason) for fact in await parked(house)] == [(some[7], "ZeroDivisionError")]


async def test_a_type_unknown_today_is_heard_after_the_upgrade(house: House) -> None:
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    yesterday = tales_of_yesterday()
    await house.relay(teller)
    old = await house.reactions(listener, Direct(teller), {yesterday["Told"]: echo}, Source("tales", yesterday["TaleEvent"]))
    await tell(teller, (tale, "a"))
    await tell(teller, (tale, "psst"), kind=Whispered)
    await tell(teller, (tale, "b"))
    await until(house, listener, tale, ["a", "b"])
    assert [(fact.type_name, fact.is_unheard) for fact in await parked(house)] == [("acuerdo.tales.v1.Whispered", True)]
    await old.stop()

    await house.reactions(listener, Direct(teller), {TALES["Told"]: echo, TALES["Whispered"]: echo})

    await until(house, listener, tale, ["a", "b", "psst"])
    await asyncio.sleep(0.2)
    assert await parked(house) == []
