"""Named examples: histories built from the contracts alone, as a service would export them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as facts
from acuerdo.cases.v1.types_pb2 import Component, ComponentAmount, Liability, PartyRole, RollDirection
from acuerdo.common.v1.log_pb2 import Record
from acuerdo.common.v1.types_pb2 import Actor, EventMeta, Money
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clients.audit.events import NO_HASH
from clients.audit.history_file import Header, History

STREAM = UUID("019340c1-3a5e-7f0e-9d5b-1f5a33b2c1d0")
TENANT = "demo"
FIRST_DAY = datetime(2005, 4, 1, 8, tzinfo=UTC)
BUCKETS = ("current", "1", "2", "3", "4+")


def twd(minor_units: int) -> Money:
    return Money(currency_code="TWD", minor_units=minor_units)


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at)
    return wire


def a_history(months: int = 6) -> History:
    """A case with one debtor and one debt, and `months` reports of the creditor, each with a change of bucket."""
    told: list[Message] = [
        facts.CaseRegistered(client_id=UUID(int=1).bytes, portfolio_id=UUID(int=2).bytes, external_ref="UCI-00003", product="credit_card"),
        facts.PartyAdded(person_id=UUID(int=3).bytes, role=PartyRole.PARTY_ROLE_DEBTOR, liability=Liability.LIABILITY_FULL),
        facts.DebtAttached(
            debt_id=UUID(int=4).bytes,
            external_ref="UCI-00003",
            product="credit_card",
            components=[ComponentAmount(component=Component.COMPONENT_PRINCIPAL, amount=twd(1_554_900))],
            value_date=Date(year=2005, month=4, day=1),
        ),
        facts.CaseOpened(reason="RELEASED"),
    ]
    for month in range(months):
        before, now = BUCKETS[month % 5], BUCKETS[(month + 2) % 5]
        as_of = Date(year=2005, month=4 + month % 8, day=28)
        change = facts.BucketChanged(to=now, past_due_units=month, direction=RollDirection.ROLL_DIRECTION_FORWARD, cause="REPORTED")
        setattr(change, "from", before)
        told += [
            facts.BalanceReported(as_of=as_of, theirs=twd(1_500_000 - 10_000 * month), ours=twd(1_554_900), source_ref=f"file {month}"),
            facts.ArrearsReported(as_of=as_of, cycles_past_due=month, source_ref=f"file {month}"),
            change,
        ]
    return history_of(told)


def history_of(told: Sequence[Message], event_message: Callable[[], Message] = facts.CaseEvent, service: str = "cases") -> History:
    """These facts as one stream, chained and placed as the log does it: what is stored together shares its instant."""
    records: list[Record] = []
    last = NO_HASH
    for version, fact in enumerate(told, start=1):
        at = FIRST_DAY + timedelta(days=10 * (version // 2))
        event = _event(event_message(), fact, version, at, last)
        record = Record(position=100 + 7 * version, recorded_at=stamp(at), epoch=1, type=fact.DESCRIPTOR.full_name, event=event)
        records.append(record)
        last = hashlib.sha256(event).digest()
    exported_at = FIRST_DAY + timedelta(days=10 * (len(told) // 2) + 1)
    return History(Header(service, STREAM, exported_at, len(records), last), records)


def _event(event: Message, fact: Message, version: int, at: datetime, last: bytes) -> bytes:
    meta = EventMeta(
        tenant_id=TENANT,
        stream_id=STREAM.bytes,
        version=version,
        occurred_at=stamp(at - timedelta(days=version % 3)),
        actor=Actor(kind=Actor.KIND_CLIENT, id="importer"),
        command_id=hashlib.md5(str(version).encode(), usedforsecurity=False).digest(),
        correlation_id=UUID(int=9).bytes,
        prev_hash=last,
    )
    field = next(field for field in event.DESCRIPTOR.oneofs_by_name["event"].fields if field.message_type is fact.DESCRIPTOR)
    event.meta.CopyFrom(meta)  # type: ignore[attr-defined]  # every service's event has one
    getattr(event, field.name).CopyFrom(fact)
    return event.SerializeToString(deterministic=True)
