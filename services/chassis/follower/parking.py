"""Parking: facts that could not be applied, and those of their key behind them; looked at, flagged, drained in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from acuerdo.common.v1 import log_pb2
from psycopg import AsyncConnection
from psycopg.rows import class_row

from services.chassis.follower.marks import At, move, open_position
from services.chassis.follower.record import Received, from_message, partition_of, to_message
from services.chassis.log.origins import HeardUpTo

WAITING, DONE = 1, 2
"""Positions of a parked fact's token: its effects move it, so that it has them once."""


@dataclass(frozen=True, slots=True)
class Parking:
    """One fact to be set aside."""

    fact: Received
    reason: str
    """Error type and code; empty for a fact that waits behind another of its key."""
    is_unheard: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """One fact that our business refused: an outcome."""

    fact: Received
    reason: str


@dataclass(frozen=True, slots=True)
class Parked:
    """What an operator sees of a parked fact."""

    follower: str
    source: str
    epoch: int
    partition: int
    position: int
    key: UUID
    type_name: str
    reason: str
    parked_at: datetime
    attempts: int
    is_unheard: bool
    retry: bool
    waiting: int
    """Facts of the same key that wait behind it."""


Cursor = tuple[datetime, str, str, int, int]
"""Where a page of `list_parked` ended: parked_at, follower, source, epoch, position."""


async def pass_over(
    connection: AsyncConnection[Any], to: HeardUpTo, parked: Sequence[Parking] = (), refused: Sequence[Refused] = ()
) -> None:
    """Move the position past facts that have no effect here, and keep those that must not be lost. HeardAlready as in `move`."""
    async with connection.transaction():
        await move(connection, to)
        for parking in parked:
            fact = parking.fact
            await connection.execute(
                """INSERT INTO parked (follower, source, epoch, partition, position, key, type_name, reason, is_unheard, record)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
                (
                    *(to.follower, to.source, to.epoch, to.partition, fact.position, fact.key, fact.type_name),
                    *(parking.reason, parking.is_unheard, to_message(fact).SerializeToString()),
                ),
            )
            await open_position(connection, token(to, fact.position), WAITING)
        for refusal in refused:
            await _keep(connection, to, refusal)


async def _keep(connection: AsyncConnection[Any], at: At | HeardUpTo, refusal: Refused) -> None:
    fact = refusal.fact
    await connection.execute(
        """INSERT INTO refused_facts (follower, source, epoch, position, key, type_name, reason)
           VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (at.follower, at.source, at.epoch, fact.position, fact.key, fact.type_name, refusal.reason),
    )


def token(at: At | HeardUpTo, position: int) -> At:
    """The position row that belongs to one parked fact."""
    return At(f"{at.follower}/{position}", at.source, at.epoch, at.partition)


async def parked_keys(connection: AsyncConnection[Any], at: At) -> set[UUID]:
    """Keys of this partition whose facts must wait. A fact of an unknown type holds nobody up."""
    cursor = await connection.execute(
        "SELECT DISTINCT key FROM parked WHERE (follower, source, epoch, partition) = (%s, %s, %s, %s) AND NOT is_unheard",
        (at.follower, at.source, at.epoch, at.partition),
    )
    return {row[0] for row in await cursor.fetchall()}


async def to_retry(connection: AsyncConnection[Any], at: At, known_types: frozenset[str]) -> list[Received]:
    """Facts to be heard again, in order: all of a flagged key, and those of types that this build has learnt unless their key waits."""
    cursor = await connection.execute(
        """WITH here AS (SELECT * FROM parked WHERE (follower, source, epoch, partition) = (%s, %s, %s, %s)),
                flagged AS (SELECT DISTINCT key FROM here WHERE retry),
                waiting AS (SELECT DISTINCT key FROM here WHERE NOT is_unheard EXCEPT SELECT key FROM flagged)
           SELECT record FROM here WHERE CASE WHEN is_unheard THEN type_name = ANY(%s) AND key NOT IN (SELECT key FROM waiting)
             ELSE key IN (SELECT key FROM flagged) END
           ORDER BY position""",
        (at.follower, at.source, at.epoch, at.partition, list(known_types)),
    )
    return [from_message(log_pb2.Record.FromString(row[0])) for row in await cursor.fetchall()]


async def partitions_to_retry(connection: AsyncConnection[Any], follower: str, source: str) -> set[int]:
    cursor = await connection.execute(
        "SELECT DISTINCT partition FROM parked WHERE (follower, source) = (%s, %s) AND retry", (follower, source)
    )
    return {row[0] for row in await cursor.fetchall()}


