"""I2: every event stems from exactly one command, timer or heard fact; a command that ended in a definite error has none.

An event's meta says which: an actor of kind TIMER with a causation is a timer's (its due instant is in no evidence, so of its id only
that it is of one unit can be judged, and of the causation that it is stored); the name of one of the service's followers with a
causation is a heard fact's, whose id must be derived from follower and cause, and whose cause must be at its source; all else is a
command's, whose id must be that of a stored row, or of a request in the history where the row may be swept.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from proof.checker.asked import key_of
from proof.checker.contract import CHUNKED, command_id, heard_id
from proof.checker.evidence import Evidence
from proof.checker.findings import Finding, Looked
from proof.checker.stored import Event, Stored


def origins(evidence: Evidence) -> Finding:
    looked = Looked("I2")
    for service, stored in evidence.stored.items():
        looked.counted += len(stored.events)
        known = _known_commands(service, stored, evidence)
        for told in evidence.told[service].values():
            looked.breaks(*_broken_origin(told, stored, known, evidence))
    looked.breaks(*_refused_and_told(evidence))
    return looked.finding("" if evidence.attempts is not None else "no history: who was refused is not known")


def is_heard(event: Event, stored: Stored) -> bool:
    return event.cause is not None and not event.is_timers and event.actor_id in stored.followers


def _known_commands(service: str, stored: Stored, evidence: Evidence) -> set[bytes]:
    rows = {command_id(row.tenant_id, row.principal, row.method, row.request_id) for row in stored.commands}
    asked = (key[1:] for key in evidence.requests if key[0] == service and key[3] not in CHUNKED)
    return rows | {command_id(*key) for key in asked}


def _broken_origin(told: list[Event], stored: Stored, known: set[bytes], evidence: Evidence) -> Iterator[str]:
    """`told`: all events of one command_id."""
    first = told[0]
    if first.is_timers:
        assert first.cause is not None
        if first.cause not in stored.by_version:
            yield f"{first.name} is of a timer set by {_ref(first.cause)}, which is not stored"
        if len({event.recorded_at for event in told}) > 1:
            yield "one timer fired more than once: " + ", ".join(event.name for event in told)
    elif is_heard(first, stored):
        yield from (finding for event in told for finding in _broken_hearing(event, stored, evidence))
    elif first.command_id not in known and first.recorded_at > stored.swept_before:
        yield from (f"{event.name} is of no command, timer or heard fact" for event in told)


def _broken_hearing(event: Event, stored: Stored, evidence: Evidence) -> Iterator[str]:
    assert event.cause is not None
    if event.command_id != heard_id(event.actor_id, *event.cause):
        yield f"{event.name} does not have the id of what {event.actor_id} does because of {_ref(event.cause)}"
    sources = {source for _, source, *_ in stored.listens}
    if sources <= evidence.stored.keys() and not any(event.cause in evidence.stored[source].by_version for source in sources):
        yield f"{event.name} was told because of {_ref(event.cause)}, which no source has told"


def _refused_and_told(evidence: Evidence) -> Iterator[str]:
    refused = {key: request for key, request in evidence.requests.items() if request.is_refused}
    for service, told in evidence.told.items():
        ids = {command_id(*key[1:]): request for key, request in refused.items() if key[0] == service and not request.is_chunk}
        for row in evidence.stored[service].commands:
            if row.method in CHUNKED and (request := refused.get(key_of(service, row))) is not None:
                ids[command_id(row.tenant_id, row.principal, row.method, row.request_id)] = request
        for command, request in ids.items():
            for event in told.get(command, ()):
                yield f"{request.name} was refused, and {event.name} is stored"


def _ref(cause: tuple[bytes, int]) -> str:
    return f"{UUID(bytes=cause[0])}:{cause[1]}" if len(cause[0]) == 16 else f"{cause[0].hex()}:{cause[1]}"
