"""Periods: whole days from one through another, both included. Their union counts each day once, however many of them cover it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From a first day through a last one, both included; no last day: open-ended."""

    from_: date
    through: date | None

    def holds(self, day: date) -> bool:
        return self.from_ <= day and (self.through is None or day <= self.through)


def joined(periods: Iterable[Period]) -> tuple[Period, ...]:
    """The same days in as few periods as can be, in order: none overlaps or touches another. What ends before it begins is none."""
    result: list[Period] = []
    for period in sorted((each for each in periods if each.through is None or each.through >= each.from_), key=lambda each: each.from_):
        last = result[-1] if result else None
        if last is None or (last.through is not None and period.from_ > last.through + _ONE_DAY):
            result.append(period)
        elif last.through is not None and (period.through is None or period.through > last.through):
            result[-1] = Period(last.from_, period.through)
    return tuple(result)


@dataclass(frozen=True, slots=True)
class Union:
    """The days of any number of periods, each counted once."""

    periods: tuple[Period, ...]
    _from: list[int] = field(init=False, repr=False, compare=False)
    _until: list[int] = field(init=False, repr=False, compare=False)
    _before: list[int] = field(init=False, repr=False, compare=False)

    def __init__(self, periods: Iterable[Period]) -> None:
        object.__setattr__(self, "periods", joined(periods))
        ends = [(date.max if each.through is None else each.through).toordinal() + 1 for each in self.periods]
        begins = [each.from_.toordinal() for each in self.periods]
        object.__setattr__(self, "_from", begins)
        object.__setattr__(self, "_until", ends)
        lengths = (end - begin for begin, end in zip(begins, ends, strict=True))
        object.__setattr__(self, "_before", [0, *accumulate(lengths)])

    def holds(self, day: date) -> bool:
        place = bisect_right(self._from, day.toordinal()) - 1
        return place >= 0 and day.toordinal() < self._until[place]

    def days_within(self, since: date, until: date) -> int:
        """How many of the days from `since` until before `until` are among them."""
        return max(0, self._days_before(until.toordinal()) - self._days_before(since.toordinal())) if self.periods else 0

    def end_after(self, day: date) -> date | None:
        """The first day after `day`, which is among them, that is not; None: open-ended."""
        period = self.periods[bisect_right(self._from, day.toordinal()) - 1]
        return None if period.through is None else period.through + _ONE_DAY

    def edges(self) -> Iterable[date]:
        """The first days of the periods, and the first days after them."""
        for period in self.periods:
            yield period.from_
            if period.through is not None:
                yield period.through + _ONE_DAY

    def _days_before(self, ordinal: int) -> int:
        place = bisect_left(self._from, ordinal)
        if place == 0:
            return 0
        return self._before[place - 1] + min(ordinal, self._until[place - 1]) - self._from[place - 1]
