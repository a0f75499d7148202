"""I12 (the chain): every stream's chain recomputed from the stored bytes, and the log's own order."""

from __future__ import annotations

from collections.abc import Iterator

from proof.checker.contract import NO_HASH
from proof.checker.evidence import Evidence
from proof.checker.findings import Finding, Looked
from proof.checker.origins import is_heard
from proof.checker.stored import Event, Stored


def chains(evidence: Evidence) -> Finding:
    looked = Looked("I12")
    for stored in evidence.stored.values():
        looked.counted += len(stored.events)
        looked.breaks(*_broken_chains(stored), *_broken_order(stored))
    return looked.finding()


def _broken_chains(stored: Stored) -> Iterator[str]:
    heads: dict[bytes, tuple[int, bytes]] = {}
    for event in stored.events:
        version, head = heads.get(event.stream, (0, NO_HASH))
        if not event.fact:
            yield f"{event.name}: its bytes cannot be read"
        elif event.said != (event.tenant_id, event.stream, event.version) or event.fact != event.type_name:
            yield f"{event.name}: its bytes are those of another event ({event.fact} version {event.said[2]} of {event.said[0]})"
        if event.version != version + 1:
            yield f"{event.name} follows version {version} of its stream"
        elif event.fact and event.prev_hash != head:
            yield f"{event.name} does not rest on the event before it"
        heads[event.stream] = (event.version, event.digest)


def _broken_order(stored: Stored) -> Iterator[str]:
    """Positions dense from 1 to where the counter stands; recorded_at rising with each unit."""
    before: Event | None = None
    for event in stored.events:
        expected = 1 if before is None else before.position + 1
        if event.position != expected:
            yield f"{event.name} stands where position {expected} should"
        if before is not None and event.recorded_at < before.recorded_at:
            yield f"{event.name} is recorded earlier than the event before it in the log"
        elif before is not None and event.recorded_at == before.recorded_at and not _is_one_unit(before, event, stored):
            yield f"{event.name} is recorded at the same instant as {before.name}, and is of another unit"
        before = event
    position, recorded_at = stored.counter
    if before is not None and (position != before.position or recorded_at < before.recorded_at):
        yield f"{stored.service}: the counter stands at {position}, the last event is {before.name}"
    elif before is None and position:
        yield f"{stored.service}: the counter stands at {position}, and the log is empty"


def _is_one_unit(one: Event, other: Event, stored: Stored) -> bool:
    """Facts heard together by one follower are one unit, whatever each is the origin of."""
    if one.command_id == other.command_id:
        return True
    return is_heard(one, stored) and is_heard(other, stored) and one.actor_id == other.actor_id
