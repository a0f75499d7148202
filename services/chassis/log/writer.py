"""The writer: what has gathered is one call of one SQL function; what queues meanwhile is the next batch."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection, pq

from services.chassis.log import batch
from services.chassis.log.batch import Outcome, Placed
from services.chassis.log.connections import connect
from services.chassis.log.units import LogIsBusy, OutcomeUnknown, Unit, UnitIsBad
from services.chassis.telemetry import metrics

UNITS_IN_BATCH_MAX = 256
BYTES_IN_BATCH_MAX = 4 * 1024 * 1024
UNITS_WAITING_MAX = 4096
CALL_SECONDS_MAX = 5.0
"""After that the connection is given up: psycopg's own time-outs do not end a call to a frozen server."""
GIVE_UP_AFTER_SECONDS = 30.0
"""How long one batch is tried again over new connections before its callers are told that the outcome is unknown."""
RETRY_PAUSE_SECONDS = 0.05
BUSY_RETRY_AFTER_SECONDS = 0.2

_log = structlog.get_logger("log")


@dataclass(slots=True, eq=False)
class _Waiting:
    unit: Unit
    answered: asyncio.Future[Placed]
    size: int = field(default=0)


class Writer:
    """One connection, one batch in flight. Whatever happens, every waiting caller is answered."""

    def __init__(self, dsn: str, schema: str, on_development_clock: bool) -> None:
        self._dsn, self._on_development_clock = dsn, on_development_clock
        self._schema = schema
        self._call = batch.CALL.format(schema=schema)
        self._queue: deque[_Waiting] = deque()
        self._gathered = asyncio.Event()
        self._connection: AsyncConnection[Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._connection = await connect(self._dsn)
        self._task = asyncio.create_task(self._write_on(), name="log.writer")

    async def stop(self) -> None:
        """Write what has gathered, then close."""
        self._stopping = True
        self._gathered.set()
        if self._task is not None:
            await self._task
        await self._drop_connection()

    async def wait(self) -> None:
        if self._task is not None:
            await asyncio.shield(self._task)

    async def append(self, unit: Unit, deadline_seconds: float) -> Placed:
        """The unit's place once it is durable. Raises NotStored (by kind), or OutcomeUnknown at the deadline.

        The caller may be cancelled; the unit is written all the same.
        """
        if self._stopping or self._task is None or self._task.done():
            raise LogIsBusy(BUSY_RETRY_AFTER_SECONDS)
        if len(self._queue) >= UNITS_WAITING_MAX:
            raise LogIsBusy(BUSY_RETRY_AFTER_SECONDS)
        waiting = _Waiting(unit, asyncio.get_running_loop().create_future(), sum(len(t.event) for w in unit.writes for t in w.events))
        self._queue.append(waiting)
        self._gathered.set()
        try:
            done, _ = await asyncio.wait({waiting.answered}, timeout=max(0.0, deadline_seconds))
        except asyncio.CancelledError:
            waiting.answered.add_done_callback(_look_away)
            raise
        if not done:
            waiting.answered.add_done_callback(_look_away)
            raise OutcomeUnknown
        return waiting.answered.result()

    async def _write_on(self) -> None:
        while True:
            if not self._queue:
                if self._stopping:
                    return
                self._gathered.clear()
                await self._gathered.wait()
                continue
            taken = self._take()
            metrics.BATCH_UNITS.record(len(taken), {"service": self._schema})
            try:
                await self._write(taken)
            except Exception as error:  # noqa: BLE001 - a bug here must answer the callers, not leave them waiting for ever
                _log.error("writer_failed", error_type=type(error).__name__, exc_info=error)
                _answer_all(taken, OutcomeUnknown())
            finally:
                _answer_all(taken, OutcomeUnknown())  # whoever is still waiting: nobody waits for ever

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        size = 0
        while self._queue and len(taken) < UNITS_IN_BATCH_MAX and size < BYTES_IN_BATCH_MAX:
            taken.append(self._queue.popleft())
            size += taken[-1].size
        return taken

    async def _write(self, taken: list[_Waiting]) -> None:
        try:
            found = await self._call_until_answered([waiting.unit for waiting in taken])
        except psycopg.Error as bad:
            if len(taken) == 1:
                _log.error("unit_is_bad", error_type=type(bad).__name__, code=bad.sqlstate)
                _answer(taken[0], UnitIsBad(type(bad).__name__, bad.sqlstate or ""))
                return
            half = len(taken) // 2
            await self._write(taken[:half])
            await self._write(taken[half:])
            return
        for waiting, outcome in zip(taken, found, strict=True):
            _answer(waiting, outcome)

    async def _call_until_answered(self, units: list[Unit]) -> list[Outcome]:
        """Never concludes "not stored" from silence: the identical batch is sent again on a new connection until it is answered."""
        give_up_at = time.monotonic() + GIVE_UP_AFTER_SECONDS
        is_rerun = False
        while True:
            try:
                started = time.monotonic()
                rows = await self._call_once(units, is_rerun)
                metrics.COMMIT_SECONDS.record(time.monotonic() - started, {"service": self._schema})
                return batch.outcomes(units, rows, is_rerun)
            except (psycopg.OperationalError, OSError, TimeoutError) as lost:
                is_rerun = True
                _log.warning("log_connection_lost", error_type=type(lost).__name__)
                await self._drop_connection()
                if time.monotonic() > give_up_at:
                    return [OutcomeUnknown()] * len(units)
                await asyncio.sleep(RETRY_PAUSE_SECONDS)

    async def _call_once(self, units: list[Unit], is_rerun: bool) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = await asyncio.wait_for(connect(self._dsn), CALL_SECONDS_MAX)
        calling = asyncio.create_task(self._execute(self._connection, units, is_rerun))
        done, _ = await asyncio.wait({calling}, timeout=CALL_SECONDS_MAX)
        if not done:
            self._abandon(calling)
            raise TimeoutError
        return calling.result()

    async def _execute(self, connection: AsyncConnection[Any], units: list[Unit], is_rerun: bool) -> list[tuple[Any, ...]]:
        cursor = connection.cursor(binary=True)
        await cursor.execute(self._call, batch.arguments(units, self._on_development_clock, is_rerun), prepare=True)
        return await cursor.fetchall()

    def _abandon(self, calling: asyncio.Task[Any]) -> None:
        """Cancelling a call to a frozen server takes seconds: it goes on dying by itself."""
        self._connection = None
        self._abandoned.add(calling)
        calling.add_done_callback(self._abandoned.discard)
        calling.add_done_callback(_look_away)
        calling.cancel()

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                if connection.pgconn.status == pq.ConnStatus.OK:
                    await connection.close()


def _answer(waiting: _Waiting, outcome: Outcome | Exception) -> None:
    if waiting.answered.done():
        return
    if isinstance(outcome, Exception):
        waiting.answered.set_exception(outcome)
    else:
        waiting.answered.set_result(outcome)


def _answer_all(taken: list[_Waiting], outcome: Exception) -> None:
    for waiting in taken:
        _answer(waiting, outcome)


def _look_away(task: asyncio.Future[Any]) -> None:
    """Its outcome is nobody's business any more; asking for it keeps asyncio from complaining."""
    if not task.cancelled():
        task.exception()
