"""I1: what was acknowledged is stored, exactly once.

A command's row is the log's own acknowledgement: it names each stream's version after the command (acuerdo.common.v1.Reply), the
position of its last event and the unit's recorded_at. So what the callers were told is held against the rows, and the rows against the
events: the events of a command_id are one unit (one recorded_at) and end, in each stream, with the version that the row names.

A method that takes chunks of rows has a command for each part of a chunk: its request_id is `<the chunk's request_id>/<part>`, a part
being the row's line, and for RegisterCases besides `rows`, under which the batch counts the chunk. A row that is refused for good
leaves no command, so a chunk as a whole is held against what its reply speaks of: every stream must be stored up to that version.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from acuerdo.common.v1.log_pb2 import Reply

from proof.checker.asked import Request
from proof.checker.contract import command_id
from proof.checker.evidence import Evidence
from proof.checker.findings import Finding, Looked
from proof.checker.stored import Command, Event, Stored
from proof.history import Attempt, Came

CLOCKS_DIFFER = timedelta(seconds=2)


def acknowledged(evidence: Evidence) -> Finding:
    looked = Looked("I1")
    for service, stored in evidence.stored.items():
        told = evidence.told[service]
        for command in stored.commands:
            looked.counted += 1
            looked.breaks(*_broken_row(command, stored, told))
    for request in evidence.requests.values():
        for attempt in request.answered:
            looked.counted += 1
            looked.breaks(*_broken_word(request, attempt, evidence))
    return looked.finding("" if evidence.attempts is not None else "no history: what the callers were told was not looked at")


# The rows against the events ---------------------------------------------------------------------------------------------


def _broken_row(command: Command, stored: Stored, told: dict[bytes, list[Event]]) -> Iterator[str]:
    reply = Reply.FromString(command.reply)
    events = told.get(command_id(command.tenant_id, command.principal, command.method, command.request_id), [])
    name = f"{stored.service} {command.name}"
    if reply.HasField("refused"):
        for event in events:
            yield f"{name} was refused ({reply.refused.reason}) and yet told {event.name}"
        return
    if len({event.recorded_at for event in events}) > 1:
        yield f"{name} is stored more than once: " + ", ".join(event.name for event in events)
        return
    if events and (events[-1].position, events[-1].recorded_at) != (command.position, command.recorded_at):
        yield f"{name} was acknowledged at position {command.position}, and its last event is {events[-1].name}"
    last = {event.stream: event.version for event in events}
    for named in reply.streams:
        told_up_to = last.pop(named.stream_id, None)
        if told_up_to is None:
            yield from _broken_silence(name, command, stored, named)
        elif told_up_to != named.version:
            yield f"{name} was acknowledged up to {UUID(bytes=named.stream_id)}:{named.version}, and told up to version {told_up_to}"
    for stream, version in last.items():
        yield f"{name} told {UUID(bytes=stream)}:{version}, which its reply does not name"


def _broken_silence(name: str, command: Command, stored: Stored, named: Reply.StreamVersion) -> Iterator[str]:
    """The command told nothing on this stream: it found it at that version, at that position."""
    if not named.version:
        return
    at = stored.by_version.get((named.stream_id, named.version))
    after = stored.by_version.get((named.stream_id, named.version + 1))
    if at is None:
        yield f"{name} acknowledged {UUID(bytes=named.stream_id)}:{named.version}, which is not stored"
    elif at.position > command.position or (after is not None and after.position <= command.position):
        yield f"{name} acknowledged {UUID(bytes=named.stream_id)}:{named.version} at position {command.position}, and it is {at.name}"


# What the callers were told, against the rows ----------------------------------------------------------------------------


def _broken_word(request: Request, attempt: Attempt, evidence: Evidence) -> Iterator[str]:
    came = attempt.came
    assert came is not None
    stored = evidence.stored.get(request.key[0])
    if stored is None:
        return
    rows = evidence.commands.get(request.key, [])
    yield from (f"{request.name} told its caller of {what}" for what in _not_stored(came, stored))
    if not rows:
        if _must_have_a_row(request, came, stored):
            yield f"{request.name} was answered, and no command is stored"
        return
    if came.position and came.position not in {row.position for row in rows}:
        yield f"{request.name} was acknowledged at position {came.position}; its command is at {_positions(rows)}"
    yield from _broken_instant(request, attempt, rows, stored)
    if not request.is_chunk:
        yield from _broken_versions(request, came, rows[0])


def _not_stored(came: Came, stored: Stored) -> Iterator[str]:
    for stream, version in came.seen.items():
        standing = stored.streams.get(UUID(stream).bytes)
        if standing is None:
            yield f"{stream}, which is not stored"
        elif version and (UUID(stream).bytes, version) not in stored.by_version:
            yield f"{stream}:{version}, which is not stored (it stands at version {standing[0]})"


def _must_have_a_row(request: Request, came: Came, stored: Stored) -> bool:
    """Not where it may be swept, nor where all rows of a chunk were refused for good, nor where the answer itself says so."""
    if came.stores_nothing or (request.is_chunk and not came.seen):
        return False
    at = stored.events[came.position - 1].recorded_at if 0 < came.position <= len(stored.events) else stored.counter[1]
    return at > stored.swept_before


def _broken_versions(request: Request, came: Came, row: Command) -> Iterator[str]:
    reply = Reply.FromString(row.reply)
    if reply.HasField("refused"):
        yield f"{request.name} was answered, and is stored as refused ({reply.refused.reason})"
        return
    named = {str(UUID(bytes=stream.stream_id)): stream.version for stream in reply.streams}
    for stream, version in came.seen.items():
        if version and stream in named and named[stream] != version:
            yield f"{request.name} told its caller of {stream}:{version}, and its command of version {named[stream]}"


def _broken_instant(request: Request, attempt: Attempt, rows: Sequence[Command], stored: Stored) -> Iterator[str]:
    """On real time it is recorded between the first question and this answer."""
    if stored.is_on_development_clock or attempt.came is None:
        return
    asked_at = min(each.asked.at for each in request.attempts) - CLOCKS_DIFFER
    for row in rows:
        if not asked_at <= row.recorded_at <= attempt.came.at + CLOCKS_DIFFER:
            yield f"{request.name} is recorded at {row.recorded_at.isoformat()}, which is not when it was asked"


def _positions(rows: Sequence[Command]) -> str:
    return ", ".join(str(row.position) for row in rows[:5])
