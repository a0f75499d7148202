"""Delinquency: how late a case is by what was declared, whatever the balance. No ladder: what is declared counts, from 0 to 2 as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING

from services.cases.domain import lateness
from services.cases.domain import steps as courses
from services.cases.domain.balance import REPORTS_PER_CASE_MAX, CaseHasTooManyReports
from services.cases.domain.buckets import PAST_DUE_UNITS_MAX, BucketUnit
from services.cases.domain.components import check_money
from services.cases.domain.lateness import Lateness
from services.cases.domain.lifecycle import Lifecycle
from services.cases.domain.steps import Declared, Difference, Step
from services.cases.domain.terms import Authority, PortfolioTerms, TermsInForce
from services.kernel.calendar import start_of
from services.kernel.facts import Due, Fact
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid

if TYPE_CHECKING:
    from services.cases.domain.case import Case

DUE_DATE_AHEAD_DAYS_MAX = 36_525
DUE_DATE_YEAR_MIN = 1900

# What happened ---------------------------------------------------------------


class RollDirection(Enum):
    """Which way a case rolled. An entry (from no bucket) is not a roll: UNSPECIFIED."""

    UNSPECIFIED = "UNSPECIFIED"
    FORWARD = "FORWARD"
    BACKWARD = "BACKWARD"
    CURE = "CURE"


@dataclass(frozen=True, slots=True)
class RestatedInterval:
    """From day `from_` until before `to` (None: until further notice) the case was in another bucket than we knew."""

    from_: date
    to: date | None
    before: str
    after: str
    bucket_set_version: str


class ArrearsReported(Fact):
    as_of: date
    cycles_past_due: int | None
    days_past_due: int | None
    oldest_unpaid_due_date: date | None
    past_due: Money | None
    source_ref: str

    def apply(self, case: Case) -> None:
        declared = Declared(self.cycles_past_due, self.days_past_due, self.oldest_unpaid_due_date)
        case.delinquency.note(self.as_of, self.source_ref, declared, self.past_due)
        case.reconciliation.arrears.pop(self.as_of, None)


class BucketChanged(Fact):
    from_: str
    to: str
    past_due_units: int
    direction: RollDirection
    cause: str
    bucket_set_version: str
    since: date

    def apply(self, case: Case) -> None:
        case.delinquency.told = courses.overlaid(case.delinquency.told, self.since, None, self.to)


class DelinquencyRestated(Fact):
    intervals: tuple[RestatedInterval, ...]
    cause: str
    cause_version: int

    def apply(self, case: Case) -> None:
        for interval in self.intervals:
            case.delinquency.told = courses.overlaid(case.delinquency.told, interval.from_, interval.to, interval.after)


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Delinquency:
    """What was declared, by the day it speaks of (the latest word on a day counts), and the buckets as we have told them."""

    reports: dict[date, Declared] = field(default_factory=dict)
    past_due: dict[date, Money | None] = field(default_factory=dict)
    told: tuple[Step, ...] = ()
    words: dict[date, tuple[tuple[str, Declared, Money | None], ...]] = field(default_factory=dict)
    """By that day, each file's word on it, in the order in which they came."""

    def note(self, as_of: date, source_ref: str, declared: Declared, past_due: Money | None) -> None:
        self.words[as_of] = (*(word for word in self.words.get(as_of, ()) if word[0] != source_ref), (source_ref, declared, past_due))
        self.reports[as_of], self.past_due[as_of] = declared, past_due

    def forget(self, as_of: date, source_ref: str) -> None:
        """What that file said of that day; another file's word on it counts again."""
        left = tuple(word for word in self.words.pop(as_of, ()) if word[0] != source_ref)
        self.reports.pop(as_of, None)
        self.past_due.pop(as_of, None)
        if left:
            self.words[as_of], (_, self.reports[as_of], self.past_due[as_of]) = left, left[-1]


def bucket_at(case: Case, day: date) -> str:
    """Counted on read, also on days that no timer has told of yet; empty where nothing is known."""
    bucket = lateness.of_case(case).bucket_on(day)
    return "" if bucket is None else bucket.name


def due(case: Case) -> Iterable[Due]:
    """The midnight at which days going by bring the case into another bucket."""
    if case.lifecycle in (Lifecycle.REGISTERED, Lifecycle.OPEN):
        boundary = lateness.of_case(case).next_change(case.delinquency.told)
        if boundary is not None:
            yield Due("delinquency.boundary", start_of(boundary, case.terms.zone_at(case.modified_on)))


# What may be decided ---------------------------------------------------------


def report_arrears(case: Case, as_of: date, declared: Declared, past_due: Money | None, source_ref: str) -> None:
    """The creditor says how late the case is on a day. A later report on that day corrects the earlier; asked twice, told once."""
    case.must_be_reportable()
    on = case.day_or_today(as_of, "as_of")
    check_declared(declared, case.terms.at(on), on)
    if past_due is not None:
        check_money(past_due, case.currency_code, "past_due")
    known = case.delinquency.reports.get(on)
    if case.delinquency.words.get(on, ())[-1:] == ((source_ref, declared, past_due),):
        return
    if known is None and len(case.delinquency.reports) >= REPORTS_PER_CASE_MAX:
        raise CaseHasTooManyReports(reports_max=REPORTS_PER_CASE_MAX)
    catch_up(case)
    is_newest = on > max(case.delinquency.reports, default=date.min)
    case.tell(
        ArrearsReported(
            **case.next(),
            as_of=on,
            cycles_past_due=declared.cycles_past_due,
            days_past_due=declared.days_past_due,
            oldest_unpaid_due_date=declared.oldest_unpaid_due_date,
            past_due=past_due,
            source_ref=source_ref,
        )
    )
    restated = "BACK_DATED_REPORT" if known is None else "CORRECTED_REPORT"
    tell_what_changed(case, "REPORTED", restated, plain_since=on if is_newest else None, cause_version=case.version)


