"""The sweeper: answers kept for repeated requests go after a while; history never does."""

from __future__ import annotations

import asyncio

import psycopg
import structlog

from services.chassis.log.connections import connect, dsn_as

ANSWERS_KEPT_DAYS = 30
ROWS_AT_ONCE_MAX = 5_000
SWEEP_SECONDS_MAX = 600.0
SWEEP_EVERY_SECONDS = 3600.0

_log = structlog.get_logger("sweeper")


async def sweep_commands(dsn: str, service: str, older_than_days: int = ANSWERS_KEPT_DAYS) -> int:
    """Forget answers given `older_than_days` or more before the log's last instant; how many. Asked again later, a request is a new one.

    By the log's own clock, so that a development clock ages answers too. In small steps: the log goes on meanwhile.
    """
    statement = (
        f"DELETE FROM {service}.commands WHERE ctid = ANY (ARRAY(SELECT ctid FROM {service}.commands"
        f" WHERE recorded_at <= (SELECT recorded_at FROM {service}.log_counter) - make_interval(days => %s) LIMIT {ROWS_AT_ONCE_MAX}))"
    ).encode()
    swept = 0
    async with asyncio.timeout(SWEEP_SECONDS_MAX), await connect(dsn_as(dsn, f"{service}_sweeper")) as connection:
        while True:
            cursor = await connection.execute(statement, (older_than_days,))
            swept += cursor.rowcount
            if cursor.rowcount < ROWS_AT_ONCE_MAX:
                return swept


class Sweeper:
    """A part of every worker: sweeps now and then, the first time after one pause. Two that sweep at once do no harm."""

    name = "sweeper"

    def __init__(self, dsn: str, service: str, every_seconds: float = SWEEP_EVERY_SECONDS) -> None:
        self._dsn, self._service, self._every_seconds = dsn, service, every_seconds
        self._stopping = asyncio.Event()
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._sweeping = asyncio.create_task(self._sweep_on(), name=self.name)

    async def stop(self) -> None:
        self._stopping.set()
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})

    async def wait(self) -> None:
        if self._sweeping is not None:
            await asyncio.wait({self._sweeping})
            if not self._stopping.is_set():
                self._sweeping.result()

    async def _sweep_on(self) -> None:
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                await sweep_commands(self._dsn, self._service)
            except (psycopg.Error, OSError, TimeoutError) as error:
                _log.warning("sweep_interrupted", service=self._service, error_type=type(error).__name__)
