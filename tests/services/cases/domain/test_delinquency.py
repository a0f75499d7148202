"""How late a case is follows from what was declared, in whatever order it came; what came late is told as restated."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain import closing, delinquency, portfolio
from services.cases.domain.balance import report_balance
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.case import Case, CaseIsOfAnotherPortfolio, take_on_terms
from services.cases.domain.delinquency import (
    ArrearsReported,
    BucketChanged,
    DelinquencyRestated,
    RestatedInterval,
    RollDirection,
    bucket_at,
)
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.steps import Declared
from services.cases.domain.steps import bucket_at as bucket_of_steps
from services.cases.domain.terms import Authority
from services.cases.timers import tell_boundary
from services.kernel.calendar import start_of, zone
from services.kernel.facts import Fact, told
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import (
    DAYS,
    NOON,
    TODAY,
    a_client,
    a_debt,
    a_portfolio,
    an_open_case,
    at,
    eur,
    names,
    refused,
    stored,
    terms,
)

JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
MADRID = zone("Europe/Madrid")


def report(case: Case, as_of: date, cycles: int | None = None, days: int | None = None, due: date | None = None) -> None:
    delinquency.report_arrears(case, as_of, Declared(cycles, days, due), None, f"file-{as_of}")


def changed(case: Case) -> list[tuple[str, str, str, date]]:
    return [(f.from_, f.to, f.direction.name, f.since) for f in told(case) if isinstance(f, BucketChanged)]


def restated(case: Case) -> list[tuple[date, date | None, str, str]]:
    return [(i.from_, i.to, i.before, i.after) for f in told(case) if isinstance(f, DelinquencyRestated) for i in f.intervals]


def noon(day: date) -> datetime:
    return start_of(day, MADRID) + timedelta(hours=12)


# Cycles, as declared -----------------------------------------------------------


def test_the_first_report_is_an_entry_not_a_roll() -> None:
    case = an_open_case()
    report(case, JANUARY, cycles=2)
    assert names(case) == ["ArrearsReported", "BucketChanged"]
    assert changed(case) == [("", "2", "UNSPECIFIED", JANUARY)]


def test_declared_cycles_jump_without_a_ladder() -> None:
    case = an_open_case()
    for as_of, cycles in ((JANUARY, 0), (FEBRUARY, 2), (MARCH, 1)):
        report(case, as_of, cycles=cycles)
    assert changed(case)[1:] == [("current", "2", "FORWARD", FEBRUARY), ("2", "1", "BACKWARD", MARCH)]
    assert restated(case) == []


def test_back_to_the_first_bucket_is_a_cure() -> None:
    case = an_open_case()
    report(case, JANUARY, cycles=3)
    report(case, FEBRUARY, cycles=-1)
    assert changed(case)[-1] == ("3", "current", "CURE", FEBRUARY)


def test_what_is_declared_counts_whatever_the_balance_and_no_case_closes_by_itself() -> None:
    case = an_open_case()
    report_balance(case, FEBRUARY, eur(0), "file")
    report(case, FEBRUARY, cycles=2)
    assert (bucket_at(case, FEBRUARY), case.lifecycle) == ("2", Lifecycle.OPEN)


def test_the_same_report_again_tells_nothing() -> None:
    case = an_open_case()
    report(case, FEBRUARY, cycles=2)
    report(case, FEBRUARY, cycles=2)
    assert names(case) == ["ArrearsReported", "BucketChanged"]


def test_a_report_that_changes_no_bucket_is_recorded() -> None:
    case = an_open_case()
    report(case, JANUARY, cycles=2)
    stored(case)
    report(case, FEBRUARY, cycles=2)
    assert names(case) == ["ArrearsReported"]


def test_a_back_dated_report_restates_the_days_it_changes() -> None:
    case = an_open_case()
    report(case, JANUARY, cycles=0)
    report(case, MARCH, cycles=2)
    stored(case)
    report(case, FEBRUARY, cycles=1)
    assert names(case) == ["ArrearsReported", "DelinquencyRestated"]
    assert restated(case) == [(FEBRUARY, MARCH, "current", "1")]


def test_a_report_before_the_first_is_restated_from_none() -> None:
    case = an_open_case()
    report(case, MARCH, cycles=2)
    stored(case)
    report(case, JANUARY, cycles=0)
    assert restated(case) == [(JANUARY, MARCH, "", "current")]
    assert changed(case) == []


def test_a_correction_of_the_newest_report_restates_and_changes_today() -> None:
    case = an_open_case()
    report(case, JANUARY, cycles=0)
    report(case, FEBRUARY, cycles=2)
    stored(case)
    report(case, FEBRUARY, cycles=1)
    assert names(case) == ["ArrearsReported", "DelinquencyRestated", "BucketChanged"]
    assert restated(case) == [(FEBRUARY, None, "2", "1")]
    assert changed(case) == [("2", "1", "BACKWARD", FEBRUARY)]
    (fact,) = [f for f in told(case) if isinstance(f, DelinquencyRestated)]
    assert (fact.cause, fact.intervals[0].bucket_set_version) == ("CORRECTED_REPORT", "cycles-1")


def test_the_creditor_may_report_on_a_closed_case_and_nothing_reopens() -> None:
    case = an_open_case()
    closing.close(case, CloseOutcome.WRITTEN_OFF, ["minutes-1"])
    stored(case)
    report(case, FEBRUARY, cycles=2)
    assert (names(case), case.lifecycle) == (["ArrearsReported", "BucketChanged"], Lifecycle.CLOSED)


@pytest.mark.parametrize(
    ("of", "declared", "field"),
    [
        (terms(), Declared(days_past_due=3), "days_past_due"),
        (terms(), Declared(1, oldest_unpaid_due_date=JANUARY), "oldest_unpaid_due_date"),
        (terms(), Declared(), "cycles_past_due"),
        (terms(), Declared(2_000_000), "cycles_past_due"),
        (terms(DAYS), Declared(1), "cycles_past_due"),
        (terms(DAYS), Declared(days_past_due=1, oldest_unpaid_due_date=JANUARY), "days_past_due"),
        (terms(DAYS), Declared(oldest_unpaid_due_date=date(1800, 1, 1)), "oldest_unpaid_due_date"),
        (terms(DAYS, delinquency_authority=Authority.OURS), Declared(days_past_due=1), "days_past_due"),
    ],
)
def test_a_report_in_another_unit_is_refused_by_field(of: Any, declared: Declared, field: str) -> None:
    case = an_open_case(of)
    with refused(IsInvalid, field=field):
        delinquency.report_arrears(case, FEBRUARY, declared, None, "file")
    assert names(case) == []


def test_a_report_of_tomorrow_is_refused() -> None:
    with refused(IsInvalid, field="as_of"):
        report(an_open_case(), date(2026, 4, 1), cycles=1)


# Days, counted on ---------------------------------------------------------------


def test_declared_days_stay_until_the_next_report() -> None:
    case = an_open_case(terms(DAYS))
    report(case, JANUARY, days=20)
    assert [bucket_at(case, day) for day in (date(2026, 1, 30), JANUARY, MARCH)] == ["", "1-30", "1-30"]
    assert list(case.due()) == []


def test_a_due_date_is_counted_on_from_and_sets_one_timer() -> None:
    case = an_open_case(terms(DAYS), now=noon(date(2026, 2, 10)))
    report(case, date(2026, 2, 10), due=JANUARY)
    assert bucket_at(case, date(2026, 2, 10)) == "1-30"
    (due,) = case.due()
    assert (due.key, due.at) == ("delinquency.boundary", start_of(JANUARY + timedelta(days=31), MADRID))
    assert [bucket_at(case, JANUARY + timedelta(days=n)) for n in (30, 31, 60, 61)] == ["1-30", "31-60", "31-60", "61+"]


def test_a_boundary_is_told_on_its_day() -> None:
    case = an_open_case(terms(DAYS), now=noon(date(2026, 2, 10)))
    report(case, date(2026, 2, 10), due=JANUARY)
    stored(case)
    boundary = JANUARY + timedelta(days=31)
    at(case, start_of(boundary, MADRID))
    wake(case)
    assert [(f.cause, f.past_due_units) for f in told(case) if isinstance(f, BucketChanged)] == [("BOUNDARY", 31)]
    assert (changed(case), restated(case)) == ([("1-30", "31-60", "FORWARD", boundary)], [])
    assert [due.at for due in case.due()] == [start_of(JANUARY + timedelta(days=61), MADRID)]
    wake(case)
    assert len(told(case)) == 1


def test_a_timer_that_fires_days_late_tells_what_was_missed() -> None:
    case = an_open_case(terms(DAYS), now=noon(date(2026, 2, 10)))
    report(case, date(2026, 2, 10), due=JANUARY)
    stored(case)
    at(case, noon(date(2026, 4, 20)))
    wake(case)
    first, second = JANUARY + timedelta(days=31), JANUARY + timedelta(days=61)
    assert restated(case) == [(first, second, "1-30", "31-60"), (second, None, "1-30", "61+")]
    assert changed(case) == [("1-30", "61+", "FORWARD", second)]
    assert [f.cause for f in told(case) if isinstance(f, DelinquencyRestated)] == ["LATE_TIMER"]
    assert list(case.due()) == []


def test_a_report_after_a_missed_boundary_tells_the_boundary_first() -> None:
    case = an_open_case(terms(DAYS), now=noon(date(2026, 2, 10)))
    report(case, date(2026, 2, 10), due=JANUARY)
    stored(case)
    at(case, noon(JANUARY + timedelta(days=31)))
    report(case, JANUARY + timedelta(days=31), due=JANUARY + timedelta(days=40))
    assert names(case) == ["BucketChanged", "ArrearsReported", "BucketChanged"]
    assert bucket_at(case, case.today) == "current"


def test_a_closed_case_sets_no_timer_and_catches_up_when_it_is_reopened() -> None:
    case = an_open_case(terms(DAYS), now=noon(date(2026, 2, 10)))
    report(case, date(2026, 2, 10), due=JANUARY)
    closing.close(case, CloseOutcome.RECALLED_BY_CLIENT, ["letter-1"])
    assert list(case.due()) == []
    stored(at(case, noon(date(2026, 4, 20))))
    closing.reopen(case, ReopenReason.CLIENT_REQUEST, [])
    assert names(case) == ["CaseReopened", "DelinquencyRestated", "BucketChanged"]


def test_due_dates_that_come_with_the_row_are_counted_from() -> None:
    case = an_open_case(terms(DAYS), value_date=FEBRUARY, debts=(a_debt(oldest_due_date=JANUARY),))
    assert (bucket_at(case, FEBRUARY), bucket_at(case, TODAY)) == ("1-30", "31-60")


# Terms ---------------------------------------------------------------------------


def test_changed_buckets_are_taken_on_with_the_next_decision() -> None:
    of = a_portfolio(terms(DAYS))
    case = an_open_case(terms(DAYS))
    report(case, JANUARY, days=20)
    stored(case)
    fine = BucketSet("days-2", BucketUnit.DAYS, (Bucket("current", None, 0), Bucket("1-15", 1, 15), Bucket("16+", 16, None)))
    portfolio.change_terms(of, terms(fine), date(2026, 3, 1))
    take_on_terms(case, of)
    take_on_terms(case, of)
    assert names(case) == ["CaseTermsChanged", "DelinquencyRestated", "BucketChanged"]
    assert restated(case) == [(date(2026, 3, 1), None, "1-30", "16+")]
    assert (bucket_at(case, FEBRUARY), bucket_at(case, TODAY)) == ("1-30", "16+")


def test_terms_of_a_later_day_wake_the_case_on_that_day() -> None:
    of = a_portfolio(terms(DAYS))
    case = an_open_case(terms(DAYS))
    report(case, JANUARY, days=20)
    fine = BucketSet("days-2", BucketUnit.DAYS, (Bucket("current", None, 0), Bucket("1-15", 1, 15), Bucket("16+", 16, None)))
    portfolio.change_terms(of, terms(fine), date(2026, 5, 1))
    take_on_terms(case, of)
    assert [due.at for due in case.due()] == [start_of(date(2026, 5, 1), MADRID)]


def test_a_case_takes_on_the_terms_of_its_own_portfolio_only() -> None:
    other = at(Portfolio.blank(UUID(int=99)), NOON)
    portfolio.open_portfolio(other, a_client(), "loans", "Loans", terms())
    with refused(CaseIsOfAnotherPortfolio):
        take_on_terms(an_open_case(), other)


# Whatever the order ----------------------------------------------------------------


def wake(case: Case) -> None:
    for change in tell_boundary(case, None):  # type: ignore[arg-type]  # it does not look at the timer
        change.decide(case, a_portfolio(case.terms.versions[0][1]))


def rebuilt(facts: list[Fact]) -> list[tuple[date, str]]:
    """What a listener makes of the facts alone, day by day: the buckets from each first day on."""
    days: dict[date, str] = {}
    horizon = [date(2025, 12, 1) + timedelta(days=n) for n in range(150)]
    for fact in facts:
        if isinstance(fact, BucketChanged):
            days.update((day, fact.to) for day in horizon if day >= fact.since)
        if isinstance(fact, DelinquencyRestated):
            for interval in fact.intervals:
                until = interval.to or date.max
                until = interval.to or date.max
                days.update((day, interval.after) for day in horizon if interval.from_ <= day < until)
    return [(day, days.get(day, "")) for day in horizon]


cycles_reports = st.dictionaries(st.dates(date(2026, 1, 1), TODAY), st.integers(-2, 6), min_size=1, max_size=8)
days_reports = st.dictionaries(
    st.dates(date(2026, 1, 1), TODAY),
    st.one_of(
        st.builds(Declared, st.none(), st.integers(-5, 90), st.none()),
        st.builds(Declared, st.none(), st.none(), st.dates(date(2025, 12, 1), date(2026, 4, 30))),
    ),
    min_size=1,
    max_size=6,
)


@given(cycles_reports, st.data())
def test_cycles_in_any_order_end_in_the_same_history(reports: dict[date, int], data: st.DataObject) -> None:
    in_order, shuffled = an_open_case(), an_open_case()
    for as_of, cycles in sorted(reports.items()):
        report(in_order, as_of, cycles=cycles)
    for as_of in data.draw(st.permutations(sorted(reports))):
        report(shuffled, as_of, cycles=reports[as_of])
    assert in_order.delinquency.told == shuffled.delinquency.told
    assert rebuilt(told(in_order)) == rebuilt(told(shuffled))
    assert not any(isinstance(fact, DelinquencyRestated) for fact in told(in_order))


@given(days_reports, st.data())
def test_days_in_any_order_end_in_the_same_history(reports: dict[date, Declared], data: st.DataObject) -> None:
    in_order, shuffled = an_open_case(terms(DAYS)), an_open_case(terms(DAYS))
    for as_of in sorted(reports):
        delinquency.report_arrears(in_order, as_of, reports[as_of], None, "file")
    for as_of in data.draw(st.permutations(sorted(reports))):
        delinquency.report_arrears(shuffled, as_of, reports[as_of], None, "file")
    assert in_order.delinquency.told == shuffled.delinquency.told
    assert rebuilt(told(in_order)) == rebuilt(told(shuffled))


@given(days_reports, st.data())
def test_what_is_told_is_what_is_true_on_every_day(reports: dict[date, Declared], data: st.DataObject) -> None:
    case = an_open_case(terms(DAYS))
    order = data.draw(st.lists(st.sampled_from(sorted(reports)), max_size=10))
    for as_of in order:
        declared = data.draw(st.sampled_from(list(reports.values())))
        delinquency.report_arrears(case, as_of, declared, None, "file")
    for day, bucket in rebuilt(told(case)):
        if day <= TODAY:
            assert bucket == bucket_at(case, day) == bucket_of_steps(case.delinquency.told, day)


@given(days_reports, st.lists(st.integers(1, 40), max_size=6))
def test_timers_whenever_they_fire_end_in_the_same_history(reports: dict[date, Declared], waits: list[int]) -> None:
    punctual, late = an_open_case(terms(DAYS)), an_open_case(terms(DAYS))
    for case in (punctual, late):
        for as_of in sorted(reports):
            delinquency.report_arrears(case, as_of, reports[as_of], None, "file")
    end = TODAY + timedelta(days=sum(waits))
    while due := [d for d in punctual.due() if d.at <= noon(end)]:
        wake(at(punctual, max(due[0].at, NOON)))
    for wait in waits:
        wake(at(late, late.now + timedelta(days=wait)))
    assert punctual.delinquency.told == late.delinquency.told
    for one, other in pairwise(punctual.delinquency.told):
        assert one.since < other.since
        assert one.bucket != other.bucket


def test_facts_are_plain_data() -> None:
    case = an_open_case()
    report(case, JANUARY, cycles=2)
    arrears, bucket = told(case)
    assert isinstance(arrears, ArrearsReported)
    assert (arrears.cycles_past_due, arrears.days_past_due, arrears.source_ref) == (2, None, "file-2026-01-31")
    assert isinstance(bucket, BucketChanged)
    assert (bucket.cause, bucket.direction) == ("REPORTED", RollDirection.UNSPECIFIED)
    assert RestatedInterval(JANUARY, None, "", "2", "cycles-1").to is None
