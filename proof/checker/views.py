"""I7: the views are what a rebuild makes of the log: each table digested, built again by its service, and digested again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic, time_ns
from typing import Any

import grpc.aio
import psycopg
from acuerdo.common.v1 import operations_pb2
from psycopg import sql

from proof.checker.doors import ANSWER_WITHIN_SECONDS, Doors, Tokens, with_token
from proof.checker.findings import Finding, Looked, not_judged

LOOK_EVERY_SECONDS = 0.05
ROW_SHOWN_CHARACTERS_MAX = 200
NO_VIEWS = frozenset(
    (
        *(
            "alembic_version",
            "claims",
            "commands",
            "development_clock",
            "epochs",
            "events",
            "listens",
            "log_counter",
            "parked",
            "positions",
        ),
        *("rebuilds", "refused_facts", "relay_partitions", "streams", "timer_troubles", "timers", "watermarks"),
    )
)
"""Tables of a service's log and followers. All others of its schema are views."""


@dataclass
class Digest:
    """SHA-256 of a table's rows as canonical JSON, sorted; and of each row, to name those that differ."""

    of_table: bytes
    rows: dict[bytes, str] = field(default_factory=dict)


async def rebuilt(dsn: str, services: Sequence[str], doors: Doors, tokens: Tokens, within_seconds: float) -> Finding:
    looked, with_views = Looked("I7"), 0
    token = tokens.any
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        for service in services:
            tables = await _tables(connection, service)
            if not tables:
                continue
            with_views += 1
            if service not in doors or token is None:
                return not_judged(["I7"], f"no way to ask {service} for a rebuild")[0]
            at = await _head(connection, service)
            before = await _digests(connection, service, tables)
            if finding := await _rebuild(connection, service, doors, token, within_seconds):
                looked.breaks(finding)
                continue
            after = await _digests(connection, service, tables)
            if at != await _head(connection, service):
                return not_judged(["I7"], f"the log of {service} moved on while its views were built again")[0]
            for table in tables:
                looked.counted += len(after[table].rows)
                looked.breaks(*_differences(f"{service}.{table}", before[table], after[table]))
    return looked.finding() if with_views else not_judged(["I7"], "no service has views")[0]


async def _tables(connection: psycopg.AsyncConnection[Any], service: str) -> list[str]:
    cursor = await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", (service,))
    return [name for (name,) in await cursor.fetchall() if name not in NO_VIEWS]


async def _digests(connection: psycopg.AsyncConnection[Any], service: str, tables: Sequence[str]) -> dict[str, Digest]:
    return {table: await _digest(connection, service, table) for table in tables}


async def _digest(connection: psycopg.AsyncConnection[Any], service: str, table: str) -> Digest:
    # Keys of jsonb are sorted, its text is canonical.
    query = sql.SQL("COPY (SELECT to_jsonb(t)::text FROM {} AS t) TO STDOUT").format(sql.Identifier(service, table))
    rows: dict[bytes, str] = {}
    async with connection.cursor() as cursor, cursor.copy(query) as copy:
        async for row in copy:
            rows[hashlib.sha256(row).digest()] = bytes(row[:ROW_SHOWN_CHARACTERS_MAX]).decode(errors="replace").strip()
    return Digest(hashlib.sha256(b"".join(sorted(rows))).digest(), rows)


async def _rebuild(connection: psycopg.AsyncConnection[Any], service: str, doors: Doors, token: str, within_seconds: float) -> str:
    """Asked for and waited for; what went wrong, if anything."""
    request = operations_pb2.RebuildViewsRequest(request_id=f"checker/{time_ns()}")
    give_up_at = monotonic() + within_seconds
    while True:
        try:
            await doors.operations(service).RebuildViews(request, metadata=with_token(token), timeout=ANSWER_WITHIN_SECONDS)
            break
        except grpc.aio.AioRpcError as error:
            # Asked again, as the rule for callers says: a service's connections may all be of before a restart of its database.
            if error.code() is not grpc.StatusCode.UNAVAILABLE or monotonic() > give_up_at:
                return f"{service}: its views cannot be built again: {error.code().name}"
            await asyncio.sleep(LOOK_EVERY_SECONDS)
    while monotonic() < give_up_at:
        # It is asked for until the transaction that empties the view, so that a position read after that is one of the rebuild.
        cursor = await connection.execute(sql.SQL(_IS_BUILDING).format(sql.Identifier(service)))
        row = await cursor.fetchone()
        if row is not None and not row[0]:
            return ""
        await asyncio.sleep(LOOK_EVERY_SECONDS)
    return f"{service}: its views were not built again within {within_seconds:.0f} s"


async def _head(connection: psycopg.AsyncConnection[Any], service: str) -> int:
    row = await (await connection.execute(sql.SQL("SELECT position FROM {}.log_counter").format(sql.Identifier(service)))).fetchone()
    return int(row[0]) if row is not None else 0


def _differences(table: str, before: Digest, after: Digest) -> list[str]:
    if before.of_table == after.of_table:
        return []
    gone = [f"{table} showed {row}, and a rebuild does not" for digest, row in before.rows.items() if digest not in after.rows]
    come = [f"{table} lacked {row}, which a rebuild makes" for digest, row in after.rows.items() if digest not in before.rows]
    return [*gone, *come] or [f"{table} has other rows after a rebuild"]


_IS_BUILDING = """
SELECT EXISTS (SELECT FROM {0}.rebuilds WHERE follower LIKE 'view:%')
    OR EXISTS (SELECT FROM {0}.positions WHERE follower LIKE 'view:%' AND position < (SELECT position FROM {0}.log_counter))"""
