"""Connections to the service's schema: one login, a role and plan settings taken at connect."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection, conninfo
from psycopg_pool import AsyncConnectionPool

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_SECONDS = 30

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


async def connect(dsn: str) -> AsyncConnection[Any]:
    """One autocommit connection."""
    return await AsyncConnection.connect(dsn, autocommit=True)


def pool(dsn: str, size_max: int, name: str) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """A pool for reading; opened by its owner. A caller waits at most 5 seconds for a connection, then PoolTimeout."""
    return AsyncConnectionPool(
        dsn, min_size=1, max_size=size_max, open=False, timeout=5, kwargs={"autocommit": True}, name=name, check=None
    )
