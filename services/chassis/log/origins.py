"""Origins: who speaks (a caller, the clock, another service), and under what circumstances. One per decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Causation


class Actor(NamedTuple):
    """Who did it. `kind` is a member name of acuerdo.common.v1.Actor.Kind without its prefix: AGENT, SYSTEM, TIMER …"""

    kind: str
    id: str
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What was in force when it was decided; empty where nothing applies."""

    strategy_version: str = ""
    rule_pack_version: str = ""
    experiment_arm: str = ""
    contact_id: UUID | None = None


_NOTHING_IN_FORCE = Context()


class Command(NamedTuple):
    """A caller asked. Identified by (tenant, principal, method, request_id): asked again with the same payload, it gets the first reply."""

    tenant_id: str
    principal: str
    method: str
    request_id: str
    payload_hash: bytes
    """32 bytes: keyed hash (HMAC-SHA-256) of the request's deterministic bytes without its request_id and etag."""
    actor: Actor
    etag: int | None = None
    """Version the caller has seen of the first Change's stream; None: decide on whatever is there."""
    occurred_at: datetime | None = None
    """When the caller says it happened; None: now."""
    correlation_id: UUID | None = None
    context: Context = _NOTHING_IN_FORCE
    traceparent: str = ""

    @property
    def id(self) -> UUID:
        return UUID(bytes=self.id_bytes)

    @property
    def id_bytes(self) -> bytes:
        return ids.derived_bytes("command", self.tenant_id, self.principal, self.method, self.request_id)


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The clock spoke: a timer of a stream fell due. Unique by (stream, version, key, due)."""

    tenant_id: str
    stream_id: UUID
    version: int
    """Version of the stream at which the timer was set."""
    key: str
    due: datetime
    traceparent: str = ""

    @property
    def id(self) -> UUID:
        return UUID(bytes=self.id_bytes)

    @property
    def id_bytes(self) -> bytes:
        return ids.derived_bytes("timer", self.stream_id, self.version, self.key, self.due.isoformat())


@dataclass(frozen=True, slots=True)
class HeardFact:
    """Another service (or our own log) told a fact; one decision is taken because of it."""

    follower: str
    tenant_id: str
    cause: Causation
    correlation_id: UUID
    occurred_at: datetime
    """When the heard fact happened: what comes of it happened then too."""
    context: Context = field(default_factory=Context)
    traceparent: str = ""

    @property
    def id(self) -> UUID:
        return UUID(bytes=self.id_bytes)

    @property
    def id_bytes(self) -> bytes:
        return ids.derived_bytes("heard", self.follower, self.cause.stream_id, self.cause.version)


@dataclass(frozen=True, slots=True)
class HeardUpTo:
    """What moves together with the effects of heard facts: compare-and-set of one follower's position in one partition of its source."""

    follower: str
    source: str
    epoch: int
    partition: int
    from_position: int
    to_position: int
    offset_hint: int = 0


Origin = Command | TimerFired | HeardFact
