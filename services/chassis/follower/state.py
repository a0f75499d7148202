"""State: how far everybody is, from the tables alone, so that any process of the service can tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import class_row

from services.chassis.follower.timers import is_any_due


@dataclass(frozen=True, slots=True)
class FollowerState:
    """One follower in one partition of its source. Fields as in acuerdo.common.v1.FollowerState."""

    follower: str
    source: str
    epoch: int
    partition: int
    position: int
    head_position: int
    complete_through: datetime | None
    progressed_at: datetime
    parked: int
    muted_until: int
    """Facts of the source up to here are from before our first deployment; 0 for followers of our own log."""

    @property
    def is_caught_up(self) -> bool:
        return self.position >= self.head_position


async def followers_state(connection: AsyncConnection[Any]) -> list[FollowerState]:
    """Relay (one row for each partition of our topic), views, reactions.

    Whether another service has heard all of ours: its rows with us as the source are, partition by partition, where our relay's rows are.
    """
    async with connection.cursor(row_factory=class_row(FollowerState)) as cursor:
        await cursor.execute(_STATE)
        return await cursor.fetchall()


async def is_quiet(connection: AsyncConnection[Any], now: datetime) -> bool:
    """No timer is due at `now`, and everybody has caught up with what can be seen from here. `now` is the log's clock."""
    return not await is_any_due(connection, now) and all(state.is_caught_up for state in await followers_state(connection))


_STATE = """
WITH log AS (SELECT position FROM log_counter WHERE shard = 0),
     waiting AS (SELECT follower, source, epoch, partition, count(*) AS parked FROM parked GROUP BY 1, 2, 3, 4)
SELECT p.follower, p.source, p.epoch, p.partition, p.position,
       CASE WHEN p.epoch = 0 THEN log.position ELSE coalesce(w.head_position, p.position) END AS head_position,
       w.complete_through, p.progressed_at, coalesce(waiting.parked, 0)::int AS parked, coalesce(l.muted_until, 0) AS muted_until
FROM positions p CROSS JOIN log
LEFT JOIN watermarks w USING (follower, source, epoch, partition)
LEFT JOIN waiting USING (follower, source, epoch, partition)
LEFT JOIN listens l ON (l.follower, l.source, l.epoch) = (p.follower, p.source, p.epoch)
WHERE p.follower NOT LIKE '%/%' AND p.follower <> 'relay' AND (p.epoch = 0 OR l.epoch IS NOT NULL)
UNION ALL
SELECT r.follower, r.source, t.epoch, t.partition, t.position,
       CASE WHEN r.position >= log.position THEN t.position ELSE log.position END,
       NULL, r.progressed_at, 0, 0
FROM positions r CROSS JOIN log JOIN relay_partitions t ON t.epoch = (SELECT max(epoch) FROM epochs)
WHERE r.follower = 'relay'
UNION ALL
SELECT r.follower, r.source, 0, 0, r.position, log.position, NULL, r.progressed_at, 0, 0
FROM positions r CROSS JOIN log WHERE r.follower = 'relay' AND NOT EXISTS (SELECT FROM relay_partitions)
ORDER BY 1, 2, 3, 4
"""
