"""Connections to the service's schema: one login, a role and plan settings taken at connect."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection, conninfo, pq, waiting
from psycopg.abc import PQGen
from psycopg.rows import Row
from psycopg_pool import AsyncConnectionPool

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30
POOL_WAIT_SECONDS = 5.0
RECONNECT_SECONDS_MAX = 5.0
"""A pool that has tried in vain for so long begins anew when it is asked next. Its pauses double: without a bound, the pool would stay
away after an outage for as long as the outage took."""
LET_GO_WITHIN_SECONDS = 0.5
LOOK_EVERY_SECONDS = 0.1

STORE_IS_AWAY = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, OSError, TimeoutError)
"""What says nothing about what was asked: the connection, the server, a lock, no connection to be had, a standby not yet promoted."""

T = TypeVar("T")

WRITER_PLANS = ("plan_cache_mode=force_generic_plan", "enable_seqscan=off", "enable_hashjoin=off", "enable_mergejoin=off", "jit=off")
"""A generic plan made on empty tables would keep sequential scans; replanning at each call would halve the throughput."""


def dsn_as(dsn: str, role: str, *settings: str) -> str:
    """The DSN, connecting as `role` with the given settings. TCP time-outs find a dead server that says nothing."""
    options = [f"role={role}", "timezone=UTC", f"statement_timeout={STATEMENT_TIMEOUT_SECONDS}s", *settings]
    return conninfo.make_conninfo(
        dsn,
        options=" ".join(f"-c {option}" for option in options),
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        tcp_user_timeout=5000,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        application_name=f"acuerdo/{role}",
    )


class PromptConnection(AsyncConnection[Row]):
    """A connection that keeps nobody beyond a deadline: a call that is cancelled is cancelled at the server too, and where that does not
    answer at once the connection is given up. psycopg alone would wait for a frozen server for up to ten seconds.
    """

    async def wait(self, gen: PQGen[T], interval: float = LOOK_EVERY_SECONDS, timeout: float | None = None) -> T:
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except asyncio.CancelledError:
            if self.pgconn.transaction_status == pq.TransactionStatus.ACTIVE and not await self._is_let_go(gen, interval):
                self.pgconn.finish()
            raise

    async def _is_let_go(self, gen: PQGen[Any], interval: float) -> bool:
        """Whether the server has ended the call, so that the connection is fit for the next."""
        with suppress(psycopg.Error, OSError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(LET_GO_WITHIN_SECONDS):
                await self.cancel_safe(timeout=LET_GO_WITHIN_SECONDS)
                with suppress(psycopg.errors.QueryCanceled):
                    await waiting.wait_async(gen, self.pgconn.socket, interval=interval)
        return self.pgconn.transaction_status != pq.TransactionStatus.ACTIVE


async def connect(dsn: str) -> AsyncConnection[Any]:
    """One autocommit connection."""
    return await PromptConnection.connect(dsn, autocommit=True)


def pool(
    dsn: str, size_max: int, name: str, *, size_min: int = 1, wait_seconds: float = POOL_WAIT_SECONDS, **connecting: Any
) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """A pool, opened by its owner; autocommit unless `connecting` says otherwise. Who waits longer for a connection gets PoolTimeout."""
    return AsyncConnectionPool(
        dsn,
        connection_class=PromptConnection,
        min_size=size_min,
        max_size=size_max,
        open=False,
        timeout=wait_seconds,
        reconnect_timeout=RECONNECT_SECONDS_MAX,
        kwargs={"autocommit": True, "connect_timeout": CONNECT_TIMEOUT_SECONDS, **connecting},
        name=name,
        check=None,
    )
