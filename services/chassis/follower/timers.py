"""Timers: the clock speaks. Whoever has the lease wakes what is due; a timer that comes to nothing is in nobody's way."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from psycopg import AsyncConnection
from psycopg.rows import class_row

from services.chassis.follower import marks
from services.chassis.follower.leaseholder import Leaseholder
from services.chassis.follower.leases import Leases
from services.chassis.follower.meters import TIMER_LATENESS, TIMERS
from services.chassis.follower.waking import Waking
from services.chassis.heard import Timers as Table
from services.chassis.log.connections import STORE_IS_AWAY
from services.chassis.log.log import Log
from services.chassis.log.origins import TimerFired
from services.chassis.log.units import LogIsBusy, OutcomeUnknown, TimerIsStale
from services.chassis.telemetry.metrics import TIMERS_LATE
from services.kernel.refusal import Refusal

TIMERS_AT_ONCE_MAX = 128
BACK_OFF_SECONDS_MIN, BACK_OFF_SECONDS_MAX = 1.0, 300.0
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.2, 10.0
LOOK_SECONDS_MIN = 0.01
TIMERS_LEASE = "timers"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Due:
    stream_id: UUID
    key: str
    tenant_id: str
    version: int
    due: datetime


class TimerRunner(Leaseholder):
    """Wakes the streams of a service whose timers are due, by the log's clock."""

    name = "timers"

    def __init__(self, log: Log, timers: Table, *, lease_seconds: float = 10.0, poll_seconds: float = 0.1) -> None:
        self._log, self._timers = log, timers
        service = self._service = log.service.name
        super().__init__(
            Leases(log.dsn, service, TIMERS_LEASE, [TIMERS_LEASE], lease_seconds=lease_seconds),
            marks.pool(log.dsn, service, TIMERS_LEASE),
            Waking(log, poll_seconds_max=poll_seconds),
        )
        self._poll_seconds = poll_seconds

    def wake(self) -> None:
        """Look now: the development clock has made a step."""
        self._waking.wake()

    async def _run(self) -> None:
        pause = RETRY_SECONDS_MIN
        while not self._is_stopping:
            await self._leases.wait_held(TIMERS_LEASE)
            began = monotonic()
            try:
                while not self._is_stopping and TIMERS_LEASE in self._leases.held:
                    if not await self._fire_what_is_due():
                        await self._waking.wait(seconds_max=self._poll_seconds)
                        await asyncio.sleep(LOOK_SECONDS_MIN)  # a busy log wakes us all the time
            except (*STORE_IS_AWAY, LogIsBusy, OutcomeUnknown) as error:
                _log.warning("timers_interrupted", service=self._service, error_type=type(error).__name__)
            pause = RETRY_SECONDS_MIN if monotonic() - began > RETRY_SECONDS_MAX else min(pause * 2, RETRY_SECONDS_MAX)
            if not self._is_stopping:
                await asyncio.sleep(pause)

    async def _fire_what_is_due(self) -> bool:
        """Streams side by side, the timers of one stream in order. Whether there was anything."""
        now = await self._log.now()
        async with self._pool.connection() as connection:
            due = await _due(connection, now, TIMERS_AT_ONCE_MAX)
        TIMERS_LATE.set((now - due[0].due).total_seconds() if due else 0.0, {"service": self._service})
        by_stream: defaultdict[UUID, list[_Due]] = defaultdict(list)
        for timer in due:
            by_stream[timer.stream_id].append(timer)
        fired = await asyncio.gather(*(self._fire_in_order(timers, now) for timers in by_stream.values()), return_exceptions=True)
        for failed in fired:
            if isinstance(failed, BaseException):
                raise failed
        await self._count([timer for each in fired if not isinstance(each, BaseException) for timer in each])
        return bool(due)

    async def _fire_in_order(self, timers: Sequence[_Due], now: datetime) -> list[_Due]:
        """Those that have fired, as far as we know."""
        fired = []
        for timer in timers:
            TIMER_LATENESS.record((now - timer.due).total_seconds(), {"service": self._service})
            try:
                reason = await self._fire(timer)
            except (*STORE_IS_AWAY, LogIsBusy, OutcomeUnknown):
                raise
            except TimerIsStale:
                reason = ""  # somebody else has fired it, or the stream has replaced it
            except Refusal as refusal:
                reason = refusal.reason
            except Exception as error:  # noqa: BLE001 - reported and tried again later; the others go on
                _log.error("timer_failed", stream_id=str(timer.stream_id), timer_key=timer.key, exc_info=error)
                reason = type(error).__name__
            if reason:
                await self._fail(timer, reason)
            else:
                fired.append(timer)
        return fired

    async def _count(self, fired: Sequence[_Due]) -> None:
        """A timer that is still there has come to nothing. One look at all of them: a night fires a hundred thousand."""
        if not fired:
            return
        async with self._pool.connection() as connection:
            still_set = await _still_set(connection, fired)
        for timer in still_set:
            await self._fail(timer, "CameToNothing")
        TIMERS.add(len(fired) - len(still_set), {"service": self._service, "outcome": "fired"})

    async def _fire(self, timer: _Due) -> str:
        """Empty where nothing is known against it; else why it did not fire."""
        behaviour = self._timers.get(timer.key.split("/", 1)[0])
        if behaviour is None:
            return "TimerIsUnknown"
        fired = TimerFired(timer.tenant_id, timer.stream_id, timer.version, timer.key, timer.due)
        stream = await self._log.load(behaviour.stream, timer.stream_id, timer.tenant_id)
        if stream.version == timer.version:  # every write sets all timers of its stream anew: else somebody was there before us
            changes = tuple(behaviour.wake(stream, fired))
            if changes:
                await self._log.run(fired, *changes)
        return ""

    async def _fail(self, timer: _Due, reason: str) -> None:
        TIMERS.add(1, {"service": self._service, "outcome": "failed"})
        await self._back_off(timer, reason)

    async def _back_off(self, timer: _Due, reason: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                """INSERT INTO timer_troubles AS t (stream_id, key, version, due, attempts, reason, retry_at)
                   VALUES (%(stream_id)s, %(key)s, %(version)s, %(due)s, 1, %(reason)s,
                           clock_timestamp() + make_interval(secs => %(least)s))
                   ON CONFLICT (stream_id, key) DO UPDATE SET version = excluded.version, due = excluded.due, reason = excluded.reason,
                     attempts = CASE WHEN (t.version, t.due) = (excluded.version, excluded.due) THEN t.attempts + 1 ELSE 1 END,
                     retry_at = clock_timestamp() + make_interval(secs => CASE WHEN (t.version, t.due) = (excluded.version, excluded.due)
                       THEN least(%(most)s, %(least)s * 2 ^ least(t.attempts, 20)) ELSE %(least)s END)""",
                {
                    "stream_id": timer.stream_id,
                    "key": timer.key,
                    "version": timer.version,
                    "due": timer.due,
                    "reason": reason,
                    "least": BACK_OFF_SECONDS_MIN,
                    "most": BACK_OFF_SECONDS_MAX,
                },
            )
        _log.warning("timer_backs_off", service=self._service, stream_id=str(timer.stream_id), timer_key=timer.key, reason=reason)


