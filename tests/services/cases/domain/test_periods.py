"""Days on hold are a set: however many periods cover a day, it is one day."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain.periods import Period, Union, joined

BEGIN = date(2024, 1, 1)
HORIZON = [BEGIN + timedelta(days=n) for n in range(500)]
"""With a leap day in it."""

days = st.integers(0, 400).map(lambda n: BEGIN + timedelta(days=n))
periods = st.builds(Period, days, st.one_of(st.none(), days))
many = st.lists(periods, max_size=8)


def covered(of: list[Period]) -> set[date]:
    """Said without any algebra."""
    return {day for day in HORIZON if any(period.holds(day) for period in of)}


def test_the_golden_holds_take_away_the_length_of_their_union() -> None:
    march = Union([Period(date(2026, 3, 10), date(2026, 3, 20)), Period(date(2026, 3, 1), date(2026, 3, 31))])
    assert march.days_within(date(2026, 1, 1), date(2026, 5, 1)) == 31


@given(many)
def test_a_day_is_in_the_union_when_any_period_holds_it(of: list[Period]) -> None:
    union = Union(of)
    assert {day for day in HORIZON if union.holds(day)} == covered(of)


@given(many, days, days)
def test_days_are_counted_once(of: list[Period], since: date, until: date) -> None:
    expected = len([day for day in covered(of) if since <= day < until])
    assert Union(of).days_within(since, until) == expected


@given(many, st.permutations(range(8)))
def test_neither_order_nor_repetition_matters(of: list[Period], order: list[int]) -> None:
    shuffled = [of[place] for place in order if place < len(of)]
    assert joined(shuffled) == joined(of) == joined([*of, *of])


@given(many, many)
def test_union_is_idempotent_and_associative(one: list[Period], other: list[Period]) -> None:
    assert joined([*joined(one), *joined(other)]) == joined([*one, *other])


@given(many)
def test_joined_periods_neither_touch_nor_overlap(of: list[Period]) -> None:
    result = joined(of)
    for before, after in pairwise(result):
        assert before.through is not None
        assert before.through + timedelta(days=1) < after.from_


@given(many, days)
def test_the_end_of_a_stop_is_the_first_day_that_is_free(of: list[Period], day: date) -> None:
    union, stopped = Union(of), covered(of)
    if union.holds(day):
        free = [later for later in HORIZON if later > day and later not in stopped]
        assert union.end_after(day) == (free[0] if free else None)


@given(many)
def test_what_is_stopped_changes_only_at_edges(of: list[Period]) -> None:
    edges, union = set(Union(of).edges()), Union(of)
    changes = {day for day in HORIZON[1:] if union.holds(day) != union.holds(day - timedelta(days=1))}
    assert changes <= edges
