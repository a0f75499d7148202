"""Meta: what the teller of an event knew, read from the event's bytes without reading the rest, or written for a decision."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from acuerdo.common.v1 import types_pb2
from acuerdo.common.v1.types_pb2 import EventMeta

from services.chassis.log.origins import Actor, Command, Context, HeardFact, Origin, TimerFired
from services.chassis.wire.writing import delimited, instant, varint

_NO_CONTEXT = Context()


class SharedMeta(NamedTuple):
    """What all events of one decision share, serialised: EventMeta's fields before and after those of the event itself."""

    before: bytes
    after: bytes

    @classmethod
    def of(cls, meta: EventMeta) -> SharedMeta:
        """What an event says of the decision it came of."""
        after = EventMeta()
        after.CopyFrom(meta)
        for name in ("tenant_id", "stream_id", "version", "occurred_at", "prev_hash"):
            after.ClearField(name)
        return cls(_tenant(meta.tenant_id), _of(after))


def shared_meta(origin: Origin) -> SharedMeta:
    """Who, under which command, because of what."""
    command_id = origin.id_bytes
    cause = context = b""
    correlation_id = command_id
    if isinstance(origin, Command):
        actor = _actor(origin.actor)
        if origin.correlation_id is not None:
            correlation_id = origin.correlation_id.bytes
    elif isinstance(origin, TimerFired):
        actor = _actor(Actor("TIMER", origin.key.partition("/")[0]))
        cause = _of(EventMeta(causation=types_pb2.Causation(stream_id=origin.stream_id.bytes, version=origin.version)))
    else:
        actor = _actor(Actor("SYSTEM", origin.follower))
        correlation_id = origin.correlation_id.bytes
        cause = _of(EventMeta(causation=types_pb2.Causation(stream_id=origin.cause.stream_id.bytes, version=origin.cause.version)))
    if isinstance(origin, (Command, HeardFact)) and origin.context != _NO_CONTEXT:
        context = _context(origin.context)
    # In the order of their numbers, as protobuf writes them: 5 actor, 6 command_id, 7 causation, 8 correlation_id, 9 context.
    return SharedMeta(_tenant(origin.tenant_id), b"".join((actor, b"\x32\x10", command_id, cause, b"\x42\x10", correlation_id, context)))


def event_meta(shared: SharedMeta, stream_id: bytes, version: int, occurred_at: datetime, prev_hash: bytes) -> bytes:
    """One event's EventMeta, the bytes that protobuf would write: it is written for every event.

    `stream_id` has 16 bytes, `prev_hash` 32.
    """
    # 1 tenant_id, 2 stream_id, 3 version, 4 occurred_at; then what is shared, then 10 prev_hash.
    at = delimited(instant(occurred_at))
    return shared.before + b"\x12\x10" + stream_id + b"\x18" + varint(version) + b"\x22" + at + shared.after + b"\x52\x20" + prev_hash


def meta_of(event: bytes) -> EventMeta:
    """The meta of any service's event. ValueError or IndexError when the bytes do not begin with it."""
    # Field 1 of every <Service>Event; protobuf writes fields in the order of their numbers.
    if event[:1] != b"\x0a":
        raise ValueError("the event does not begin with its meta")
    length, shift, at = 0, 0, 1
    while True:
        byte = event[at]
        length |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return EventMeta.FromString(event[at : at + length])
        shift += 7


@lru_cache(maxsize=1024)
def _tenant(tenant_id: str) -> bytes:
    return _of(EventMeta(tenant_id=tenant_id))


@lru_cache(maxsize=4096)
def _actor(actor: Actor) -> bytes:
    named = types_pb2.Actor(kind=f"KIND_{actor.kind}", id=actor.id, on_behalf_of=actor.on_behalf_of)
    return _of(EventMeta(actor=named))


@lru_cache(maxsize=1024)
def _context(context: Context) -> bytes:
    wire = types_pb2.DecisionContext(
        strategy_version=context.strategy_version,
        rule_pack_version=context.rule_pack_version,
        experiment_arm=context.experiment_arm,
        contact_id=b"" if context.contact_id is None else context.contact_id.bytes,
    )
    return _of(EventMeta(context=wire))


def _of(part: EventMeta) -> bytes:
    return part.SerializeToString(deterministic=True)
