"""Counted lateness: since the oldest unpaid due date, without days of grace and days on hold, by component and within tolerance."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain import booking, crediting, delinquency, holding, lateness, scheduling
from services.cases.domain.arrears import Ledger
from services.cases.domain.case import Case
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.crediting import Credit
from services.cases.domain.debts import AdjustmentReason, DebtIsUnknown
from services.cases.domain.delinquency import BucketChanged, DelinquencyRestated, bucket_at
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind, HoldScope
from services.cases.domain.instalments import Instalment
from services.cases.domain.payments import PaymentLine
from services.cases.domain.steps import Declared
from services.cases.domain.steps import bucket_at as bucket_of_steps
from services.cases.domain.terms import Authority, DelinquencyPolicy
from services.cases.timers import TIMERS
from services.kernel.calendar import start_of, zone
from services.kernel.facts import Causation, told
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, Refusal
from tests.services.cases.examples import (
    DAYS,
    NOON,
    THE_DEBT,
    TODAY,
    a_debt,
    a_portfolio,
    an_open_case,
    at,
    names,
    principal,
    refused,
    stored,
    terms,
)
from tests.services.cases.lateness_oracle import Oracle, Owed, Received

JANUARY, FEBRUARY, MARCH = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
BEGIN = date(2026, 1, 1)
PRINCIPAL, INTEREST = Component.PRINCIPAL, Component.INTEREST
MADRID = zone("Europe/Madrid")
ONE_DAY = timedelta(days=1)


def counted(**policy: Any) -> Any:
    return terms(DAYS, delinquency_authority=Authority.OURS, delinquency_policy=DelinquencyPolicy(**policy) if policy else None)


def cents(amount: int) -> Money:
    return Money("EUR", amount)


def instalment(number: int, due: date, **parts: int) -> Instalment:
    return Instalment(number, due, tuple(ComponentAmount(Component[name.upper()], cents(amount)) for name, amount in parts.items()))


def three_of_hundred(case: Case) -> None:
    """100.00 on the 1st of January, February and March."""
    due = [instalment(number, date(2026, number, 1), principal=10_000) for number in (1, 2, 3)]
    scheduling.schedule(case, THE_DEBT, due, "contract")


def pay(
    case: Case, amount: int, on: date, number: int = 1, component: Component = PRINCIPAL, instalment: int = 0, debt: UUID = THE_DEBT
) -> None:
    lines = (PaymentLine(debt, component, cents(amount), instalment),)
    credit = Credit(UUID(int=1_000 + number), UUID(int=2_000 + number), cents(amount), lines, on, "PSP")
    crediting.apply(case, credit, Causation(UUID(int=3_000), number))


def take_back(case: Case, on: date, number: int = 1) -> None:
    crediting.unapply(case, UUID(int=1_000 + number), "RETURNED", on, Causation(UUID(int=3_000), 900 + number))


def hold(case: Case, from_: date, through: date | None, number: int = 1, **other: Any) -> None:
    wanted = HoldTerms(HoldKind.LEGAL, "ASKED", from_, through, frozenset({HoldScope.DPD}), **other)
    holding.place(case, UUID(int=4_000 + number), wanted)


def late(case: Case, day: date) -> int | None:
    return lateness.of_case(case).units_on(day)


def restated(case: Case) -> list[tuple[date, date | None, str, str, str]]:
    return [(i.from_, i.to, i.before, i.after, f.cause) for f in told(case) if isinstance(f, DelinquencyRestated) for i in f.intervals]


def changed(case: Case) -> list[tuple[str, str, str, date]]:
    return [(f.from_, f.to, f.cause, f.since) for f in told(case) if isinstance(f, BucketChanged)]


# Due dates -----------------------------------------------------------------------


def test_days_are_counted_from_the_oldest_unpaid_due_date() -> None:
    case = an_open_case(counted())
    three_of_hundred(case)
    assert [late(case, day) for day in (date(2026, 1, 1), date(2026, 1, 2), FEBRUARY, MARCH)] == [0, 1, 58, 89]
    pay(case, 10_000, on=date(2026, 2, 10))
    assert [late(case, day) for day in (date(2026, 2, 9), date(2026, 2, 10), MARCH)] == [39, 9, 58]
    pay(case, 20_000, on=MARCH, number=2)
    assert (late(case, date(2026, 3, 30)), late(case, MARCH)) == (57, 0)


def test_a_case_whose_instalments_are_known_and_not_due_is_current() -> None:
    case = an_open_case(counted())
    scheduling.schedule(case, THE_DEBT, [instalment(1, date(2026, 6, 1), principal=10_000)], "contract")
    assert names(case) == ["InstalmentsScheduled", "BucketChanged"]
    assert changed(case) == [("", "current", "INSTALMENTS_SCHEDULED", BEGIN)]
    (due,) = case.due()
    assert (due.key, due.at) == ("delinquency.boundary", start_of(date(2026, 6, 2), MADRID))


def test_money_given_to_an_instalment_pays_that_one_and_what_is_more_pays_the_oldest() -> None:
    case = an_open_case(counted())
    three_of_hundred(case)
    pay(case, 12_500, on=date(2026, 2, 1), instalment=3)
    assert late(case, MARCH) == 89
    unpaid = Ledger(case.debts.by_id[THE_DEBT], case.payments.by_allocation.values()).unpaid_on(MARCH)
    assert [(each.instalment.number, each.components[0].amount) for each in unpaid] == [(1, cents(7_500)), (2, cents(10_000))]


def test_each_component_is_paid_by_its_own_money() -> None:
    case = an_open_case(counted())
    due = [instalment(1, date(2026, 1, 1), principal=8_000, interest=2_000), instalment(2, date(2026, 2, 1), principal=10_000)]
    scheduling.schedule(case, THE_DEBT, due, "contract")
    pay(case, 18_000, on=date(2026, 2, 1))
    assert late(case, MARCH) == 89
    pay(case, 2_000, on=date(2026, 2, 1), number=2, component=INTEREST)
    assert late(case, MARCH) == 0


def test_components_that_do_not_count_make_nobody_late() -> None:
    case = an_open_case(counted(counted_components=(PRINCIPAL,)))
    due = [instalment(1, date(2026, 1, 1), principal=8_000, interest=2_000), instalment(2, date(2026, 2, 1), principal=8_000)]
    scheduling.schedule(case, THE_DEBT, due, "contract")
    pay(case, 8_000, on=date(2026, 1, 1))
    assert late(case, MARCH) == 58


def test_a_shortfall_within_tolerance_makes_nobody_late_and_shortfalls_add_up() -> None:
    case = an_open_case(counted(tolerance_minor_units=500))
    three_of_hundred(case)
    pay(case, 9_600, on=date(2026, 1, 1))
    assert late(case, date(2026, 1, 31)) == 0
    pay(case, 9_800, on=date(2026, 2, 1), number=2, instalment=2)
    assert late(case, date(2026, 2, 28)) == 27


def test_grace_never_counts() -> None:
    case = an_open_case(counted(grace_days=3))
    three_of_hundred(case)
    assert [late(case, date(2026, 1, day)) for day in (3, 4, 5)] == [0, 0, 1]
    assert late(case, date(2026, 1, 1)) == 0


def test_the_debt_that_is_latest_says_how_late_the_case_is() -> None:
    case = an_open_case(counted())
    other = UUID(int=88)
    booking.attach(case, other, a_debt(principal(50), ref="loan-2"), BEGIN)
    three_of_hundred(case)
    scheduling.schedule(case, other, [instalment(1, date(2026, 3, 1), principal=5_000)], "contract")
    assert late(case, MARCH) == 89
    pay(case, 30_000, on=date(2026, 3, 5))
    assert late(case, MARCH) == 30
    booking.detach(case, other, "BAJA", date(2026, 3, 10))
    assert [late(case, day) for day in (date(2026, 3, 9), date(2026, 3, 10))] == [8, 0]


def test_a_debt_with_only_an_oldest_due_date_counts_beside_one_with_instalments() -> None:
    case = an_open_case(counted())
    booking.attach(case, UUID(int=88), a_debt(principal(50), ref="loan-2", oldest_due_date=date(2025, 12, 1)), BEGIN)
    scheduling.schedule(case, THE_DEBT, [instalment(1, date(2026, 3, 1), principal=5_000)], "contract")
    assert late(case, MARCH) == 120
    pay(case, 5_000, on=date(2026, 3, 1), debt=UUID(int=88))
    assert late(case, MARCH) == 30


def test_a_dispute_upheld_lowers_what_is_due() -> None:
    case = an_open_case(counted())
    three_of_hundred(case)
    booking.adjust(
        case, THE_DEBT, (ComponentAmount(PRINCIPAL, cents(-10_000)),), AdjustmentReason.DISPUTE_UPHELD, "letter", date(2026, 3, 1)
    )
    assert late(case, MARCH) == 58


def test_where_the_creditor_has_the_word_instalments_are_kept_and_do_not_count() -> None:
    case = an_open_case(terms(DAYS))
    three_of_hundred(case)
    assert (names(case), bucket_at(case, TODAY)) == (["InstalmentsScheduled"], "")
    delinquency.report_arrears(case, MARCH, Declared(days_past_due=5), None, "file")
    assert late(case, MARCH) == 5


def test_a_declared_due_date_counts_until_nothing_is_left_to_pay() -> None:
    case = an_open_case(counted(), debts=(a_debt(principal(100), oldest_due_date=date(2025, 12, 1)),))
    assert late(case, MARCH) == 120
    pay(case, 10_000, on=date(2026, 3, 10))
    assert [late(case, day) for day in (date(2026, 3, 9), date(2026, 3, 10), MARCH)] == [98, 0, 0]
    take_back(case, date(2026, 3, 20))
    assert [late(case, day) for day in (date(2026, 3, 10), date(2026, 3, 20))] == [0, 109]


def test_a_later_word_on_an_instalment_takes_the_place_of_the_earlier() -> None:
    case = an_open_case(counted())
    three_of_hundred(case)
    stored(case)
    scheduling.schedule(case, THE_DEBT, [instalment(1, date(2026, 3, 15), principal=10_000)], "deferred")
    assert late(case, MARCH) == 58
    scheduling.schedule(case, THE_DEBT, [instalment(number, date(2026, number, 1)) for number in (1, 2, 3)], "cancelled")
    assert late(case, MARCH) == 0
    stored(case)
    scheduling.schedule(case, THE_DEBT, [instalment(number, date(2026, number, 1)) for number in (1, 2, 3)], "cancelled")
    assert names(case) == []


@pytest.mark.parametrize(
    ("due", "rule"),
    [
        ([], IsInvalid),
        ([instalment(1, BEGIN, principal=1), instalment(1, MARCH, principal=1)], IsInvalid),
        ([instalment(1, BEGIN, principal=-1)], IsInvalid),
        ([instalment(1, BEGIN, principal=0)], IsInvalid),
        ([instalment(1, date(1800, 1, 1), principal=1)], IsInvalid),
        ([Instalment(1, BEGIN, (ComponentAmount(PRINCIPAL, Money("USD", 1)),))], IsInvalid),
    ],
)
def test_a_broken_schedule_is_refused(due: list[Instalment], rule: type[Refusal]) -> None:
    case = an_open_case(counted())
    with pytest.raises(rule):
        scheduling.schedule(case, THE_DEBT, due, "contract")
    assert names(case) == []


def test_a_schedule_of_a_debt_that_is_none_is_refused() -> None:
    with refused(DebtIsUnknown):
        scheduling.schedule(an_open_case(counted()), UUID(int=9), [instalment(1, BEGIN, principal=1)], "contract")


# Holds ------------------------------------------------------------------------------


def test_golden_3_days_on_hold_are_the_length_of_the_union() -> None:
    """10 to 20 March, and later a back-dated 1 to 31 March: 31 days, never the sum (42)."""
    case = an_open_case(counted(), now=NOON + timedelta(days=30))
    three_of_hundred(case)
    april_10 = date(2026, 4, 10)
    assert late(case, april_10) == 99
    hold(case, date(2026, 3, 10), date(2026, 3, 20), number=1)
    assert late(case, april_10) == 99 - 11
    hold(case, date(2026, 3, 1), date(2026, 3, 31), number=2)
    assert late(case, april_10) == 99 - 31
    assert [late(case, date(2026, 3, day)) for day in (1, 2, 15, 31)] == [59, 59, 59, 59]
    assert [late(case, date(2026, 4, day)) for day in (1, 2)] == [59, 60]
    holding.lift(case, UUID(int=4_002), "IN_ERROR", date(2026, 3, 1))
    assert late(case, april_10) == 99 - 11


def test_a_back_dated_hold_restates_with_its_cause_and_version() -> None:
    case = an_open_case(counted())
    three_of_hundred(case)
    stored(case)
    hold(case, date(2026, 1, 11), date(2026, 2, 9))
    assert names(case) == ["HoldPlaced", "DelinquencyRestated", "BucketChanged"]
    assert restated(case) == [
        (date(2026, 2, 1), date(2026, 3, 3), "31-60", "1-30", "HOLD_PLACED"),
        (date(2026, 3, 3), None, "61+", "31-60", "HOLD_PLACED"),
    ]
    assert told(case)[1].cause_version == told(case)[0].originator_version
    assert changed(case) == [("61+", "31-60", "HOLD_PLACED", date(2026, 3, 3))]
    assert [due.at for due in case.due() if due.key == "delinquency.boundary"] == [start_of(date(2026, 4, 2), MADRID)]


def test_a_hold_that_is_open_ended_stops_the_clock_and_its_timer() -> None:
    case = an_open_case(counted())
    scheduling.schedule(case, THE_DEBT, [instalment(1, date(2026, 3, 20), principal=10_000)], "contract")
    hold(case, TODAY, None)
    assert [due.key for due in case.due()] == []
    holding.lift(case, UUID(int=4_001), "ENOUGH", TODAY + timedelta(days=10))
    assert [due.at for due in case.due()] == [start_of(TODAY + timedelta(days=10 + 20), MADRID)]


def test_a_hold_of_one_debt_stops_the_days_of_that_debt_only_and_of_a_part_none() -> None:
    case = an_open_case(counted())
    other = UUID(int=88)
    booking.attach(case, other, a_debt(principal(50), ref="loan-2"), BEGIN)
    three_of_hundred(case)
    scheduling.schedule(case, other, [instalment(1, date(2026, 2, 1), principal=5_000)], "contract")
    hold(case, date(2026, 1, 2), MARCH, debt_id=THE_DEBT)
    assert late(case, MARCH) == 58
    hold(case, date(2026, 1, 2), MARCH, number=2, debt_id=other, amount=cents(2_000))
    assert late(case, MARCH) == 58


def test_where_the_terms_say_so_days_on_hold_count() -> None:
    case = an_open_case(counted(ignores_pauses=True))
    three_of_hundred(case)
    hold(case, date(2026, 1, 2), None)
    assert late(case, MARCH) == 89


def test_a_hold_before_the_due_date_takes_nothing_away() -> None:
    """Fineract's count would subtract it whole."""
    case = an_open_case(counted())
    scheduling.schedule(case, THE_DEBT, [instalment(1, date(2026, 3, 1), principal=10_000)], "contract")
    hold(case, date(2026, 2, 1), date(2026, 3, 5))
    assert late(case, MARCH) == 30 - 5


