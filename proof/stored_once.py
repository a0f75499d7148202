"""What is stored, held against what was acknowledged: each request's events are there, all of one unit, and nothing else is."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
from acuerdo.cases.v1.events_pb2 import CaseEvent

from services.kernel.ids import derived


@dataclass(frozen=True, slots=True)
class Found:
    """What the store says."""

    events: int
    duplicates: list[str]
    """Commands, timers or heard facts whose events were stored in more than one unit."""
    missing: list[str]
    """Acknowledged, and not there as a whole (or there though it was refused)."""
    broken: list[str]
    """Holes in the log's order or in a stream, times that go back, links of a chain that do not hold."""


@dataclass(slots=True)
class _Events:
    """The log, read once."""

    by_command: Counter[UUID] = field(default_factory=Counter)
    units: defaultdict[UUID, set[datetime]] = field(default_factory=lambda: defaultdict(set))
    rows: list[tuple[int, datetime]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    heads: dict[UUID, tuple[int, bytes]] = field(default_factory=dict)

    def take(self, position: int, recorded_at: datetime, stream_id: UUID, version: int, event: bytes) -> None:
        meta = CaseEvent.FromString(event).meta
        command = UUID(bytes=meta.command_id)
        self.by_command[command] += 1
        self.units[command].add(recorded_at)
        self.rows.append((position, recorded_at))
        before, head = self.heads.get(stream_id, (0, bytes(32)))
        if version != before + 1 or meta.version != version or meta.prev_hash != head:
            self.broken.append(f"stream {stream_id} version {version}")
        self.heads[stream_id] = (version, hashlib.sha256(event).digest())


async def stored_once(dsn: str, acknowledged: Mapping[str, int]) -> Found:
    """`acknowledged`: request_id -> how many events it must have (request ids are unique over all methods)."""
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        events = _Events()
        for row in await _rows(connection, "SELECT position, recorded_at, stream_id, version, event FROM cases.events ORDER BY position"):
            events.take(*row)
        heads = await _rows(connection, "SELECT stream_id, version, head_hash FROM cases.streams")
        commands = await _rows(connection, "SELECT request_id, tenant_id, principal, method FROM cases.commands")
    broken = [*events.broken, *_out_of_order(events.rows)]
    if {stream: (version, bytes(head)) for stream, version, head in heads} != events.heads:
        broken.append("the heads of streams are not what their events come to")
    duplicates = [f"{command}: {sorted(at)}" for command, at in events.units.items() if len(at) > 1]
    missing = list(_missing(acknowledged, commands, events.by_command))
    return Found(len(events.rows), duplicates, missing, broken)


def _missing(acknowledged: Mapping[str, int], commands: list[tuple[Any, ...]], by_command: Counter[UUID]) -> list[str]:
    stored: Counter[str] = Counter()
    ids: dict[str, UUID] = {}
    for request_id, tenant, principal, method in commands:
        stored[request_id] += 1
        ids[request_id] = derived("command", tenant, principal, method, request_id)
    found = [f"{request}: {stored[request]} command rows" for request in acknowledged if stored[request] != 1]
    for request, due in acknowledged.items():
        if request in ids and by_command[ids[request]] != due:
            found.append(f"{request}: {by_command[ids[request]]} events where {due} are due")
    return found


def _out_of_order(rows: list[tuple[int, datetime]]) -> list[str]:
    found = [f"position {position} stands where {due} is due" for due, (position, _) in enumerate(rows, 1) if position != due][:10]
    return found + [
        f"position {after[0]} was recorded before the one before it" for before, after in pairwise(rows) if after[1] < before[1]
    ]


async def _rows(connection: psycopg.AsyncConnection[Any], question: str) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(question.encode())
    return list(await cursor.fetchall())
