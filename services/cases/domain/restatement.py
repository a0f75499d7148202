"""Restatement: a day's bucket as it was reported when the day had ended, as it is known now, and the facts that made the difference."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.cases.domain.delinquency import BucketChanged, DelinquencyRestated
from services.kernel.facts import Fact


@dataclass(frozen=True, slots=True)
class Known:
    """A fact of the case, and when it was recorded."""

    recorded_at: datetime
    fact: Fact


@dataclass(frozen=True, slots=True)
class DayEnd:
    """`restated_by`: versions of the facts, recorded after the day had ended, that speak of it."""

    day: date
    reported: str
    restated: str
    restated_by: tuple[int, ...]


def at_day_end(known: Sequence[Known], day: date, ends_at: datetime, restated: str) -> DayEnd:
    """`known`: the case's facts in order. `restated`: the bucket of that day as it is known now."""
    reported = ""
    speaks_of_it: list[int] = []
    for each in known:
        fact = each.fact
        if each.recorded_at < ends_at:
            reported = fact.to if isinstance(fact, BucketChanged) else reported
        elif _speaks_of(fact, day):
            speaks_of_it.append(fact.originator_version)
    return DayEnd(day, reported, restated, tuple(speaks_of_it) if reported != restated else ())


def _speaks_of(fact: Fact, day: date) -> bool:
    if isinstance(fact, BucketChanged):
        return fact.since <= day
    if isinstance(fact, DelinquencyRestated):
        return any(each.from_ <= day and (each.to is None or day < each.to) for each in fact.intervals)
    return False


def month_ends(from_: date, through: date) -> Iterator[date]:
    """The last days of the months, from one day through another."""
    day = last_of_month(from_)
    while day <= through:
        yield day
        day = last_of_month(day + timedelta(days=1))


def last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
