"""What no relay wrote is passed over; what our build does not know, or trips over, waits by its key and is heard in order later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from proof import kafka_faults
from services.chassis.follower import parking
from services.chassis.follower.marks import connect
from services.chassis.follower.source import Source
from services.chassis.follower.topics import events_topic, heads_topic
from services.chassis.heard import Heard
from services.chassis.log.log import Log
from services.chassis.log.units import EventIsTooLarge
from services.kernel.facts import Change
from tests.chassis.follower.tales import (
    LISTENER,
    PARTITIONS,
    TALES,
    TELLER,
    Direct,
    Echo,
    Echoed,
    Fragile,
    House,
    Whispered,
    by,
    echo,
    echo_of,
    eventually,
    tales,
    tales_of_yesterday,
    tell,
)
from tests.proof.kafka.workers import each, nothing_lost_nothing_twice, quiet, words

EVENTS = events_topic("tales")


async def parked(house: House) -> list[parking.Parked]:
    async with await connect(house.dsn, "echoes", autocommit=True) as connection:
        return await parking.list_parked(connection, limit=100)


async def retry(house: House) -> None:
    async with await connect(house.dsn, "echoes", autocommit=True) as connection:
        await parking.flag_for_retry(connection)


async def nothing_waits(house: House) -> None:
    async def is_so() -> bool:
        return not await parked(house)

    await eventually(is_so, within_seconds=60.0)
    assert await house.query("echoes", "SELECT follower FROM positions WHERE follower LIKE 'reactions/%%'") == []


async def test_records_that_no_relay_wrote_are_passed_over(attacked: House) -> None:
    """Also where they bear the number of the next fact: the fact itself comes after them, and is heard."""
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    await attacked.relay(teller)
    reactions = await attacked.reactions(listener, Direct(teller))
    await tell(teller, *each(some, words(2)))
    await quiet(attacked, teller)

    for partition in range(PARTITIONS):
        await kafka_faults.produce_poison(attacked.kafka.bootstrap, EVENTS, partition)
        await kafka_faults.produce_oversized(attacked.kafka.bootstrap, EVENTS, partition)
        await kafka_faults.produce_unknown_type(attacked.kafka.bootstrap, EVENTS, partition)
    garbage = [kafka_faults.Foreign(key, value, ()) for key in (b"0", b"\xff") for value in (b"", b"\x00garbage", b"\x08\x01")]
    await kafka_faults.produce(attacked.kafka.bootstrap, heads_topic("tales"), 0, garbage)
    await tell(teller, *each(some, words(3, first=2)))

    await quiet(attacked, teller, reactions)
    await nothing_waits(attacked)
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(5)))


async def test_an_oversized_event_is_refused_before_it_is_stored(attacked: House) -> None:
    """So no relay ever stands before a record that Kafka does not take."""
    teller, listener, (tale, other) = await attacked.log(TELLER), await attacked.log(LISTENER), tales(2)
    await attacked.relay(teller)
    await attacked.reactions(listener, Direct(teller))

    with pytest.raises(EventIsTooLarge):
        await tell(teller, (tale, "x" * 70_000))
    await tell(teller, (tale, "x" * 60_000), (other, "a"))

    await quiet(attacked, teller)
    await nothing_lost_nothing_twice(attacked, listener, {tale: ["x" * 60_000], other: ["a"]})


class Newest:
    """A reaction of tomorrow's build: of what comes late it keeps nothing that is older than what it has."""

    def __call__(self, heard: Heard[Any]) -> Any:
        def decide(echo: Echo) -> None:
            if all(version < heard.origin.version for version, _ in echo.heard):
                echo.tell(Echoed(**echo.next(), word=heard.fact.word, origin=heard.origin))

        yield Change(Echo, echo_of(heard.stream_id), decide)


