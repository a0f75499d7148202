"""Nothing counts as told or heard before it is: what fails between the work and its mark is done again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import RequestTimedOutError
from psycopg import AsyncConnection

from services.chassis.follower import marks, topics
from services.chassis.follower.heads import Heads
from services.chassis.follower.marks import At
from services.chassis.follower.relayed import Relayed
from services.chassis.follower.topics import create_topics, events_topic, heads_topic
from services.chassis.follower.views import Views
from services.chassis.heard import Heard, View
from services.chassis.log.origins import HeardUpTo
from services.chassis.log.units import HeardAlready, OutcomeUnknown
from tests.chassis.follower.tales import LISTENER, PARTITIONS, TELLER, Direct, House, eventually, numbered, tales, tell

SOON_SECONDS = 8.0


class Forgetful:
    """A producer that takes the first batch of facts, loses it, and says so only by its acknowledgement."""

    def __init__(self, producer: AIOKafkaProducer, lost: list[Any]) -> None:
        self._producer, self._lost = producer, lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> asyncio.Future[Any]:
        if topic != events_topic("tales") or self._lost:
            sent: asyncio.Future[Any] = await self._producer.send_batch(batch, topic, partition=partition)
            return sent
        self._lost.append(batch)
        refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        refused.set_exception(RequestTimedOutError())
        return refused


async def test_what_kafka_did_not_take_is_sent_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[Any] = []
    make = topics.producer
    monkeypatch.setattr(topics, "producer", lambda kafka: Forgetful(make(kafka), lost))
    log = await house.log(TELLER)
    await tell(log, *[(tale_id, "a") for tale_id in tales(10)])
    await create_topics(house.kafka, "tales", PARTITIONS)

    await house.relay(log)

    async def all_are_there() -> bool:
        return {position for _, position in numbered(await house.topic())} == set(range(1, 11))

    await eventually(all_are_there, SOON_SECONDS)
    assert len(lost) == 1


async def test_no_head_speaks_of_what_is_still_to_be_published(house: House) -> None:
    log = await house.log(TELLER)
    await create_topics(house.kafka, "tales", PARTITIONS)
    await tell(log, *[(tale_id, "a") for tale_id in tales(3)])
    relayed = Relayed(position=2, epochs={1: (0, PARTITIONS)})
    heads = Heads(log, "tales", every_seconds=60.0)

    async with topics.producer(house.kafka) as producer:
        await heads.tell(producer, relayed)
        assert await heads_said(house) == 0

        relayed.position = 3
        await heads.tell(producer, relayed)
        assert await heads_said(house) == PARTITIONS


async def heads_said(house: House) -> int:
    where = TopicPartition(heads_topic("tales"), 0)
    async with AIOKafkaConsumer(bootstrap_servers=house.kafka.bootstrap, enable_auto_commit=False) as consumer:
        return int((await consumer.end_offsets([where]))[where])


async def test_a_fact_whose_effects_were_not_stored_is_heard_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    teller, listener, some = await house.log(TELLER), await house.log(LISTENER), tales(6)
    failures: list[OutcomeUnknown] = []
    run_heard = listener.run_heard

    async def run_heard_later(*asked: Any) -> Any:
        """The store cannot be reached at first."""
        if len(failures) < 3:
            failures.append(OutcomeUnknown())
            raise failures[-1]
        return await run_heard(*asked)

    monkeypatch.setattr(listener, "run_heard", run_heard_later)
    await house.relay(teller)
    await house.reactions(listener, Direct(teller))

    await tell(teller, *[(tale_id, word) for word in "ab" for tale_id in some])

    async def are_echoed() -> bool:
        return await house.echoes(some, listener) == {tale_id: [(1, "a"), (2, "b")] for tale_id in some}

    await eventually(are_echoed, SOON_SECONDS)
    assert len(failures) == 3


async def test_a_position_moves_only_from_where_it_was_left(home: House) -> None:
    at = At("listener", "elsewhere", 1, 0)

    def up_to(from_position: int, to_position: int) -> HeardUpTo:
        return HeardUpTo(at.follower, at.source, at.epoch, at.partition, from_position, to_position)

    async with await marks.connect(home.dsn, "tales", autocommit=True) as connection:
        await marks.open_position(connection, at, 0)
        await marks.move(connection, up_to(0, 5))
        with pytest.raises(HeardAlready):
            await marks.move(connection, up_to(0, 7))
        assert await marks.position(connection, at) == (5, 0)


@pytest.fixture
async def words(home: House) -> House:
    await home.query("tales", "CREATE TABLE words (word text NOT NULL)")
    await home.query("tales", "GRANT SELECT, INSERT, TRUNCATE ON words TO tales_follower")
    return home


async def write_words(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    for heard in facts:
        await connection.execute("INSERT INTO words VALUES (%s)", (heard.fact.word,))


async def test_facts_whose_position_did_not_move_are_written_once(words: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server goes away in the middle: rows and position are there together, or neither."""
    move, failures = marks.move, []

    async def move_later(*asked: Any) -> None:
        if not failures:
            failures.append(asked)
            raise psycopg.OperationalError
        await move(*asked)

    monkeypatch.setattr(marks, "move", move_later)
    log, (tale,) = await words.log(TELLER), tales(1)
    stored = await tell(log, (tale, "a"), (tale, "b"))

    views = await words.run(Views(log, [View("words", ("words",), write_words)]))

    await views.wait_for(stored[-1].position, SOON_SECONDS)
    assert await words.query("tales", "SELECT word FROM words ORDER BY word") == [("a",), ("b",)]
    assert len(failures) == 1


async def test_facts_whose_writing_failed_are_shown_later(words: House) -> None:
    failures: list[int] = []

    async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
        await write_words(connection, facts)
        if not failures:
            failures.append(len(facts))
            raise psycopg.OperationalError

    log, (tale,) = await words.log(TELLER), tales(1)
    stored = await tell(log, (tale, "a"), (tale, "b"))

    views = await words.run(Views(log, [View("words", ("words",), write)]))

    await views.wait_for(stored[-1].position, SOON_SECONDS)
    assert await words.query("tales", "SELECT word FROM words ORDER BY word") == [("a",), ("b",)]
    assert failures
