"""A listener that misses nothing and applies nothing twice: counts cases by bucket, in SQLite, from the topic alone.

python docs/examples/listener.py 127.0.0.1:9092 buckets.sqlite
"""

import asyncio
import sqlite3
import sys
from uuid import UUID

from acuerdo.cases.v1.events_pb2 import CaseEvent
from aiokafka import AIOKafkaConsumer

TOPIC = "acuerdo.cases.v1.events"
SCHEMA = """
CREATE TABLE IF NOT EXISTS heard (epoch INTEGER, partition INTEGER, position INTEGER, PRIMARY KEY (epoch, partition));
CREATE TABLE IF NOT EXISTS bucket (case_id TEXT PRIMARY KEY, bucket TEXT NOT NULL);
"""


class Gap(Exception):
    """A record is missing between what we have heard and this one: fetch it with Log.Replay(partition, after_position)."""


def hear(database: sqlite3.Connection, partition: int, headers: dict[str, bytes], value: bytes) -> None:
    """The rule of the listener, with its effect and its mark in one transaction."""
    epoch, position, previous = (int(headers[f"acuerdo-{name}"]) for name in ("epoch", "position", "previous"))
    with database:
        row = database.execute("SELECT position FROM heard WHERE epoch = ? AND partition = ?", (epoch, partition)).fetchone()
        heard = row[0] if row else 0
        if position <= heard:
            return
        if previous > heard:
            raise Gap(f"partition {partition}: heard {heard}, next is {position}, but {previous} came before it")
        apply(database, CaseEvent.FromString(value))
        database.execute("INSERT OR REPLACE INTO heard VALUES (?, ?, ?)", (epoch, partition, position))


def apply(database: sqlite3.Connection, event: CaseEvent) -> None:
    if event.WhichOneof("event") == "bucket_changed":
        case_id = str(UUID(bytes=event.meta.stream_id))
        database.execute("INSERT OR REPLACE INTO bucket VALUES (?, ?)", (case_id, event.bucket_changed.to))


async def main(bootstrap: str, path: str) -> None:
    database = sqlite3.connect(path)
    database.executescript(SCHEMA)
    # No group: all partitions are ours. A longer-lived listener would seek to the offset it noted beside its position.
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(p) < ends[p] for p in partitions]):
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    hear(database, partition.partition, dict(record.headers), record.value)
    finally:
        await consumer.stop()
    for bucket, count in database.execute("SELECT bucket, count(*) FROM bucket GROUP BY bucket ORDER BY bucket"):
        print(f"{bucket:10} {count:6}")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
