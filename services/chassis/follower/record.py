"""Records: a stored fact as Kafka carries it, and back. Derived from the log alone, so that two relays write the same."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from acuerdo.common.v1 import log_pb2
from google.protobuf.message import DecodeError

from services.chassis.log.meta import meta_of
from services.chassis.log.units import Record

_SPEC_VERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/protobuf")
STREAMS_REMEMBERED_MAX = 65_536
POSITIONS_END = 2**63
"""What PostgreSQL can count."""

Headers = Sequence[tuple[str, bytes]]


class RecordIsUnreadable(Exception):
    """A Kafka record lacks what every fact of ours carries: it was not written by a relay."""


class Published(NamedTuple):
    """One fact ready for Kafka; its partition is `partition_of` its stream."""

    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Received:
    """One fact as a listener gets it, from Kafka or by replay."""

    epoch: int
    partition: int
    position: int
    previous: int
    """Position of the record before it in the same partition and epoch; where the epoch starts for the first."""
    type_name: str
    """Full message name."""
    key: UUID
    event: bytes
    recorded_at: datetime
    traceparent: str
    next_offset: int = 0
    """Where in Kafka to go on after it; 0 when it came by replay."""


def murmur2(data: bytes) -> int:
    """Kafka's default partitioner hash (org.apache.kafka.common.utils.Utils.murmur2), signed 32 bits."""
    whole, rest = divmod(len(data), 4)
    h = 0x9747B28C ^ len(data)
    for k in struct.unpack_from(f"<{whole}I", data):
        k = k * 0x5BD1E995 & 0xFFFFFFFF
        k = (k ^ k >> 24) * 0x5BD1E995 & 0xFFFFFFFF
        h = h * 0x5BD1E995 & 0xFFFFFFFF ^ k
    if rest:
        h = (h ^ int.from_bytes(data[whole * 4 :], "little")) * 0x5BD1E995 & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0x5BD1E995 & 0xFFFFFFFF
    h ^= h >> 15
    return h - 0x100000000 if h & 0x80000000 else h


def partition_of(stream_id: UUID, partitions: int) -> int:
    """The partition that holds a stream's facts: any Kafka client computes the same from the key."""
    return _partition_of(stream_id.int, partitions)


def published(record: Record, previous: int, service: str) -> Published:
    """The Kafka record of a stored fact. `previous` is the position of the record before it in the same partition."""
    key, subject = _key_of(record.stream_id.int)
    headers = [
        _SPEC_VERSION,
        ("ce_id", b"%b:%d" % (key, record.version)),
        *_same_for_all_of(record.type_name, service),
        subject,
        ("ce_time", _occurred_at(record.event)),
        _CONTENT_TYPE,
        ("acuerdo-recorded-at", rfc3339(record.recorded_at)),
        ("acuerdo-epoch", b"%d" % record.epoch),
        ("acuerdo-position", b"%d" % record.position),
        ("acuerdo-previous", b"%d" % previous),
    ]
    if record.traceparent:
        headers.append(("traceparent", record.traceparent.encode()))
    return Published(key, record.event, headers)


def received(partition: int, offset: int, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Received:
    """Read a Kafka record back; RecordIsUnreadable when it is not one of ours.

    Whatever bears the number of a fact is taken for it, and the fact itself dropped as heard: so numbers are believed only with the rest.
    """
    said: Mapping[str, bytes] = dict(headers)
    try:
        fact = Received(
            epoch=int(said["acuerdo-epoch"]),
            partition=partition,
            position=int(said["acuerdo-position"]),
            previous=int(said["acuerdo-previous"]),
            type_name=said["ce_type"].decode(),
            key=UUID((key or b"").decode()),
            event=value or b"",
            recorded_at=datetime.fromisoformat(said["acuerdo-recorded-at"].decode()),
            traceparent=said.get("traceparent", b"").decode(),
            next_offset=offset + 1,
        )
        may_be_ours = 0 <= fact.previous < fact.position < POSITIONS_END and _is_name(fact.type_name) and _is_of_its_key(fact)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError, DecodeError) as error:  # a header's value may be null
        raise RecordIsUnreadable(f"partition {partition} offset {offset}: {error!r}") from error
    if not may_be_ours:
        raise RecordIsUnreadable(f"partition {partition} offset {offset}: its headers, key and value do not agree")
    return fact


def to_message(fact: Received) -> log_pb2.Record:
    """As `Log.Replay` sends it and as it is parked."""
    message = log_pb2.Record(
        position=fact.position,
        epoch=fact.epoch,
        partition=fact.partition,
        previous=fact.previous,
        type=fact.type_name,
        event=fact.event,
        traceparent=fact.traceparent,
    )
    message.recorded_at.FromDatetime(fact.recorded_at)
    return message


def from_message(message: log_pb2.Record) -> Received:
    """Back from `to_message`; the key is read from the event itself."""
    return Received(
        epoch=message.epoch,
        partition=message.partition,
        position=message.position,
        previous=message.previous,
        type_name=message.type,
        key=UUID(bytes=meta_of(message.event).stream_id),
        event=message.event,
        recorded_at=message.recorded_at.ToDatetime(UTC),
        traceparent=message.traceparent,
    )


def rfc3339(instant: datetime) -> bytes:
    """In UTC, to the microsecond."""
    if not _is_utc(instant.tzinfo):
        instant = instant.astimezone(UTC)
    day = (instant.year, instant.month, instant.day)
    return b"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (*day, instant.hour, instant.minute, instant.second, instant.microsecond)


# What records have in common is made once: the relay's speed is made here.


@lru_cache(maxsize=64)
def _is_utc(zone: tzinfo | None) -> bool:
    return zone is UTC or (isinstance(zone, ZoneInfo) and zone.key in ("UTC", "Etc/UTC"))


@lru_cache(maxsize=STREAMS_REMEMBERED_MAX)
def _key_of(stream_id: int) -> tuple[bytes, tuple[str, bytes]]:
    key = str(UUID(int=stream_id)).encode()
    return key, ("ce_subject", key)


@lru_cache(maxsize=STREAMS_REMEMBERED_MAX)
def _partition_of(stream_id: int, partitions: int) -> int:
    return (murmur2(_key_of(stream_id)[0]) & 0x7FFFFFFF) % partitions


@lru_cache(maxsize=1_024)
def _is_name(type_name: str) -> bool:
    return all(part.isidentifier() for part in type_name.split("."))


def _is_of_its_key(fact: Received) -> bool:
    meta = meta_of(fact.event)
    return meta.stream_id == fact.key.bytes and meta.version > 0


@lru_cache(maxsize=1_024)
def _same_for_all_of(type_name: str, service: str) -> tuple[tuple[str, bytes], ...]:
    return ("ce_type", type_name.encode()), ("ce_source", b"/acuerdo/" + service.encode())


def _occurred_at(event: bytes) -> bytes:
    occurred_at = meta_of(event).occurred_at
    return _rfc3339_of(occurred_at.seconds, occurred_at.nanos)


@lru_cache(maxsize=4_096)
def _rfc3339_of(seconds: int, nanos: int) -> bytes:
    # Many facts of a file happened at the same instant.
    return rfc3339(datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=nanos // 1000))