# Payments -----------------------------------------------------------------------------


def test_a_back_dated_payment_restates_and_its_return_restates_back() -> None:
    case = an_open_case(counted())
    three_of_hundred(case)
    stored(case)
    pay(case, 30_000, on=date(2026, 2, 10))
    assert names(case) == ["PaymentApplied", "DelinquencyRestated", "BucketChanged"]
    # Instalments of the future are paid ahead, so that nothing falls late in March.
    assert restated(case)[-1] == (date(2026, 3, 3), None, "61+", "current", "PAYMENT_APPLIED")
    assert (bucket_at(case, date(2026, 2, 10)), bucket_at(case, MARCH)) == ("current", "current")
    stored(case)
    take_back(case, date(2026, 2, 10))
    assert [each.cause for each in told(case) if isinstance(each, DelinquencyRestated)] == ["PAYMENT_UNAPPLIED"]
    assert (late(case, MARCH), bucket_at(case, MARCH)) == (89, "61+")


def test_a_payment_of_today_is_a_change_and_nothing_is_restated() -> None:
    case = an_open_case(counted())
    three_of_hundred(case)
    stored(case)
    pay(case, 30_000, on=TODAY)
    assert (names(case), changed(case)) == (["PaymentApplied", "BucketChanged"], [("61+", "current", "PAYMENT_APPLIED", TODAY)])


