"""A source: another service (or our own log) whose facts we hear, and how its events are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from acuerdo.common.v1.types_pb2 import EventMeta
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.chassis.follower.record import Received
from services.chassis.heard import Heard
from services.chassis.log.origins import Context, HeardFact
from services.kernel.facts import Causation


@dataclass(frozen=True)
class Source:
    """Who tells. `event` is its <Service>Event message: meta, and one of its facts."""

    name: str
    event: type[Message]

    @cached_property
    def known_types(self) -> frozenset[str]:
        """Full names of the facts that this build can read."""
        facts = (field.message_type for field in self.event.DESCRIPTOR.oneofs_by_name["event"].fields)
        return frozenset(fact.full_name for fact in facts if isinstance(fact, Descriptor))


def heard(source: Source, record: Received) -> Heard[Message]:
    """Read what arrived. ValueError or DecodeError when its bytes are no event of the source."""
    return read(source, record.event, record.position, record.recorded_at)


def read(source: Source, stored: bytes, position: int, recorded_at: datetime) -> Heard[Message]:
    """Read the bytes of an event. DecodeError or ValueError when they are none of the source's, or of a type unknown to this build."""
    event = source.event.FromString(stored)
    name = event.WhichOneof("event")
    if name is None:
        raise ValueError("the event holds no fact known here")
    meta: EventMeta = event.meta  # type: ignore[attr-defined]  # every <Service>Event has it; the generic Message does not
    return Heard(fact=getattr(event, name), meta=meta, position=position, recorded_at=recorded_at)


def origin_of(follower: str, fact: Heard[Message], traceparent: str) -> HeardFact:
    """What our decisions on a heard fact are taken because of."""
    meta = fact.meta
    return HeardFact(
        follower=follower,
        tenant_id=meta.tenant_id,
        cause=Causation(UUID(bytes=meta.stream_id), meta.version),
        correlation_id=UUID(bytes=meta.correlation_id or meta.command_id or meta.stream_id),
        occurred_at=meta.occurred_at.ToDatetime(UTC),
        context=Context(
            strategy_version=meta.context.strategy_version,
            rule_pack_version=meta.context.rule_pack_version,
            experiment_arm=meta.context.experiment_arm,
            contact_id=UUID(bytes=meta.context.contact_id) if meta.context.contact_id else None,
        ),
        traceparent=traceparent,
    )
