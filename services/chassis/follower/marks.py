"""Marks: how far each follower has heard, and what it knows to be complete. Positions move by compare-and-set only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from services.chassis.log import connections
from services.chassis.log.connections import CONNECT_TIMEOUT_SECONDS, PromptConnection
from services.chassis.log.origins import HeardUpTo
from services.chassis.log.units import HeardAlready

STATEMENT_TIMEOUT = "15s"
CONNECTIONS_MAX = 4
WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class At:
    """One partition of one source, as one follower hears it."""

    follower: str
    source: str
    epoch: int
    partition: int


def session(dsn: str, schema: str, settings: Mapping[str, str] | None = None) -> str:
    """The DSN of a follower's session: its role, its schema, its timeouts."""
    wanted = {
        "role": f"{schema}_follower",
        "search_path": schema,
        "statement_timeout": STATEMENT_TIMEOUT,
        "timezone": "UTC",
        **(settings or {}),
    }
    already = conninfo_to_dict(dsn).get("options") or ""
    return make_conninfo(dsn, options=" ".join([str(already), *(f"-c {name}={value}" for name, value in wanted.items())]).strip())


async def connect(dsn: str, schema: str, *, autocommit: bool, settings: Mapping[str, str] | None = None) -> AsyncConnection[Any]:
    """A connection of its own, in the role of a follower."""
    return await PromptConnection.connect(session(dsn, schema, settings), autocommit=autocommit, connect_timeout=CONNECT_TIMEOUT_SECONDS)


def pool(dsn: str, schema: str, name: str, settings: Mapping[str, str] | None = None) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """A few autocommit connections in the role of a follower; closed until opened."""
    return connections.pool(session(dsn, schema, settings), CONNECTIONS_MAX, name, wait_seconds=WAIT_SECONDS)


async def open_position(connection: AsyncConnection[Any], at: At, starts_after: int) -> None:
    """Begin to hear; nothing happens where we have heard before."""
    await connection.execute(
        """INSERT INTO positions (follower, source, epoch, partition, position) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (at.follower, at.source, at.epoch, at.partition, starts_after),
    )


async def position(connection: AsyncConnection[Any], at: At) -> tuple[int, int]:
    """What was heard, and the offset to go on from. (0, 0) before the first."""
    cursor = await connection.execute(
        "SELECT position, offset_hint FROM positions WHERE (follower, source, epoch, partition) = (%s, %s, %s, %s)",
        (at.follower, at.source, at.epoch, at.partition),
    )
    row = await cursor.fetchone()
    return cast("tuple[int, int]", row) if row is not None else (0, 0)


async def move(connection: AsyncConnection[Any], to: HeardUpTo) -> None:
    """Inside the caller's transaction. HeardAlready when the position is not where we left it: somebody else follows too."""
    cursor = await connection.execute(
        """UPDATE positions SET position = %s, offset_hint = %s, progressed_at = clock_timestamp()
           WHERE (follower, source, epoch, partition, position) = (%s, %s, %s, %s, %s)""",
        (to.to_position, to.offset_hint, to.follower, to.source, to.epoch, to.partition, to.from_position),
    )
    if cursor.rowcount != 1:
        raise HeardAlready(f"{to.follower} of {to.source}/{to.epoch}/{to.partition} is not at {to.from_position}")


async def raise_watermarks(connection: AsyncConnection[Any], at: At, rows: Sequence[tuple[int, int, datetime, datetime | None]]) -> None:
    """Rows of (partition, head position, head's instant, complete through); `at` names the rest. Never lowered."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO watermarks AS w (follower, source, epoch, partition, head_position, head_through, complete_through)
               VALUES (%s, %s, %s, %s, %s, %s, %s)
               ON CONFLICT (follower, source, epoch, partition) DO UPDATE SET
                 head_position = greatest(w.head_position, excluded.head_position),
                 head_through = greatest(w.head_through, excluded.head_through),
                 complete_through = greatest(w.complete_through, excluded.complete_through)""",
            [(at.follower, at.source, at.epoch, *row) for row in rows],
        )
