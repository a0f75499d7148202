"""Meta: what the teller of an event knew, read from the event's bytes without reading the rest, or made for a decision."""

from __future__ import annotations

from functools import lru_cache

from acuerdo.common.v1.types_pb2 import Actor, EventMeta

from services.chassis.log import origins
from services.chassis.log.origins import Command, HeardFact, Origin, TimerFired

_NO_CONTEXT = origins.Context()


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
def _actor(actor: origins.Actor) -> Actor:
    return Actor(kind=f"KIND_{actor.kind}", id=actor.id, on_behalf_of=actor.on_behalf_of)


def shared_meta(origin: Origin) -> EventMeta:
    """What every event of this decision shares: who, under which command, because of what."""
    command_id = origin.id.bytes
    meta = EventMeta(tenant_id=origin.tenant_id, command_id=command_id)
    if isinstance(origin, Command):
        meta.actor.CopyFrom(_actor(origin.actor))
        meta.correlation_id = command_id if origin.correlation_id is None else origin.correlation_id.bytes
    elif isinstance(origin, TimerFired):
        meta.actor.CopyFrom(Actor(kind=Actor.KIND_TIMER, id=origin.key.partition("/")[0]))
        meta.correlation_id = command_id
        meta.causation.stream_id, meta.causation.version = origin.stream_id.bytes, origin.version
    else:
        meta.actor.CopyFrom(Actor(kind=Actor.KIND_SYSTEM, id=origin.follower))
        meta.correlation_id = origin.correlation_id.bytes
        meta.causation.stream_id, meta.causation.version = origin.cause.stream_id.bytes, origin.cause.version
    if isinstance(origin, (Command, HeardFact)) and origin.context != _NO_CONTEXT:
        context = origin.context
        for name in ("strategy_version", "rule_pack_version", "experiment_arm"):
            if getattr(context, name):
                setattr(meta.context, name, getattr(context, name))
        if context.contact_id is not None:
            meta.context.contact_id = context.contact_id.bytes
    return meta
