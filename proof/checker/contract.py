"""What the contracts promise, as the checker needs it: events, topics, streams of chunks, derived ids, partitions, who hears whom."""

from __future__ import annotations

import struct
from functools import lru_cache
from uuid import UUID, uuid5

from acuerdo.cases.v1 import promises_pb2 as promises_service
from acuerdo.cases.v1 import service_pb2 as cases_service
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.types_pb2 import Sealed
from acuerdo.contacts.v1 import messages_pb2 as messages_service
from acuerdo.contacts.v1 import people_pb2 as people_service
from acuerdo.contacts.v1 import permit_service_pb2 as permits_service
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.payments.v1 import links_pb2 as links_service
from acuerdo.payments.v1 import payments_pb2 as payments_service
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1 import service_pb2 as strategy_service
from acuerdo.strategy.v1.events_pb2 import StrategyEvent
from google.protobuf.message import Message

EVENTS: dict[str, type[Message]] = {
    "cases": CaseEvent,
    "contacts": ContactEvent,
    "payments": PaymentEvent,
    "strategy": StrategyEvent,
}
"""The <Service>Event message of each service."""
HEARS: dict[str, tuple[str, ...]] = {
    "cases": ("contacts", "payments", "strategy"),
    "contacts": ("cases", "payments", "strategy"),
    "payments": ("cases", "contacts"),
    "strategy": ("cases", "contacts", "payments"),
}
"""Whom each service listens to, where they are."""
ALWAYS_FOLLOWS: dict[tuple[str, str], tuple[str, str]] = {
    ("cases", "CaseRegistered"): ("strategy", "TreatmentStarted"),
    ("cases", "CaseOpened"): ("strategy", "TreatmentOpened"),
    ("cases", "CaseClosed"): ("strategy", "TreatmentEnded"),
    ("cases", "CaseRejected"): ("strategy", "TreatmentEnded"),
    ("cases", "CaseReopened"): ("strategy", "TreatmentResumed"),
    ("cases", "BucketChanged"): ("strategy", "StandingNoted"),
    ("strategy", "SegmentAssigned"): ("cases", "SegmentRecorded"),
}
"""Facts that cannot be heard without a fact being told for them: (teller, fact) -> (listener, fact), one for each, by causation."""
CHUNKED = frozenset(
    f"{service.full_name}/{method.name}"
    for file in (
        *(cases_service.DESCRIPTOR, promises_service.DESCRIPTOR, strategy_service.DESCRIPTOR),
        *(people_service.DESCRIPTOR, permits_service.DESCRIPTOR, messages_service.DESCRIPTOR),
        *(payments_service.DESCRIPTOR, links_service.DESCRIPTOR),
    )
    for service in file.services_by_name.values()
    for method in service.methods
    if method.client_streaming
)
"""Methods that take chunks of rows: a row's command is its own, named `<request_id of the chunk>/<part>` (a line, or the chunk's count)."""
NO_COMMAND = "acuerdo.common.v1."
"""Methods of the chassis carry a request_id and store nothing under it."""
ANSWERS_KEPT_DAYS = 30
"""By the log's own clock: then a command's row is swept and its request_id is a new one."""
NO_HASH = bytes(32)
"""prev_hash of a stream's first event."""

_ACUERDO = UUID("6f1d1c1e-5f0a-5b3e-9a57-0d3f6f3c2a11")
"""Namespace of every derived id (RFC 9562 version 5)."""


def derived(*parts: object) -> bytes:
    """The id derived from these parts: UUIDv5 of the parts, each written `<characters>:<text>`, joined by the unit separator."""
    texts = [str(part) for part in parts]
    return uuid5(_ACUERDO, "\x1f".join([f"{len(text)}:{text}" for text in texts])).bytes


def command_id(tenant_id: str, principal: str, method: str, request_id: str) -> bytes:
    """`meta.command_id` of what a caller's command told."""
    return derived("command", tenant_id, principal, method, request_id)


def heard_id(follower: str, stream: bytes, version: int) -> bytes:
    """`meta.command_id` of what was told because a fact was heard."""
    return derived("heard", follower, UUID(bytes=stream), version)


@lru_cache(maxsize=1_000_000)
def partition_of(stream: bytes, partitions: int) -> int:
    """Kafka's default partitioner over the key, which is the stream's id as text."""
    return (_murmur2(str(UUID(bytes=stream)).encode()) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """org.apache.kafka.common.utils.Utils.murmur2, as 32 unsigned bits."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = (0x9747B28C ^ len(data)) & mask
    whole, rest = divmod(len(data), 4)
    for (word,) in struct.iter_unpack("<I", data[: whole * 4]):
        k = word * m & mask
        k ^= k >> 24
        h = (h * m & mask) ^ (k * m & mask)
    if rest:
        h = (h ^ int.from_bytes(data[whole * 4 :], "little")) * m & mask
    h ^= h >> 13
    h = h * m & mask
    return h ^ h >> 15


def topic_of(service: str, what: str = "events") -> str:
    return f"acuerdo.{service}.v1.{what}"


def type_of(service: str, fact: str) -> str:
    return f"acuerdo.{service}.v1.{fact}"


def _sealed_fields() -> dict[str, tuple[str, ...]]:
    facts = [field.message_type for event in EVENTS.values() for field in event.DESCRIPTOR.oneofs_by_name["event"].fields]
    return {fact.name: tuple(field.name for field in fact.fields if field.message_type is Sealed.DESCRIPTOR) for fact in facts if fact}


SEALED_FIELDS = _sealed_fields()
"""By fact: its fields that hold a sealed value."""