async def next_due_at(connection: AsyncConnection[Any], now: datetime) -> datetime | None:
    """The earliest timer that is not due yet."""
    cursor = await connection.execute("SELECT min(due) FROM timers WHERE due > %s", (now,))
    row = await cursor.fetchone()
    return row[0] if row is not None else None


async def is_any_due(connection: AsyncConnection[Any], now: datetime) -> bool:
    """Whether a timer is due that has not been tried in vain: one that backs off holds no clock up."""
    cursor = await connection.execute(
        """SELECT EXISTS (SELECT FROM timers t WHERE due <= %s AND NOT EXISTS (
             SELECT FROM timer_troubles x WHERE (x.stream_id, x.key, x.version, x.due) = (t.stream_id, t.key, t.version, t.due)))""",
        (now,),
    )
    row = await cursor.fetchone()
    return bool(row is not None and row[0])


async def _due(connection: AsyncConnection[Any], now: datetime, limit: int) -> list[_Due]:
    """What is due, earliest first. Without row locks: a locked row would block the very unit that replaces it."""
    async with connection.cursor(row_factory=class_row(_Due)) as cursor:
        await cursor.execute(
            """SELECT stream_id, key, tenant_id, version, due FROM timers t WHERE due <= %s AND NOT EXISTS (
                 SELECT FROM timer_troubles x WHERE (x.stream_id, x.key, x.version, x.due) = (t.stream_id, t.key, t.version, t.due)
                 AND x.retry_at > clock_timestamp())
               ORDER BY due, stream_id, key LIMIT %s""",
            (now, limit),
        )
        return await cursor.fetchall()


async def _still_set(connection: AsyncConnection[Any], fired: Sequence[_Due]) -> list[_Due]:
    """Those of them that nothing has replaced."""
    cursor = await connection.execute(
        """SELECT w.place FROM unnest(%s::uuid[], %s::text[], %s::int[], %s::timestamptz[]) WITH ORDINALITY w (id, key, version, due, place)
           JOIN timers t ON (t.stream_id, t.key, t.version, t.due) = (w.id, w.key, w.version, w.due)""",
        (
            [timer.stream_id for timer in fired],
            [timer.key for timer in fired],
            [timer.version for timer in fired],
            [timer.due for timer in fired],
        ),
    )
    return [fired[place - 1] for (place,) in await cursor.fetchall()]
