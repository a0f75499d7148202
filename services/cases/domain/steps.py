"""Steps: a case's buckets as a function of days, worked out from what was declared. Pure: the same answer in whatever order it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.cases.domain.buckets import Bucket
from services.cases.domain.terms import TermsInForce


@dataclass(frozen=True, slots=True)
class Declared:
    """How late a case is by a report: in cycles, in days, or by its oldest unpaid due date, from which we count on (one of the three)."""

    cycles_past_due: int | None = None
    days_past_due: int | None = None
    oldest_unpaid_due_date: date | None = None

    def units_on(self, day: date) -> int:
        """Past due on `day`, in the unit in which it was declared."""
        if self.oldest_unpaid_due_date is not None:
            return (day - self.oldest_unpaid_due_date).days
        units = self.cycles_past_due if self.cycles_past_due is not None else self.days_past_due
        if units is None:
            raise ValueError("a report declares one of the three")
        return units


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


def declared_on(reports: Reports, day: date) -> Declared | None:
    """The report that counts on `day`: the newest one that speaks of it or of a day before it."""
    as_of = max((known for known in reports if known <= day), default=None)
    return None if as_of is None else reports[as_of]


def bucket_on(reports: Reports, terms: TermsInForce, day: date) -> Bucket | None:
    """By the set in force on that day; None where nothing has been declared yet."""
    declared = declared_on(reports, day)
    return None if declared is None else terms.at(day).bucket_set.bucket_of(declared.units_on(day))


def steps_through(reports: Reports, terms: TermsInForce, through: date) -> tuple[Step, ...]:
    """Every day up to `through` on which the bucket changed: by a report, by days going by, or by a change of terms."""
    as_ofs = sorted(as_of for as_of in reports if as_of <= through)
    if not as_ofs:
        return ()
    days = {*as_ofs, *(day for day in terms.first_days() if as_ofs[0] < day <= through)}
    for as_of, until in zip(as_ofs, [*as_ofs[1:], through + timedelta(days=1)], strict=True):
        days.update(day for day in boundaries(reports[as_of], terms, after=as_of) if day < until)
    return _joined(Step(day, bucket.name) for day in sorted(days) if (bucket := bucket_on(reports, terms, day)) is not None)


def boundaries(declared: Declared, terms: TermsInForce, after: date) -> Iterable[date]:
    """The days after `after` on which days gone by may bring a case into another bucket."""
    due = declared.oldest_unpaid_due_date
    if due is None:
        return
    gone_by = (after - due).days
    for _, version in terms.versions:
        for bucket in version.bucket_set.buckets:
            if bucket.from_ is not None and bucket.from_ > gone_by:
                yield due + timedelta(days=bucket.from_)


def next_boundary(reports: Reports, terms: TermsInForce, told: Sequence[Step]) -> date | None:
    """The first day after the last told step on which the case will be in another bucket if nothing is said until then."""
    if not told or not reports:
        return None
    as_of = max(reports)
    after = max(as_of, told[-1].since)
    days = {*boundaries(reports[as_of], terms, after), *(day for day in terms.first_days() if day > after)}
    for day in sorted(days):
        bucket = bucket_on(reports, terms, day)
        if bucket is not None and bucket.name != told[-1].bucket:
            return day
    return None


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
    return _joined([*kept, Step(since, bucket), *rest])


def _joined(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Without steps that change nothing."""
    joined: list[Step] = []
    for step in steps:
        if step.bucket != (joined[-1].bucket if joined else ""):
            joined.append(step)
    return tuple(joined)
