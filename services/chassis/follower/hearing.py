"""The rule of the listener: numbers, not offsets. A pure function, the same for every partition of every source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar


class Numbered(Protocol):
    """A record that says where it stands in its partition."""

    @property
    def position(self) -> int: ...
    @property
    def previous(self) -> int: ...


R = TypeVar("R", bound=Numbered)


class Verdict(Enum):
    DROP = auto()
    """Heard already."""
    APPLY = auto()
    """The next one."""
    GAP = auto()
    """Something between what was heard and this is missing: fetch it from the source."""


def judge(heard: int, previous: int, position: int) -> Verdict:
    """`position ≤ heard`: drop. `previous ≤ heard < position`: apply. Else a gap."""
    if position <= heard:
        return Verdict.DROP
    return Verdict.APPLY if previous <= heard else Verdict.GAP


@dataclass(frozen=True, slots=True)
class Hearing(Generic[R]):
    """What comes of a run of records."""

    facts: list[R]
    """To be applied, in order."""
    dropped: int
    rest: Sequence[R]
    """What follows a gap: its first record is the first after the gap. Empty when there is none."""


def hear(heard: int, records: Sequence[R]) -> Hearing[R]:
    """Judge records in the order of arrival, up to the first gap."""
    facts: list[R] = []
    dropped = 0
    for index, record in enumerate(records):
        verdict = judge(heard, record.previous, record.position)
        if verdict is Verdict.GAP:
            return Hearing(facts, dropped, records[index:])
        if verdict is Verdict.DROP:
            dropped += 1
            continue
        facts.append(record)
        heard = record.position
    return Hearing(facts, dropped, ())
