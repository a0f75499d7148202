"""A log with many cases, put in as fast as PostgreSQL takes it: real chains, heads, claims, and the read models as they would be.

Only their commands are missing, as after thirty days.
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import psycopg

from bench.calls import CURRENCY
from bench.chains import AMOUNT_MINOR_UNITS, EVENTS_PER_CASE, Fill, chained, told_of_a_case, told_of_a_client, told_of_a_portfolio
from bench.serving import TENANT

FIRST_MILLIS = 1_767_225_600_000
"""Ids of streams are of that time on: none is taken for one that was just made."""
RECORDED_MICROS = 820_540_800_000_000
"""2026-01-01T00:00:00Z, counted from 2000 as PostgreSQL does; a microsecond more for each unit."""
BLOCK_CASES = 2_000
BEFORE_CASES = 2
"""Events of the client and of its portfolio."""
COPY_HEAD, COPY_END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
COPIES = (
    "COPY cases.events (stream_id, position, recorded_at, version, epoch, tenant_id, type_name, traceparent, event) FROM STDIN BINARY",
    "COPY cases.streams (stream_id, version, tenant_id, head_hash) FROM STDIN BINARY",
    "COPY cases.claims (hmac, kind, tenant_id, stream_id) FROM STDIN BINARY",
)


@dataclass(frozen=True, slots=True)
class Seeded:
    client_id: UUID
    portfolio_id: UUID
    case_ids: Sequence[bytes]
    """In the order of their registration."""

    @property
    def events(self) -> int:
        return BEFORE_CASES + EVENTS_PER_CASE * len(self.case_ids)


def seed(dsn: str, cases: int, claim_key: bytes, *, with_views: bool = True) -> Seeded:
    """Into a migrated, empty database of the cases service."""
    first = (_id(number) for number in range(BEFORE_CASES))
    client_id, portfolio_id = (UUID(bytes=each) for each in first)
    seeded = Seeded(client_id, portfolio_id, [_id(BEFORE_CASES + number) for number in range(cases)])
    with psycopg.connect(dsn) as events, psycopg.connect(dsn) as streams, psycopg.connect(dsn) as claims:
        with events.cursor().copy(COPIES[0]) as e, streams.cursor().copy(COPIES[1]) as s, claims.cursor().copy(COPIES[2]) as c:
            for copy in (e, s, c):
                copy.write(COPY_HEAD)
            for block in (_before(seeded), *_blocks(seeded, claim_key)):
                for copy, rows in zip((e, s, c), block, strict=True):
                    copy.write(rows)
            for copy in (e, s, c):
                copy.write(COPY_END)
    with psycopg.connect(dsn, autocommit=True) as connection:
        recorded_at = "timestamptz '2000-01-01 00:00:00Z' + make_interval(secs => %s)"
        connection.execute(
            f"UPDATE cases.log_counter SET position = %s, recorded_at = {recorded_at}".encode(), (seeded.events, _recorded(cases + 1) / 1e6)
        )
        if with_views:
            _fill_views(connection, seeded)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return seeded


def check(dsn: str) -> str:
    """As the gate does, inside the server, for logs too large to be read row by row: dense, chained, every head its last event."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SET work_mem = '256MB'")
        counted, last, first = _row(connection, "SELECT count(*), max(position), min(position) FROM cases.events")
        assert (first, last) == (1, counted), f"{counted} events from {first} to {last}"
        (broken,) = _row(connection, BROKEN_LINKS)
        assert not broken, f"{broken} events do not rest on the event before them"
        heads, wrong = _row(connection, WRONG_HEADS)
        assert not wrong, f"{wrong} heads are not their stream's last event"
        (streams,) = _row(connection, "SELECT count(*) FROM cases.events WHERE version = 1")
        assert streams == heads, f"{streams} streams, {heads} heads"
    return f"{counted:,} events dense and chained, {heads:,} heads right"


def check_since(dsn: str, after: int, acknowledged: Mapping[str, int | None]) -> tuple[int, str]:
    """The quick look between two rounds: where the log ends, and that what was acknowledged since `after`, and nothing else, is stored."""
    with psycopg.connect(dsn) as connection:
        stored = connection.execute("SELECT request_id, position FROM cases.commands WHERE position > %s", (after,)).fetchall()
        (head,) = _row(connection, "SELECT position FROM cases.log_counter")
        (events,) = _row(connection, f"SELECT count(*) FROM cases.events WHERE position > {after:d}")
    assert dict(stored) == acknowledged, f"stored and acknowledged differ: {len(stored):,} and {len(acknowledged):,}"
    assert len(stored) == len(acknowledged) == events == head - after, f"{events:,} events for {len(stored):,} commands"
    return head, f"{events:,} events dense, {len(stored):,} requests acknowledged = stored"


