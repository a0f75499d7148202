"""Listens: which epoch of a source a follower hears, and how it goes over to the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from services.chassis.follower.marks import At, open_position
from services.chassis.follower.parking import carry_over
from services.chassis.follower.replays import Replays, SourceHead, first_position_of


class HeardOrphans(Exception):
    """We have heard facts that the source no longer has: it was restored to a time before them. A person must decide."""


@dataclass(frozen=True, slots=True)
class Listens:
    """What we know of a source since we first heard it."""

    follower: str
    source: str
    epoch: int
    starts_after: int
    partitions: int
    muted_until: int
    """Position of the source's log at our first deployment: facts up to here are recorded, and nothing is requested of others."""

    def at(self, partition: int) -> At:
        return At(self.follower, self.source, self.epoch, partition)


async def load(connection: AsyncConnection[Any], follower: str, source: str) -> Listens | None:
    async with connection.cursor(row_factory=class_row(Listens)) as cursor:
        await cursor.execute(
            "SELECT follower, source, epoch, starts_after, partitions, muted_until FROM listens WHERE (follower, source) = (%s, %s)",
            (follower, source),
        )
        return await cursor.fetchone()


async def begin(connection: AsyncConnection[Any], follower: str, source: str, head: SourceHead) -> None:
    """Our first deployment: hear everything from zero. Whoever comes first says what is history."""
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO listens VALUES (%s, %s, 1, 0, %s, %s) ON CONFLICT DO NOTHING", (follower, source, head.partitions, head.position)
        )
        for partition in range(head.partitions):
            await open_position(connection, At(follower, source, 1, partition), 0)


async def starts_after(replays: Replays, epoch: int, head: SourceHead) -> int:
    """The position after which an epoch of the source begins."""
    return await first_position_of(replays, epoch, head.position) - 1


async def heard_through(connection: AsyncConnection[Any], listens: Listens, position: int) -> bool:
    """Whether every partition is heard exactly that far. HeardOrphans when one is beyond it."""
    cursor = await connection.execute(
        "SELECT min(position), max(position) FROM positions WHERE (follower, source, epoch) = (%s, %s, %s)",
        (listens.follower, listens.source, listens.epoch),
    )
    row = await cursor.fetchone()
    least, most = row if row is not None and row[0] is not None else (0, 0)
    if most > position:
        raise HeardOrphans(f"{listens.follower} has heard {listens.source} up to {most}; its next epoch starts after {position}")
    return bool(least == position)


async def open_epoch(connection: AsyncConnection[Any], listens: Listens, epoch: int, starts_after: int, partitions: int) -> None:
    """Go over to the next epoch, whose positions begin where it starts. Done once, whoever comes first."""
    async with connection.transaction():
        cursor = await connection.execute(
            """UPDATE listens SET epoch = %s, starts_after = %s, partitions = %s WHERE (follower, source, epoch) = (%s, %s, %s)""",
            (epoch, starts_after, partitions, listens.follower, listens.source, listens.epoch),
        )
        if cursor.rowcount == 1:
            for partition in range(partitions):
                await open_position(connection, At(listens.follower, listens.source, epoch, partition), starts_after)
            await carry_over(connection, listens.follower, listens.source, epoch, partitions)
