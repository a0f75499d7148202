"""The writer: what has gathered is one call of one SQL function; what queues meanwhile is the next batch, on its way behind the first."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import NamedTuple

import psycopg
import structlog

from services.chassis.log import batch
from services.chassis.log.batch import Outcome, Placed
from services.chassis.log.calls import Calls, Row
from services.chassis.log.connections import STORE_IS_AWAY
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
RETRY_PAUSE_SECONDS_MAX = 1.0
"""The pause doubles while no connection is to be had."""
BUSY_RETRY_AFTER_SECONDS = 0.2
LOOK_FOR_LATE_SECONDS = 0.05
"""One look over all who wait is cheaper than a timer for each of them."""
CALLS_IN_FLIGHT_MAX = 2
"""The second is ready when the first is stored: the server never waits for us to decide."""
HALVED_FROM = 16
"""So many waiting while nothing is under way are two batches: the callers of one decide while the server stores the other."""

_log = structlog.get_logger("log")


class _Waiting(NamedTuple):
    unit: Unit
    answered: asyncio.Future[Placed]
    late_at: float
    size: int


class _Batch(NamedTuple):
    taken: list[_Waiting]
    answered: asyncio.Future[list[Row]]
    sent_at: float


class Writer:
    """One connection, at most two batches in flight. Whatever happens, every waiting caller is answered."""

    def __init__(self, dsn: str, schema: str, on_development_clock: bool) -> None:
        self._dsn, self._on_development_clock = dsn, on_development_clock
        self._schema = schema
        self._statement = batch.CALL.format(schema=schema)
        self._queue: deque[_Waiting] = deque()
        self._in_flight: deque[_Batch] = deque()
        self._calls: Calls | None = None
        self._will_send = False
        self._settling: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None
        self._is_idle = asyncio.Event()
        self._stopping = False

    async def start(self) -> None:
        self._calls = await self._connect()
        self._watch = asyncio.create_task(self._answer_the_late(), name="log.writer.late")

    async def stop(self) -> None:
        """Write what has gathered, then close."""
        self._stopping = True
        if self._watch is not None:
            while self._queue or self._in_flight:
                self._is_idle.clear()
                await self._is_idle.wait()
            self._watch.cancel()
        self._hang_up()

    async def wait(self) -> None:
        if self._watch is not None:
            await asyncio.shield(self._watch)

    async def append(self, unit: Unit, deadline_seconds: float) -> Placed:
        """The unit's place once it is durable. Raises NotStored (by kind), or OutcomeUnknown at the deadline.

        The caller may be cancelled; the unit is written all the same.
        """
        if self._stopping or self._watch is None or self._watch.done() or len(self._queue) >= UNITS_WAITING_MAX:
            raise LogIsBusy(BUSY_RETRY_AFTER_SECONDS)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Placed] = loop.create_future()
        size = sum([len(told.event) for write in unit.writes for told in write.events])
        self._queue.append(_Waiting(unit, answered, loop.time() + deadline_seconds, size))
        if not self._will_send:
            # Not at once: whoever decides in this turn of the loop comes along.
            self._will_send = True
            loop.call_soon(self._send)
        return await answered

    async def _answer_the_late(self) -> None:
        """Nobody waits beyond the deadline. What is still queued by then was never sent and is dropped."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_FOR_LATE_SECONDS)
            metrics.LOG_QUEUE.set(len(self._queue), {"service": self._schema})
            now = loop.time()
            for waiting in (*(one for sent in self._in_flight for one in sent.taken), *self._queue):
                if waiting.late_at <= now:
                    _answer(waiting, OutcomeUnknown())
            if any(waiting.late_at <= now for waiting in self._queue):
                self._queue = deque(waiting for waiting in self._queue if waiting.late_at > now)
                self._tell_if_idle()
            if self._settling is None and self._in_flight and self._in_flight[0].sent_at + CALL_SECONDS_MAX < time.monotonic():
                self._hang_up()

    # The ordinary way -------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        """What has gathered, unless two batches are under way or the second would be small beside the first."""
        self._will_send = False
        while self._queue and self._settling is None and self._may_send():
            taken = self._take(len(self._queue) // 2 if not self._in_flight and len(self._queue) >= HALVED_FROM else UNITS_IN_BATCH_MAX)
            answered = self._call([waiting.unit for waiting in taken], is_rerun=False)
            self._in_flight.append(_Batch(taken, answered, time.monotonic()))
            answered.add_done_callback(self._receive)

    def _may_send(self) -> bool:
        in_flight = len(self._in_flight)
        if in_flight and in_flight < CALLS_IN_FLIGHT_MAX:
            return len(self._queue) * 2 >= len(self._in_flight[-1].taken)
        return not in_flight

    def _take(self, units_max: int) -> list[_Waiting]:
        taken: list[_Waiting] = []
        size = 0
        while self._queue and len(taken) < min(units_max, UNITS_IN_BATCH_MAX) and size < BYTES_IN_BATCH_MAX:
            taken.append(self._queue.popleft())
            size += taken[-1].size
        metrics.BATCH_UNITS.record(len(taken), {"service": self._schema})
        return taken

    def _call(self, units: list[Unit], *, is_rerun: bool) -> asyncio.Future[list[Row]]:
        """Fails where it could not be sent: whatever it is, the callers are answered the same way."""
        try:
            if self._calls is None or self._calls.is_lost:
                raise psycopg.OperationalError("not connected")
            return self._calls.send(batch.arguments(units, self._on_development_clock, is_rerun))
        except Exception as error:  # noqa: BLE001 - a bug here must answer the callers, not leave them waiting for ever
            failed: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed

    def _receive(self, answered: asyncio.Future[list[Row]]) -> None:
        """Tell the callers, in order; what they ask next is a batch again. Anything but rows is settled apart."""
        if self._settling is not None:
            return
        if answered.exception() is not None:
            self._settling = asyncio.create_task(self._settle(), name="log.writer.settling")
            return
        if self._in_flight[0].answered is not answered:
            raise RuntimeError("answers have come out of order: nobody is told another's outcome")
        sent = self._in_flight.popleft()
        metrics.COMMIT_SECONDS.record(time.monotonic() - sent.sent_at, {"service": self._schema})
        self._tell(sent, answered.result())
        self._tell_if_idle()
        if self._queue and not self._will_send:
            self._send()

    def _tell(self, sent: _Batch, rows: list[Row]) -> None:
        outcomes = batch.outcomes([waiting.unit for waiting in sent.taken], rows, False)
        for waiting, outcome in zip(sent.taken, outcomes, strict=True):
            _answer(waiting, outcome)

    def _tell_if_idle(self) -> None:
        if not self._queue and not self._in_flight:
            self._is_idle.set()

    # The other way ----------------------------------------------------------------------------------------------------

    async def _settle(self) -> None:
        """Batches that were under way when something failed, one after the other, until each unit has its outcome."""
        try:
            while self._in_flight:
                sent = self._in_flight[0]
                outcomes = await self._outcomes([waiting.unit for waiting in sent.taken], sent.answered)
                for waiting, outcome in zip(sent.taken, outcomes, strict=True):
                    _answer(waiting, outcome)
                self._in_flight.popleft()
        finally:
            self._settling = None
            self._tell_if_idle()
            self._send()

    async def _outcomes(self, units: list[Unit], answered: asyncio.Future[list[Row]] | None = None) -> list[Outcome]:
        """One for each, whatever happens. A unit that the database refuses is found by halving."""
        try:
            return await self._until_answered(units, answered)
        except Exception as error:  # noqa: BLE001 - a bug here must answer the callers, not leave them waiting for ever
            if len(units) == 1:
                code = getattr(error, "sqlstate", None) or ""
                is_refused = isinstance(error, psycopg.Error)
                _log.error("unit_is_bad", error_type=type(error).__name__, error_code=code, exc_info=None if is_refused else error)
                return [UnitIsBad(type(error).__name__, code)]
        half = len(units) // 2
        return [*await self._outcomes(units[:half]), *await self._outcomes(units[half:])]

    async def _until_answered(self, units: list[Unit], answered: asyncio.Future[list[Row]] | None) -> list[Outcome]:
        """Never concludes "not stored" from silence: the identical batch is sent again on a new connection until it is answered."""
        give_up_at = time.monotonic() + GIVE_UP_AFTER_SECONDS
        is_rerun, pause = False, RETRY_PAUSE_SECONDS
        if answered is not None and _is_lost(answered):
            # Nothing to wait for; and the present connection, made for the batch before this one, is not the one that was lost.
            _log.warning("log_connection_lost", error_type=type(answered.exception()).__name__)
            answered, is_rerun = None, True
        while True:
            try:
                if answered is None:
                    if self._calls is None or self._calls.is_lost:
                        self._calls = await asyncio.wait_for(self._connect(), CALL_SECONDS_MAX)
                    answered, pause = self._call(units, is_rerun=is_rerun), RETRY_PAUSE_SECONDS
                return batch.outcomes(units, await asyncio.wait_for(answered, CALL_SECONDS_MAX), is_rerun)
            except STORE_IS_AWAY as lost:
                answered, is_rerun = None, True
                _log.warning("log_connection_lost", error_type=type(lost).__name__)
                self._hang_up()
                if time.monotonic() > give_up_at:
                    return [OutcomeUnknown() for _ in units]
                await asyncio.sleep(pause)
                pause = min(2 * pause, RETRY_PAUSE_SECONDS_MAX)

    async def _connect(self) -> Calls:
        return await Calls.open(self._dsn, self._statement, batch.ARGUMENTS)

    def _hang_up(self) -> None:
        if self._calls is not None:
            self._calls.close()


def _is_lost(answered: asyncio.Future[list[Row]]) -> bool:
    """Whether it is known already that this answer will not come."""
    return answered.done() and not answered.cancelled() and isinstance(answered.exception(), STORE_IS_AWAY)


def _answer(waiting: _Waiting, outcome: Outcome) -> None:
    """A caller that has gone away has cancelled its future; one that was late has been answered."""
    if waiting.answered.done():
        return
    if isinstance(outcome, Placed):
        waiting.answered.set_result(outcome)
    else:
        waiting.answered.set_exception(outcome)