async def test_types_of_a_newer_teller_are_kept_unheard_and_heard_after_the_upgrade(attacked: House) -> None:
    teller, listener, (overtaken, waiting) = await attacked.log(TELLER), await attacked.log(LISTENER), tales(2, on_partition=1)
    yesterday = tales_of_yesterday()
    await attacked.relay(teller)
    old = await attacked.reactions(listener, Direct(teller), {yesterday["Told"]: echo}, Source("tales", yesterday["TaleEvent"]))
    await tell(teller, (overtaken, "a"), (waiting, "a"))
    await tell(teller, (overtaken, "psst"), (waiting, "psst"), kind=Whispered)
    await tell(teller, (overtaken, "b"))
    await quiet(attacked, teller)
    assert {(fact.key, fact.is_unheard, fact.reason) for fact in await parked(attacked)} == {
        (tale, True, "UnknownType") for tale in (overtaken, waiting)
    }
    await nothing_lost_nothing_twice_but_unheard(attacked, listener, overtaken, [(1, "a"), (3, "b")])
    await old.stop()

    await attacked.reactions(listener, Direct(teller), {TALES["Told"]: echo, TALES["Whispered"]: Newest()})

    await nothing_waits(attacked)
    await nothing_lost_nothing_twice_but_unheard(attacked, listener, overtaken, [(1, "a"), (3, "b")])
    await nothing_lost_nothing_twice_but_unheard(attacked, listener, waiting, [(1, "a"), (2, "psst")])


async def nothing_lost_nothing_twice_but_unheard(house: House, listener: Log, tale: UUID, heard: list[tuple[int, str]]) -> None:
    assert (await house.echoes([tale], listener))[tale] == heard


async def test_a_bug_holds_up_its_key_only_and_a_retry_after_the_fix_leaves_no_trace_of_it(attacked: House) -> None:
    """The same facts, heard by a follower that never failed, make the same streams."""
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(6, on_partition=2)
    sick, fragile = some[:2], Fragile({"word3", "word7"})
    await attacked.relay(teller)
    await attacked.reactions(listener, Direct(teller), by(fragile))
    said = words(10)
    told = {tale: [f"{word}" if tale in sick else f"well {word}" for word in said] for tale in some}
    await tell(teller, *[(tale, word) for index in range(10) for tale, its in told.items() for word in its[index : index + 1]])
    await quiet(attacked, teller)

    assert {(fact.key, fact.reason, fact.waiting) for fact in await parked(attacked)} == {(tale, "KeyError", 6) for tale in sick}
    heard = await attacked.echoes(told, listener)
    assert {tale: [word for _, word in echoes] for tale, echoes in heard.items()} == {
        tale: (its[:3] if tale in sick else its) for tale, its in told.items()
    }
    fragile.breaks_on = {"word7"}
    await retry(attacked)

    async def wait_at_the_second_bug() -> bool:
        return {(fact.key, fact.attempts, fact.waiting) for fact in await parked(attacked)} == {(tale, 2, 2) for tale in sick}

    await eventually(wait_at_the_second_bug)
    await tell(teller, *each(sick, ["later"]))
    for tale in sick:
        told[tale] = [*told[tale], "later"]
    await quiet(attacked, teller)
    fragile.breaks_on = set()
    await retry(attacked)

    await nothing_waits(attacked)
    await nothing_lost_nothing_twice(attacked, listener, told)


async def test_retried_facts_survive_the_death_of_the_worker_that_retries_them(attacked: House) -> None:
    """Flagged, and the flag seen by whoever holds the lease next; what it had stored already is not stored again."""
    teller, listener, (tale,) = await attacked.log(TELLER), await attacked.log(LISTENER), tales(1)
    await attacked.relay(teller)
    first = await attacked.reactions(listener, Direct(teller), by(Fragile({"word0"})))
    await tell(teller, *each([tale], words(30)))
    await quiet(attacked, teller)
    await first.stop()
    await retry(attacked)

    dying = await attacked.reactions(listener, Direct(teller))

    async def is_half_way() -> bool:
        return len((await attacked.echoes([tale], listener))[tale]) > 5

    await eventually(is_half_way)
    await dying.stop()
    await attacked.reactions(listener, Direct(teller))

    await nothing_waits(attacked)
    await nothing_lost_nothing_twice(attacked, listener, {tale: words(30)})
