"""Batches: units as the arrays of one SQL call, and the call's rows as outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from services.chassis.log.arrays import bools, byteas, instants, int4s, int8s, texts, uuids
from services.chassis.log.origins import Command, HeardUpTo, TimerFired
from services.chassis.log.units import (
    ClaimedByAnother,
    ClaimKey,
    Conflict,
    HeardAlready,
    NotStored,
    OutcomeUnknown,
    RequestIdReused,
    TimerIsStale,
    Unit,
    Write,
)

STORED, REPEATED, REUSED, CONFLICT, CLAIMED, HEARD_ALREADY, TIMER_STALE, ALL_STORED = range(8)
ARGUMENTS = 54
_MICROSECOND = timedelta(microseconds=1)


class Placed(NamedTuple):
    """A unit is stored, or was before (`reply` is then the first one)."""

    position: int
    recorded_at: datetime
    reply: bytes | None = None


Outcome = Placed | NotStored | OutcomeUnknown

CALL = "SELECT * FROM {schema}.append(" + ", ".join(f"${n}" for n in range(1, ARGUMENTS + 1)) + ")"


def arguments(units: Sequence[Unit], on_development_clock: bool, is_rerun: bool) -> list[bytes | None]:
    """The parameters of CALL, in order, in PostgreSQL's binary form. `is_rerun`: the same batch was sent before and its answer was lost."""
    writes = [(n, write) for n, unit in enumerate(units, 1) for write in unit.writes]
    return [
        *_asked(units),
        *_fired([(n, unit.origin) for n, unit in enumerate(units, 1) if isinstance(unit.origin, TimerFired)]),
        *_heard([(n, unit.origin) for n, unit in enumerate(units, 1) if isinstance(unit.origin, HeardUpTo)]),
        *_writes(writes),
        *_events(writes),
        *_timers(writes),
        *_claims([(n, claim) for n, unit in enumerate(units, 1) for claim in unit.claims]),
        *_claims([(n, claim) for n, unit in enumerate(units, 1) for claim in unit.releases]),
        int4s(_suspects(units)),
        b"\1" if on_development_clock else b"\0",
        b"\1" if is_rerun else b"\0",
    ]


def outcomes(units: Sequence[Unit], rows: Sequence[tuple[Any, ...]], is_rerun: bool) -> list[Outcome]:
    """One outcome for each unit."""
    if len(rows) == 1 and rows[0][1] == ALL_STORED:
        _, _, before, first_at, *_ = rows[0]
        return [Placed(before + end, first_at + n * _MICROSECOND) for n, end in enumerate(_through(units))]
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
        is_ours = is_rerun and isinstance(unit.origin, HeardUpTo) and position == unit.origin.to_position
        return HeardAlready(position=position, is_ours=is_ours)
    return TimerIsStale()


# Columns -------------------------------------------------------------------------------------------------------------


def _asked(units: Sequence[Unit]) -> list[bytes | None]:
    """One row for each unit: its command, where it has one. A reply of NULL: nothing is kept of it."""
    nothing = (None, None, None, None, None, None)
    rows = [
        (asked.request_id, asked.tenant_id, asked.principal, asked.method, asked.payload_hash, unit.reply or None)
        if isinstance(asked := unit.origin, Command)
        else nothing
        for unit in units
    ]
    request, tenant, principal, method, payload, reply = zip(*rows, strict=True)
    return [
        texts(request),
        texts(tenant),
        texts(principal),
        texts(method),
        byteas(payload),
        byteas(reply),
        int4s(_through(units)),
    ]


def _through(units: Sequence[Unit]) -> list[int]:
    """How many events there are up to each unit, its own included."""
    return list(accumulate(sum(len(write.events) for write in unit.writes) for unit in units))


def _fired(rows: Sequence[tuple[int, TimerFired]]) -> list[bytes | None]:
    return [
        int4s([n for n, _ in rows]),
        uuids([timer.stream_id for _, timer in rows]),
        texts([timer.key for _, timer in rows]),
        int4s([timer.version for _, timer in rows]),
        instants([timer.due for _, timer in rows]),
    ]


def _heard(rows: Sequence[tuple[int, HeardUpTo]]) -> list[bytes | None]:
    return [
        int4s([n for n, _ in rows]),
        texts([to.follower for _, to in rows]),
        texts([to.source for _, to in rows]),
        int4s([to.epoch for _, to in rows]),
        int4s([to.partition for _, to in rows]),
        int8s([to.from_position for _, to in rows]),
        int8s([to.to_position for _, to in rows]),
        int8s([to.offset_hint for _, to in rows]),
    ]


def _writes(rows: Sequence[tuple[int, Write]]) -> list[bytes | None]:
    return [
        int4s([n for n, _ in rows]),
        uuids([write.stream_id for _, write in rows]),
        texts([write.tenant_id for _, write in rows]),
        int4s([write.expected_version for _, write in rows]),
        byteas([write.expected_hash for _, write in rows]),
        int4s([write.expected_version + len(write.events) for _, write in rows]),
        byteas([write.events[-1].hash if write.events else write.expected_hash for _, write in rows]),
        bools([write.timers is not None for _, write in rows]),
    ]


def _events(writes: Sequence[tuple[int, Write]]) -> list[bytes | None]:
    rows = [(n, write, told) for n, write in writes for told in write.events]
    return [
        int4s([n for n, _, _ in rows]),
        uuids([write.stream_id for _, write, _ in rows]),
        texts([write.tenant_id for _, write, _ in rows]),
        int4s([write.expected_version + i for _, write in writes for i in range(1, len(write.events) + 1)]),
        texts([told.type_name.rpartition(".")[2] for _, _, told in rows]),
        texts([told.traceparent or None for _, _, told in rows]),
        byteas([told.event for _, _, told in rows]),
    ]


def _timers(writes: Sequence[tuple[int, Write]]) -> list[bytes | None]:
    rows = [(n, write, due) for n, write in writes if write.timers for due in write.timers]
    return [
        int4s([n for n, _, _ in rows]),
        uuids([write.stream_id for _, write, _ in rows]),
        texts([write.tenant_id for _, write, _ in rows]),
        int4s([write.expected_version + len(write.events) for _, write, _ in rows]),
        texts([due.key for _, _, due in rows]),
        instants([due.at for _, _, due in rows]),
    ]


def _claims(rows: Sequence[tuple[int, ClaimKey]]) -> list[bytes | None]:
    return [
        int4s([n for n, _ in rows]),
        texts([claim.tenant_id for _, claim in rows]),
        texts([claim.kind for _, claim in rows]),
        byteas([claim.hmac for _, claim in rows]),
        uuids([claim.stream_id for _, claim in rows]),
    ]


# Who must wait for whom ----------------------------------------------------------------------------------------------


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


def _touches(unit: Unit) -> list[Any]:
    # Version checks touch nothing: many units of a batch may look at one stream.
    touches: list[Any] = [write.stream_id.int for write in unit.writes if write.events]
    touches += [(claim.tenant_id, claim.kind, claim.hmac) for claim in (*unit.claims, *unit.releases)]
    origin = unit.origin
    if isinstance(origin, Command):
        touches.append((origin.request_id, origin.tenant_id, origin.principal, origin.method))
    elif isinstance(origin, HeardUpTo):
        touches.append((origin.follower, origin.source, origin.epoch, origin.partition))
    else:
        touches.append(origin.stream_id.int)  # whose timers another unit may replace
    return touches
