"""Whether a topic holds what the log holds: every event, byte for byte, and each record naming the one before it, in order."""

from __future__ import annotations

from typing import Any

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition

TOPIC = "acuerdo.cases.v1.events"
FETCH_WAIT_MS = 200


async def what_is_wrong(dsn: str, kafka: str) -> list[str]:
    """Empty when all is well. Repeats are allowed, gaps are not."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        log: dict[int, bytes] = dict(connection.execute("SELECT position, event FROM cases.events").fetchall())
        (partitions,) = connection.execute("SELECT partitions FROM cases.epochs ORDER BY epoch DESC LIMIT 1").fetchone() or (0,)
    wrong: list[str] = []
    found: set[int] = set()
    for partition, records in (await _read(kafka, partitions)).items():
        heard = 0
        for record in records:
            headers = dict(record.headers)
            position, previous = int(headers["acuerdo-position"]), int(headers["acuerdo-previous"])
            if position not in log or record.value != log[position]:
                wrong.append(f"partition {partition} has at position {position} what the log has not")
            if position > heard:
                if previous > heard:
                    wrong.append(f"partition {partition}: {position} names {previous} before it, and {heard} was the last")
                heard = position
            found.add(position)
    return wrong + [f"position {position} is not on the topic" for position in sorted(log.keys() - found)]


async def _read(kafka: str, count: int) -> dict[int, list[Any]]:
    """Everything, partition by partition."""
    async with AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest") as consumer:
        partitions = [TopicPartition(TOPIC, number) for number in range(count)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: dict[int, list[Any]] = {where.partition: [] for where in partitions}
        for where in partitions:
            consumer.seek(where, 0)
        while any([await consumer.position(where) < ends[where] for where in partitions]):
            for where, records in (await consumer.getmany(timeout_ms=FETCH_WAIT_MS)).items():
                found[where.partition] += records
    return found
