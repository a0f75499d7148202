"""Verification: every check of a history, each a function from its events to what does not fit; the list of them is at the foot."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import TypeVar
from uuid import UUID

from acuerdo.common.v1.log_pb2 import Record

from clients.audit.contracts import facts_in
from clients.audit.events import EVENT_MESSAGES, NO_HASH, Event, known_facts, read_events
from clients.audit.findings import Finding, Problem
from clients.audit.history_file import Header, History


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it."""

    header: Header
    events: int
    head_hash: bytes
    """SHA-256 of the last event's bytes, as recomputed; 32 zero bytes for an empty history."""
    findings: Sequence[Finding]
    """By version: the first names the first event that does not fit."""
    unknown_facts: Sequence[str] = ()
    """Facts of a later contract: their chain was verified, their content not read."""
    known_head_version: int | None = None
    """Version whose hash is the one known from elsewhere."""

    @property
    def is_intact(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class _Story:
    """The events in the order of their versions, without those that only repeat another."""

    header: Header
    in_file: Sequence[Event]
    by_version: Mapping[int, Event]
    vouched: frozenset[bytes]
    """Hashes that something remembers: a later event, or the head that was claimed."""
    history: History


Check = Callable[[_Story], Iterable[Finding]]
T = TypeVar("T")


def verify(history: History, known_head: bytes | None = None) -> Report:
    """Every check over every event. `known_head` is a hash of this stream known from elsewhere: of its last event, or of an earlier one."""
    header = history.header
    events = read_events(header.service, history.records, _later(history) or {}, header.versions)
    by_version: dict[int, Event] = {}
    for event in events:
        by_version.setdefault(event.version, event)
    vouched = frozenset(event.remembers or b"" for event in events) | {header.head_hash}
    story = _Story(header, events, dict(sorted(by_version.items())), vouched, history)
    findings = [finding for check in CHECKS for finding in check(story)]
    last = max(by_version, default=0)
    known_version = next((event.version for event in events if event.hash == known_head), None)
    if known_head is not None and known_version is None:
        suspected = min((finding.version for finding in findings if finding.version), default=last + 1)
        findings.append(Finding(suspected, "", Problem.KNOWN_HEAD_IS_ABSENT))
    facts = known_facts(header.service)
    return Report(
        header=header,
        events=len(events),
        head_hash=by_version[last].hash if last else NO_HASH,
        findings=sorted(findings, key=lambda finding: finding.version),
        unknown_facts=sorted({event.record.type for event in events if event.meta and not event.holds and event.record.type not in facts}),
        known_head_version=known_version,
    )


# What each event says --------------------------------------------------------------------------------------------------


def _readable(story: _Story) -> Iterator[Finding]:
    for event in story.in_file:
        if event.meta is None:
            yield _of(event, Problem.IS_UNREADABLE)


def _same_stream(story: _Story) -> Iterator[Finding]:
    """One stream, one tenant; versions as they stand in the chain."""
    said = [(event, event.meta) for event in story.in_file if event.meta is not None]
    stream = _most_common(meta.stream_id for _, meta in said)
    tenant = _most_common(meta.tenant_id for _, meta in said)
    for event, meta in said:
        if meta.stream_id != stream:
            yield _of(event, Problem.STREAM_DIFFERS, said=_uuid(meta.stream_id))
        if meta.tenant_id != tenant:
            yield _of(event, Problem.TENANT_DIFFERS, said=meta.tenant_id, expected=tenant or "")
        if meta.version != event.version:
            yield _of(event, Problem.VERSION_DIFFERS, said=str(meta.version))
    if stream is not None and stream != story.header.stream_id.bytes:
        facts = {"said": str(story.header.stream_id), "expected": _uuid(stream)}
        yield Finding(0, "", Problem.HEADER_NAMES_ANOTHER_STREAM, facts)


def _same_type(story: _Story) -> Iterator[Finding]:
    """The type beside the bytes is that of the fact inside them."""
    known = known_facts(story.header.service)
    for event in story.in_file:
        is_of_a_later_contract = not event.holds and event.record.type not in known
        if event.meta is not None and event.holds != event.record.type and not is_of_a_later_contract:
            yield _of(event, Problem.TYPE_DIFFERS, said=event.record.type or "-", held=event.holds or "-")


# Their order -----------------------------------------------------------------------------------------------------------


def _once(story: _Story) -> Iterator[Finding]:
    for event in story.in_file:
        first = story.by_version[event.version]
        if first is not event:
            problem = Problem.IS_REPEATED if first.hash == event.hash else Problem.IS_FORKED
            yield _of(event, problem, place=str(event.place), first=str(first.place))


def _in_order(story: _Story) -> Iterator[Finding]:
    """The fewest events that must be moved to have all in order: those exchanged, or those outside the longest increasing run."""
    events = [event for event in story.in_file if story.by_version[event.version] is event]
    versions = [event.version for event in events]
    exchanged = {index for index, (here, due) in enumerate(zip(versions, sorted(versions), strict=True)) if here != due}
    moved = set(range(len(versions))) - _longest_increasing(versions)
    misplaced = moved if len(moved) < len(exchanged) else exchanged
    for index, event in enumerate(events):
        if index in misplaced:
            after = str(events[index - 1].version) if index else "-"
            yield _of(event, Problem.IS_MISPLACED, after=after)


def _complete(story: _Story) -> Iterator[Finding]:
    expected = 1
    versions = str(story.header.versions)
    for version, event in story.by_version.items():
        yield from _gap(expected, version - 1, versions)
        expected = version + 1
        if version > story.header.versions:
            yield _of(event, Problem.IS_BEYOND_THE_HEAD, versions=versions)
    yield from _gap(expected, story.header.versions, versions)


def _gap(first: int, last: int, versions: str) -> Iterator[Finding]:
    if first <= last:
        yield Finding(first, "", Problem.IS_MISSING, {"through": f" … {last}" if last > first else "", "versions": versions})


# The chain -------------------------------------------------------------------------------------------------------------


def _chained(story: _Story) -> Iterator[Finding]:
    """Each event remembers the hash of the one before it. Where it does not, the one that nothing vouches for was changed."""
    for version, event in story.by_version.items():
        if event.remembers is None:
            continue
        before = story.by_version.get(version - 1)
        if version == 1 and event.remembers != NO_HASH:
            yield _of(event, Problem.DOES_NOT_BEGIN)
        elif before is not None and event.remembers != before.hash:
            if event.hash in story.vouched:
                yield _of(before, Problem.IS_CHANGED, by=str(version))
            else:
                yield _of(event, Problem.DOES_NOT_CONTINUE, previous=str(version - 1))


def _head(story: _Story) -> Iterator[Finding]:
    last = story.by_version.get(story.header.versions)
    if last is not None and last.hash != story.header.head_hash:
        yield _of(last, Problem.IS_NOT_THE_HEAD)


# Placement -------------------------------------------------------------------------------------------------------------


def _placed(story: _Story) -> Iterator[Finding]:
    """Position increases with the version; the instant of recording never decreases (what was stored together shares it)."""
    before: Event | None = None
    for event in story.by_version.values():
        if before is not None:
            facts = {"previous": str(before.version)}
            if event.record.position <= before.record.position:
                said, was = str(event.record.position), str(before.record.position)
                yield _of(event, Problem.POSITION_DOES_NOT_INCREASE, said=said, before=was, **facts)
            if _nanos(event.record) < _nanos(before.record):
                said, was = _instant(event.record), _instant(before.record)
                yield _of(event, Problem.INSTANT_DECREASES, said=said, before=was, **facts)
        before = event


def _within_the_log(story: _Story) -> Iterator[Finding]:
    """Nothing lies beyond where the whole log stood when the file was written."""
    header = story.header
    ends_at = int(header.exported_at.timestamp()) * 1_000_000_000 + header.exported_at.microsecond * 1_000
    for event in story.by_version.values():
        if header.log_position and event.record.position > header.log_position:
            yield _of(event, Problem.IS_AHEAD_OF_THE_LOG, said=str(event.record.position), head=str(header.log_position))
        elif header.log_position and _nanos(event.record) > ends_at:
            yield _of(event, Problem.IS_AHEAD_OF_THE_LOG, said=_instant(event.record), head=header.exported_at.isoformat())


# The file itself ---------------------------------------------------------------------------------------------------------


def _header_as_hashed(story: _Story) -> Iterator[Finding]:
    if not story.history.is_header_intact:
        yield Finding(0, "", Problem.HEADER_IS_CHANGED)


def _contracts_as_hashed(story: _Story) -> Iterator[Finding]:
    claimed, contracts = story.header.contracts_hash, story.history.contracts
    is_as_claimed = hashlib.sha256(contracts).digest() == claimed if claimed else not contracts
    if not is_as_claimed or (contracts and _later(story.history) is None):
        yield Finding(0, "", Problem.CONTRACTS_ARE_CHANGED)


def _later(history: History) -> Mapping[int, str] | None:
    """The facts that the contracts in the file describe; None where they describe none."""
    message = EVENT_MESSAGES.get(history.header.service)
    return None if message is None else facts_in(history.contracts, message.DESCRIPTOR.full_name)


# -----------------------------------------------------------------------------------------------------------------------


def _of(event: Event, problem: Problem, **facts: str) -> Finding:
    return Finding(event.version, event.type, problem, facts)


def _most_common(values: Iterable[T]) -> T | None:
    counted = Counter(values).most_common(1)
    return counted[0][0] if counted else None


def _longest_increasing(numbers: Sequence[int]) -> set[int]:
    """Indexes of one longest strictly increasing subsequence (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []
    came_from: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(tails, number)
        tails[length:] = [number] if length == len(tails) else [number, *tails[length + 1 :]]
        ends[length:] = [index] if length == len(ends) else [index, *ends[length + 1 :]]
        came_from.append(ends[length - 1] if length else -1)
    chosen: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        chosen.add(at)
        at = came_from[at]
    return chosen


def _uuid(value: bytes) -> str:
    return str(UUID(bytes=value)) if len(value) == 16 else value.hex() or "-"


def _nanos(record: Record) -> int:
    return record.recorded_at.seconds * 1_000_000_000 + record.recorded_at.nanos


def _instant(record: Record) -> str:
    try:
        return record.recorded_at.ToDatetime(UTC).isoformat()
    except (ValueError, OverflowError):
        return f"{record.recorded_at.seconds} s"


CHECKS: Sequence[Check] = (
    _header_as_hashed,
    _contracts_as_hashed,
    _readable,
    _once,
    _in_order,
    _complete,
    _same_stream,
    _same_type,
    _chained,
    _head,
    _placed,
    _within_the_log,
)
