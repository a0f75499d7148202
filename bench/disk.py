"""Bytes on disk for each event of 220: its row and its indexes; the request's row, streams and timers apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from bench.aims import held
from bench.gate import Gate, checker
from bench.place import Place, Size
from bench.replay import CLAIM_KEY
from bench.report import Report, settings
from bench.seeding import seed
from bench.writing import Writing, uuids
from services.cases.card import CASES
from services.chassis.log.log import Log
from services.chassis.migrate import migrate

EVENT_BYTES = 220
EVENTS_MAX = 60_000
EVENTS_PER_STREAM = 5
"""As many as a case tells in a few months."""
TRACED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TABLES = ("events", "commands", "streams", "claims", "timers")


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Of one table: bytes of the heap, and of each index by its name."""

    heap: int
    indexes: dict[str, int]


async def measure(place: Place, size: Size) -> Report:
    """Every event by a command of its own, from 64 callers, as the service writes them; then VACUUM."""
    events = min(size.events, EVENTS_MAX)
    report = Report("disk", f"Disk: {events:,} events of {EVENT_BYTES} bytes, written by as many commands", settings(place.server))
    values = [await _written(place, events, report, ""), await _written(place, events, report, TRACED)]
    report.held = [held("disk/event", values[:1])]
    report.said.append(f"with a trace on every command (a traceparent of {len(TRACED)} bytes): {values[1]:.0f} bytes an event")
    return report


async def _written(place: Place, events: int, report: Report, traceparent: str) -> float:
    dsn = place.database()
    migrate(dsn, CASES.name)
    seeded = seed(dsn, max(1, events // EVENTS_PER_STREAM), CLAIM_KEY, with_views=False)
    log, gate = Log(dsn, CASES, CLAIM_KEY), Gate(dsn)
    await log.start()
    gate.begin()
    cases = uuids(seeded.case_ids)
    writing = Writing(log, seeded.portfolio_id, "disk", traceparent)
    with psycopg.connect(dsn, autocommit=True) as connection:
        source_ref = await _padding(writing, cases, connection)
        before, stored = _sizes(connection), _events(connection)
        for _ in range(EVENTS_PER_STREAM):
            await writing.each_once(cases, source_ref=source_ref)
        connection.execute("VACUUM ANALYZE cases.events, cases.commands, cases.streams")
        after, many = _sizes(connection), _events(connection) - stored
        (shortest, longest) = _one(
            connection, "SELECT min(octet_length(event)), max(octet_length(event)) FROM cases.events WHERE version > 5"
        )
    await log.stop()
    report.gates += [gate.check(writing.told()), await checker(dsn, (), only=frozenset({"I12"}))]
    assert longest <= EVENT_BYTES + 1, f"an event has {longest} bytes"
    report.said.append(f"traceparent {'stored' if traceparent else 'empty'}: {many:,} events of {shortest}–{longest} bytes")
    return _tell(report, before, after, many, len(seeded.case_ids))


def _tell(report: Report, before: dict[str, _Sizes], after: dict[str, _Sizes], events: int, streams: int) -> float:
    """Of events and commands what they have grown by; of streams and claims what there is, for each stream."""
    per_event = 0.0
    for table in TABLES:
        is_grown = table in ("events", "commands")
        many = events if is_grown else streams
        parts = {"heap": after[table].heap - (before[table].heap if is_grown else 0)}
        for name, size in after[table].indexes.items():
            parts[name] = size - (before[table].indexes[name] if is_grown else 0)
        total = sum(parts.values()) / many
        per_event += total if table == "events" else 0.0
        listed = ", ".join(f"{name} {size / many:.0f}" for name, size in parts.items())
        report.said.append(f"  {table}: {total:.0f} bytes for each {'event' if is_grown else 'stream'} ({listed})")
    return per_event


async def _padding(writing: Writing, cases: list[Any], connection: psycopg.Connection[Any]) -> str:
    """The text that makes an event exactly so long (a byte less where a length takes two). Of the first cases: they get one more."""
    await writing.adjust(cases[0], "x")
    length = int(_one(connection, "SELECT octet_length(event) FROM cases.events ORDER BY position DESC LIMIT 1")[0])
    return "x" * max(1, EVENT_BYTES - length + 1)


def _sizes(connection: psycopg.Connection[Any]) -> dict[str, _Sizes]:
    found = {}
    for table in TABLES:
        (heap,) = _one(connection, f"SELECT pg_relation_size('cases.{table}')")
        rows = connection.execute(
            "SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index WHERE indrelid = %s::regclass",
            (f"cases.{table}",),
        ).fetchall()
        found[table] = _Sizes(heap, dict(rows))
    return found


def _events(connection: psycopg.Connection[Any]) -> int:
    return int(_one(connection, "SELECT count(*) FROM cases.events")[0])


def _one(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row
