"""Events as the verifier sees them: the bytes as they are, their hash, and what can be read of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.log_pb2 import Record
from acuerdo.common.v1.types_pb2 import EventMeta
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1.events_pb2 import StrategyEvent
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from clients.audit.history_file import HASH_BYTES, HistoryIsUnreadable

NO_HASH = bytes(HASH_BYTES)
"""What the first event of a stream remembers."""


@dataclass(slots=True)
class Event:
    """One record of the file."""

    place: int
    """Place in the file, from 1."""
    record: Record
    hash: bytes
    """SHA-256 of the event's bytes."""
    meta: EventMeta | None
    """None where the bytes cannot be read as an event that says who it is."""
    holds: str
    """Full name of the fact it holds; empty where these contracts do not know it."""
    version: int = 0
    """Its place in the stream: by what it remembers, else by what it says, else by where it stands."""

    @property
    def remembers(self) -> bytes | None:
        """The hash of the event before it."""
        return None if self.meta is None else self.meta.prev_hash

    @property
    def type(self) -> str:
        """Short name of the fact."""
        return (self.holds or self.record.type).rpartition(".")[2]


def read_events(service: str, records: Sequence[Record], later: Mapping[int, str], versions: int) -> list[Event]:
    """Every record as an event, numbered by version. HistoryIsUnreadable for a service these contracts do not know.

    `later`: names of facts by their field, as the contracts in the file have them: for facts that ours do not know.
    `versions`: how many events the file claims; no event is believed to stand beyond both that and their number.
    """
    if service not in EVENT_MESSAGES:
        raise HistoryIsUnreadable(f"the service {service!r} is not known to these contracts ({', '.join(EVENT_MESSAGES)})")
    events = [_read(EVENT_MESSAGES[service], place, record, later) for place, record in enumerate(records, start=1)]
    _number(events, max(versions, len(events)))
    return events


def known_facts(service: str) -> frozenset[str]:
    """Full names of the facts that the contracts of a service know."""
    fields: Iterable[Any] = EVENT_MESSAGES[service].DESCRIPTOR.oneofs_by_name["event"].fields
    return frozenset(field.message_type.full_name for field in fields)


def _read(message: type[Message], place: int, record: Record, later: Mapping[int, str]) -> Event:
    digest = hashlib.sha256(record.event).digest()
    try:
        read: Any = message.FromString(record.event)
    except DecodeError:
        return Event(place, record, digest, None, "")
    held = read.WhichOneof("event")
    holds = getattr(read, held).DESCRIPTOR.full_name if held else _holds_of_later(read, later)
    return Event(place, record, digest, read.meta if read.HasField("meta") else None, holds)


def _holds_of_later(read: Message, later: Mapping[int, str]) -> str:
    unknown: Any = UnknownFieldSet(read)  # iterable, and its stub does not say so
    return next((later[field.field_number] for field in unknown if field.field_number in later), "")


def _number(events: Sequence[Event], versions_max: int) -> None:
    """An event follows the one whose hash it remembers, whatever version it says; without such a one its own word counts."""
    by_hash: dict[bytes, Event] = {}
    for event in events:
        by_hash.setdefault(event.hash, event)
    said = Counter(event.meta.version for event in events if event.meta is not None)
    remembered = {event.remembers for event in events}
    for event in events:
        ahead: list[Event] = []
        at: Event | None = event
        while at is not None and at.version == 0:
            ahead.append(at)
            at = by_hash.get(at.remembers or b"")
        version = 0 if at is None else at.version
        for later in reversed(ahead):
            if version:
                version += 1
            else:
                is_believed = said[later.meta.version if later.meta else 0] == 1 or later.hash in remembered
                before = events[later.place - 2].version if later.place > 1 else 0
                version = _by_its_word(later, before, versions_max if is_believed else 0)
            later.version = version


def _by_its_word(event: Event, before: int, versions_max: int) -> int:
    """Where it says that it stands; where that cannot be, or another says so too and nothing vouches for this one, where it stands."""
    if event.remembers == NO_HASH:
        return 1
    if event.meta is not None and 0 < event.meta.version <= versions_max:
        return event.meta.version
    return before + 1


EVENT_MESSAGES: dict[str, type[Message]] = {
    "cases": CaseEvent,
    "contacts": ContactEvent,
    "payments": PaymentEvent,
    "strategy": StrategyEvent,
}