# Whatever the order, whenever the timers -------------------------------------------------

some_day = st.integers(0, 89).map(lambda n: BEGIN + timedelta(days=n))
parts = st.fixed_dictionaries({PRINCIPAL: st.integers(1, 300)}, optional={INTEREST: st.integers(1, 100)})
owed = st.lists(st.tuples(some_day, parts), min_size=1, max_size=5).map(
    lambda rows: [Owed(number, due, of) for number, (due, of) in enumerate(rows, 1)]
)
received = st.lists(
    st.builds(Received, some_day, st.sampled_from([PRINCIPAL, INTEREST]), st.integers(1, 400), st.integers(0, 5), st.none() | some_day),
    max_size=5,
)
on_hold = st.lists(st.tuples(some_day, some_day).map(lambda ends: (min(ends), max(ends))), max_size=3)
oracles = st.builds(
    Oracle,
    owed,
    received,
    on_hold,
    st.integers(0, 5),
    st.integers(0, 50),
    st.sampled_from([frozenset(Component), frozenset({PRINCIPAL})]),
)


def case_of(oracle: Oracle) -> Case:
    components = () if oracle.counted == frozenset(Component) else tuple(oracle.counted)
    return an_open_case(counted(grace_days=oracle.grace_days, tolerance_minor_units=oracle.tolerance, counted_components=components))


