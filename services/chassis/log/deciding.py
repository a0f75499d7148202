"""Deciding: from Changes to a Unit. Streams are loaded, decide, and what they told becomes bytes; nothing here is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from acuerdo.common.v1 import log_pb2
from acuerdo.common.v1.types_pb2 import EventMeta

from services.chassis.log.cache import Live
from services.chassis.log.meta import shared_meta
from services.chassis.log.origins import Command, HeardUpTo, Origin, TimerFired
from services.chassis.log.reader import Reader
from services.chassis.log.units import ClaimedByAnother, ClaimKey, RefusedBefore, Stored, StreamVersion, Told, Unit, Write
from services.chassis.mapper import Mapper
from services.kernel.facts import Change, Claim, Fact, Stream
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown, Refusal

REPLY_FACTS_MAX = 20


@dataclass(slots=True)
class Deciding:
    """One unit in the making. `live` are the streams it may write, out of the cache; `given` the ones it looks at."""

    mapper: Mapper
    reader: Reader
    live: dict[UUID, Live]
    given: dict[UUID, Live]
    now: datetime
    versions: dict[UUID, tuple[int, bytes]] = field(default_factory=dict)
    """Of each live stream, version and head as loaded: what the unit expects."""
    told: dict[UUID, list[Told]] = field(default_factory=dict)
    claims: list[ClaimKey] = field(default_factory=list)
    releases: list[ClaimKey] = field(default_factory=list)
    streams: list[StreamVersion] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.versions = {stream_id: (live.stream.version, live.head_hash) for stream_id, live in self.live.items()}
        self.told = {stream_id: [] for stream_id in self.live}

    def decide(self, origin: Origin, changes: Sequence[Change[Any]]) -> None:
        """Let each stream decide, in order. A Refusal leaves the streams as they may be: throw them away."""
        meta = shared_meta(origin)
        happened_at = getattr(origin, "occurred_at", None) or self.now
        for change in changes:
            live = self.live[change.id]
            stream = live.stream
            stream.now, stream.happened_at = self.now, happened_at
            change.decide(stream, *(self._looked_at(stream_id) for _, stream_id in change.given))
            self._collect(live, meta, change, origin.tenant_id)
            self.streams.append(StreamVersion(change.id, stream.version))

    def _looked_at(self, stream_id: UUID) -> Stream:
        """What this unit changes is looked at as changed so far."""
        return (self.live.get(stream_id) or self.given[stream_id]).stream

    def _collect(self, live: Live, meta: EventMeta, change: Change[Any], tenant_id: str) -> None:
        facts: Sequence[Fact] = live.stream.collect_events()  # type: ignore[assignment]  # a Stream tells Facts only
        if not facts:
            return
        for fact in facts:
            told = self.mapper.encode(fact, meta, live.head_hash)
            live.head_hash = told.hash
            self.told[change.id].append(told)
        for claim in change.claims:
            self._claim(self._key(claim, tenant_id, change.id))
        self.releases += [self._key(claim, tenant_id, change.id) for claim in change.releases]

    def _claim(self, key: ClaimKey) -> None:
        for held in self.claims:
            if (held.hmac, held.kind, held.tenant_id) == (key.hmac, key.kind, key.tenant_id):
                if held.stream_id != key.stream_id:
                    raise ClaimedByAnother(key.kind, held.stream_id)
                return
        self.claims.append(key)

    def _key(self, claim: Claim, tenant_id: str, stream_id: UUID) -> ClaimKey:
        return ClaimKey(tenant_id, claim.kind, self.reader.claim_hmac(tenant_id, claim.kind, claim.value), stream_id)

    def unit(self, origin: Command | TimerFired | HeardUpTo, traceparent: str) -> Unit:
        writes = (*(self._write(stream_id, live) for stream_id, live in self.live.items() if self._counts(stream_id)), *self._looks())
        reply = reply_of(self.streams) if isinstance(origin, Command) else b""
        return Unit(origin, writes, tuple(self.claims), tuple(self.releases), reply, traceparent)

    def _counts(self, stream_id: UUID) -> bool:
        return bool(self.told[stream_id]) or not self.live[stream_id].is_hidden

    def _looks(self) -> Iterator[Write]:
        """Version checks of what was only looked at: a copy kept here must not grow old unnoticed."""
        for stream_id, live in self.given.items():
            if not live.is_hidden:
                yield Write(stream_id, live.tenant_id, live.stream.version, live.head_hash)

    def _write(self, stream_id: UUID, live: Live) -> Write:
        version, head_hash = self.versions[stream_id]
        told = tuple(self.told[stream_id])
        return Write(stream_id, live.tenant_id, version, head_hash, told, tuple(live.stream.due()) if told else None)

    def check(self, origin: Command | TimerFired | HeardUpTo, refusal: Refusal | None, traceparent: str) -> Unit:
        """The unit of a refusal (or of nothing): a version check of what was looked at, kept with the command where the rule says so."""
        checks = (
            Write(stream_id, self.live[stream_id].tenant_id, version, head_hash)
            for stream_id, (version, head_hash) in self.versions.items()
            if not self.live[stream_id].is_hidden
        )
        writes = (*checks, *self._looks())
        if isinstance(origin, HeardUpTo):
            origin = replace(origin, to_position=origin.from_position)  # looks whether it is still there, and leaves it there
        reply = refusal_reply(refusal) if refusal is not None and is_kept(refusal) and isinstance(origin, Command) else b""
        return Unit(origin, writes, (), (), reply, traceparent)


def is_kept(refusal: Refusal) -> bool:
    """Of the error statuses only FAILED_PRECONDITION keeps its command row; no other error stores anything."""
    return not isinstance(refusal, (IsUnknown, AlreadyExists, IsInvalid))


def reply_of(streams: Sequence[StreamVersion]) -> bytes:
    versions = [log_pb2.Reply.StreamVersion(stream_id=s.stream_id.bytes, version=s.version) for s in streams]
    return log_pb2.Reply(streams=versions).SerializeToString(deterministic=True)


def refusal_reply(refusal: Refusal) -> bytes:
    facts = dict(list(refusal.facts.items())[:REPLY_FACTS_MAX])
    refused = log_pb2.Reply.Refused(reason=refusal.reason, sentence=refusal.sentence, facts=facts)
    return log_pb2.Reply(refused=refused).SerializeToString(deterministic=True)


def repeated(reply: bytes, position: int, recorded_at: datetime) -> Stored:
    """The first reply again; RefusedBefore when it was a refusal."""
    message = log_pb2.Reply.FromString(reply)
    if message.HasField("refused"):
        raise RefusedBefore(message.refused.reason, message.refused.sentence, dict(message.refused.facts))
    streams = tuple(StreamVersion(UUID(bytes=s.stream_id), s.version) for s in message.streams)
    return Stored(position, recorded_at, streams, is_repeated=True)
