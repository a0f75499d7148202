"""What a service has stored, read by SQL in one snapshot: its log, its commands, and what stands beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from acuerdo.common.v1.types_pb2 import Actor
from google.protobuf.message import DecodeError
from psycopg import sql

from proof.checker.contract import ANSWERS_KEPT_DAYS, EVENTS, SEALED_FIELDS

NameOf = bytes
"""A stream's id: the 16 bytes of its UUID."""


@dataclass(slots=True, eq=False)
class Event:
    """A row of the log, with what its bytes say of themselves."""

    service: str
    digest: bytes
    """SHA-256 of `data`."""
    position: int
    recorded_at: datetime
    stream: NameOf
    version: int
    epoch: int
    tenant_id: str
    type_name: str
    traceparent: str
    data: bytes
    # Of the bytes:
    fact: str = ""
    """Name of the fact they hold; empty where they cannot be read."""
    said: tuple[str, bytes, int] = ("", b"", 0)
    """(tenant, stream, version)."""
    occurred_at: tuple[int, int] = (0, 0)
    """Seconds, nanoseconds."""
    command_id: bytes = b""
    actor_kind: int = 0
    actor_id: str = ""
    cause: tuple[bytes, int] | None = None
    """(stream, version) of the fact it came of."""
    prev_hash: bytes = b""

    @property
    def name(self) -> str:
        """As a person looks for it."""
        return f"{self.service} {UUID(bytes=self.stream)}:{self.version} {self.type_name} (position {self.position})"

    @property
    def is_timers(self) -> bool:
        return self.actor_kind == Actor.KIND_TIMER and self.cause is not None


@dataclass(slots=True, frozen=True)
class Command:
    """A command's row."""

    request_id: str
    tenant_id: str
    principal: str
    method: str
    position: int
    recorded_at: datetime
    reply: bytes

    @property
    def name(self) -> str:
        return f"{self.method} {self.request_id!r} of {self.tenant_id}/{self.principal}"


@dataclass(slots=True)
class Stored:
    """All of one service."""

    service: str
    events: list[Event] = field(default_factory=list)
    """By position."""
    commands: list[Command] = field(default_factory=list)
    streams: dict[NameOf, tuple[int, str, bytes]] = field(default_factory=dict)
    """Version, tenant, head hash."""
    claims: list[tuple[str, str, NameOf]] = field(default_factory=list)
    """Kind, tenant, stream."""
    timers: list[tuple[NameOf, str, str, int]] = field(default_factory=list)
    """Stream, key, tenant, version."""
    positions: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    """Follower, source, epoch, partition, position."""
    listens: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    """Follower, source, epoch, starts_after, partitions."""
    epochs: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Starts after, partitions."""
    relay_partitions: list[tuple[int, int, int]] = field(default_factory=list)
    """Epoch, partition, position."""
    parked: list[tuple[str, str, int, int, int, NameOf, str, str]] = field(default_factory=list)
    """Follower, source, epoch, partition, position, key, type, reason."""
    refused: list[tuple[str, str, int, int, NameOf, str, str]] = field(default_factory=list)
    """Follower, source, epoch, position, key, type, reason."""
    keys: set[tuple[str, bytes]] = field(default_factory=set)
    """(tenant, subject) that have or had a key."""
    sealed: list[tuple[Event, bytes]] = field(default_factory=list)
    """Events with a sealed value, and its subject."""
    counter: tuple[int, datetime] = (0, datetime.min.replace(tzinfo=UTC))
    is_on_development_clock: bool = False
    by_version: dict[tuple[NameOf, int], Event] = field(default_factory=dict)

    @property
    def swept_before(self) -> datetime:
        """Rows of commands recorded up to then may be gone."""
        return self.counter[1] - timedelta(days=ANSWERS_KEPT_DAYS)

    @property
    def followers(self) -> frozenset[str]:
        """Of other services."""
        return frozenset(follower for follower, *_ in self.listens)

    def epoch_of(self, position: int) -> int:
        return max((number for number, (starts_after, _) in self.epochs.items() if starts_after < position), default=0)


def load(dsn: str, services: Sequence[str]) -> dict[str, Stored]:
    """Everything, in one snapshot. psycopg.Error where it cannot be read."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL timezone TO 'UTC'")
        connection.execute("SET LOCAL row_security TO off")
        return {service: _load_one(connection, service) for service in services}


