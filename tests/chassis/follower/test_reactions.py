"""Reactions on real Kafka: whatever happens on the way, each fact has its effects once, and a key's facts in order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import GroupCoordinatorNotAvailableError

from services.chassis.follower import topics
from services.chassis.follower.record import partition_of, published
from services.chassis.follower.topics import create_topics, events_topic
from services.chassis.log.log import Log
from tests.chassis.follower.tales import LISTENER, PARTITIONS, TELLER, Direct, House, eventually, tales, tell


async def heard_all(house: House, listener: Log, expected: dict[UUID, list[str]]) -> None:
    """Every tale's words were echoed, each once and in order."""

    async def is_so() -> bool:
        counted = await house.query("echoes", "SELECT count(*) FROM events WHERE type_name = 'Echoed'")
        return bool(counted[0][0] >= sum(map(len, expected.values())))

    await eventually(is_so)
    found = await house.echoes(expected, listener)
    assert found == {tale_id: list(enumerate(words, 1)) for tale_id, words in expected.items()}


def all_said(tale_ids: Sequence[UUID], words: str) -> dict[UUID, list[str]]:
    return {tale_id: list(words) for tale_id in tale_ids}


async def publish_by_hand(house: House, log: Log, wanted: Any) -> None:
    """What a relay would write, without the records that are not `wanted`."""
    await create_topics(house.kafka, "tales", PARTITIONS)
    producer = topics.producer(house.kafka)
    await producer.start()
    previous: dict[int, int] = {}
    for record in await log.read(0, 10_000):
        partition = partition_of(record.stream_id, PARTITIONS)
        fact = published(record, previous.get(partition, 0), "tales")
        previous[partition] = record.position
        if wanted(record):
            await send(producer, partition, fact)
    await producer.stop()


async def send(producer: AIOKafkaProducer, partition: int, fact: Any) -> None:
    await producer.send(events_topic("tales"), fact.value, fact.key, partition=partition, headers=list(fact.headers))


async def test_each_fact_has_its_effect_once_and_in_order(house: House) -> None:
    teller, listener = await house.log(TELLER), await house.log(LISTENER)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))
    some = tales(12)

    await tell(teller, *[(tale_id, word) for word in "abcdefgh" for tale_id in some])

    await heard_all(house, listener, all_said(some, "abcdefgh"))


async def test_the_whole_topic_delivered_again_changes_nothing(house: House) -> None:
    teller, listener = await house.log(TELLER), await house.log(LISTENER)
    some = tales(8)
    await tell(teller, *[(tale_id, word) for word in "abc" for tale_id in some])
    await publish_by_hand(house, teller, lambda _: True)
    await publish_by_hand(house, teller, lambda _: True)
    await publish_by_hand(house, teller, lambda record: record.position > 5)
    await house.reactions(listener, Direct(teller))

    await heard_all(house, listener, all_said(some, "abc"))
    await asyncio.sleep(0.5)
    await heard_all(house, listener, all_said(some, "abc"))


async def test_what_kafka_lost_is_fetched_from_the_source(house: House) -> None:
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(8)
    await tell(teller, *[(tale_id, word) for word in "abcd" for tale_id in some])
    lasts = {partition_of(record.stream_id, PARTITIONS): record.position for record in await teller.read(0, 100)}
    await publish_by_hand(house, teller, lambda record: record.position % 3 == 0 or record.position in lasts.values())
    replays = Direct(teller)
    await house.reactions(listener, replays)

    await heard_all(house, listener, all_said(some, "abcd"))
    assert replays.asked


async def test_a_gap_waits_until_the_source_can_be_asked(house: House) -> None:
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    await tell(teller, (tale, "a"), (tale, "b"), (tale, "c"))
    await publish_by_hand(house, teller, lambda record: record.position != 2)
    replays = Direct(teller, can_replay=False)
    await house.reactions(listener, replays)
    await eventually(lambda: house.query("echoes", "SELECT 1 FROM positions WHERE position = 1"))
    await asyncio.sleep(0.3)
    assert await house.query("echoes", "SELECT max(position) FROM positions") == [(1,)]

    replays.can_replay = True

    await heard_all(house, listener, {tale: ["a", "b", "c"]})


async def test_a_head_reveals_a_lost_tail(house: House) -> None:
    """The relay acknowledged everything; Kafka lost the last records of a partition, and nothing comes after them."""
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    await tell(teller, (tale, "a"), (tale, "b"))
    await publish_by_hand(house, teller, lambda record: record.position == 1)
    await house.query("tales", "INSERT INTO positions VALUES ('relay', 'tales', 0, 0, 2, 0)")
    await house.query("tales", "INSERT INTO relay_partitions VALUES (1, %s, 2, -1)", partition_of(tale, PARTITIONS))
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))

    await heard_all(house, listener, {tale: ["a", "b"]})


