"""Any batches of units, against a small model: what append() answers for each unit, and what is there afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.log import batch, calls
from services.chassis.log.batch import Placed
from services.chassis.log.origins import Actor, Command, HeardUpTo, TimerFired
from services.chassis.log.units import NO_HASH, ClaimKey, Told, Unit, Write
from services.kernel.facts import Due
from tests.chassis.log.ledgers import prepare

TENANTS = ("acme", "rival")
STREAMS = [UUID(int=n) for n in range(1, 5)]
HASHES = [bytes([n]) * 32 for n in range(200)]
LATER = datetime(2030, 1, 1, tzinfo=UTC)


# The model -----------------------------------------------------------------------------------------------------------


@dataclass
class Model:
    """What a log is, in dictionaries: units are judged one after the other."""

    position: int = 0
    streams: dict[UUID, tuple[int, str, bytes]] = field(default_factory=dict)
    commands: dict[tuple[str, str], tuple[bytes, int, bytes]] = field(default_factory=dict)
    claims: dict[tuple[str, bytes], UUID] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)
    timers: dict[UUID, int] = field(default_factory=dict)

    def judge(self, unit: Unit) -> str:
        lost = self._loses(unit)
        if lost is not None:
            return lost
        self.position += sum(len(write.events) for write in unit.writes)
        for write in unit.writes:
            if write.events:
                version = write.expected_version + len(write.events)
                self.streams[write.stream_id] = (version, write.tenant_id, write.events[-1].hash)
                self.timers.pop(write.stream_id, None)
                if write.timers:
                    self.timers[write.stream_id] = version
        for claim in unit.releases:
            if self.claims.get((claim.tenant_id, claim.hmac)) == claim.stream_id:
                del self.claims[claim.tenant_id, claim.hmac]
        for claim in unit.claims:
            self.claims[claim.tenant_id, claim.hmac] = claim.stream_id
        if isinstance(unit.origin, Command) and unit.reply:
            self.commands[unit.origin.tenant_id, unit.origin.request_id] = (unit.origin.payload_hash, self.position, unit.reply)
        if isinstance(unit.origin, HeardUpTo):
            self.positions[unit.origin.partition] = unit.origin.to_position
        return f"stored {self.position}"

    def _loses(self, unit: Unit) -> str | None:
        origin = unit.origin
        if isinstance(origin, Command) and (kept := self.commands.get((origin.tenant_id, origin.request_id))) is not None:
            return f"repeated {kept[1]}" if kept[0] == origin.payload_hash else "RequestIdReused"
        if isinstance(origin, HeardUpTo) and self.positions.get(origin.partition, 0) != origin.from_position:
            return "HeardAlready"
        if isinstance(origin, TimerFired) and self.timers.get(origin.stream_id) != origin.version:
            return "TimerIsStale"
        for write in unit.writes:
            version, tenant, head = self.streams.get(write.stream_id, (0, write.tenant_id, NO_HASH))
            if (version, tenant, head) != (write.expected_version, write.tenant_id, write.expected_hash):
                return "Conflict"
        released = {(claim.tenant_id, claim.hmac, claim.stream_id) for claim in unit.releases}
        for claim in unit.claims:
            holder = self.claims.get((claim.tenant_id, claim.hmac))
            if holder not in (None, claim.stream_id) and (claim.tenant_id, claim.hmac, holder) not in released:
                return "ClaimedByAnother"
        return None


# Units ---------------------------------------------------------------------------------------------------------------


@st.composite
def units(draw: st.DrawFn, number: int) -> tuple[int, Any]:
    """A unit as a recipe: it is cooked on what the model holds when its batch is sent, now and then on what is old."""
    return number, {
        "origin": draw(st.sampled_from(("command", "command", "command", "heard", "timer"))),
        "request": draw(st.integers(0, 6)),
        "payload": draw(st.integers(0, 1)),
        "tenant": draw(st.sampled_from(TENANTS)),
        "streams": draw(st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True)),
        "events": draw(st.integers(0, 2)),
        "stale": draw(st.integers(0, 5)) == 0,
        "timer": draw(st.booleans()),
        "claim": draw(st.none() | st.integers(0, 2)),
        "release": draw(st.none() | st.integers(0, 2)),
        "partition": draw(st.integers(0, 1)),
    }


def cook(model: Model, ahead: dict[UUID, tuple[int, str, bytes]], number: int, recipe: dict[str, Any], *, is_alone: bool) -> Unit:
    tenant = recipe["tenant"]
    writes = []
    # A version check looks at what was stored before its batch: only alone is that the same as one after the other.
    for place in recipe["streams"] if recipe["events"] or is_alone else ():
        stream_id = STREAMS[place]
        version, _, head = ahead.get(stream_id, (0, tenant, NO_HASH))
        if recipe["stale"] and version:
            version -= 1
        told = tuple(
            Told("x.v1.Happened", b"event %d %d %d" % (number, place, n), HASHES[(number + n) % 200]) for n in range(recipe["events"])
        )
        timers = (Due("t", LATER),) if recipe["timer"] else ()
        writes.append(Write(stream_id, tenant, version, head, told, timers if told else None))
        if told:
            ahead[stream_id] = (version + len(told), tenant, told[-1].hash)
    first = STREAMS[recipe["streams"][0]]
    has_told = recipe["events"] > 0

    def names(which: int | None) -> tuple[ClaimKey, ...]:
        return (ClaimKey(tenant, "name", HASHES[which], first),) if which is not None and has_told else ()

    return Unit(
        _origin(model, recipe, tenant, first), tuple(writes), names(recipe["claim"]), names(recipe["release"]), b"reply %d" % number
    )


def _origin(model: Model, recipe: dict[str, Any], tenant: str, first: UUID) -> Command | HeardUpTo | TimerFired:
    if recipe["origin"] == "heard":
        at = model.positions.get(recipe["partition"], 0)
        return HeardUpTo("f", "s", 1, recipe["partition"], at, at + 3)
    if recipe["origin"] == "timer":
        return TimerFired(tenant, first, model.timers.get(first, 1), "t", LATER)
    return Command(tenant, "p", "m", f"r{recipe['request']}", HASHES[recipe["payload"]], Actor("AGENT", "a"))


def answer(outcome: Any) -> str:
    if isinstance(outcome, Placed):
        return f"{'stored' if outcome.reply is None else 'repeated'} {outcome.position}"
    return type(outcome).__name__


# The claim -----------------------------------------------------------------------------------------------------------

BATCHES = st.lists(st.integers(1, 6), min_size=1, max_size=5).flatmap(
    lambda sizes: st.tuples(*(st.tuples(*(units(100 * b + n) for n in range(size))) for b, size in enumerate(sizes)))
)


async def test_append_judges_as_the_model_does(database: str) -> None:
    await prepare(database)

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(BATCHES)
    def judged_alike(batches: tuple[tuple[tuple[int, Any], ...], ...]) -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            calls.prepare(connection, batch.CALL.format(schema="ledgers"))
            _empty(connection)
            model = Model()
            for recipes in batches:
                ahead = dict(model.streams)
                cooked = [cook(model, ahead, *recipe, is_alone=len(recipes) == 1) for recipe in recipes]
                found = _append(connection, cooked)
                assert [answer(outcome) for outcome in found] == _in_order(model, cooked)
            _is_as(connection, model)

    await asyncio.to_thread(judged_alike)


def _in_order(model: Model, cooked: list[Unit]) -> list[str]:
    """Units that touch what an earlier one touches are judged after all the others."""
    suspects = set(batch._suspects(cooked))
    numbers = sorted(range(1, len(cooked) + 1), key=lambda n: (n in suspects, n))
    judged = {n: model.judge(cooked[n - 1]) for n in numbers}
    return [judged[n] for n in range(1, len(cooked) + 1)]


def _append(connection: psycopg.Connection[Any], cooked: list[Unit]) -> list[Any]:
    return list(batch.outcomes(cooked, calls.call(connection, batch.arguments(cooked, False, False)), False))


def _empty(connection: psycopg.Connection[Any]) -> None:
    connection.execute("ALTER TABLE ledgers.events DISABLE TRIGGER ALL")
    connection.execute("TRUNCATE ledgers.events, ledgers.streams, ledgers.commands, ledgers.claims, ledgers.timers, ledgers.positions")
    connection.execute("UPDATE ledgers.log_counter SET position = 0")
    connection.execute("INSERT INTO ledgers.epochs VALUES (1, 0, 4) ON CONFLICT DO NOTHING")


def _is_as(connection: psycopg.Connection[Any], model: Model) -> None:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query.encode()).fetchall()

    positions = rows("SELECT position, recorded_at FROM ledgers.events ORDER BY position")
    assert [row[0] for row in positions] == list(range(1, model.position + 1))
    assert [row[1] for row in positions] == sorted(row[1] for row in positions)
    assert dict(rows("SELECT stream_id, version FROM ledgers.streams")) == {s: v for s, (v, _, _) in model.streams.items()}
    assert dict(rows("SELECT stream_id, version FROM ledgers.timers")) == model.timers
    assert {(t, bytes(h)): s for t, h, s in rows("SELECT tenant_id, hmac, stream_id FROM ledgers.claims")} == model.claims
    assert dict(rows("SELECT partition, position FROM ledgers.positions")) == model.positions
    kept = {
        (t, r): (bytes(h), p, bytes(y))
        for t, r, h, p, y in rows("SELECT tenant_id, request_id, payload_hash, position, reply FROM ledgers.commands")
    }
    assert kept == model.commands
