"""The relay on real Kafka: the log's order, once or more often, never with a hole that does not show."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewTopic

from services.chassis.follower import relay as relay_module
from services.chassis.follower import relayed, topics
from services.chassis.follower.heads import newest, read_head
from services.chassis.follower.hearing import hear
from services.chassis.follower.marks import connect
from services.chassis.follower.record import partition_of
from services.chassis.follower.relay import Relay
from services.chassis.runtime import StartRefused
from tests.chassis.follower.conftest import empty
from tests.chassis.follower.tales import PARTITIONS, TELLER, House, eventually, numbered, tales, tell


class Numbers(NamedTuple):
    previous: int
    position: int


async def published(house: House, count: int) -> list[Any]:
    async def all_of_them() -> list[Any]:
        if not await topics.exist(house.kafka, [topics.events_topic("tales")]):
            return []
        records = await house.topic()
        return records if len(records) >= count else []

    return await eventually(all_of_them)  # type: ignore[no-any-return]


async def test_facts_are_published_in_order_with_the_place_of_the_one_before(house: House) -> None:
    log = await house.log(TELLER)
    await house.relay(log)
    some = tales(6)
    await tell(log, *[(tale_id, word) for word in "abcde" for tale_id in some])

    records = await published(house, 30)

    stored = {record.position: record for record in await log.read(0, 100)}
    assert sorted(position for _, position in numbered(records)) == list(range(1, 31))
    for partition in range(PARTITIONS):
        here = numbered([record for record in records if record.partition == partition])
        assert [previous for previous, _ in here] == [0, *[position for _, position in here]][: len(here)]
    for record, (_, position) in zip(records, numbered(records), strict=True):
        assert record.value == stored[position].event
        assert record.key == str(stored[position].stream_id).encode()
        assert record.partition == partition_of(stored[position].stream_id, PARTITIONS)


async def test_what_was_told_before_the_relay_started_is_published_too(house: House) -> None:
    log = await house.log(TELLER)
    await tell(log, *[(tale_id, "a") for tale_id in tales(20)])
    await house.relay(log)

    assert len(await published(house, 20)) == 20


async def test_a_topic_that_was_deleted_is_published_again(house: House) -> None:
    log, some = await house.log(TELLER), tales(10)
    first = await house.relay(log)
    await tell(log, *[(tale_id, "a") for tale_id in some])
    await published(house, 10)
    await first.stop()
    await empty(house.kafka)

    await house.relay(log)

    assert [position for _, position in sorted(numbered(await published(house, 10)), key=lambda pair: pair[1])] == list(range(1, 11))


async def test_a_topic_that_is_deleted_under_a_running_relay_is_published_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "REQUEST_TIMEOUT_MS", 2_000)
    log, some = await house.log(TELLER), tales(10)
    await house.relay(log)
    await tell(log, *[(tale_id, "a") for tale_id in some])
    await published(house, 10)

    await empty(house.kafka)
    await tell(log, *[(tale_id, "b") for tale_id in some])

    assert {position for _, position in numbered(await published(house, 20))} == set(range(1, 21))


async def test_everything_is_published_again_on_demand(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "TOPIC_CHECKED_EVERY_SECONDS", 0.2)
    log, some = await house.log(TELLER), tales(5)
    relay = await house.relay(log)
    await tell(log, *[(tale_id, "a") for tale_id in some])
    await published(house, 5)

    await relay.rebuild_topic()

    records = await published(house, 10)
    for partition in range(PARTITIONS):
        here = numbered([record for record in records if record.partition == partition])
        assert here[: len(here) // 2] == here[len(here) // 2 :]
    assert await house.query("tales", "SELECT 1 FROM rebuilds") == []


async def test_a_session_that_ends_while_the_relay_begins_from_zero_does_not_end_the_relay(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "TOPIC_CHECKED_EVERY_SECONDS", 0.2)
    log, some = await house.log(TELLER), tales(5)
    relay = await house.relay(log)
    await tell(log, *[(tale_id, "a") for tale_id in some])
    await published(house, 5)

    async with await connect(log.dsn, "tales", autocommit=False) as hostile:
        await hostile.execute("LOCK TABLE relay_partitions IN SHARE MODE")  # it may look, and not forget
        await relay.rebuild_topic()
        waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'tales.relay_partitions'::regclass"
        ((pid,),) = await eventually(lambda: house.query("tales", waiting))
        await house.query("tales", "SELECT pg_terminate_backend(%s)", pid)

    assert len(await published(house, 10)) == 10
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(relay.wait(), 0.01)  # it goes on


async def test_a_relay_that_died_before_it_saved_sends_the_same_again(house: House) -> None:
    log, some = await house.log(TELLER), tales(5)
    first = await house.relay(log)
    await tell(log, *[(tale_id, "a") for tale_id in some])
    before = await published(house, 5)
    await first.stop()
    await house.query("tales", "UPDATE positions SET position = 0 WHERE follower = 'relay'")
    await house.query("tales", "DELETE FROM relay_partitions")

    await house.relay(log)

    after = await published(house, 10)
    said = sorted((record.key, record.value, tuple(record.headers)) for record in before)
    assert sorted((record.key, record.value, tuple(record.headers)) for record in after) == sorted(said * 2)


async def test_a_relay_that_begins_while_another_saves_knows_what_was_so_at_one_instant(home: House) -> None:
    """Else the place of a later record would be told as the predecessor of an earlier one."""
    await home.log(TELLER)
    await home.query("tales", "INSERT INTO positions VALUES ('relay', 'tales', 0, 0, 4, 0)")
    await home.query("tales", "INSERT INTO relay_partitions VALUES (1, 0, 4, 3)")
    async with (
        await connect(home.dsn, "tales", autocommit=False, settings={"role": "postgres"}) as saving,
        await connect(home.dsn, "tales", autocommit=True) as beginning,
    ):
        await saving.execute("LOCK TABLE relay_partitions")
        loading = asyncio.create_task(relayed.load(beginning, "tales"))
        await eventually(
            lambda: home.query("tales", "SELECT 1 FROM pg_locks WHERE relation = 'relay_partitions'::regclass AND NOT granted")
        )
        await saving.execute("UPDATE positions SET position = 9")
        await saving.execute("UPDATE relay_partitions SET position = 9")
        await saving.commit()
        memory = await loading

    assert memory.queued == {(1, 0): memory.position}


async def test_a_frozen_relay_that_comes_back_does_no_harm(house: House) -> None:
    """Its lease has gone to another; it goes on from where it was, until its position tells it."""
    log, some = await house.log(TELLER), tales(6)
    frozen = await house.relay(log)
    await tell(log, *[(tale_id, "a") for tale_id in some])
    await published(house, 6)
    await frozen._leases._tasks.stop()  # silent from now on: the server ends its session, and it does not notice
    other_log = await house.log(TELLER)
    other = await house.relay(other_log)
    await asyncio.wait_for(other._leases.wait_held("relay"), 10)

    for word in "bcd":
        await tell(log, *[(tale_id, word) for tale_id in some])  # wakes both

    async def is_saved() -> bool:
        return bool(await house.query("tales", "SELECT 1 FROM positions WHERE follower = 'relay' AND position = 24"))

    await eventually(is_saved)
    records = await house.topic()
    for partition in range(PARTITIONS):
        heard = 0
        for fact in hear(0, [Numbers(*pair) for pair in numbered([r for r in records if r.partition == partition])]).facts:
            heard = fact.position
        assert heard == max((r.position for r in await log.read(0, 100) if partition_of(r.stream_id, PARTITIONS) == partition), default=0)


async def test_a_topic_with_another_number_of_partitions_is_refused(house: House) -> None:
    async with topics.administrator(house.kafka) as admin:
        await admin.create_topics([NewTopic(topics.events_topic("tales"), PARTITIONS + 1, 1)])
    relay = Relay(await house.log(TELLER), house.kafka)
    await relay.start()
    try:
        with pytest.raises(StartRefused, match="5 partitions"):
            await asyncio.wait_for(relay.wait(), 10)
    finally:
        await relay.stop()


async def test_heads_speak_only_of_what_is_acknowledged(house: House) -> None:
    log, some = await house.log(TELLER), tales(6)
    await house.relay(log)
    last = (await tell(log, *[(tale_id, "a") for tale_id in some]))[-1]
    consumer = AIOKafkaConsumer(bootstrap_servers=house.kafka.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await published(house, 6)
    await consumer.start()
    consumer.assign([TopicPartition(topics.heads_topic("tales"), 0)])
    heads = []
    async with asyncio.timeout(10):
        while not heads or heads[-1].position < last.position or len({head.partition for head in heads}) < PARTITIONS:
            record = await consumer.getone()
            heads.append(read_head(record.key, record.value))
    await consumer.stop()

    newest_heads = newest(heads)
    assert sum(head.partition_position > 0 for head in newest_heads.values()) == len({r.partition for r in await house.topic()})
    assert max(head.complete_through for head in heads) >= last.recorded_at
    assert [head.position for head in heads] == sorted(head.position for head in heads)
