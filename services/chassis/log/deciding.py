"""Deciding: from Changes to a Unit. Streams are loaded, decide, and what they told becomes bytes; nothing here is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from acuerdo.common.v1 import log_pb2

from services.chassis.log.cache import Live
from services.chassis.log.meta import SharedMeta, shared_meta
from services.chassis.log.origins import Command, HeardUpTo, Origin, TimerFired
from services.chassis.log.reader import Reader
from services.chassis.log.units import (
    EVENT_BYTES_MAX,
    ClaimedByAnother,
    ClaimKey,
    EventIsTooLarge,
    RefusedBefore,
    Stored,
    StreamVersion,
    Told,
    Unit,
    Write,
)
from services.chassis.mapper import Mapper
from services.chassis.wire.writing import varint
from services.kernel.facts import Change, Claim, Fact, Stream
from services.kernel.refusal import AlreadyExists, AreInvalid, IsInvalid, IsUnknown, Refusal

REPLY_FACTS_MAX = 20


@dataclass(slots=True)
class _Part:
    """One stream of the unit: as it was loaded, and what it has told since."""

    live: Live
    version: int
    head_hash: bytes
    told: list[Told]

    def check(self) -> Write:
        """That the stream is still as it was loaded."""
        return Write(self.live.stream.id, self.live.tenant_id, self.version, self.head_hash)

    def write(self) -> Write:
        if not self.told:
            return self.check()
        stream = self.live.stream
        return Write(stream.id, self.live.tenant_id, self.version, self.head_hash, tuple(self.told), tuple(stream.due()))


class Deciding:
    """One unit in the making. `live` are the streams it may write, out of the cache; `given` the ones it looks at."""

    __slots__ = ("_claims", "_mapper", "_parts", "_reader", "_releases", "given", "now", "streams")

    def __init__(self, mapper: Mapper, reader: Reader, live: Mapping[UUID, Live], given: Mapping[UUID, Live], now: datetime) -> None:
        self._mapper, self._reader = mapper, reader
        self._parts = {stream_id: _Part(one, one.stream.version, one.head_hash, []) for stream_id, one in live.items()}
        self.given, self.now = given, now
        self._claims: dict[tuple[str, str, bytes], ClaimKey] = {}
        self._releases: list[ClaimKey] = []
        self.streams: list[StreamVersion] = []

    @property
    def live(self) -> list[Live]:
        return [part.live for part in self._parts.values()]

    @property
    def has_told(self) -> bool:
        return any(part.told for part in self._parts.values())

    def version_of(self, stream_id: UUID) -> int:
        """As it was loaded."""
        return self._parts[stream_id].version

    def decide(self, origin: Origin, changes: Sequence[Change[Any]]) -> None:
        """Let each stream decide, in order. A Refusal leaves the streams as they may be: throw them away."""
        meta = shared_meta(origin)
        happened_at = (None if isinstance(origin, TimerFired) else origin.occurred_at) or self.now
        for change in changes:
            part = self._parts[change.id]
            stream = part.live.stream
            stream.now, stream.happened_at = self.now, happened_at
            change.decide(stream, *[self._looked_at(stream_id) for _, stream_id in change.given])
            if stream.pending_events:
                self._collect(part, meta, change, origin)
            self.streams.append(StreamVersion(change.id, stream.version))

    def _looked_at(self, stream_id: UUID) -> Stream:
        """What this unit changes is looked at as changed so far."""
        part = self._parts.get(stream_id)
        return (self.given[stream_id] if part is None else part.live).stream

    def _collect(self, part: _Part, meta: SharedMeta, change: Change[Any], origin: Origin) -> None:
        live = part.live
        facts: Sequence[Fact] = live.stream.collect_events()  # type: ignore[assignment]  # a Stream tells Facts only
        for fact in facts:
            told = self._mapper.encode(fact, meta, live.head_hash, origin.traceparent)
            if len(told.event) > EVENT_BYTES_MAX:
                raise EventIsTooLarge(len(told.event))
            live.head_hash = told.hash
            part.told.append(told)
        for claim in change.claims:
            self._claim(self._key(claim, origin.tenant_id, change.id))
        for claim in change.releases:
            self._releases.append(self._key(claim, origin.tenant_id, change.id))

    def _claim(self, key: ClaimKey) -> None:
        held = self._claims.setdefault((key.tenant_id, key.kind, key.hmac), key)
        if held.stream_id != key.stream_id:
            raise ClaimedByAnother(key.kind, held.stream_id)

    def _key(self, claim: Claim, tenant_id: str, stream_id: UUID) -> ClaimKey:
        return ClaimKey(tenant_id, claim.kind, self._reader.claim_hmac(tenant_id, claim.kind, claim.value), stream_id)

    def unit(self, origin: Command | TimerFired | HeardUpTo) -> Unit:
        """What was told, and version checks of what told nothing or was only looked at: a copy must not grow old unnoticed."""
        writes = [part.write() for part in self._parts.values() if part.told or not part.live.is_hidden]
        reply = reply_of(self.streams) if isinstance(origin, Command) else b""
        return Unit(origin, (*writes, *self._looks()), tuple(self._claims.values()), tuple(self._releases), reply)

    def check(self, origin: Command | TimerFired | HeardUpTo, refusal: Refusal | None) -> Unit:
        """The unit of a refusal (or of nothing): a version check of what was looked at, kept with the command where the rule says so."""
        checks = [part.check() for part in self._parts.values() if not part.live.is_hidden]
        if isinstance(origin, HeardUpTo):
            origin = replace(origin, to_position=origin.from_position)  # looks whether it is still there, and leaves it there
        reply = refusal_reply(refusal) if refusal is not None and is_kept(refusal) and isinstance(origin, Command) else b""
        return Unit(origin, (*checks, *self._looks()), (), (), reply)

    def _looks(self) -> list[Write]:
        return [
            Write(stream_id, live.tenant_id, live.stream.version, live.head_hash)
            for stream_id, live in self.given.items()
            if not live.is_hidden
        ]


def is_kept(refusal: Refusal) -> bool:
    """Of the error statuses only FAILED_PRECONDITION keeps its command row; no other error stores anything."""
    return not isinstance(refusal, (IsUnknown, AlreadyExists, IsInvalid, AreInvalid))


def reply_of(streams: Sequence[StreamVersion]) -> bytes:
    """log_pb2.Reply of these versions, the bytes that protobuf would write: there is one for every command."""
    wire = b""
    for stream_id, version in streams:
        # 1 stream_id (16 bytes), 2 version (left out when 0), inside 1 streams.
        body = b"\x0a\x10" + stream_id.bytes + (b"\x10" + varint(version) if version else b"")
        wire += b"\x0a" + varint(len(body)) + body
    return wire


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
