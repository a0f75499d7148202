"""The sweeper: answers kept for repeated requests go after a while; history never does."""

from __future__ import annotations

import asyncio

from services.chassis.log.connections import connect, dsn_as

ANSWERS_KEPT_DAYS = 30
ROWS_AT_ONCE_MAX = 5_000
SWEEP_SECONDS_MAX = 600.0


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
