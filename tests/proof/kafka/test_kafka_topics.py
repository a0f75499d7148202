"""The topic lost, cut off below, told again: numbers, not offsets, say what was heard, and the source's log has all of it."""

from __future__ import annotations

import pytest
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from proof import kafka_faults
from services.chassis.follower import relay as relay_module
from services.chassis.follower.topics import administrator, create_topics, events_topic, heads_topic
from tests.chassis.follower.tales import LISTENER, PARTITIONS, TELLER, Direct, House, eventually, tales, tell
from tests.chassis.follower.test_reactions import publish_by_hand
from tests.proof.kafka.workers import each, nothing_lost_nothing_twice, quiet, topic_is_complete, words

EVENTS = events_topic("tales")


async def test_a_topic_that_is_recreated_empty_under_relay_and_listener_is_complete_again(
    attacked: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asks for it: the relay sees that Kafka has less than it acknowledged, and publishes its log again."""
    monkeypatch.setattr(relay_module, "TOPIC_CHECKED_EVERY_SECONDS", 0.5)
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    await attacked.relay(teller)
    await attacked.reactions(listener, Direct(teller))
    await tell(teller, *each(some, words(5)))
    await quiet(attacked, teller)

    await kafka_faults.recreate_topic(attacked.kafka.bootstrap, EVENTS)

    async def is_complete() -> bool:
        return {int(dict(record.headers)["acuerdo-position"]) for record in await attacked.topic()} == set(range(1, 41))

    await eventually(is_complete, within_seconds=60.0)
    await tell(teller, *each(some, words(5, first=5)))
    await quiet(attacked, teller)
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(10)))
    await topic_is_complete(attacked, teller)


@pytest.mark.usefixtures("impatient")
async def test_both_topics_deleted_while_facts_are_told_are_complete_again(attacked: House) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    await attacked.relay(teller)
    await attacked.reactions(listener, Direct(teller))
    await tell(teller, *each(some, words(3)))
    await quiet(attacked, teller)

    for topic in (EVENTS, heads_topic("tales")):
        await kafka_faults.delete_topic(attacked.kafka.bootstrap, topic)
    await tell(teller, *each(some, words(3, first=3)))

    await quiet(attacked, teller)
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(6)))
    await topic_is_complete(attacked, teller)


async def test_records_deleted_below_what_a_listener_wants_are_replayed(attacked: House) -> None:
    """Retention went by while it was away: its offset is out of range, the earliest record shows the gap, the source fills it."""
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(4, on_partition=1)
    await attacked.relay(teller)
    away = await attacked.reactions(listener, Direct(teller))
    await tell(teller, *each(some, words(5)))
    await quiet(attacked, teller)
    await away.stop()
    await tell(teller, *each(some, words(5, first=5)))

    async def is_there() -> bool:
        return len(await attacked.topic()) == 40

    await eventually(is_there)
    await kafka_faults.delete_records_below(attacked.kafka.bootstrap, EVENTS, 1, 37)
    replays = Direct(teller)
    await attacked.reactions(listener, replays)

    await quiet(attacked, teller)
    assert replays.asked
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(10)))


async def test_records_deleted_under_a_listener_that_is_up_to_date_do_not_matter(attacked: House) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(4, on_partition=1)
    await attacked.relay(teller)
    await attacked.reactions(listener, Direct(teller))
    await tell(teller, *each(some, words(5)))
    await quiet(attacked, teller)

    await kafka_faults.delete_records_below(attacked.kafka.bootstrap, EVENTS, 1, -1)
    await tell(teller, *each(some, words(5, first=5)))

    await quiet(attacked, teller)
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(10)))


@pytest.mark.parametrize("times", [1, 2], ids=["twice", "three times"])
async def test_the_whole_topic_delivered_again_while_listening_has_no_effect(attacked: House, times: int) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    await attacked.relay(teller)
    await attacked.reactions(listener, Direct(teller))
    await tell(teller, *each(some, words(10)))
    await quiet(attacked, teller)

    added = await kafka_faults.republish_twice(attacked.kafka.bootstrap, EVENTS, times)
    await tell(teller, *each(some, words(2, first=10)))

    await quiet(attacked, teller)
    assert added == times * 80
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(12)))
    await topic_is_complete(attacked, teller)


async def test_a_broker_that_likes_to_compress_leaves_our_topics_as_they_are_sent(attacked: House) -> None:
    """Its own choice would be a codec that needs a library which our listeners do not have: they would stand before it for ever."""
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(8)
    async with administrator(attacked.kafka) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", configs={"compression.type": "lz4"})])
        try:
            relay, reactions = await attacked.relay(teller), await attacked.reactions(listener, Direct(teller))
            await tell(teller, *each(some, words(3)))

            await quiet(attacked, teller, relay, reactions)
        finally:
            await admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", configs={})])
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(3)))


@pytest.mark.parametrize("codec", ["lz4", "snappy", "zstd"])
async def test_a_topic_that_an_operator_has_compressed_is_heard(attacked: House, codec: str) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(4)
    relay, reactions = await attacked.relay(teller), await attacked.reactions(listener, Direct(teller))
    await tell(teller, *each(some, words(1)))
    await quiet(attacked, teller, relay, reactions)
    async with administrator(attacked.kafka) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, EVENTS, configs={"compression.type": codec})])
    await tell(teller, *each(some, words(2, first=1)))

    await quiet(attacked, teller, relay, reactions)
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(3)))


async def test_an_offset_beyond_the_end_means_the_earliest(attacked: House) -> None:
    """The topic was made again, shorter than the listener remembers it; and it grows past that place while nobody listens."""
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(4, on_partition=2)
    await tell(teller, *each(some, words(5)))
    await publish_by_hand(attacked, teller, lambda _: True)
    first = await attacked.reactions(listener, Direct(teller))
    await quiet(attacked, teller)
    await first.stop()
    await attacked.query("echoes", "UPDATE positions SET offset_hint = 1000 WHERE follower = 'reactions'")
    await kafka_faults.recreate_topic(attacked.kafka.bootstrap, EVENTS)
    await tell(teller, *each(some, words(5, first=5)))
    await publish_by_hand(attacked, teller, lambda record: record.position > 30)

    await attacked.reactions(listener, Direct(teller))

    await quiet(attacked, teller)
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(10)))


async def test_an_offset_that_leads_into_the_middle_of_another_topic_shows_a_gap(attacked: House) -> None:
    teller, listener, some = await attacked.log(TELLER), await attacked.log(LISTENER), tales(4, on_partition=2)
    await tell(teller, *each(some, words(10)))
    await create_topics(attacked.kafka, "tales", PARTITIONS)
    await publish_by_hand(attacked, teller, lambda _: True)
    first = await attacked.reactions(listener, Direct(teller))
    await quiet(attacked, teller)
    await first.stop()
    await attacked.query("echoes", "UPDATE positions SET offset_hint = 45 WHERE follower = 'reactions' AND partition = 2")
    await tell(teller, *each(some, words(5, first=10)))
    await publish_by_hand(attacked, teller, lambda record: record.position > 40)

    replays = Direct(teller)
    await attacked.reactions(listener, replays)

    await quiet(attacked, teller)
    assert replays.asked == [(2, 40)]
    await nothing_lost_nothing_twice(attacked, listener, dict.fromkeys(some, words(15)))
