"""Topics read from their beginning to where they end now, repeats and all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

RECORDS_AT_ONCE_MAX = 2_000
FETCH_WAIT_MS = 100
QUIET_MS = 250


class Topics:
    """`async with Topics(bootstrap, names) as topics`, then `begins_at` and `read()`. A topic that is not there has no partitions."""

    def __init__(self, bootstrap: str, names: Sequence[str]) -> None:
        self._bootstrap, self._names = bootstrap, names
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
            check_crcs=False,
        )
        self._begin: dict[TopicPartition, int] = {}

    async def __aenter__(self) -> Topics:
        await self._consumer.start()
        partitions = await self._partitions()
        if partitions:
            self._consumer.assign(partitions)
            await self._consumer.seek_to_beginning(*partitions)
            self._begin = {one: await self._consumer.position(one) for one in partitions}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def _partitions(self) -> list[TopicPartition]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await admin.start()
        try:
            # Listed first: asking for a topic by its name could create it.
            there = set(await admin.list_topics()) & set(self._names)
            described = await admin.describe_topics(sorted(there)) if there else []
        finally:
            await admin.close()
        return [TopicPartition(found["topic"], each["partition"]) for found in described for each in found["partitions"]]

    def begins_at(self, name: str) -> dict[int, int]:
        """By partition."""
        return {one.partition: offset for one, offset in self._begin.items() if one.topic == name}

    async def read(self) -> AsyncIterator[tuple[str, int, Sequence[Any]]]:
        """Topic, partition and its next records."""
        if not self._begin:
            return
        ends = await self._consumer.end_offsets(list(self._begin))
        while True:
            arrived = await self._consumer.getmany(timeout_ms=QUIET_MS, max_records=RECORDS_AT_ONCE_MAX)
            for partition, records in arrived.items():
                yield partition.topic, partition.partition, records
            # A small broker says that a topic ends with the first record of its last batch: the end is where nothing comes any more.
            if not arrived and not await self._are_left(ends):
                return

    async def _are_left(self, ends: dict[TopicPartition, int]) -> bool:
        return any([await self._consumer.position(partition) < end for partition, end in ends.items()])
