"""How far the relay is: one position in our log, and the last record of each partition with the place Kafka gave it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg import AsyncConnection

from services.chassis.follower import marks
from services.chassis.follower.marks import At
from services.chassis.follower.rebuilding import rebuild_is_begun
from services.chassis.log.origins import HeardUpTo

RELAY = "relay"
OWN_LOG_EPOCH = 0
"""Followers of our own log count positions, which run through all epochs."""


class TopicWasLost(Exception):
    """Kafka no longer has what it acknowledged: the topic was deleted or recreated, or the broker forgot it."""


class EpochIsUnknown(Exception):
    """A record belongs to an epoch opened after we began: begin again."""


@dataclass(slots=True)
class Relayed:
    """The relay's memory between two pages; what is acknowledged is saved."""

    position: int
    """Everything up to here is acknowledged by Kafka."""
    epochs: dict[int, tuple[int, int]]
    """(starts_after, partitions) by epoch."""
    queued: dict[tuple[int, int], int] = field(default_factory=dict)
    """Last position handed to the producer, by (epoch, partition)."""
    acknowledged: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(last position, first offset) of the last acknowledged batch, by (epoch, partition)."""
    unsaved: set[tuple[int, int]] = field(default_factory=set)

    def partitions_of(self, epoch: int) -> int:
        if epoch not in self.epochs:
            raise EpochIsUnknown(f"epoch {epoch}")
        return self.epochs[epoch][1]

    def queue(self, epoch: int, partition: int, position: int) -> int:
        """The next record of this partition is queued; the position of the one before it (where its epoch starts, for the first)."""
        previous = self.queued.get((epoch, partition), self.epochs[epoch][0])
        self.queued[epoch, partition] = position
        return previous

    def acknowledge(self, epoch: int, partition: int, position: int, first_offset: int) -> None:
        """A batch that ends with `position` got its place. TopicWasLost when we know that place to be taken."""
        _, last = self.acknowledged.get((epoch, partition), (0, -1))
        if first_offset < 0:  # Kafka had this batch already and does not say where
            first_offset = last
        elif first_offset <= last:
            raise TopicWasLost(f"partition {partition} gave offset {first_offset} after {last}")
        self.acknowledged[epoch, partition] = (position, first_offset)
        self.unsaved.add((epoch, partition))

    def check_end(self, partition: int, end: int) -> None:
        """TopicWasLost when a partition that ends at `end` cannot hold its last acknowledged batch.

        A batch is there as a whole or not at all, so its first offset decides; the embedded broker knows no later one (its "end" is the
        first offset of the last batch, plus one).
        """
        first = max((offset for (_, there), (_, offset) in self.acknowledged.items() if there == partition), default=-1)
        if end <= first:
            raise TopicWasLost(f"partition {partition} ends at {end}, and Kafka acknowledged a batch at {first}")


def at(service: str) -> At:
    return At(RELAY, service, OWN_LOG_EPOCH, 0)


async def load(connection: AsyncConnection[Any], service: str) -> Relayed:
    """Where to go on; from the beginning when there is nothing yet."""
    await marks.open_position(connection, at(service), 0)
    async with connection.transaction():
        # As of one instant: another relay may be saving, and what it has sent would be told as the predecessor of what came before it.
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        position, _ = await marks.position(connection, at(service))
        epochs = await (await connection.execute("SELECT epoch, starts_after, partitions FROM epochs")).fetchall()
        saved = await (await connection.execute("SELECT epoch, partition, position, kafka_offset FROM relay_partitions")).fetchall()
    return Relayed(
        position=position,
        epochs={epoch: (starts_after, partitions) for epoch, starts_after, partitions in epochs},
        queued={(epoch, partition): last for epoch, partition, last, _ in saved},
        acknowledged={(epoch, partition): (last, offset) for epoch, partition, last, offset in saved},
    )


async def save(connection: AsyncConnection[Any], service: str, relayed: Relayed, to_position: int) -> None:
    """Everything up to `to_position` is acknowledged. HeardAlready when another relay has moved the position."""
    keys = list(relayed.unsaved)
    rows = [relayed.acknowledged[key] for key in keys]
    async with connection.transaction():
        await marks.move(connection, HeardUpTo(RELAY, service, OWN_LOG_EPOCH, 0, relayed.position, to_position))
        await connection.execute(
            """INSERT INTO relay_partitions SELECT * FROM unnest(%s::int[], %s::int[], %s::bigint[], %s::bigint[])
               ON CONFLICT (epoch, partition) DO UPDATE SET position = excluded.position, kafka_offset = excluded.kafka_offset""",
            ([key[0] for key in keys], [key[1] for key in keys], [row[0] for row in rows], [row[1] for row in rows]),
        )
    relayed.position = to_position
    relayed.unsaved.clear()


async def forget(connection: AsyncConnection[Any], service: str) -> None:
    """Begin again from the first record; the order to do so is thereby carried out."""
    async with connection.transaction():
        await connection.execute("DELETE FROM relay_partitions")
        await rebuild_is_begun(connection, RELAY)
        await connection.execute(
            "UPDATE positions SET position = 0, progressed_at = clock_timestamp() WHERE follower = %s AND source = %s", (RELAY, service)
        )
