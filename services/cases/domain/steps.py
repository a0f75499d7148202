"""Steps: a course of buckets over days: what was declared of a case, its buckets one after the other, and how two courses differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Declared:
    """How late a case is by a report: in cycles, in days, or by its oldest unpaid due date, from which we count on (one of the three)."""

    cycles_past_due: int | None = None
    days_past_due: int | None = None
    oldest_unpaid_due_date: date | None = None


Reports = Mapping[date, Declared]
"""By the day they speak of."""


@dataclass(frozen=True, slots=True)
class Step:
    """From `since` on the case is in `bucket`, until the next step. Before the first step it is in none ("")."""

    since: date
    bucket: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The days from `from_` until before `to` (None: all that follow) on which two courses of steps differ."""

    from_: date
    to: date | None
    before: str
    after: str


def bucket_at(steps: Sequence[Step], day: date) -> str:
    """The bucket that these steps say for `day`."""
    return next((step.bucket for step in reversed(steps) if step.since <= day), "")


def differences(before: Sequence[Step], after: Sequence[Step]) -> tuple[Difference, ...]:
    """The intervals on which the two differ, each as long as it can be, in order."""
    days = sorted({step.since for step in (*before, *after)})
    found: list[Difference] = []
    for day, until in zip(days, [*days[1:], None], strict=False):
        was, is_now = bucket_at(before, day), bucket_at(after, day)
        if was == is_now:
            continue
        if found and (found[-1].to, found[-1].before, found[-1].after) == (day, was, is_now):
            found[-1] = Difference(found[-1].from_, until, was, is_now)
        else:
            found.append(Difference(day, until, was, is_now))
    return tuple(found)


def overlaid(steps: Sequence[Step], since: date, until: date | None, bucket: str) -> tuple[Step, ...]:
    """The steps with `bucket` from `since` until before `until`, and as they were elsewhere."""
    kept = [step for step in steps if step.since < since]
    rest: list[Step] = []
    if until is not None:
        rest = [Step(until, bucket_at(steps, until)), *(step for step in steps if step.since > until)]
    return joined([*kept, Step(since, bucket), *rest])


def joined(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Without steps that change nothing."""
    joined: list[Step] = []
    for step in steps:
        if step.bucket != (joined[-1].bucket if joined else ""):
            joined.append(step)
    return tuple(joined)
