"""What can happen to a topic, done on purpose: lost, emptied, cut off below, told again, and with records that no relay wrote.

Every function returns when the broker has done it. Records made here never take the number of a fact that is yet to be told.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from time import monotonic
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import for_code

DONE_WITHIN_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.05
BATCH_BYTES_MAX = 1_040_000
OVERSIZED_BYTES = 1_000_000
"""Just below what a broker accepts by default, far above what a log accepts (64 KiB)."""

Headers = Sequence[tuple[str, bytes | None]]


class Foreign(NamedTuple):
    """A record as somebody else might write it."""

    key: bytes | None
    value: bytes | None
    headers: Headers


async def delete_topic(bootstrap: str, topic: str) -> None:
    """Its records are gone for ever; listeners and relay may be using it."""
    async with _administrator(bootstrap) as admin:
        response = await admin.delete_topics([topic])
        for _, code in response.topic_error_codes:
            if code:
                raise for_code(code)

        async def is_gone() -> bool:
            return topic not in await admin.list_topics()

        await _until(is_gone, f"{topic} deleted")


async def recreate_topic(bootstrap: str, topic: str) -> None:
    """Deleted, and created again with as many partitions: empty."""
    partitions = await partition_count(bootstrap, topic)
    await delete_topic(bootstrap, topic)
    async with _administrator(bootstrap) as admin:
        # A relay may be quicker: then it has created what we wanted to.
        await admin.create_topics([NewTopic(topic, partitions, 1)])

        async def is_there() -> bool:
            return topic in await admin.list_topics()

        await _until(is_there, f"{topic} created again")


async def delete_records_below(bootstrap: str, topic: str, partition: int, offset: int) -> None:
    """As retention would: what is below the offset cannot be read any more. -1: everything there is."""
    async with _administrator(bootstrap) as admin:
        await admin.delete_records({TopicPartition(topic, partition): RecordsToDelete(offset)})


async def produce_poison(bootstrap: str, topic: str, partition: int = 0) -> list[str]:
    """One record of each kind that is no fact, with and without the numbers of one. The names of the kinds."""
    like = await _last_record(bootstrap, topic, partition)
    kinds = {name: make(like) for name, make in POISON.items() if like is not None or name in WITHOUT_EXAMPLE}
    await produce(bootstrap, topic, partition, list(kinds.values()))
    return list(kinds)


async def produce_oversized(bootstrap: str, topic: str, partition: int = 0) -> None:
    """A record of nearly 1 MB that is nobody's fact."""
    await produce(bootstrap, topic, partition, [Foreign(b"oversized", os.urandom(OVERSIZED_BYTES), ())])


async def produce_unknown_type(bootstrap: str, topic: str, partition: int = 0) -> bool:
    """The last fact once more, as a newer teller might name it. Whether there was one to copy."""
    like = await _last_record(bootstrap, topic, partition)
    if like is None:
        return False
    await produce(bootstrap, topic, partition, [_changed(like, {"ce_type": b"acuerdo.tomorrow.v1.NotYetInvented"})])
    return True


async def republish_twice(bootstrap: str, topic: str, times: int = 2) -> int:
    """Everything on the topic again, so many times, each time from its first record on. How many records were added."""
    records = await read_topic(bootstrap, topic)
    for _ in range(times):
        for partition, those in groupby(records, key=lambda record: record.partition):
            await produce(bootstrap, topic, partition, [Foreign(record.key, record.value, record.headers) for record in those])
    return times * len(records)


async def produce(bootstrap: str, topic: str, partition: int, records: Sequence[Foreign]) -> None:
    """Append records as they are, whatever they are."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", max_batch_size=BATCH_BYTES_MAX) as producer:
        batch = producer.create_batch()
        for record in records:
            while batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is None:
                await (await producer.send_batch(batch, topic, partition=partition))
                batch = producer.create_batch()
        await (await producer.send_batch(batch, topic, partition=partition))


async def read_topic(bootstrap: str, topic: str) -> list[Any]:
    """Every record there is, by partition and offset."""
    where = [TopicPartition(topic, partition) for partition in range(await partition_count(bootstrap, topic))]
    found: list[Any] = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest") as consumer:
        consumer.assign(where)
        ends = await consumer.end_offsets(where)
        for partition, begin in (await consumer.beginning_offsets(where)).items():
            consumer.seek(partition, begin)
        while any([await consumer.position(partition) < ends[partition] for partition in where]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def partition_count(bootstrap: str, topic: str) -> int:
    """UnknownTopicOrPartitionError where it does not exist."""
    async with _administrator(bootstrap) as admin:
        (found,) = await admin.describe_topics([topic])
    if found["error_code"]:
        raise for_code(found["error_code"])
    return len(found["partitions"])


def _changed(like: Any, headers: Mapping[str, bytes | None] | None = None, **fields: Any) -> Foreign:
    said = {**dict(like.headers), **(headers or {})}
    return Foreign(**{"key": like.key, "value": like.value, "headers": tuple(said.items()), **fields})


def _next(like: Any) -> dict[str, bytes | None]:
    """The numbers of a fact that would come after this one: whatever bears them unduly must not be taken for it."""
    position = int(dict(like.headers)["acuerdo-position"])
    return {"acuerdo-previous": b"%d" % position, "acuerdo-position": b"%d" % (position + 1)}


async def _last_record(bootstrap: str, topic: str, partition: int) -> Any:
    """The last that a relay wrote there; None where there is none."""
    records = [record for record in await read_topic(bootstrap, topic) if record.partition == partition]
    return next((record for record in reversed(records) if "acuerdo-position" in dict(record.headers)), None)


async def _until(holds: Callable[[], Any], what: str) -> None:
    give_up_at = monotonic() + DONE_WITHIN_SECONDS
    while not await holds():
        if monotonic() > give_up_at:
            raise TimeoutError(what)
        await asyncio.sleep(LOOK_EVERY_SECONDS)


@asynccontextmanager
async def _administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


WITHOUT_EXAMPLE = frozenset({"nothing at all", "garbage"})
POISON: dict[str, Callable[[Any], Foreign]] = {
    "nothing at all": lambda _: Foreign(None, None, ()),
    "garbage": lambda _: Foreign(b"\xff\xfe", b"\x00\x01garbage", (("ce_type", b"\xff"),)),
    "no bytes": lambda like: _changed(like, _next(like), value=None),
    "other bytes": lambda like: _changed(like, _next(like), value=b"\x0a\xff\xff"),
    "no key": lambda like: _changed(like, _next(like), key=None),
    "another's key": lambda like: _changed(like, _next(like), key=b"11111111-1111-4111-8111-111111111111"),
    "no number": lambda like: _changed(like, {"acuerdo-position": b"many"}),
    "a header without a value": lambda like: _changed(like, {"acuerdo-position": None}),
    "a type without a name": lambda like: _changed(like, {**_next(like), "ce_type": None}),
    "a type that is no name": lambda like: _changed(like, {**_next(like), "ce_type": b"acuerdo\x00.v1"}),
    "a number beyond all bounds": lambda like: _changed(like, {"acuerdo-position": b"9" * 30}),
    "a number below zero": lambda like: _changed(like, {"acuerdo-previous": b"-5", "acuerdo-position": b"-4"}),
    "a predecessor that is no predecessor": lambda like: _changed(like, {"acuerdo-previous": b"%d" % 2**62}),
    "an epoch that nobody opened": lambda like: _changed(like, {**_next(like), "acuerdo-epoch": b"4711"}),
    "no time": lambda like: _changed(like, {**_next(like), "acuerdo-recorded-at": b"yesterday"}),
}