def _blocks(seeded: Seeded, claim_key: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    told = told_of_a_case(seeded.client_id, seeded.portfolio_id)
    prefixes = [_event_row(name, version) for version, (name, _) in enumerate(told, 1)]
    for begin in range(0, len(seeded.case_ids), BLOCK_CASES):
        ids = seeded.case_ids[begin : begin + BLOCK_CASES]
        yield _block(seeded, claim_key, told, prefixes, begin, ids)


def _block(
    seeded: Seeded, claim_key: bytes, told: Sequence[tuple[str, Fill]], prefixes: Sequence[bytes], begin: int, ids: Sequence[bytes]
) -> tuple[bytes, bytes, bytes]:
    events, streams, claims = bytearray(), bytearray(), bytearray()
    commands = os.urandom(16 * len(ids))
    position = BEFORE_CASES + EVENTS_PER_CASE * begin
    for number, case_id in enumerate(ids):
        chain, head = chained(case_id, commands[16 * number : 16 * number + 16], begin + number, told)
        recorded_at = _recorded(begin + number + 1)
        for prefix, event in zip(prefixes, chain, strict=True):
            position += 1
            events += prefix % (case_id, position.to_bytes(8, "big"), recorded_at.to_bytes(8, "big"), len(event).to_bytes(4, "big"), event)
        streams += _stream_row(case_id, EVENTS_PER_CASE, head)
        value = f"{TENANT}\x1fcase\x1f{seeded.client_id}/C{begin + number:09d}".encode()
        claims += _row_of(hmac.digest(claim_key, value, sha256), b"case", TENANT.encode(), case_id)
    return bytes(events), bytes(streams), bytes(claims)


def _before(seeded: Seeded) -> tuple[bytes, bytes, bytes]:
    events, streams = b"", b""
    client, portfolio = seeded.client_id, seeded.portfolio_id
    for position, (id_, (name, event)) in enumerate(
        ((client, told_of_a_client(client)), (portfolio, told_of_a_portfolio(portfolio, client))), 1
    ):
        at = (_recorded(0) + position - BEFORE_CASES).to_bytes(8, "big")
        events += _event_row(name, 1) % (id_.bytes, position.to_bytes(8, "big"), at, len(event).to_bytes(4, "big"), event)
        streams += _stream_row(id_.bytes, 1, sha256(event).digest())
    return events, streams, b""


def _fill_views(connection: psycopg.Connection[tuple[object, ...]], seeded: Seeded) -> None:
    """What the view would have written, by one statement for each table."""
    parameters = {
        "client": seeded.client_id,
        "portfolio": seeded.portfolio_id,
        "currency": CURRENCY,
        "amount": AMOUNT_MINOR_UNITS,
        "tenant": TENANT,
        "head": seeded.events,
    }
    for statement in VIEWS:
        connection.execute(statement.encode(), parameters)


def _id(number: int) -> bytes:
    """A UUIDv7, a microsecond-like step after the one before it."""
    rest = os.urandom(10)
    millis = FIRST_MILLIS + number // 8
    return millis.to_bytes(6, "big") + bytes((0x70 | number % 8, rest[1], 0x80 | rest[2] & 0x3F)) + rest[3:]


def _recorded(unit: int) -> int:
    return RECORDED_MICROS + unit


def _event_row(name: str, version: int) -> bytes:
    """A row of COPY, but for: stream, position, recorded_at, length of the event, the event."""
    constant = _field(struct.pack(">i", version)) + _field(struct.pack(">i", 1)) + _field(TENANT.encode()) + _field(name.encode())
    return b"\x00\x09\x00\x00\x00\x10%b\x00\x00\x00\x08%b\x00\x00\x00\x08%b" + constant + b"\xff\xff\xff\xff%b%b"


def _stream_row(stream_id: bytes, version: int, head: bytes) -> bytes:
    return _row_of(stream_id, struct.pack(">i", version), TENANT.encode(), head)


def _row_of(*fields: bytes) -> bytes:
    return struct.pack(">h", len(fields)) + b"".join(map(_field, fields))


def _field(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def _row(connection: psycopg.Connection[tuple[int, ...]], query: str) -> tuple[int, ...]:
    found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return found


BROKEN_LINKS = """
SELECT count(*) FROM (
    SELECT event, version, lag(event) OVER stream AS previous, lag(version) OVER stream AS before
    FROM cases.events WINDOW stream AS (PARTITION BY stream_id ORDER BY version)) e
WHERE version <> coalesce(before, 0) + 1
   OR position(coalesce(sha256(previous), decode(repeat('00', 32), 'hex')) IN event) = 0"""
WRONG_HEADS = """
SELECT count(*), count(*) FILTER (WHERE e.event IS NULL OR sha256(e.event) <> s.head_hash)
FROM cases.streams s LEFT JOIN cases.events e ON (e.stream_id, e.version) = (s.stream_id, s.version)"""
VIEWS = (
    """INSERT INTO cases.case_list
           (case_id, tenant_id, registered_at, client_id, portfolio_id, external_ref, currency_code, lifecycle, version)
       SELECT stream_id, tenant_id, position, %(client)s, %(portfolio)s, 'C' || lpad(((position - 3) / 4)::text, 9, '0'),
              %(currency)s, 'OPEN', 4
       FROM cases.events WHERE type_name = 'CaseRegistered'""",
    """INSERT INTO cases.case_parties (case_id, person_id, tenant_id, role)
       SELECT stream_id, stream_id, tenant_id, 'DEBTOR' FROM cases.events WHERE type_name = 'PartyAdded'""",
    """INSERT INTO cases.case_lives SELECT stream_id, position, tenant_id, timestamptz '2026-01-01 00:00:00Z', recorded_at, 'OPEN'
       FROM cases.events WHERE type_name = 'CaseOpened'""",
    """INSERT INTO cases.case_ledger SELECT stream_id, position, tenant_id, stream_id, date '2026-01-01', recorded_at, %(amount)s
       FROM cases.events WHERE type_name = 'DebtAttached'""",
    """INSERT INTO cases.positions (follower, source, epoch, partition, position) VALUES ('view:cases', 'cases', 0, 0, %(head)s)""",
)
