"""I6: each follower applied each fact once and stands at its source's head.

At most once: what a follower told because of one fact is one unit (one recorded_at), and of one key nothing is told for an older fact
after a newer one. At least once: a position that has moved without its effects is found where the contract leaves no choice
(ALWAYS_FOLLOWS). Facts that wait must be of keys that the run says may wait; each has its token, unmoved, and no effects; facts that
were refused have none either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from uuid import UUID

from proof.checker.contract import ALWAYS_FOLLOWS, HEARS, partition_of
from proof.checker.findings import Finding, Looked
from proof.checker.origins import is_heard
from proof.checker.stored import Event, Stored

Effects = Mapping[tuple[str, tuple[bytes, int]], list[Event]]
"""By follower and cause, in log order."""
WAITING = 1


def followed(stored: Mapping[str, Stored], may_be_parked: frozenset[str]) -> Finding:
    looked = Looked("I6")
    for listener in stored.values():
        effects = _effects(listener)
        looked.counted += len(effects)
        looked.breaks(*_own_followers(listener), *_twice(effects), *_out_of_order(listener), *_tokens(listener))
        for name in HEARS[listener.service]:
            if (source := stored.get(name)) is not None:
                looked.breaks(
                    *_positions(listener, source),
                    *_parked(listener, source, effects, may_be_parked),
                    *_refused(listener, source, effects),
                    *_lost(listener, source, effects),
                )
    missing = sorted({source for one in stored.values() for _, source, *_ in one.listens} - set(stored))
    return looked.finding(f"{', '.join(missing)} was not looked at" if missing else "")


# Where they stand --------------------------------------------------------------------------------------------------------


def _own_followers(stored: Stored) -> Iterator[str]:
    """Relay and views."""
    for follower, source, _, _, position in stored.positions:
        if source == stored.service and "/" not in follower and position != stored.counter[0]:
            yield f"{stored.service}/{follower} stands at {position}, its log at {stored.counter[0]}"


def _positions(listener: Stored, source: Stored) -> Iterator[str]:
    listens = [row for row in listener.listens if row[1] == source.service]
    if not listens:
        yield f"{listener.service} does not listen to {source.service}"
    there = {row[:4]: row[4] for row in listener.positions}
    heads = _heads(source)
    for follower, _, epoch, _, _ in listens:
        name = f"{listener.service}/{follower} of {source.service}"
        if epoch != max(source.epochs, default=epoch):
            yield f"{name} hears epoch {epoch}, the source tells epoch {max(source.epochs)}"
        for (of_epoch, partition), head in heads.items():
            position = there.get((follower, source.service, of_epoch, partition))
            if position != head:
                yield f"{name}, epoch {of_epoch} partition {partition}, stands at {position}, its source at {head}"


def _heads(source: Stored) -> dict[tuple[int, int], int]:
    """By epoch and partition: where whoever has heard all of it stands. An epoch that is over is heard up to where the next one starts."""
    numbers = sorted(source.epochs)
    ends = {number: source.epochs[after][0] for number, after in pairwise(numbers)}
    found = {
        (number, partition): ends.get(number, starts_after)
        for number, (starts_after, partitions) in source.epochs.items()
        for partition in range(partitions)
    }
    for event in source.events:
        if event.epoch not in ends and event.epoch in source.epochs:
            found[event.epoch, partition_of(event.stream, source.epochs[event.epoch][1])] = event.position
    return found


# What came of it ---------------------------------------------------------------------------------------------------------


def _effects(listener: Stored) -> Effects:
    found: defaultdict[tuple[str, tuple[bytes, int]], list[Event]] = defaultdict(list)
    for event in listener.events:
        if is_heard(event, listener):
            assert event.cause is not None
            found[event.actor_id, event.cause].append(event)
    return found


def _twice(effects: Effects) -> Iterator[str]:
    for (follower, cause), events in effects.items():
        if len({event.recorded_at for event in events}) > 1:
            yield f"{follower} applied {_ref(cause)} more than once: " + ", ".join(event.name for event in events)


def _out_of_order(listener: Stored) -> Iterator[str]:
    """Within a unit facts are ordered by the stream they are written to: units are compared, not facts."""
    newest: dict[tuple[str, bytes], tuple[object, int, int]] = {}
    for event in listener.events:
        if not is_heard(event, listener):
            continue
        assert event.cause is not None
        stream, version = event.cause
        unit, before, here = newest.get((event.actor_id, stream), (event.recorded_at, 0, 0))
        if unit != event.recorded_at:
            unit, before, here = event.recorded_at, max(before, here), 0
        if version < before:
            yield f"{event.name} was told because of {_ref(event.cause)}, after what version {before} of it had come to"
        newest[event.actor_id, stream] = (unit, before, max(here, version))


def _lost(listener: Stored, source: Stored, effects: Effects) -> Iterator[str]:
    excused = {(row[0], row[4]) for row in listener.parked if row[1] == source.service}
    excused |= {(row[0], row[3]) for row in listener.refused if row[1] == source.service}
    there = {row[:4]: row[4] for row in listener.positions}
    for follower, of, *_ in listener.listens:
        for event in source.events if of == source.service else ():
            service, wanted = ALWAYS_FOLLOWS.get((source.service, event.type_name), ("", ""))
            if service != listener.service or (follower, event.position) in excused:
                continue
            partition = partition_of(event.stream, source.epochs[event.epoch][1])
            if event.position > there.get((follower, of, event.epoch, partition), 0):
                continue  # not heard yet: said of the position already
            if not any(told.fact == wanted for told in effects.get((follower, (event.stream, event.version)), ())):
                yield f"{listener.service}/{follower} has heard {event.name}, and told no {wanted} because of it"


# What was set aside ------------------------------------------------------------------------------------------------------


def _tokens(listener: Stored) -> Iterator[str]:
    tokens = {}
    for follower, source, epoch, partition, position in listener.positions:
        name, slash, of = follower.rpartition("/")
        if slash:
            tokens[name, source, epoch, partition, int(of)] = position
    parked = {row[:5] for row in listener.parked}
    for place in parked - tokens.keys():
        yield f"{listener.service}/{place[0]}: position {place[4]} of {place[1]} waits without a token"
    for place, token in tokens.items():
        if place not in parked:
            yield f"{listener.service}/{place[0]}: a token of position {place[4]} of {place[1]}, which does not wait"
        elif token != WAITING:
            yield f"{listener.service}/{place[0]}: position {place[4]} of {place[1]} waits, and its effects are stored"


def _parked(listener: Stored, source: Stored, effects: Effects, may_be_parked: frozenset[str]) -> Iterator[str]:
    for follower, of, _, _, position, key, type_name, reason in listener.parked:
        if of != source.service:
            continue
        name = f"{listener.service}/{follower}: {type_name} of {UUID(bytes=key)} (position {position} of {of})"
        if str(UUID(bytes=key)) not in may_be_parked:
            yield f"{name} waits ({reason or 'behind another'}), and nobody expects it"
        else:
            yield from _set_aside(name, follower, position, key, source, effects)


def _refused(listener: Stored, source: Stored, effects: Effects) -> Iterator[str]:
    for follower, of, _, position, key, type_name, reason in listener.refused:
        if of == source.service:
            name = f"{listener.service}/{follower}: {type_name} of {UUID(bytes=key)} (position {position} of {of}, refused for {reason})"
            if not any(event.position == position for event in _at(source, position, key)):
                yield f"{name} is no fact of its source"
            yield from _set_aside(name, follower, position, key, source, effects)


def _set_aside(name: str, follower: str, position: int, key: bytes, source: Stored, effects: Effects) -> Iterator[str]:
    for event in _at(source, position, key):
        for told in effects.get((follower, (event.stream, event.version)), ()):
            yield f"{name} was set aside, and {told.name} was told because of it"


def _at(source: Stored, position: int, key: bytes) -> list[Event]:
    """The source's event there, if it is of that key. Positions are dense."""
    return [event for event in source.events[position - 1 : position] if event.stream == key]


def _ref(cause: tuple[bytes, int]) -> str:
    return f"{UUID(bytes=cause[0])}:{cause[1]}"
