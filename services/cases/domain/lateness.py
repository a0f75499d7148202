"""Lateness: how late a case is on any day, as a function of what was declared, what fell due, what was paid and what was on hold."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.arrears import Ledger, policy_on
from services.cases.domain.buckets import Bucket
from services.cases.domain.debts import Debt
from services.cases.domain.holds import HoldScope
from services.cases.domain.periods import Union
from services.cases.domain.steps import Declared, Reports, Step, joined
from services.cases.domain.terms import Authority, TermsInForce

if TYPE_CHECKING:
    from services.cases.domain.case import Case

_ONE_DAY = timedelta(days=1)
_NOTHING = Union(())


@dataclass(frozen=True, slots=True)
class Count:
    """Days counted from a due date: gone by, of them on hold, and what is left after grace. Before the due date it is negative."""

    due_date: date
    gone_by: int
    paused: int
    grace: int

    @property
    def late(self) -> int:
        return self.gone_by if self.gone_by <= 0 else max(0, self.gone_by - self.paused - self.grace)

    @property
    def running(self) -> int:
        """Not cut off at nothing: what the count would be if it had begun below."""
        return self.gone_by - self.paused - self.grace


@dataclass(frozen=True, slots=True)
class DebtClock:
    """Since when one debt is unpaid, as it changes over time, and the days that do not count for it."""

    debt: Debt
    pauses: Union
    since: Sequence[date]
    due_dates: Sequence[date | None]

    def due_date_on(self, day: date) -> date | None:
        place = bisect_right(self.since, day) - 1
        return self.due_dates[place] if place >= 0 else None

    def counts_on(self, day: date) -> bool:
        return self.debt.counts_on(day)


class Lateness:
    """Built once for one state of a case; asked for as many days as one likes."""

    def __init__(
        self,
        terms: TermsInForce,
        reports: Reports,
        clocks: Sequence[DebtClock],
        pauses: Union,
        settled: tuple[Sequence[date], Sequence[bool]],
    ) -> None:
        self._terms, self._reports = terms, reports
        self._as_ofs = sorted(reports)
        self.clocks = clocks
        self._pauses = pauses
        self._settled_days, self._settled_flags = settled
        self._edges = sorted(self._all_edges())
        values = {bucket.from_ for _, version in terms.versions for bucket in version.bucket_set.buckets if bucket.from_ is not None}
        self._values = sorted(values)

    # On one day --------------------------------------------------------------

    def declared_on(self, day: date) -> Declared | None:
        """The report that counts on `day`: the newest one that speaks of it or of a day before it."""
        place = bisect_right(self._as_ofs, day) - 1
        return self._reports[self._as_ofs[place]] if place >= 0 else None

    def clocks_on(self, day: date) -> list[DebtClock]:
        """The debts whose instalments say how late the case is; none: it is what was declared that does."""
        if self._terms.at(day).delinquency_authority is Authority.CREDITOR:
            return []
        return [clock for clock in self.clocks if clock.counts_on(day)]

    def count_of(self, clock: DebtClock, day: date) -> Count | None:
        due_date = clock.due_date_on(day)
        return None if due_date is None else self._count(due_date, clock.pauses, day)

    def declared_count(self, day: date) -> Count | None:
        """Counted on from the due date that was declared; None: none was."""
        declared = self.declared_on(day)
        if declared is None or declared.oldest_unpaid_due_date is None:
            return None
        return self._count(declared.oldest_unpaid_due_date, self._pauses, day)

    def units_on(self, day: date) -> int | None:
        """Past due, in the unit of the portfolio's set; None where nothing is known."""
        clocks = self.clocks_on(day)
        if clocks:
            return max((count.late for clock in clocks if (count := self.count_of(clock, day)) is not None), default=0)
        declared = self.declared_on(day)
        if declared is None:
            return None
        count = self.declared_count(day)
        if count is None:
            return declared.cycles_past_due if declared.cycles_past_due is not None else declared.days_past_due
        return min(0, count.gone_by) if self._is_settled(day) else count.late

    def bucket_on(self, day: date) -> Bucket | None:
        """By the set in force on that day; None where nothing is known."""
        units = self.units_on(day)
        return None if units is None else self._terms.at(day).bucket_set.bucket_of(units)

    def _count(self, due_date: date, pauses: Union, day: date) -> Count:
        policy = policy_on(self._terms, day)
        paused = 0 if policy.ignores_pauses else pauses.days_within(due_date, day)
        return Count(due_date, (day - due_date).days, paused, policy.grace_days)

    def _is_settled(self, day: date) -> bool:
        place = bisect_right(self._settled_days, day) - 1
        return place >= 0 and self._terms.at(day).delinquency_authority is Authority.OURS and self._settled_flags[place]

    # Over time -----------------------------------------------------------------

    def begins_on(self) -> date | None:
        """The first day on which anything is known."""
        firsts = [*self._as_ofs[:1], *(clock.debt.attached_on for clock in self.clocks)]
        return min(firsts, default=None)

    def steps_through(self, through: date) -> tuple[Step, ...]:
        """Every day up to `through` on which the bucket changed: by a fact, by days going by, or by a change of terms."""
        begins_on = self.begins_on()
        if begins_on is None or begins_on > through:
            return ()
        days = {begins_on, *self._changes(begins_on, through)}
        return joined(Step(day, "" if (bucket := self.bucket_on(day)) is None else bucket.name) for day in sorted(days))

    def next_change(self, told: Sequence[Step]) -> date | None:
        """The first day after the last told step on which the case will be in another bucket if nothing happens until then."""
        if not told:
            return None
        after = max([told[-1].since, *self._as_ofs[-1:]])
        for day in sorted(set(self._changes(after, None))):
            bucket = self.bucket_on(day)
            if day > after and ("" if bucket is None else bucket.name) != told[-1].bucket:
                return day
        return None

    def _changes(self, since: date, through: date | None) -> Iterator[date]:
        """Days from `since` on on which the bucket may change."""
        edges = [since, *(day for day in self._edges if day > since and (through is None or day <= through))]
        yield from edges
        ends: list[date | None] = [*edges[1:], None if through is None else through + _ONE_DAY]
        for begin, end in zip(edges, ends, strict=True):
            for count, pauses in self._counting(begin):
                if not pauses.holds(begin):
                    yield from self._crossings(count, begin, end)

    def _counting(self, day: date) -> Iterator[tuple[Count, Union]]:
        """What is being counted from that day on until the next edge, and what stops the count."""
        ignores = policy_on(self._terms, day).ignores_pauses
        clocks = self.clocks_on(day)
        for clock in clocks:
            count = self.count_of(clock, day)
            if count is not None:
                yield count, _NOTHING if ignores else clock.pauses
        declared = None if clocks else self.declared_count(day)
        if declared is not None:
            yield declared, _NOTHING if ignores else self._pauses

    def _crossings(self, count: Count, begin: date, end: date | None) -> Iterator[date]:
        """The days until before `end` on which a count that goes on by one each day reaches another bucket."""
        length = (date.max - begin).days if end is None else (end - begin).days
        for at in {count.running} if count.gone_by > 0 else {count.running, count.gone_by}:
            first = bisect_right(self._values, at)
            for value in self._values[first:]:
                if value - at >= length:
                    break
                yield begin + timedelta(days=value - at)

    def _all_edges(self) -> Iterator[date]:
        yield from self._as_ofs
        yield from (day for day in self._terms.first_days() if day > date.min)
        yield from self._pauses.edges()
        yield from self._settled_days
        for clock in self.clocks:
            yield clock.debt.attached_on
            if clock.debt.detached_on is not None:
                yield clock.debt.detached_on
            yield from clock.since
            yield from clock.pauses.edges()


