"""A case's balance is the sum of its debts by component, on any day, whatever order the bookings came in."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain import balance, booking, closing
from services.cases.domain.balance import balance_at, ledger_at, report_balance
from services.cases.domain.booking import DebtIsAttachedAlready, DebtIsDetached, DebtTerms
from services.cases.domain.case import Case, CaseIsClosed, CaseIsUnknown
from services.cases.domain.components import AMOUNT_MINOR_UNITS_MAX, Component, ComponentAmount, summed
from services.cases.domain.debts import AdjustmentReason, CaseAmountsAreTooLarge, DebtIsUnknown
from services.cases.domain.lifecycle import CloseOutcome
from services.cases.domain.terms import Authority
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import (
    NOON,
    THE_CASE,
    THE_DEBT,
    TODAY,
    a_debt,
    an_open_case,
    at,
    eur,
    interest,
    names,
    principal,
    refused,
    stored,
    terms,
)

OURS = terms(balance_authority=Authority.OURS)
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
ANOTHER_DEBT = UUID(int=77)


def adjust(case: Case, *deltas: ComponentAmount, on: date | None = None, debt: UUID = THE_DEBT) -> None:
    booking.adjust(case, debt, deltas, AdjustmentReason.CORRECTION, "file-1", on)


def test_a_balance_is_told_for_any_day() -> None:
    case = an_open_case(OURS)
    adjust(case, interest(50), on=MARCH)
    adjust(case, principal(-200), on=FEBRUARY)
    assert [balance_at(case, day) for day in (date(2025, 12, 31), JANUARY, FEBRUARY, MARCH)] == [eur(0), eur(1_000), eur(800), eur(850)]
    assert case.debts.components_on(MARCH) == (principal(800), interest(50))


def test_a_second_debt_adds_to_the_case() -> None:
    case = an_open_case(OURS)
    booking.attach(case, ANOTHER_DEBT, a_debt(principal(500), interest(20), ref="loan-1"), FEBRUARY)
    assert (balance_at(case, JANUARY), balance_at(case, FEBRUARY)) == (eur(1_000), eur(1_520))
    assert case.debts.components_on(FEBRUARY) == (principal(1_500), interest(20))


def test_a_detached_debt_counts_until_the_day_before() -> None:
    case = an_open_case(OURS)
    booking.attach(case, ANOTHER_DEBT, a_debt(principal(500), ref="loan-1"), FEBRUARY)
    adjust(case, interest(30), on=MARCH, debt=ANOTHER_DEBT)
    stored(case)
    booking.detach(case, ANOTHER_DEBT, "BAJA", MARCH)
    booking.detach(case, ANOTHER_DEBT, "BAJA", MARCH)
    assert names(case) == ["DebtDetached"]
    assert (balance_at(case, date(2026, 2, 28)), balance_at(case, MARCH)) == (eur(1_500), eur(1_000))
    with refused(DebtIsDetached):
        adjust(case, interest(1), debt=ANOTHER_DEBT)


def test_a_detached_debt_may_come_back_as_another() -> None:
    case = an_open_case(OURS)
    booking.detach(case, THE_DEBT, "BAJA", None)
    booking.attach(case, ANOTHER_DEBT, a_debt(principal(900)), None)
    assert balance_at(case, TODAY) == eur(900)
    with refused(DebtIsAttachedAlready, external_ref="card-1"):
        booking.attach(case, UUID(int=78), a_debt(), None)


def test_where_the_creditor_has_authority_its_latest_word_counts() -> None:
    case = an_open_case()
    report_balance(case, FEBRUARY, eur(1_100), "file-2")
    report_balance(case, FEBRUARY, eur(1_100), "file-2")
    report_balance(case, MARCH, eur(-5), "file-3")
    assert names(case) == ["BalanceReported", "BalanceReported"]
    assert [balance_at(case, day) for day in (JANUARY, FEBRUARY, date(2026, 2, 28), TODAY)] == [eur(1_000), eur(1_100), eur(1_100), eur(-5)]
    assert ledger_at(case, TODAY) == eur(1_000)


def test_a_report_tells_what_we_had_on_that_day() -> None:
    case = an_open_case(OURS)
    adjust(case, principal(-400), on=MARCH)
    stored(case)
    report_balance(case, FEBRUARY, eur(999), "file-2")
    (reported,) = case.pending_events
    assert isinstance(reported, balance.BalanceReported)
    assert (reported.theirs, reported.ours) == (eur(999), eur(1_000))
    assert balance_at(case, TODAY) == eur(600)


@pytest.mark.parametrize(
    ("debt", "field"),
    [
        (DebtTerms("x", "card", ()), "debt.components"),
        (DebtTerms(" ", "card", (principal(1),)), "debt.external_ref"),
        (DebtTerms("x", "card", (principal(1), principal(2))), "debt.components[1].component"),
        (DebtTerms("x", "card", (ComponentAmount(Component.FEES, Money("USD", 1)),)), "debt.components[0].amount.currency_code"),
        (DebtTerms("x", "card", (ComponentAmount(Component.FEES, Money("EUR", 10**16)),)), "debt.components[0].amount.minor_units"),
        (DebtTerms("x", "card", (principal(1),), date(2027, 1, 1)), "debt.oldest_due_date"),
    ],
)
def test_a_broken_debt_is_refused_by_field(debt: DebtTerms, field: str) -> None:
    case = an_open_case()
    with refused(IsInvalid, field=field):
        booking.attach(case, ANOTHER_DEBT, debt, None)
    assert names(case) == []


def test_nothing_is_booked_in_the_future_nor_before_the_debt_was_there() -> None:
    case = an_open_case()
    for day in (date(2026, 4, 1), date(2025, 12, 31)):
        with refused(IsInvalid, field="value_date"):
            adjust(case, principal(1), on=day)
        with refused(IsInvalid, field="value_date"):
            booking.detach(case, THE_DEBT, "BAJA", day)


def test_what_is_not_there_cannot_be_adjusted() -> None:
    with refused(DebtIsUnknown):
        adjust(an_open_case(), principal(1), debt=ANOTHER_DEBT)
    with refused(CaseIsUnknown):
        adjust(at(Case.blank(THE_CASE), NOON), principal(1))
    closed = an_open_case()
    closing.close(closed, CloseOutcome.RECALLED_BY_CLIENT, ["letter-1"])
    with refused(CaseIsClosed, outcome="RECALLED_BY_CLIENT"):
        adjust(closed, principal(1))


def test_no_more_is_booked_than_a_balance_may_ever_hold() -> None:
    case = an_open_case(OURS)
    there = balance_at(case, TODAY).minor_units
    adjust(case, ComponentAmount(Component.INTEREST, Money("EUR", there + 1 - AMOUNT_MINOR_UNITS_MAX)))
    adjust(case, ComponentAmount(Component.INTEREST, Money("EUR", 1)))
    with refused(CaseAmountsAreTooLarge):
        adjust(case, ComponentAmount(Component.INTEREST, Money("EUR", 1)))
    with refused(CaseAmountsAreTooLarge):
        booking.attach(case, ANOTHER_DEBT, a_debt(principal(1), ref="loan-1"), None)


def test_a_change_of_nothing_is_not_told() -> None:
    case = an_open_case()
    adjust(case, principal(0))
    assert names(case) == []


amounts = st.builds(
    ComponentAmount, st.sampled_from(Component), st.builds(Money, st.sampled_from(["EUR", "USD"]), st.integers(-(10**15), 10**15))
)


@given(st.lists(amounts), st.randoms(use_true_random=False))
def test_sums_lose_nothing_and_never_net_across_currencies(parts: list[ComponentAmount], shuffler: object) -> None:
    shuffled = list(parts)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert summed(parts) == summed(shuffled)
    for code in ("EUR", "USD"):
        summed_up = sum(a.amount.minor_units for a in summed(parts) if a.amount.currency_code == code)
        assert summed_up == sum(a.amount.minor_units for a in parts if a.amount.currency_code == code)


bookings = st.lists(st.tuples(st.dates(JANUARY, TODAY), st.integers(-2_000, 2_000).filter(bool)), max_size=12)


@given(bookings, st.randoms(use_true_random=False))
def test_the_order_of_bookings_changes_no_balance(booked: list[tuple[date, int]], shuffler: object) -> None:
    one, other = an_open_case(OURS), an_open_case(OURS)
    for day, amount in booked:
        adjust(one, principal(amount), on=day)
    shuffled = list(booked)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    for day, amount in shuffled:
        adjust(other, principal(amount), on=day)
    for day in {JANUARY, TODAY, *(day for day, _ in booked)}:
        assert balance_at(one, day) == balance_at(other, day) == eur(1_000 + sum(a for d, a in booked if d <= day))
