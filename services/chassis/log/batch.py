"""Batches: units as the arrays of one SQL call, and the call's rows as outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chassis.log.origins import Command, HeardUpTo, TimerFired
from services.chassis.log.units import (
    ClaimedByAnother,
    Conflict,
    HeardAlready,
    NotStored,
    OutcomeUnknown,
    RequestIdReused,
    TimerIsStale,
    Unit,
)

COMMAND, TIMER, HEARD, CHECK = 0, 1, 2, 3
STORED, REPEATED, REUSED, CONFLICT, CLAIMED, HEARD_ALREADY, TIMER_STALE = range(7)


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit is stored, or was before (`reply` is then the first one)."""

    position: int
    recorded_at: datetime
    reply: bytes | None = None


Outcome = Placed | NotStored | OutcomeUnknown

_UNITS = (
    "kind smallint[], request text[], tenant text[], principal text[], method text[], payload bytea[], reply bytea[], traceparent text[], "
    "events integer[], key text[], stream uuid[], version integer[], due timestamptz[], "
    "source text[], epoch integer[], partition integer[], from bigint[], to bigint[], hint bigint[]"
)
_WRITES = (
    "unit integer[], stream uuid[], tenant text[], version integer[], hash bytea[], new_version integer[], new_hash bytea[], "
    "timers boolean[]"
)
_EVENTS = "unit integer[], stream uuid[], tenant text[], version integer[], type text[], event bytea[]"
_TIMERS = "unit integer[], stream uuid[], tenant text[], version integer[], key text[], due timestamptz[]"
_CLAIMS = "unit integer[], tenant text[], kind text[], hmac bytea[], stream uuid[]"
_BATCH = "suspects integer[], on_development_clock boolean, is_rerun boolean"
_TYPES = [column.split()[-1] for part in (_UNITS, _WRITES, _EVENTS, _TIMERS, _CLAIMS, _CLAIMS, _BATCH) for column in part.split(", ")]

CALL = "SELECT * FROM {schema}.append(" + ", ".join(f"%b::{kind}" for kind in _TYPES) + ")"


def arguments(units: Sequence[Unit], on_development_clock: bool, is_rerun: bool) -> list[Any]:
    """The parameters of CALL, in order. `is_rerun`: the same batch was sent before and its answer was lost."""
    origins = [_origin(unit) for unit in units]
    writes = [
        (n, w.stream_id, w.tenant_id, w.expected_version, w.expected_hash, w.expected_version + len(w.events),
         w.events[-1].hash if w.events else w.expected_hash, w.timers is not None)
        for n, unit in enumerate(units, 1) for w in unit.writes
    ]  # fmt: skip
    events = [
        (n, w.stream_id, w.tenant_id, w.expected_version + i, told.type_name.rpartition(".")[2], told.event)
        for n, unit in enumerate(units, 1) for w in unit.writes for i, told in enumerate(w.events, 1)
    ]  # fmt: skip
    timers = [
        (n, w.stream_id, w.tenant_id, w.expected_version + len(w.events), due.key, due.at)
        for n, unit in enumerate(units, 1) for w in unit.writes for due in w.timers or ()
    ]  # fmt: skip
    claims = [(n, c.tenant_id, c.kind, c.hmac, c.stream_id) for n, unit in enumerate(units, 1) for c in unit.claims]
    releases = [(n, c.tenant_id, c.kind, c.hmac, c.stream_id) for n, unit in enumerate(units, 1) for c in unit.releases]
    tables = ((origins, 19), (writes, 8), (events, 6), (timers, 6), (claims, 5), (releases, 5))
    columns: list[Any] = [column for rows, width in tables for column in _transposed(rows, width)]
    return [*columns, _suspects(units), on_development_clock, is_rerun]


def outcomes(units: Sequence[Unit], rows: Iterable[tuple[Any, ...]], is_rerun: bool) -> list[Outcome]:
    """One outcome for each unit. `is_rerun`: the same batch was sent before and its answer was lost."""
    found: list[Outcome | None] = [None] * len(units)
    for row in rows:
        found[row[0] - 1] = _outcome(units[row[0] - 1], row, is_rerun)
    if None in found:
        raise RuntimeError("the log answered for fewer units than it was given")
    return found  # type: ignore[return-value]  # checked above


def _outcome(unit: Unit, row: tuple[Any, ...], is_rerun: bool) -> Outcome:
    _, status, position, recorded_at, version, stream_id, detail, reply = row
    if status == STORED:
        return Placed(position, recorded_at)
    if status == REPEATED:
        return Placed(position, recorded_at, reply)
    if status == REUSED:
        return RequestIdReused()
    if status == CONFLICT:
        return Conflict(stream_id, version)
    if status == CLAIMED:
        return ClaimedByAnother(detail, stream_id)
    if status == HEARD_ALREADY:
        # A position already at `to` after a lost answer means stored; otherwise somebody else was there: reload.
        return HeardAlready(
            position=position, is_ours=is_rerun and isinstance(unit.origin, HeardUpTo) and position == unit.origin.to_position
        )
    return TimerIsStale()


def _origin(unit: Unit) -> tuple[Any, ...]:
    events = sum(len(write.events) for write in unit.writes)
    origin = unit.origin
    if isinstance(origin, Command):
        kind = COMMAND if unit.reply else CHECK
        asked = (kind, origin.request_id, origin.tenant_id, origin.principal, origin.method, origin.payload_hash, unit.reply)
        return (*asked, unit.traceparent, events, None, None, None, None, None, None, None, None, None, None)
    if isinstance(origin, TimerFired):
        fired = (origin.key, origin.stream_id, origin.version, origin.due)
        return (TIMER, None, None, None, None, None, None, unit.traceparent, events, *fired, None, None, None, None, None, None)
    heard = (origin.source, origin.epoch, origin.partition, origin.from_position, origin.to_position, origin.offset_hint)
    return (HEARD, None, None, None, None, None, None, unit.traceparent, events, origin.follower, None, None, None, *heard)


def _transposed(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _suspects(units: Sequence[Unit]) -> list[int]:
    """Units that touch what an earlier unit of the batch touches: they are judged one after the other."""
    touched: set[Any] = set()
    suspects = []
    for n, unit in enumerate(units, 1):
        touches = _touches(unit)
        if touched.isdisjoint(touches):
            touched.update(touches)
        else:
            suspects.append(n)
    return suspects


def _touches(unit: Unit) -> set[Any]:
    # Version checks touch nothing: many units of a batch may look at one stream.
    touches: set[Any] = {write.stream_id for write in unit.writes if write.events}
    touches.update((claim.tenant_id, claim.kind, claim.hmac) for claim in (*unit.claims, *unit.releases))
    origin = unit.origin
    if isinstance(origin, Command):
        touches.add((origin.request_id, origin.tenant_id, origin.principal, origin.method))
    elif isinstance(origin, HeardUpTo):
        touches.add((origin.follower, origin.source, origin.epoch, origin.partition))
    return touches
