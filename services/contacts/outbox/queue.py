"""The queue of messages that wait to be sent: written by the view, emptied by what is told; how often each was tried is kept beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from services.chassis.follower import marks
from services.chassis.follower.marks import At
from services.chassis.follower.relayed import OWN_LOG_EPOCH
from services.chassis.follower.views import follower_of
from services.chassis.log.origins import HeardUpTo

FOLLOWER = "outbox:messages"
SOON_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message whose turn it is."""

    interaction_id: UUID
    tenant_id: str
    send_before: datetime
    tries: int
    """So far."""
    may_be_out: bool
    """One of them was handed over and never answered."""


async def whose_turn_it_is(connection: AsyncConnection[Any], now: datetime, limit: int) -> list[Waiting]:
    """What may be sent now, and what may not be sent any more, in the order in which it began. `now`: the log's clock."""
    async with connection.cursor(row_factory=class_row(Waiting)) as cursor:
        await cursor.execute(_TURN, {"now": now, "limit": limit})
        return await cursor.fetchall()


async def begin_try(connection: AsyncConnection[Any], waiting: Waiting) -> int | None:
    """Noted before the message is handed over, so that a crash is found out; None when another worker has begun meanwhile."""
    row = await (await connection.execute(_BEGIN, (waiting.interaction_id, waiting.tries))).fetchone()
    return None if row is None else int(row[0])


async def retry_in(connection: AsyncConnection[Any], interaction_id: UUID, seconds: float, may_be_out: bool | None = None) -> None:
    """Real time: a mail server's patience has nothing to do with the business's clock. `may_be_out`: of all tries; None: as it is noted."""
    await connection.execute(_RETRY, {"interaction_id": interaction_id, "seconds": seconds, "may_be_out": may_be_out})


async def open_mark(connection: AsyncConnection[Any], service: str) -> None:
    await marks.open_position(connection, _at(service), 0)


async def raise_mark(connection: AsyncConnection[Any], service: str) -> None:
    """Whoever waits until all is quiet waits for us too: we are as far as the view, unless something is due now or soon."""
    at = _at(service)
    view = At(follower_of("messages"), service, OWN_LOG_EPOCH, 0)
    async with connection.transaction():
        # In this order: what the view adds after its position was read is not claimed to be done.
        shown, _ = await marks.position(connection, view)
        row = await (await connection.execute(_IS_ANY_SOON, (SOON_SECONDS,))).fetchone()
        done, _ = await marks.position(connection, at)
        if row is not None and not row[0] and shown > done:
            await marks.move(connection, HeardUpTo(at.follower, at.source, at.epoch, at.partition, done, shown))


def _at(service: str) -> At:
    return At(FOLLOWER, service, OWN_LOG_EPOCH, 0)


_TURN = """
SELECT d.interaction_id, d.tenant_id, d.send_before, coalesce(t.tries, 0) AS tries, coalesce(t.may_be_out, false) AS may_be_out
FROM dispatches d LEFT JOIN dispatch_tries t USING (interaction_id)
WHERE d.send_before <= %(now)s
   OR (NOT d.waits_for_link AND (t.retry_at IS NULL OR t.retry_at <= clock_timestamp()))
ORDER BY d.began_at LIMIT %(limit)s"""
_BEGIN = """
INSERT INTO dispatch_tries AS t (interaction_id, tries, tried_at, may_be_out) VALUES (%s, %s + 1, clock_timestamp(), true)
ON CONFLICT (interaction_id) DO UPDATE SET tries = excluded.tries, tried_at = excluded.tried_at, retry_at = NULL, may_be_out = true
  WHERE t.tries = excluded.tries - 1
RETURNING tries"""
_RETRY = """
INSERT INTO dispatch_tries AS t (interaction_id, tries, tried_at, retry_at, may_be_out)
VALUES (%(interaction_id)s, 0, clock_timestamp(), clock_timestamp() + make_interval(secs => %(seconds)s), false)
ON CONFLICT (interaction_id) DO UPDATE SET retry_at = excluded.retry_at, may_be_out = coalesce(%(may_be_out)s::boolean, t.may_be_out)"""
_IS_ANY_SOON = """
SELECT EXISTS (SELECT FROM dispatches d LEFT JOIN dispatch_tries t USING (interaction_id)
               WHERE NOT d.waits_for_link AND (t.retry_at IS NULL OR t.retry_at <= clock_timestamp() + make_interval(secs => %s)))"""