def _load_one(connection: psycopg.Connection[Any], service: str) -> Stored:
    found = Stored(service)
    for row in _rows(connection, service, _EVENTS, _EVENT_TYPES):
        event = Event(service, hashlib.sha256(row[-1]).digest(), *row)
        _read(event, found)
        found.events.append(event)
        found.by_version[event.stream, event.version] = event
    found.commands = [Command(*row) for row in _rows(connection, service, _COMMANDS, _COMMAND_TYPES)]
    found.streams = {row[0]: row[1:] for row in _all(connection, service, _STREAMS)}
    for name, query in _BESIDE.items():
        setattr(found, name, _all(connection, service, query))
    found.epochs = {row[0]: row[1:] for row in _all(connection, service, "SELECT epoch, starts_after, partitions FROM {}.epochs")}
    if _has_keys(connection, service):
        found.keys = set(_all(connection, f"{service}_keys", _KEYS))
    counters = _all(connection, service, "SELECT position, recorded_at FROM {}.log_counter WHERE recorded_at <> '-infinity'")
    if counters:
        found.counter = counters[0]
    found.is_on_development_clock = bool(_all(connection, service, "SELECT 1 FROM {}.development_clock"))
    return found


def _read(event: Event, found: Stored) -> None:
    """What the bytes say. Bytes that cannot be read say nothing, and whoever looks finds them empty."""
    try:
        message: Any = EVENTS[event.service].FromString(event.data)
    except DecodeError:
        return
    meta = message.meta
    which = message.WhichOneof("event")
    if which is None:
        return
    fact = getattr(message, which)
    event.fact = fact.DESCRIPTOR.name
    event.said = (meta.tenant_id, meta.stream_id, meta.version)
    event.occurred_at = (meta.occurred_at.seconds, meta.occurred_at.nanos)
    event.command_id, event.prev_hash = meta.command_id, meta.prev_hash
    event.actor_kind, event.actor_id = meta.actor.kind, meta.actor.id
    if meta.HasField("causation"):
        event.cause = (meta.causation.stream_id, meta.causation.version)
    for name in filter(fact.HasField, SEALED_FIELDS.get(event.fact, ())):
        found.sealed.append((event, getattr(fact, name).subject_id))


def _rows(connection: psycopg.Connection[Any], service: str, query: str, types: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """By COPY in binary: of all ways the quickest."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(sql.SQL(query).format(sql.Identifier(service)))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        yield from copy.rows()


def _all(connection: psycopg.Connection[Any], schema: str, query: str) -> list[Any]:
    return connection.execute(sql.SQL(query).format(sql.Identifier(schema)), binary=True).fetchall()


def _has_keys(connection: psycopg.Connection[Any], service: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{service}_keys.keys",)).fetchone()
    return bool(row and row[0])


_EVENTS = """SELECT position, recorded_at, uuid_send(stream_id), version, epoch, tenant_id, type_name, coalesce(traceparent, ''), event
             FROM {}.events ORDER BY position"""
_EVENT_TYPES = ("int8", "timestamptz", "bytea", "int4", "int4", "text", "text", "text", "bytea")
_COMMANDS = "SELECT request_id, tenant_id, principal, method, position, recorded_at, reply FROM {}.commands ORDER BY position"
_COMMAND_TYPES = ("text", "text", "text", "text", "int8", "timestamptz", "bytea")
_STREAMS = "SELECT uuid_send(stream_id), version, tenant_id, head_hash FROM {}.streams"
_KEYS = """SELECT tenant_id, uuid_send(subject_id) FROM {0}.keys UNION SELECT tenant_id, uuid_send(subject_id) FROM {0}.destroyed"""
_BESIDE = {
    "claims": "SELECT kind, tenant_id, uuid_send(stream_id) FROM {}.claims",
    "timers": "SELECT uuid_send(stream_id), key, tenant_id, version FROM {}.timers",
    "positions": "SELECT follower, source, epoch, partition, position FROM {}.positions ORDER BY 1, 2, 3, 4",
    "listens": "SELECT follower, source, epoch, starts_after, partitions FROM {}.listens ORDER BY 1, 2",
    "relay_partitions": "SELECT epoch, partition, position FROM {}.relay_partitions ORDER BY 1, 2",
    "parked": """SELECT follower, source, epoch, partition, position, uuid_send(key), type_name, reason FROM {}.parked
                 ORDER BY follower, source, epoch, position""",
    "refused": """SELECT follower, source, epoch, position, uuid_send(key), type_name, reason FROM {}.refused_facts
                  ORDER BY follower, source, epoch, position""",
}
