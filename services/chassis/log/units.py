"""Units: what is stored together, or not at all, and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.chassis.log.origins import Command, HeardUpTo, TimerFired
from services.kernel.facts import Due
from services.kernel.refusal import Refusal

EVENT_BYTES_MAX = 65_536
"""Of one event; the table of events says so too (schema.sql)."""
NO_HASH = bytes(32)
"""prev_hash of a stream's first event."""


class Told(NamedTuple):
    """One event ready to be stored."""

    type_name: str
    """Full message name, e.g. acuerdo.cases.v1.CaseOpened: the stored name."""
    event: bytes
    """The serialised <Service>Event: history, Kafka value and evidence in one."""
    hash: bytes
    """SHA-256 of `event`."""
    traceparent: str = ""
    """W3C trace context of the decision; empty where nothing is traced."""


class Write(NamedTuple):
    """What one stream gets. With no events it is a version check: the decision to tell nothing (or to refuse) was taken on this version."""

    stream_id: UUID
    tenant_id: str
    expected_version: int
    expected_hash: bytes
    """Hash of the stream's head at `expected_version`; NO_HASH for a new stream."""
    events: tuple[Told, ...] = ()
    timers: tuple[Due, ...] | None = None
    """The stream's timers from now on; None: leave them (nothing was told)."""


@dataclass(frozen=True, slots=True)
class ClaimKey:
    """A claim as stored: the value only as a keyed hash."""

    tenant_id: str
    kind: str
    hmac: bytes
    stream_id: UUID


class Unit(NamedTuple):
    """One command, one timer, or a batch of heard facts with the position they move."""

    origin: Command | TimerFired | HeardUpTo
    writes: tuple[Write, ...]
    claims: tuple[ClaimKey, ...] = ()
    releases: tuple[ClaimKey, ...] = ()
    reply: bytes = b""
    """Serialised reply or refusal, kept with a Command for 30 days; no personal data."""


class StreamVersion(NamedTuple):
    stream_id: UUID
    version: int


class Stored(NamedTuple):
    """The unit is durable (or was already: `is_repeated`, with the first reply)."""

    position: int
    """Position of its last event in the log; where it told nothing, the log's position when it was checked."""
    recorded_at: datetime
    streams: tuple[StreamVersion, ...]
    """One for each Change, in order: the stream's version after it."""
    is_repeated: bool = False


class NotStored(Exception):
    """Nothing of this unit is stored. Subclasses say why; chassis/rpc has their statuses."""


class RequestIdReused(NotStored):
    """The request_id was used before with another payload."""


class RefusedBefore(Refusal):
    """The command was refused when it was first asked; the same refusal again."""

    def __init__(self, reason: str, sentence: str, facts: dict[str, str]) -> None:
        super().__init__()
        self.reason, self.facts, self._sentence = reason, facts, sentence  # type: ignore[misc]  # of this refusal, not of the class

    @property
    def sentence(self) -> str:
        return getattr(self, "_sentence", "")


class Conflict(NotStored):
    """The stream has moved on from the etag the caller gave."""

    def __init__(self, stream_id: UUID, current_version: int) -> None:
        self.stream_id, self.current_version = stream_id, current_version
        super().__init__(f"stream {stream_id} is at version {current_version}")


class ClaimedByAnother(NotStored):
    """Another stream holds the name already."""

    def __init__(self, kind: str, holder: UUID) -> None:
        self.kind, self.holder = kind, holder
        super().__init__(f"{kind} is held by {holder}")


class HeardAlready(NotStored):
    """The follower's position is not where this batch began: reload it and go on from there.

    `is_ours`: the batch was sent twice because its first answer was lost, and the first is stored.
    """

    def __init__(self, finding: str = "", *, position: int = 0, is_ours: bool = False) -> None:
        self.position, self.is_ours = position, is_ours
        super().__init__(finding or f"heard up to {position} already")


class TimerIsStale(NotStored):
    """The timer was replaced or has fired already."""


class UnitIsBad(NotStored):
    """The database refuses this unit, whoever it is batched with: a bug of ours. Holds the error's type and code, never its text."""

    def __init__(self, error_type: str, code: str) -> None:
        self.error_type, self.code = error_type, code
        super().__init__(f"{error_type} {code}")


class EventIsTooLarge(UnitIsBad):
    """An event is larger than any topic must carry: refused before it is stored, so that no relay ever stands before it."""

    def __init__(self, size: int) -> None:
        self.size, self.limit = size, EVENT_BYTES_MAX
        super().__init__(type(self).__name__, f"{size} bytes")


class LogIsBusy(NotStored):
    """The queue is full; try again after `retry_after_seconds`."""

    def __init__(self, retry_after_seconds: float) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__("the log's queue is full")


class OutcomeUnknown(Exception):
    """The deadline passed before the log could tell whether the unit is stored. Ask again with the same request_id. (UNAVAILABLE)"""


class HistoryDoesNotVerify(Exception):
    """A stored history does not fit its own chain. Refused loudly, never repaired silently."""

    def __init__(self, stream_id: UUID, version: int, finding: str) -> None:
        self.stream_id, self.version, self.finding = stream_id, version, finding
        super().__init__(f"stream {stream_id} version {version}: {finding}")


class Record(NamedTuple):
    """One stored fact and its placement."""

    position: int
    recorded_at: datetime
    stream_id: UUID
    version: int
    tenant_id: str
    type_name: str
    event: bytes
    epoch: int
    traceparent: str

    @property
    def hash(self) -> bytes:
        """SHA-256 of the event's bytes: what the next event of the stream rests on."""
        return hashlib.sha256(self.event).digest()