def facts_of(oracle: Oracle) -> list[Any]:
    """Each dated fact as a decision on a case. What is taken back is so together with what it takes back: it cannot come before it."""

    def owes(each: Owed) -> Any:
        due = Instalment(each.number, each.due, tuple(ComponentAmount(part, cents(amount)) for part, amount in each.parts.items()))
        return lambda case: scheduling.schedule(case, THE_DEBT, [due], "contract")

    def receives(number: int, each: Received) -> Any:
        def decide(case: Case) -> None:
            pay(case, each.cents, each.on, number, each.component, each.instalment)
            if each.taken_back_on is not None:
                take_back(case, each.taken_back_on, number)

        return decide

    def stops(number: int, ends: tuple[date, date]) -> Any:
        return lambda case: hold(case, *ends, number=number)

    return [
        *(owes(each) for each in oracle.owed),
        *(receives(number, each) for number, each in enumerate(oracle.received)),
        *(stops(number, ends) for number, ends in enumerate(oracle.on_hold)),
    ]


def rebuilt(case: Case) -> list[tuple[date, str]]:
    """What a listener makes of the facts alone, day by day."""
    horizon = [BEGIN + timedelta(days=n) for n in range(91)]
    found: dict[date, str] = {}
    for fact in told(case):
        if isinstance(fact, BucketChanged):
            found.update((day, fact.to) for day in horizon if day >= fact.since)
        if isinstance(fact, DelinquencyRestated):
            for each in fact.intervals:
                found.update((day, each.after) for day in horizon if each.from_ <= day < (each.to or date.max))
    return [(day, found.get(day, "")) for day in horizon]


