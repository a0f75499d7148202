"""Ledgers: a service of three rules, with a contract of its own, on which the log is tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import psycopg
from acuerdo.common.v1 import types_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command, HeardFact, HeardUpTo, TimerFired
from services.chassis.log.units import Stored
from services.chassis.service import Service
from services.kernel.facts import Causation, Change, Claim, Due, Fact, Stream
from services.kernel.refusal import AlreadyExists, IsUnknown, Refusal

TENANT, OTHER_TENANT = "acme", "rival"
PARTITIONS = 4
CLAIM_KEY = b"claims" * 6
REVIEW = "ledger.review"
_CHASSIS = Path(__file__).resolve().parents[3] / "services" / "chassis"

# What it tells -------------------------------------------------------------------------------------------------------


def _contract() -> type[Message]:
    kinds = descriptor_pb2.FieldDescriptorProto
    facts: dict[str, dict[str, Any]] = {
        "Opened": {"name": kinds.TYPE_STRING},
        "Added": {"amount": kinds.TYPE_INT64, "note": kinds.TYPE_STRING},
        "Reviewed": {},
        "Shut": {"reason": kinds.TYPE_STRING},
    }
    file = descriptor_pb2.FileDescriptorProto(name="acuerdo/ledgers/v1/events.proto", package="acuerdo.ledgers.v1", syntax="proto3")
    file.dependency.append(types_pb2.DESCRIPTOR.name)
    event = file.message_type.add(name="LedgerEvent")
    event.field.add(name="meta", number=1, type=kinds.TYPE_MESSAGE, label=1, type_name=".acuerdo.common.v1.EventMeta")
    event.oneof_decl.add(name="event")
    for number, (name, fields) in enumerate(facts.items(), 10):
        message = file.message_type.add(name=name)
        for place, (field, kind) in enumerate(fields.items(), 1):
            message.field.add(name=field, number=place, type=kind, label=1)
        event.field.add(
            name=name.lower(), number=number, type=kinds.TYPE_MESSAGE, label=1, type_name=f".{file.package}.{name}", oneof_index=0
        )
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.LedgerEvent"))


class Opened(Fact):
    name: str

    def apply(self, ledger: Any) -> None:
        ledger.name, ledger.review_at = self.name, self.timestamp + timedelta(days=1)


class Added(Fact):
    amount: int
    note: str

    def apply(self, ledger: Any) -> None:
        ledger.total += self.amount


class Reviewed(Fact):
    def apply(self, ledger: Any) -> None:
        ledger.review_at = None


class Shut(Fact):
    reason: str

    def apply(self, ledger: Any) -> None:
        ledger.is_shut, ledger.review_at = True, None


class Ledger(Stream):
    def __init__(self) -> None:
        self.name = ""
        self.total = 0
        self.is_shut = False
        self.review_at: datetime | None = None

    def due(self) -> Iterable[Due]:
        if self.review_at is not None:
            yield Due(REVIEW, self.review_at)


# What may be decided -------------------------------------------------------------------------------------------------


class LedgerIsUnknown(IsUnknown):
    """There is no such ledger."""


class LedgerIsOpenAlready(AlreadyExists):
    """The ledger is open already, under another name."""


class LedgerIsShut(Refusal):
    """Nothing is added to a ledger that is shut."""


def open_ledger(ledger: Ledger, name: str) -> None:
    if ledger.exists:
        if ledger.name == name:
            return
        raise LedgerIsOpenAlready(name=ledger.name)
    ledger.tell(Opened(**ledger.next(), name=name))


def add(ledger: Ledger, *given: Ledger, amount: int, note: str = "") -> None:
    if not ledger.exists or not all(other.exists for other in given):
        raise LedgerIsUnknown
    if ledger.is_shut or any(other.is_shut for other in given):
        raise LedgerIsShut(total=ledger.total)
    ledger.tell(Added(**ledger.next(), amount=amount, note=note))


def shut(ledger: Ledger, reason: str = "done") -> None:
    if not ledger.exists:
        raise LedgerIsUnknown
    if not ledger.is_shut:
        ledger.tell(Shut(**ledger.next(), reason=reason))


def review(ledger: Ledger) -> None:
    if ledger.review_at is not None:
        ledger.tell(Reviewed(**ledger.next()))


# Its verbs -----------------------------------------------------------------------------------------------------------


def opening(ledger_id: UUID | None = None, name: str = "main", claims: tuple[Claim, ...] = ()) -> Change[Ledger]:
    return Change(Ledger, ledger_id or new_id(), partial(open_ledger, name=name), claims=claims)


def adding(ledger_id: UUID, amount: int = 1, *, note: str = "", given: tuple[UUID, ...] = ()) -> Change[Ledger]:
    return Change(Ledger, ledger_id, partial(add, amount=amount, note=note), given=tuple((Ledger, other) for other in given))


def shutting(ledger_id: UUID, releases: tuple[Claim, ...] = ()) -> Change[Ledger]:
    return Change(Ledger, ledger_id, shut, releases=releases)


def reviewing(ledger_id: UUID) -> Change[Ledger]:
    return Change(Ledger, ledger_id, review)


def named(name: str) -> Claim:
    return Claim("ledger", name)


def asked(request_id: str | None = None, *, payload: bytes = b"p" * 32, tenant: str = TENANT, **said: Any) -> Command:
    return Command(tenant, "issuer#ana", "ledgers/Do", request_id or str(uuid4()), payload, Actor("AGENT", "ana"), **said)


async def timer_of(dsn: str, ledger_id: UUID) -> TimerFired:
    """The ledger's review as the runner of timers would fire it."""
    (row,) = await query(dsn, "SELECT tenant_id, stream_id, version, key, due FROM ledgers.timers WHERE stream_id = %s", ledger_id)
    return TimerFired(*row)


