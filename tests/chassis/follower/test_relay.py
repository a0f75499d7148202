"""The relay on real Kafka: the log's order, once or more often, never with a hole that does not show."""

from __future__ import annotations

from services.chassis.follower import topics
from services.chassis.follower.record import partition_of
from tests.chassis.follower.tales import PARTITIONS, TELLER, House, eventually, numbered, tales, tell


async def published(house: House, count: int) -> list[object]:
    async def all_of_them() -> list[object]:
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