@given(oracles)
def test_every_day_is_counted_as_if_by_hand(oracle: Oracle) -> None:
    case = case_of(oracle)
    for decide in facts_of(oracle):
        decide(case)
    count = lateness.of_case(case)
    for day in (BEGIN + timedelta(days=n) for n in range(120)):
        assert count.units_on(day) == oracle.days_late(day), day


@given(oracles, st.data())
def test_dated_facts_in_any_order_end_in_the_same_state_and_figures(oracle: Oracle, data: st.DataObject) -> None:
    in_order, shuffled = case_of(oracle), case_of(oracle)
    facts = facts_of(oracle)
    for decide in facts:
        decide(in_order)
    for place in data.draw(st.permutations(range(len(facts)))):
        facts[place](shuffled)
    assert in_order.delinquency.told == shuffled.delinquency.told
    assert rebuilt(in_order) == rebuilt(shuffled)
    for day in (BEGIN, date(2026, 2, 14), TODAY):
        assert in_order.debts.components_on(day) == shuffled.debts.components_on(day)
    assert set(in_order.due()) == set(shuffled.due())


@given(oracles)
def test_what_was_told_is_what_is_true_on_every_day(oracle: Oracle) -> None:
    case = case_of(oracle)
    for decide in facts_of(oracle):
        decide(case)
        for day, bucket in rebuilt(case)[::7]:
            assert bucket == bucket_at(case, day) == bucket_of_steps(case.delinquency.told, day)


