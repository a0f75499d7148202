"""The correctness gate: after each run, what was acknowledged is stored and the history holds. A run that fails it has no figures.

Two looks: our own, quick enough for every round (it goes on from where it was), and the checker's, over the whole at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from acuerdo.common.v1.types_pb2 import EventMeta

from proof.checker.judging import Where, judge

PAGE_EVENTS = 5_000
CHECKED = frozenset({"I1", "I2", "I3", "I8", "I12", "I17"})
"""What a load on the gRPC of one service can break."""


class GateFailed(AssertionError):
    """The run was fast and wrong."""


class Gate:
    """Follows the log of one service through the rounds of a part."""

    def __init__(self, dsn: str, schema: str = "cases") -> None:
        self._dsn, self._schema = dsn, schema
        self._position = 0
        self._heads: dict[UUID, tuple[int, bytes]] = {}

    def begin(self) -> None:
        """What is stored by now was put there to measure on: its history must hold, its commands are nobody's business."""
        self._events()

    def check(self, acknowledged: Mapping[str, int | None]) -> str:
        """`acknowledged`: since the last check, request_id -> position (None: not told). Every one is stored, once, and no other is."""
        after, streams = self._position, len(self._heads)
        events = self._events()
        with psycopg.connect(self._dsn) as connection:
            rows = connection.execute(
                f"SELECT request_id, position FROM {self._schema}.commands WHERE position > %s".encode(), (after,)
            ).fetchall()
        stored: dict[str, int] = dict(rows)
        _must(len(stored) == len(rows), "a request is stored twice")
        _must(stored.keys() == acknowledged.keys(), f"stored and acknowledged differ: {len(stored):,} and {len(acknowledged):,} requests")
        for request_id, position in acknowledged.items():
            _must(position in (None, stored[request_id]), f"{request_id} was acknowledged at {position}, stored at {stored[request_id]}")
        return (
            f"{events:,} events dense and chained, {len(self._heads) - streams:,} new streams of {len(self._heads):,}, "
            f"{len(stored):,} requests acknowledged = stored"
        )

    def _events(self) -> int:
        """Dense positions, no holes in a stream, every event on the one before it, every head its last event."""
        before = self._position
        with psycopg.connect(self._dsn) as connection:
            query = (
                f"SELECT position, stream_id, version, tenant_id, event FROM {self._schema}.events WHERE position > %s ORDER BY position"
            )
            with connection.cursor("gate", binary=True) as cursor:
                cursor.itersize = PAGE_EVENTS
                cursor.execute(query.encode(), (before,))
                for row in cursor:
                    self._take(*row)
            heads = connection.execute(f"SELECT stream_id, version, head_hash FROM {self._schema}.streams".encode()).fetchall()
        _must({stream_id: (version, bytes(head)) for stream_id, version, head in heads} == self._heads, "a head is not its stream's last")
        return self._position - before

    def _take(self, position: int, stream_id: UUID, version: int, tenant_id: str, event: bytes) -> None:
        self._position += 1
        _must(position == self._position, f"position {position} stands where {self._position} is due")
        known, head = self._heads.get(stream_id, (0, bytes(32)))
        meta = meta_of(event)
        _must(version == known + 1 == meta.version, f"{stream_id}: version {version} stands where {known + 1} is due")
        _must(meta.prev_hash == head, f"{stream_id}: version {version} does not rest on the event before it")
        _must((meta.stream_id, meta.tenant_id) == (stream_id.bytes, tenant_id), f"{stream_id}: version {version} says it is another's")
        self._heads[stream_id] = (version, hashlib.sha256(event).digest())


async def checker(dsn: str, history: tuple[Path, ...], services: tuple[str, ...] = ("cases",), **more: Any) -> str:
    """The checker's verdict over everything, in one sentence; GateFailed where an invariant is broken."""
    only = more.pop("only", CHECKED)
    verdict = await judge(Where(dsn, history=history, services=services, only=only, rebuilds_views=False, **more))
    broken = [f"{finding.invariant}: {', '.join(finding.broken[:3])}" for finding in verdict.findings if finding.holds is False]
    _must(verdict.holds, "; ".join(broken))
    counted = ", ".join(f"{finding.invariant} ({finding.counted:,})" for finding in verdict.findings if finding.holds)
    return f"the checker finds nothing broken: {counted}"


def meta_of(event: bytes) -> EventMeta:
    """Field 1 of every event. Read by hand: here nothing of the services is used."""
    _must(event[:1] == b"\x0a", "an event does not begin with its meta")
    length, shift, at = 0, 0, 1
    while True:
        byte = event[at]
        length |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return EventMeta.FromString(event[at : at + length])
        shift += 7


def _must(holds: bool, finding: str) -> None:
    if not holds:
        raise GateFailed(finding)
