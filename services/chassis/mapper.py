"""The mapper: a fact and its circumstances as the bytes of its message, and back. Compiled once; the registry is closed."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from typing import Any, cast, get_type_hints
from uuid import UUID

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.chassis.log.meta import SharedMeta, event_meta
from services.chassis.log.units import Told
from services.chassis.wire.hints import ContractsDiffer
from services.chassis.wire.reading import Reader, Readers, instant_of
from services.chassis.wire.writing import Writer, Writers, varint
from services.kernel.facts import Fact

_META_FIELDS = {"originator_id", "originator_version", "timestamp"}


class UnknownFact(Exception):
    """Bytes of a fact that this build does not know."""


class Mapper:
    """Facts of one service <-> its event message. `facts` are all there are: each has a message of its name in the oneof `event`."""

    def __init__(self, event: type[Message], facts: Iterable[type[Fact]]) -> None:
        self._event = event
        package = event.DESCRIPTOR.full_name.rpartition(".")[0]
        oneof = event.DESCRIPTOR.oneofs_by_name["event"]
        fields = {field.message_type.name: field for field in oneof.fields if isinstance(field.message_type, Descriptor)}
        writers, readers = Writers(), Readers()
        self._by_class: dict[type[Fact], tuple[str, bytes, Writer]] = {}
        self._by_field: dict[str, tuple[type[Fact], Reader]] = {}
        for fact in facts:
            field = fields.pop(fact.__name__, None)
            if field is None or field.message_type is None:
                raise ContractsDiffer(f"{fact.__name__} has no message in {event.DESCRIPTOR.full_name}")
            hints = _own_hints(fact)
            write = writers.writer(fact, hints, field.message_type)
            self._by_class[fact] = (f"{package}.{fact.__name__}", _tag(field), write)
            self._by_field[field.name] = (fact, readers.reader(fact, hints, field.message_type))
        if fields:
            raise ContractsDiffer(f"{', '.join(sorted(fields))}: messages of {event.DESCRIPTOR.full_name} without a fact")

    def encode(self, fact: Fact, meta: SharedMeta, prev_hash: bytes, traceparent: str = "") -> Told:
        """The event's bytes and their hash. `meta` holds what all events of the decision share (log/meta.py)."""
        type_name, tag, write = self._by_class[type(fact)]
        own = event_meta(meta, fact.originator_id.bytes, fact.originator_version, fact.timestamp, prev_hash)
        body = write(fact)
        event = b"\x0a" + varint(len(own)) + own + tag + varint(len(body)) + body
        return Told(type_name, event, hashlib.sha256(event).digest(), traceparent)

    def decode(self, event: bytes) -> Fact:
        """The fact. UnknownFact when this build has no class for it."""
        message = cast("Any", self._event.FromString(event))
        field = message.WhichOneof("event")
        if field is None:
            raise UnknownFact(f"{self._event.DESCRIPTOR.full_name} without a known event")
        return self.fact_of(message, field)

    def fact_of(self, message: Any, field: str) -> Fact:
        known = self._by_field.get(field)
        if known is None:
            raise UnknownFact(field)
        kind, read = known
        meta = message.meta
        # As the library's own mapper does: a frozen dataclass is slow to construct, and what is stored is not validated again.
        fact = object.__new__(kind)
        state = read(getattr(message, field))
        state["originator_id"] = UUID(bytes=meta.stream_id)
        state["originator_version"] = meta.version
        state["timestamp"] = instant_of(meta.occurred_at)
        fact.__dict__.update(state)
        return fact


def _tag(field: FieldDescriptor) -> bytes:
    """What precedes the length of a message in this field."""
    return varint(field.number << 3 | 2)


def _own_hints(fact: type) -> dict[str, Any]:
    own = {field.name for field in dataclasses.fields(fact)} - _META_FIELDS
    return {name: hint for name, hint in get_type_hints(fact).items() if name in own}