def catch_up(case: Case) -> None:
    """Tell the boundaries that days gone by have crossed: today's as a change, those that were missed as restated."""
    today = case.today
    boundary = lateness.of_case(case).next_change(case.delinquency.told)
    if boundary is not None and boundary <= today:
        tell_what_changed(case, "BOUNDARY", "LATE_TIMER", plain_since=today)


def tell_after(case: Case, cause: str) -> None:
    """After the fact just told: what it changed from today on as a change, what it changed of the past as restated, with this cause."""
    tell_what_changed(case, cause, cause, plain_since=case.today, cause_version=case.version)


def tell_what_changed(case: Case, cause: str, restated_cause: str, plain_since: date | None, cause_version: int = 0) -> None:
    """Tell how what is true now differs from what we have told. `cause_version`: the fact of this case that changed it, where one did.

    One change for all days from `plain_since` on, or from none at all, is a BucketChanged and nothing else; anything else changed the
    past: its intervals are told as restated, and BucketChanged besides where today's bucket is another one.
    """
    before, terms, today, count = case.delinquency.told, case.terms, case.today, lateness.of_case(case)
    after = count.steps_through(today)
    changed = courses.differences(before, after)
    if not changed:
        return
    is_plain = len(changed) == 1 and changed[0].to is None and (not before or changed[0].from_ == plain_since)
    if not is_plain:
        intervals = tuple(_restated(difference, terms) for difference in changed)
        case.tell(DelinquencyRestated(**case.next(), intervals=intervals, cause=restated_cause, cause_version=cause_version))
    from_, to = courses.bucket_at(before, today), courses.bucket_at(after, today)
    if from_ != to:
        _tell_bucket(case, count, from_, to, cause, after[-1].since if after else changed[-1].from_)


def _tell_bucket(case: Case, count: Lateness, from_: str, to: str, cause: str, since: date) -> None:
    units = count.units_on(since)
    case.tell(
        BucketChanged(
            **case.next(),
            from_=from_,
            to=to,
            past_due_units=0 if units is None else units,
            direction=direction_of(from_, to, case.terms, since),
            cause=cause,
            bucket_set_version=case.terms.at(since).bucket_set.version,
            since=since,
        )
    )


def direction_of(from_: str, to: str, terms: TermsInForce, since: date) -> RollDirection:
    """By the order of the set in force; a bucket that only an earlier set has gives no direction, unless the case is cured."""
    bucket_set = terms.at(since).bucket_set
    was, is_now = bucket_set.rank(from_), bucket_set.rank(to)
    if not from_ or is_now is None:
        return RollDirection.UNSPECIFIED
    if is_now == 0:
        return RollDirection.CURE
    if was is None:
        return RollDirection.UNSPECIFIED
    return RollDirection.FORWARD if is_now > was else RollDirection.BACKWARD


def check_declared(declared: Declared, terms: PortfolioTerms, as_of: date) -> None:
    """One of the three, in the unit of the portfolio's bucket set."""
    given = {
        "cycles_past_due": declared.cycles_past_due,
        "days_past_due": declared.days_past_due,
        "oldest_unpaid_due_date": declared.oldest_unpaid_due_date,
    }
    takes = _fields_taken(terms)
    for name, value in given.items():
        if value is not None and name not in takes:
            raise IsInvalid(name, f"must be absent: the portfolio takes {' or '.join(takes)}")
    if sum(given[name] is not None for name in takes) != 1:
        raise IsInvalid(takes[0], f"exactly one must be given: {' or '.join(takes)}")
    for name in ("cycles_past_due", "days_past_due"):
        value = given[name]
        if isinstance(value, int) and abs(value) > PAST_DUE_UNITS_MAX:
            raise IsInvalid(name, f"must not exceed {PAST_DUE_UNITS_MAX}")
    due = declared.oldest_unpaid_due_date
    if due is not None and (due.year < DUE_DATE_YEAR_MIN or (due - as_of).days > DUE_DATE_AHEAD_DAYS_MAX):
        raise IsInvalid("oldest_unpaid_due_date", f"must lie between {DUE_DATE_YEAR_MIN} and {DUE_DATE_AHEAD_DAYS_MAX} days ahead")


def _fields_taken(terms: PortfolioTerms) -> tuple[str, ...]:
    if terms.bucket_set.unit is BucketUnit.CYCLES:
        return ("cycles_past_due",)
    if terms.delinquency_authority is Authority.OURS:
        # We count the days ourselves: a creditor's count would be a second opinion, not a ground to count on from.
        return ("oldest_unpaid_due_date",)
    return ("days_past_due", "oldest_unpaid_due_date")


def _restated(difference: Difference, terms: TermsInForce) -> RestatedInterval:
    version = terms.at(difference.from_).bucket_set.version
    return RestatedInterval(difference.from_, difference.to, difference.before, difference.after, version)
