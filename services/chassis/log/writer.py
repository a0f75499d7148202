"""The writer: what has gathered is one call of one SQL function; what queues meanwhile is the next batch."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection, AsyncRawCursor, pq

from services.chassis.log import arrays, batch
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
LOOK_FOR_LATE_SECONDS = 0.05
"""One look over all who wait is cheaper than a timer for each of them."""
HALVED_FROM = 16

TRANSIENT = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, OSError, TimeoutError)
"""What says nothing about the unit: the connection, the server, a lock, a standby that is not yet promoted."""

_log = structlog.get_logger("log")


@dataclass(slots=True, eq=False)
class _Waiting:
    unit: Unit
    answered: asyncio.Future[Placed]
    late_at: float
    size: int


class Writer:
    """One connection, one batch in flight. Whatever happens, every waiting caller is answered."""

    def __init__(self, dsn: str, schema: str, on_development_clock: bool) -> None:
        self._dsn, self._on_development_clock = dsn, on_development_clock
        self._schema = schema
        self._call = batch.CALL.format(schema=schema)
        self._queue: deque[_Waiting] = deque()
        self._in_flight: Sequence[_Waiting] = ()
        self._gathered = asyncio.Event()
        self._connection: AsyncConnection[Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._stopping = False
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self._connection = await self._connect()
        self._task = asyncio.create_task(self._write_on(), name="log.writer")
        self._watch = asyncio.create_task(self._answer_the_late(), name="log.writer.late")

    async def stop(self) -> None:
        """Write what has gathered, then close."""
        self._stopping = True
        self._gathered.set()
        if self._task is not None:
            await self._task
        if self._watch is not None:
            self._watch.cancel()
        await self._drop_connection()

    async def wait(self) -> None:
        if self._task is not None:
            await asyncio.shield(self._task)

    async def append(self, unit: Unit, deadline_seconds: float) -> Placed:
        """The unit's place once it is durable. Raises NotStored (by kind), or OutcomeUnknown at the deadline.

        The caller may be cancelled; the unit is written all the same.
        """
        if self._stopping or self._task is None or self._task.done() or len(self._queue) >= UNITS_WAITING_MAX:
            raise LogIsBusy(BUSY_RETRY_AFTER_SECONDS)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Placed] = loop.create_future()
        size = sum(len(told.event) for write in unit.writes for told in write.events)
        self._queue.append(_Waiting(unit, answered, loop.time() + deadline_seconds, size))
        self._gathered.set()
        return await answered

    async def _answer_the_late(self) -> None:
        """Nobody waits beyond the deadline. What is still queued by then was never sent and is dropped."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_FOR_LATE_SECONDS)
            metrics.LOG_QUEUE.set(len(self._queue), {"service": self._schema})
            now = loop.time()
            for waiting in (*self._in_flight, *self._queue):
                if waiting.late_at <= now:
                    _answer(waiting, OutcomeUnknown())
            if any(waiting.late_at <= now for waiting in self._queue):
                self._queue = deque(waiting for waiting in self._queue if waiting.late_at > now)

    async def _write_on(self) -> None:
        """The next batch is sent before the callers of the last one are told, so that they decide while the server works.

        When nothing has queued meanwhile, half of them are told first: what they ask next is that batch.
        """
        to_tell: list[tuple[_Waiting, Outcome]] = []
        try:
            while True:
                if not self._queue and to_tell:
                    half = len(to_tell) // 2 if len(to_tell) >= HALVED_FROM else len(to_tell)
                    _tell(to_tell[:half])
                    del to_tell[:half]
                    await asyncio.sleep(0)
                if not self._queue:
                    if to_tell:
                        _tell(to_tell)
                        to_tell = []
                    elif self._stopping:
                        return
                    else:
                        self._gathered.clear()
                        await self._gathered.wait()
                    continue
                self._in_flight = taken = self._take()
                writing = asyncio.create_task(self._outcomes(taken))
                await asyncio.sleep(0)
                _tell(to_tell)
                to_tell = []
                to_tell = list(zip(taken, await writing, strict=True))
                self._in_flight = ()
        finally:
            # Nobody waits for ever, not even when a bug ends this task.
            _tell(to_tell)
            for waiting in (*self._in_flight, *self._queue):
                _answer(waiting, OutcomeUnknown())

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        size = 0
        while self._queue and len(taken) < UNITS_IN_BATCH_MAX and size < BYTES_IN_BATCH_MAX:
            taken.append(self._queue.popleft())
            size += taken[-1].size
        metrics.BATCH_UNITS.record(len(taken), {"service": self._schema})
        return taken

    async def _outcomes(self, taken: Sequence[_Waiting]) -> list[Outcome]:
        """One for each, whatever happens. A unit that the database refuses is found by halving."""
        units = [waiting.unit for waiting in taken]
        try:
            return await self._call_until_answered(units)
        except psycopg.Error as bad:
            if len(taken) == 1:
                _log.error("unit_is_bad", error_type=type(bad).__name__, error_code=bad.sqlstate)
                return [UnitIsBad(type(bad).__name__, bad.sqlstate or "")]
        except Exception as error:  # noqa: BLE001 - a bug here must answer the callers, not leave them waiting for ever
            if len(taken) == 1:
                _log.error("unit_is_bad", error_type=type(error).__name__, exc_info=error)
                return [UnitIsBad(type(error).__name__, "")]
        half = len(taken) // 2
        return [*await self._outcomes(taken[:half]), *await self._outcomes(taken[half:])]

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
            except TRANSIENT as lost:
                is_rerun = True
                _log.warning("log_connection_lost", error_type=type(lost).__name__)
                await self._drop_connection()
                if time.monotonic() > give_up_at:
                    return [OutcomeUnknown() for _ in units]
                await asyncio.sleep(RETRY_PAUSE_SECONDS)

    async def _call_once(self, units: list[Unit], is_rerun: bool) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = await asyncio.wait_for(self._connect(), CALL_SECONDS_MAX)
        calling = asyncio.create_task(self._execute(self._connection, batch.arguments(units, self._on_development_clock, is_rerun)))
        done, _ = await asyncio.wait({calling}, timeout=CALL_SECONDS_MAX)
        if not done:
            self._abandon(self._connection, calling)
            raise TimeoutError
        return calling.result()

    async def _execute(self, connection: AsyncConnection[Any], arguments: list[Any]) -> list[tuple[Any, ...]]:
        # A raw cursor: looking for placeholders in so long a statement would take longer than sending it.
        async with AsyncRawCursor(connection) as cursor:
            await cursor.execute(self._call, arguments, prepare=True, binary=True)
            return await cursor.fetchall()

    async def _connect(self) -> AsyncConnection[Any]:
        connection = await connect(self._dsn)
        arrays.register(connection)
        return connection

    def _abandon(self, connection: AsyncConnection[Any], calling: asyncio.Task[Any]) -> None:
        """Cancelling a call to a frozen server takes seconds: it goes on dying by itself."""
        self._connection = None
        dying = asyncio.create_task(_die(connection, calling), name="log.writer.abandoned")
        self._abandoned.add(dying)
        dying.add_done_callback(self._abandoned.discard)

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await _close(connection)


async def _die(connection: AsyncConnection[Any], calling: asyncio.Task[Any]) -> None:
    calling.cancel()
    await asyncio.wait({calling})
    if not calling.cancelled():
        calling.exception()  # nobody's business any more; asking for it keeps asyncio from complaining
    await _close(connection)


async def _close(connection: AsyncConnection[Any]) -> None:
    with suppress(psycopg.Error, OSError):
        if connection.pgconn.status == pq.ConnStatus.OK:
            await connection.close()


def _tell(told: Sequence[tuple[_Waiting, Outcome]]) -> None:
    for waiting, outcome in told:
        _answer(waiting, outcome)


def _answer(waiting: _Waiting, outcome: Outcome) -> None:
    """A caller that has gone away has cancelled its future; one that was late has been answered."""
    if waiting.answered.done():
        return
    if isinstance(outcome, Placed):
        waiting.answered.set_result(outcome)
    else:
        waiting.answered.set_exception(outcome)