def of_case(case: Case) -> Lateness:
    """As the case stands."""
    pauses = case.holds.union(HoldScope.DPD) if case.holds.by_id else _NOTHING
    scheduled = any(debt.instalments for debt in case.debts.by_id.values())
    clocks = (
        [_clock(case, debt, pauses) for debt in case.debts.by_id.values() if debt.instalments or debt.oldest_due_date] if scheduled else []
    )
    return Lateness(case.terms, case.delinquency.reports, clocks, pauses, _settled(case))


def _clock(case: Case, debt: Debt, pauses: Union) -> DebtClock:
    ledger = Ledger(debt, case.payments.by_allocation.values())
    days = sorted({*ledger.days(), *(day for day in case.terms.first_days() if day > date.min), debt.attached_on})
    oldest = ledger.oldest_unpaid(days, case.terms)
    changes = [(day, due) for place, (day, due) in enumerate(oldest) if place == 0 or due != oldest[place - 1][1]]
    own = case.holds.union(HoldScope.DPD, debt.id) if _has_own_pauses(case, debt.id) else pauses
    return DebtClock(debt, own, [day for day, _ in changes], [due for _, due in changes])


def _has_own_pauses(case: Case, debt_id: UUID) -> bool:
    return any(hold.debt_id == debt_id for hold in case.holds.by_id.values())


def _settled(case: Case) -> tuple[list[date], list[bool]]:
    """By our own ledger: from which day on nothing is left to pay beyond the tolerance, and from which day on something is."""
    if not case.delinquency.reports or all(version.delinquency_authority is Authority.CREDITOR for _, version in case.terms.versions):
        return [], []
    moves = case.debts.moves()
    days = sorted({*moves, *(day for day in case.terms.first_days() if day > date.min)})
    left, flags = 0, list[bool]()
    for day in days:
        left += moves.get(day, 0)
        flags.append(left <= policy_on(case.terms, day).tolerance_minor_units)
    return days, flags