async def test_watermarks_say_up_to_when_everything_is_known(house: House) -> None:
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(4)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))
    last = (await tell(teller, *[(tale_id, "a") for tale_id in some]))[-1]

    async def is_known() -> bool:
        rows = await house.query("echoes", "SELECT complete_through FROM watermarks")
        return len(rows) == PARTITIONS and all(through is not None and through >= last.recorded_at for (through,) in rows)

    await eventually(is_known)
    await heard_all(house, listener, all_said(some, "a"))


async def test_workers_share_the_partitions_and_take_over_from_one_that_stops(house: House) -> None:
    teller, one, other = await house.log(TELLER), await house.log(LISTENER), await house.log(LISTENER)
    await house.relay(teller)
    first = await house.reactions(one, Direct(teller))
    second = await house.reactions(other, Direct(teller))
    some = tales(8)
    await tell(teller, *[(tale_id, "a") for tale_id in some])

    async def is_shared() -> bool:
        return len(first._listeners) == len(second._listeners) == PARTITIONS // 2

    await eventually(is_shared)
    await tell(teller, *[(tale_id, "b") for tale_id in some])
    await first.stop()
    await tell(teller, *[(tale_id, "c") for tale_id in some])

    await heard_all(house, other, all_said(some, "abc"))
    assert len(second._listeners) == PARTITIONS


async def test_a_worker_that_was_frozen_applies_nothing_twice(house: House) -> None:
    """Its lease ends while it stands still; another takes over; then it goes on with what it had in hand."""
    teller, one, other = await house.log(TELLER), await house.log(LISTENER), await house.log(LISTENER)
    await house.relay(teller)
    frozen = await house.reactions(one, Direct(teller))
    some = tales(6)
    await tell(teller, *[(tale_id, "a") for tale_id in some])
    await heard_all(house, one, all_said(some, "a"))
    assert frozen._leases is not None
    beating = frozen._leases._tasks
    await beating.stop()  # silent from now on: the server ends its session, and it does not notice

    await house.reactions(other, Direct(teller))

    async def was_taken_over() -> bool:
        await asyncio.sleep(0.1)
        return bool(await house.query("echoes", "SELECT count(*) = 4 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"))

    await eventually(was_taken_over)
    for word in "bcdef":
        await tell(teller, *[(tale_id, word) for tale_id in some])

    await heard_all(house, other, all_said(some, "abcdef"))


async def test_history_from_before_the_first_deployment_is_heard_and_marked_as_such(house: House) -> None:
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    await house.relay(teller)
    await tell(teller, (tale, "a"), (tale, "b"))
    reactions = await house.reactions(listener, Direct(teller))
    await heard_all(house, listener, {tale: ["a", "b"]})

    await tell(teller, (tale, "c"))
    await heard_all(house, listener, {tale: ["a", "b", "c"]})

    assert [reactions.is_muted(position) for position in (1, 2, 3)] == [True, True, False]


async def test_nothing_waits_for_a_coordinator_of_offsets_that_never_comes(house: House, monkeypatch: Any) -> None:
    """As where the topic of offsets wants more brokers than there are: its client asks for ever."""

    async def not_available(_: object, __: object) -> None:
        raise GroupCoordinatorNotAvailableError

    monkeypatch.setattr(GroupCoordinator, "_do_commit_offsets", lambda *_: not_available(*_[:2]))
    monkeypatch.setattr("services.chassis.follower.reactions.COMMIT_SECONDS", 0.1)
    monkeypatch.setattr("services.chassis.follower.consuming.COMMIT_WITHIN_SECONDS", 0.2)
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(6)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))
    await tell(teller, *[(tale_id, "a") for tale_id in some])
    await heard_all(house, listener, all_said(some, "a"))
    await asyncio.sleep(0.5)

    await tell(teller, *[(tale_id, "b") for tale_id in some])

    await heard_all(house, listener, all_said(some, "ab"))


async def test_offsets_are_committed_for_the_usual_lag_tools(house: House, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.chassis.follower.reactions.COMMIT_SECONDS", 0.2)
    teller, listener, (tale,) = await house.log(TELLER), await house.log(LISTENER), tales(1)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller), follower="echoing")
    await tell(teller, (tale, "a"), (tale, "b"))

    async def offset() -> bool:
        async with topics.administrator(house.kafka) as admin:
            committed = await admin.list_consumer_group_offsets("echoing")
        return any(where.partition == partition_of(tale, PARTITIONS) and found.offset == 2 for where, found in committed.items())

    await eventually(offset)