@given(oracles, st.lists(st.integers(1, 30), max_size=5))
def test_timers_whenever_they_fire_end_in_the_same_history(oracle: Oracle, waits: list[int]) -> None:
    punctual, late_one = case_of(oracle), case_of(oracle)
    for case in (punctual, late_one):
        for decide in facts_of(oracle):
            decide(case)
    end = NOON + timedelta(days=sum(waits))
    while due := [each for each in punctual.due() if each.at <= end]:
        first = min(due, key=lambda each: each.at)
        wake(at(punctual, max(first.at, punctual.now)), first.key)
    for wait in waits:
        wake(at(late_one, late_one.now + timedelta(days=wait)), "delinquency.boundary")
    wake(at(punctual, end), "delinquency.boundary")
    assert punctual.delinquency.told == late_one.delinquency.told


def wake(case: Case, key: str) -> None:
    for change in TIMERS[key].wake(case, None):  # type: ignore[arg-type]  # it does not look at the timer
        change.decide(case, a_portfolio(case.terms.versions[0][1]))


# The calendar ----------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2023, 2024, 2100])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_end_is_one_day_after_the_day_before_it(year: int, month: int) -> None:
    """Also at the end of February, in leap years and others, and over a change of clocks."""
    case = an_open_case(counted(), now=NOON.replace(year=year + 1), value_date=date(year - 1, 12, 1))
    due = date(year, month, 1) - ONE_DAY
    scheduling.schedule(case, THE_DEBT, [instalment(1, due, principal=10_000)], "contract")
    for gone_by in range(70):
        assert late(case, due + timedelta(days=gone_by)) == gone_by


@pytest.mark.parametrize(
    ("due", "on", "expected"),
    [
        (date(2024, 2, 28), date(2024, 3, 1), 2),
        (date(2023, 2, 28), date(2023, 3, 1), 1),
        (date(2024, 2, 29), date(2025, 2, 28), 365),
        (date(2000, 2, 29), date(2000, 3, 1), 1),
        (date(2100, 2, 28), date(2100, 3, 1), 1),
    ],
)
def test_leap_days_are_days(due: date, on: date, expected: int) -> None:
    case = an_open_case(counted())
    delinquency.report_arrears(case, TODAY, Declared(oldest_unpaid_due_date=due), None, "file")
    case.delinquency.reports = {due: Declared(oldest_unpaid_due_date=due)}
    assert late(case, on) == expected