def up_to(from_position: int, to_position: int, partition: int = 0) -> HeardUpTo:
    return HeardUpTo("listener", "elsewhere", 1, partition, from_position, to_position, offset_hint=to_position)


def heard(version: int = 1, tenant: str = TENANT) -> HeardFact:
    return HeardFact("listener", tenant, Causation(new_id(), version), new_id(), datetime(2026, 5, 1, tzinfo=UTC))


# The house -----------------------------------------------------------------------------------------------------------

_module = ModuleType(__name__)
vars(_module).update({kind.__name__: kind for kind in (Opened, Added, Reviewed, Shut)})
LEDGERS = Service("ledgers", _contract(), [_module])


async def prepare(dsn: str, schema: str = "ledgers") -> None:
    """The tables, as a service's first migration makes them."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(f"CREATE SCHEMA {schema}".encode())
        for file in ("log/schema.sql", "log/append.sql", "log/roles.sql"):
            text = (_CHASSIS / file).read_text().format(schema=schema, lock_class=7)
            await connection.execute(text.encode())


@asynccontextmanager
async def a_log(dsn: str, **settings: Any) -> AsyncIterator[Log]:
    log = Log(dsn, LEDGERS, CLAIM_KEY, partitions=PARTITIONS, **settings)
    await log.start()
    try:
        yield log
    finally:
        await log.stop()


async def query(dsn: str, statement: str, *parameters: Any, role: str | None = None, tenant: str | None = None) -> list[tuple[Any, ...]]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        if role is not None:
            await connection.execute(f"SET ROLE {role}".encode())
        if tenant is not None:
            await connection.execute("SELECT set_config('acuerdo.tenant', %s, false)", (tenant,))
        cursor = await connection.execute(statement.encode(), parameters)
        return list(await cursor.fetchall()) if cursor.description else []


async def opened(log: Log, **said: Any) -> UUID:
    """A new ledger's id."""
    stored: Stored = await log.run(asked(), opening(**said))
    return stored.streams[0].stream_id


async def is_sound(dsn: str, log: Log) -> int:
    """The correctness gate: dense positions, no holes, monotone times, every chain verified, heads = events. How many events."""
    rows = await query(dsn, "SELECT position, recorded_at, stream_id, version FROM ledgers.events ORDER BY position")
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert all(earlier[1] <= later[1] for earlier, later in pairwise(rows))
    versions: dict[UUID, int] = {}
    for _, _, stream_id, version in rows:
        assert version == versions.get(stream_id, 0) + 1
        versions[stream_id] = version
    heads = dict(await query(dsn, "SELECT stream_id, version FROM ledgers.streams"))
    assert heads == versions
    tenants = dict(await query(dsn, "SELECT stream_id, tenant_id FROM ledgers.streams"))
    for stream_id, tenant in tenants.items():
        assert len(await log.read_stream(stream_id, tenant)) == versions[stream_id]
    return len(rows)