async def count_parked(connection: AsyncConnection[Any], follower: str, source: str) -> int:
    cursor = await connection.execute("SELECT count(*) FROM parked WHERE (follower, source) = (%s, %s)", (follower, source))
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def unpark(connection: AsyncConnection[Any], at: At, position: int, refused: Refused | None = None) -> None:
    """Its effects are stored, or our business has refused it: it waits no longer."""
    mark = token(at, position)
    async with connection.transaction():
        if refused is not None:
            await _keep(connection, at, refused)
        await connection.execute(
            "DELETE FROM parked WHERE (follower, source, epoch, position) = (%s, %s, %s, %s)", (at.follower, at.source, at.epoch, position)
        )
        await connection.execute(
            "DELETE FROM positions WHERE (follower, source, epoch, partition) = (%s, %s, %s, %s)",
            (mark.follower, mark.source, mark.epoch, mark.partition),
        )


async def failed_again(connection: AsyncConnection[Any], at: At, fact: Received, reason: str) -> None:
    """The flag is taken down for its whole key: nothing behind it can go before it."""
    async with connection.transaction():
        await connection.execute(
            """UPDATE parked SET attempts = attempts + 1, reason = %s, is_unheard = false
               WHERE (follower, source, epoch, position) = (%s, %s, %s, %s)""",
            (reason, at.follower, at.source, at.epoch, fact.position),
        )
        await connection.execute(
            "UPDATE parked SET retry = false WHERE (follower, source, key) = (%s, %s, %s)", (at.follower, at.source, fact.key)
        )


async def carry_over(connection: AsyncConnection[Any], follower: str, source: str, epoch: int, partitions: int) -> None:
    """What waits goes on to wait in a new epoch, where its key is heard from now on: it must not be overtaken, nor forgotten."""
    cursor = await connection.execute(
        "SELECT epoch, partition, position, key FROM parked WHERE (follower, source) = (%s, %s) AND epoch < %s", (follower, source, epoch)
    )
    for old_epoch, old_partition, position, key in await cursor.fetchall():
        moved = (epoch, partition_of(key, partitions))
        await connection.execute(
            "UPDATE parked SET (epoch, partition) = (%s, %s) WHERE (follower, source, epoch, position) = (%s, %s, %s, %s)",
            (*moved, follower, source, old_epoch, position),
        )
        mark = token(At(follower, source, old_epoch, old_partition), position)
        await connection.execute(
            "UPDATE positions SET (epoch, partition) = (%s, %s) WHERE (follower, source, epoch, partition) = (%s, %s, %s, %s)",
            (*moved, mark.follower, mark.source, mark.epoch, mark.partition),
        )


async def list_parked(connection: AsyncConnection[Any], *, limit: int, after: Cursor | None = None) -> list[Parked]:
    """What an operator must know of: the first of each key with how many wait behind it, and facts of unknown types. Oldest first."""
    async with connection.cursor(row_factory=class_row(Parked)) as cursor:
        await cursor.execute(
            """SELECT p.follower, p.source, epoch, partition, position, key, type_name, reason, parked_at, attempts, is_unheard, retry,
                      CASE WHEN is_unheard THEN 0 ELSE waiting END AS waiting
               FROM (SELECT *, count(*) FILTER (WHERE NOT is_unheard) OVER key_of - 1 AS waiting,
                            row_number() OVER (key_of ORDER BY is_unheard, position) AS place
                     FROM parked WINDOW key_of AS (PARTITION BY follower, source, key)) AS p
               WHERE (place = 1 OR is_unheard)
                 AND (%(at)s::timestamptz IS NULL
                      OR (parked_at, follower, source, epoch, position) > (%(at)s, %(follower)s, %(source)s, %(epoch)s, %(position)s))
               ORDER BY parked_at, follower, source, epoch, position LIMIT %(limit)s""",
            {"limit": limit, **dict(zip(("at", "follower", "source", "epoch", "position"), after or (None, "", "", 0, 0), strict=True))},
        )
        return await cursor.fetchall()


async def flag_for_retry(connection: AsyncConnection[Any], *, follower: str = "", key: UUID | None = None) -> int:
    """Ask for parked facts to be heard again; empty: all. How many keys were flagged."""
    cursor = await connection.execute(
        """WITH flagged AS (UPDATE parked SET retry = true
             WHERE (%(follower)s = '' OR follower = %(follower)s) AND (%(key)s::uuid IS NULL OR key = %(key)s) AND NOT is_unheard
             RETURNING follower, source, key)
           SELECT count(*) FROM (SELECT DISTINCT follower, source, key FROM flagged) AS keys""",
        {"follower": follower, "key": key},
    )
    row = await cursor.fetchone()
    return int(row[0]) if row is not None else 0
