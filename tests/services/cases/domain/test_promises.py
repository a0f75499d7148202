"""Promises: kept by what was paid in time, unpaid so far at their midnight, and broken only when all who might know have spoken."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.cases.application import change_portfolio_terms, commitments
from services.cases.domain import booking, closing
from services.cases.domain.booking import DebtIsDetached
from services.cases.domain.case import CaseIsClosed
from services.cases.domain.docket import docket_of
from services.cases.domain.lifecycle import CloseOutcome, ReopenReason
from services.cases.domain.parties import PartyIsUnknown
from services.cases.domain.pledges import PromisePart, PromiseState, PromiseTolerance
from services.cases.domain.promises import (
    CancelledBy,
    PromiseBroken,
    PromiseKept,
    PromisePartlyKept,
    PromiseReminderDue,
    PromiseUnpaidSoFar,
)
from services.cases.domain.promising import (
    DebtIsPromisedAlready,
    PromiseExceedsDebt,
    PromiseIsJudged,
    PromiseIsOver,
    PromiseIsUnknown,
    PromiseTerms,
)
from services.cases.domain.transit import MoneyKind
from services.kernel.ids import derived
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import THE_CASE, THE_DEBT, THE_PORTFOLIO, a_debt, eur, principal, refused, terms
from tests.services.cases.promise_world import BANK, FILE, FRIDAY, MONDAY, SATURDAY, SUNDAY, THE_PROMISE, World

SECOND = UUID(int=911)
TUESDAY = date(2026, 3, 17)


@pytest.fixture
def world() -> World:
    return World()


def golden(world: World) -> World:
    """100 by Friday, one day of grace, five per cent may be missing."""
    world.promise_to_pay((FRIDAY, 100), grace_days=1, basis_points=500)
    return world


# Golden scenario 1 -------------------------------------------------------------------------------------------------------


def test_96_of_100_paid_on_the_day_of_grace_keep_it(world: World) -> None:
    golden(world)
    world.pay("p", SATURDAY, 96)
    world.pass_to_midnight_of(SUNDAY)
    assert world.told() == ["PromiseMade", "PromiseKept"]
    kept = world.facts(lambda fact: isinstance(fact, PromiseKept))[0]
    assert (kept.paid, kept.on, kept.tolerated) == (eur(96), SATURDAY, eur(4))


def test_a_cent_more_than_the_tolerance_missing_does_not(world: World) -> None:
    golden(world)
    world.pay("p", SATURDAY, 94)
    world.pass_to_midnight_of(SUNDAY)
    world.complete_all(SUNDAY)
    assert world.told() == ["PromiseMade", "PromiseUnpaidSoFar", "PromisePartlyKept"]
    partly = world.facts(lambda fact: isinstance(fact, PromisePartlyKept))[0]
    assert (partly.paid, partly.shortfall) == (eur(94), eur(6))


def test_nothing_paid_by_its_midnight_is_unpaid_so_far_and_no_more(world: World) -> None:
    golden(world)
    world.pass_until(datetime(2026, 3, 14, 23, 59, 59, tzinfo=ZoneInfo("Europe/Madrid")))
    assert world.told() == ["PromiseMade"]
    world.pass_to_midnight_of(SUNDAY)
    unpaid = world.facts(lambda fact: isinstance(fact, PromiseUnpaidSoFar))[0]
    assert (unpaid.shortfall, unpaid.waiting_for, unpaid.part) == (eur(100), (BANK, FILE), 1)
    assert unpaid.deadline == datetime(2026, 3, 15, tzinfo=ZoneInfo("Europe/Madrid"))
    world.pass_to_midnight_of(date(2026, 6, 1))
    assert world.told() == ["PromiseMade", "PromiseUnpaidSoFar"]


def test_the_file_of_saturday_that_comes_on_monday_with_the_payment_keeps_it_and_it_was_never_broken(world: World) -> None:
    golden(world)
    world.pass_to_midnight_of(MONDAY)
    world.pay("in the file", SATURDAY, 100)
    world.complete_all(SATURDAY)
    assert world.told() == ["PromiseMade", "PromiseUnpaidSoFar", "PromiseKept"]


def test_complete_and_without_it_breaks_it_and_says_who_said_so(world: World) -> None:
    golden(world)
    world.pass_to_midnight_of(MONDAY)
    world.complete(BANK, SATURDAY)
    assert world.told() == ["PromiseMade", "PromiseUnpaidSoFar"]
    world.complete(FILE, FRIDAY)
    assert world.told() == ["PromiseMade", "PromiseUnpaidSoFar"]
    world.complete(FILE, SUNDAY)
    assert world.told() == ["PromiseMade", "PromiseUnpaidSoFar", "PromiseBroken"]
    broken = world.facts(lambda fact: isinstance(fact, PromiseBroken))[0]
    assert (broken.shortfall, broken.part) == (eur(100), 1)
    assert [(each.source_id, each.complete_through) for each in broken.evidence] == [(BANK, SATURDAY), (FILE, SUNDAY)]


def test_a_payment_in_time_recorded_after_the_break_revokes_it(world: World) -> None:
    golden(world)
    world.pass_to_midnight_of(MONDAY)
    world.complete_all(SATURDAY)
    world.pass_to_midnight_of(TUESDAY)
    world.pay("late", FRIDAY, 100)
    assert world.told()[-3:] == ["PromiseBroken", "PromiseBreakRevoked", "PromiseKept"]
    assert world.promise.state is PromiseState.KEPT


def test_a_source_that_was_declared_complete_in_error_revokes_the_break_and_is_waited_for_again(world: World) -> None:
    golden(world)
    world.pass_to_midnight_of(MONDAY)
    world.complete_all(SATURDAY)
    world.complete(FILE, FRIDAY)
    assert world.told()[-3:] == ["PromiseBroken", "PromiseBreakRevoked", "PromiseUnpaidSoFar"]
    assert (world.promise.state, world.promise.waiting_for) == (PromiseState.UNPAID_SO_FAR, (FILE,))
    world.complete(FILE, SUNDAY)
    assert world.promise.state is PromiseState.BROKEN


def test_where_everybody_has_spoken_before_its_midnight_it_is_judged_at_once(world: World) -> None:
    golden(world)
    world.complete_all(SUNDAY)
    world.pass_to_midnight_of(SUNDAY)
    assert world.told() == ["PromiseMade", "PromiseBroken"]


def test_without_a_named_source_nobody_can_say_that_it_was_not_paid() -> None:
    world = World(terms())
    world.promise_to_pay((FRIDAY, 100))
    world.complete_all(SUNDAY)
    world.pass_to_midnight_of(date(2026, 5, 1))
    assert world.told() == ["PromiseMade", "PromiseUnpaidSoFar"]


# Golden scenario 2 -------------------------------------------------------------------------------------------------------


def test_a_promise_kept_by_a_debit_that_comes_back_is_broken(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.pay("debit", FRIDAY, 100)
    world.complete_all(SUNDAY)
    world.pass_to_midnight_of(date(2026, 3, 21))
    assert world.told() == ["PromiseMade", "PromiseKept"]
    world.take_back("debit", date(2026, 3, 21))
    assert world.told() == ["PromiseMade", "PromiseKept", "PromiseKeptRevoked", "PromiseBroken"]


def test_one_that_comes_back_before_its_last_day_is_due_again(world: World) -> None:
    world.promise_to_pay((TUESDAY, 100))
    world.pay("debit", FRIDAY, 100)
    world.take_back("debit", SATURDAY)
    assert world.told() == ["PromiseMade", "PromiseKept", "PromiseKeptRevoked"]
    assert world.promise.state is PromiseState.DUE
    world.pay("again", MONDAY, 100)
    assert world.promise.state is PromiseState.KEPT


def test_one_that_comes_back_while_sources_are_silent_waits_for_them(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.pay("debit", FRIDAY, 100)
    world.pass_to_midnight_of(MONDAY)
    world.take_back("debit", MONDAY)
    assert world.told()[-2:] == ["PromiseKeptRevoked", "PromiseUnpaidSoFar"]
    world.complete_all(FRIDAY)
    assert world.promise.state is PromiseState.BROKEN


def test_a_promise_that_was_kept_on_a_case_closed_with_it_is_judged_when_the_money_comes_back(world: World) -> None:
    world.promise_to_pay((FRIDAY, 1_000))
    world.pay("all", FRIDAY, 1_000)
    world.complete_all(SUNDAY)
    world.pass_to_midnight_of(MONDAY)
    closing.close(world.case_now(), CloseOutcome.PAID_IN_FULL, ["receipt"])
    world.take_back("all", MONDAY)
    assert world.case.outcome is None
    assert world.told()[-2:] == ["PromiseKeptRevoked", "PromiseBroken"]


# What counts -------------------------------------------------------------------------------------------------------------


def test_money_counts_from_the_day_of_the_promise_through_the_last_day_of_grace(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100), grace_days=1)
    world.pay("the day before it was made", date(2026, 3, 11), 500)
    world.pay("the day after grace", SUNDAY, 100)
    assert world.promise.state is PromiseState.DUE
    world.pay("the day it was made", date(2026, 3, 12), 50)
    world.pay("the last day of grace", SATURDAY, 50)
    assert world.promise.state is PromiseState.KEPT


def test_what_was_recorded_before_it_was_made_does_not_count_for_it(world: World) -> None:
    world.pay("this morning", date(2026, 3, 12), 100)
    world.pass_until(world.now + timedelta(hours=1))
    world.promise_to_pay((FRIDAY, 100))
    assert world.promise.state is PromiseState.DUE


def test_what_payments_gave_to_another_commitment_does_not_count(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.pay("for another", FRIDAY, 100, commitment_id=SECOND)
    assert world.promise.state is PromiseState.DUE
    world.pay("for this", FRIDAY, 100, commitment_id=THE_PROMISE)
    assert world.promise.state is PromiseState.KEPT


def another_debt(world: World) -> UUID:
    debt_id = derived(THE_CASE, "debt", 1)
    booking.attach(world.case_now(), debt_id, a_debt(principal(500), ref="loan-2"), date(2026, 3, 1))
    return debt_id


def test_a_promise_for_two_debts_counts_what_is_paid_on_either(world: World) -> None:
    other = another_debt(world)
    world.promise_to_pay((FRIDAY, 100))
    world.pay("one", FRIDAY, 60)
    world.pay("other", FRIDAY, 40, debt_id=other)
    assert world.promise.state is PromiseState.KEPT


def test_a_promise_for_one_debt_counts_nothing_of_the_other(world: World) -> None:
    other = another_debt(world)
    world.promise_to_pay((FRIDAY, 100), debt_ids=[THE_DEBT])
    world.pay("other", FRIDAY, 100, debt_id=other)
    assert world.promise.state is PromiseState.DUE


def test_what_the_first_promise_does_not_need_goes_to_the_next_one_on_the_same_debt(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.pay("early", date(2026, 3, 12), 100)
    world.promise_to_pay((FRIDAY, 50), promise_id=SECOND)
    world.pay("more", FRIDAY, 50)
    assert [promise.state for promise in world.case.promises.by_id.values()] == [PromiseState.KEPT, PromiseState.KEPT]
    # The one that is due first and was made first takes what is left.
    world.take_back("early", FRIDAY)
    assert [promise.state for promise in world.case.promises.by_id.values()] == [PromiseState.DUE, PromiseState.DUE]


def test_parts_are_paid_one_after_the_other_and_money_ahead_counts_for_the_next(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100), (TUESDAY, 100), (date(2026, 3, 20), 100))
    world.pay("first and a half", FRIDAY, 150)
    assert (world.told(), world.promise.parts_paid) == (["PromiseMade", "PromisePartPaid"], 1)
    world.pay("the rest of the second", MONDAY, 50)
    assert world.promise.parts_paid == 2
    world.pay("third", date(2026, 3, 19), 100)
    assert world.promise.state is PromiseState.KEPT


def test_a_part_that_is_missing_at_its_midnight_breaks_the_promise_whatever_comes_later(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100), (TUESDAY, 100))
    world.complete_all(MONDAY)
    world.pass_to_midnight_of(SATURDAY)
    assert world.promise.state is PromiseState.BROKEN
    world.pay("too late for the first", MONDAY, 200)
    assert world.promise.state is PromiseState.BROKEN


def test_a_part_whose_money_comes_back_is_not_paid_after_all(world: World) -> None:
    world.promise_to_pay((MONDAY, 100), (date(2026, 3, 30), 100))
    world.pay("first", FRIDAY, 100)
    world.take_back("first", SATURDAY)
    assert world.told()[-2:] == ["PromisePartPaid", "PromisePartRevoked"]
    assert (world.promise.parts_paid, world.promise.state) == (0, PromiseState.DUE)


def test_the_tolerance_may_be_an_amount_and_counts_at_midnight_only(world: World) -> None:
    wanted = PromiseTerms((PromisePart(FRIDAY, eur(50)),), tolerance=PromiseTolerance(0, eur(3)))
    world.run_and_fire(commitments.make_promise(world.key, THE_PROMISE, wanted))
    world.pay("nearly", FRIDAY, 47)
    assert world.promise.state is PromiseState.DUE
    world.pass_to_midnight_of(SATURDAY)
    assert world.promise.state is PromiseState.KEPT


def test_a_percentage_is_rounded_down_in_whole_minor_units() -> None:
    assert PromiseTolerance(500).of(Money("EUR", 1_999)) == Money("EUR", 99)
    assert PromiseTolerance(1).of(Money("EUR", 9_999)) == Money("EUR", 0)


# Money on its way --------------------------------------------------------------------------------------------------------

UNDER_WAY = UUID(int=930)


def test_a_payment_under_way_holds_the_judgement_back_until_it_fails(world: World) -> None:
    golden(world)
    world.note_money(UNDER_WAY, 100, None)
    world.pass_to_midnight_of(MONDAY)
    world.complete_all(SUNDAY)
    assert world.told()[-1] == "PromiseUnpaidSoFar"
    assert (world.promise.waiting_for, world.promise.money_ids) == ((), (UNDER_WAY,))
    world.settle_money(UNDER_WAY)
    assert world.promise.state is PromiseState.BROKEN


def test_one_that_arrives_keeps_it(world: World) -> None:
    golden(world)
    world.note_money(UNDER_WAY, 100, None)
    world.pass_to_midnight_of(MONDAY)
    world.complete_all(SUNDAY)
    world.pay("arrived", SATURDAY, 100)
    world.settle_money(UNDER_WAY, "RECEIVED")
    assert world.told()[-1] == "PromiseKept"


def test_what_began_after_the_last_day_holds_nothing_back(world: World) -> None:
    golden(world)
    world.complete_all(SUNDAY)
    world.pass_until(datetime(2026, 3, 14, 23, 59, tzinfo=ZoneInfo("Europe/Madrid")))
    world.note_money(UNDER_WAY, 100, date(2026, 3, 16))
    world.pass_to_midnight_of(SUNDAY)
    assert world.promise.state is PromiseState.BROKEN


def test_money_in_suspense_that_may_be_the_cases_holds_it_back(world: World) -> None:
    golden(world)
    world.complete_all(SUNDAY)
    world.note_money(UNDER_WAY, 100, SATURDAY, MoneyKind.UNMATCHED)
    world.pass_to_midnight_of(SUNDAY)
    assert world.promise.state is PromiseState.UNPAID_SO_FAR
    world.settle_money(UNDER_WAY, "RESOLVED")
    assert world.promise.state is PromiseState.BROKEN


def test_unmatched_money_of_the_portfolio_holds_everybody_back_whose_it_may_be(world: World) -> None:
    golden(world)
    world.complete_all(SUNDAY)
    origin = world.portfolio.evidence.sources[BANK].origin
    world.run_and_fire(commitments.note_unmatched_money(THE_PORTFOLIO, UNDER_WAY, eur(7), SATURDAY, origin))
    world.pass_to_midnight_of(SUNDAY)
    assert (world.promise.state, world.promise.money_ids) == (PromiseState.UNPAID_SO_FAR, (UNDER_WAY,))
    world.run_and_fire(commitments.settle_unmatched_money(THE_PORTFOLIO, UNDER_WAY, origin))
    assert world.promise.state is PromiseState.BROKEN


# Holds -------------------------------------------------------------------------------------------------------------------


def test_a_hold_stops_the_clock_and_its_days_are_added(world: World) -> None:
    world.promise_to_pay((TUESDAY, 100))
    world.pass_to_midnight_of(SATURDAY)
    world.hold(SATURDAY, date(2026, 3, 20))
    world.pass_to_midnight_of(date(2026, 3, 21))
    assert world.told() == ["PromiseMade", "PromiseSuspended", "PromiseResumed"]
    assert world.promise.parts == (PromisePart(date(2026, 3, 24), eur(100)),)
    world.pass_to_midnight_of(date(2026, 3, 25))
    assert world.told()[-1] == "PromiseUnpaidSoFar"


def test_a_suspended_promise_is_not_judged_and_may_be_kept(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.hold(date(2026, 3, 12), None)
    world.pass_to_midnight_of(date(2026, 4, 12))
    world.complete_all(date(2026, 4, 10))
    assert world.told() == ["PromiseMade", "PromiseSuspended"]
    world.pay("meanwhile", date(2026, 4, 10), 100)
    assert world.promise.state is PromiseState.KEPT


def test_a_hold_recorded_late_revokes_a_break(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.complete_all(SUNDAY)
    world.pass_to_midnight_of(SATURDAY)
    assert world.promise.state is PromiseState.BROKEN
    world.hold(FRIDAY, None)
    assert world.told()[-3:] == ["PromiseResumed", "PromiseBreakRevoked", "PromiseSuspended"]
    world.lift(MONDAY)
    world.pass_to_midnight_of(MONDAY)
    assert (world.promise.is_suspended, world.promise.parts[0].date) == (False, MONDAY)


def test_a_hold_recorded_late_moves_the_last_day_beyond_what_it_was_judged_by(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.complete_all(FRIDAY)
    world.pass_to_midnight_of(MONDAY)
    assert world.promise.state is PromiseState.BROKEN
    world.hold(FRIDAY, FRIDAY)
    assert world.told()[-4:] == ["PromiseBroken", "PromiseResumed", "PromiseBreakRevoked", "PromiseUnpaidSoFar"]
    world.complete_all(SATURDAY)
    assert world.promise.state is PromiseState.BROKEN


def test_a_hold_after_its_last_day_changes_no_judgement(world: World) -> None:
    world.promise_to_pay((FRIDAY, 100))
    world.complete_all(SUNDAY)
    world.pass_to_midnight_of(SATURDAY)
    told = world.told()
    world.hold(SATURDAY, None)
    assert world.told() == told


def test_a_promise_made_while_a_hold_stops_the_clock_is_suspended_at_once(world: World) -> None:
    world.hold(date(2026, 3, 12), SUNDAY)
    world.promise_to_pay((FRIDAY, 100))
    assert world.told() == ["PromiseMade", "PromiseSuspended"]
    world.pass_to_midnight_of(MONDAY)
    assert world.promise.parts[0].date == MONDAY


# Reminders, cancelling, superseding, closing -----------------------------------------------------------------------------


def test_somebody_is_reminded_once_of_each_part_that_is_not_paid(world: World) -> None:
    world.promise_to_pay((MONDAY, 100), (date(2026, 3, 20), 100), reminder_days=2)
    world.pass_to_midnight_of(SATURDAY)
    world.pay("first", SATURDAY, 100)
    world.pass_to_midnight_of(date(2026, 3, 19))
    due = world.facts(lambda fact: isinstance(fact, PromiseReminderDue))
    assert [(each.part, each.missing, each.date) for each in due] == [(1, eur(100), MONDAY), (2, eur(100), date(2026, 3, 20))]


def test_a_cancelled_promise_is_judged_no_more_and_another_may_be_made(world: World) -> None:
    golden(world)
    with refused(DebtIsPromisedAlready, promise_id=THE_PROMISE):
        world.promise_to_pay((FRIDAY, 5), promise_id=SECOND)
    world.run_and_fire(commitments.cancel_promise(world.key, THE_PROMISE, CancelledBy.DEBTOR, "LOST_THE_JOB"))
    world.run_and_fire(commitments.cancel_promise(world.key, THE_PROMISE, CancelledBy.DEBTOR, "LOST_THE_JOB"))
    world.pass_to_midnight_of(MONDAY)
    assert world.told() == ["PromiseMade", "PromiseCancelled"]
    world.promise_to_pay((TUESDAY, 5), promise_id=SECOND)
    with refused(PromiseIsOver, state="CANCELLED"):
        world.run(commitments.supersede_promise(world.key, THE_PROMISE, UUID(int=1), "MORE", PromiseTerms((PromisePart(TUESDAY, eur(1)),))))


def test_another_promise_takes_its_place_with_the_same_debts_grace_and_tolerance(world: World) -> None:
    golden(world)
    asked = PromiseTerms((PromisePart(TUESDAY, eur(120)),))
    world.run_and_fire(commitments.supersede_promise(world.key, THE_PROMISE, SECOND, "MORE_TIME", asked))
    new = world.case.promises.by_id[SECOND]
    assert (world.promise.state, world.promise.new_promise_id) == (PromiseState.SUPERSEDED, SECOND)
    assert (new.grace_days, new.tolerance, new.debt_ids) == (1, PromiseTolerance(500), world.promise.debt_ids)
    world.pass_to_midnight_of(SUNDAY)
    assert world.told() == ["PromiseMade", "PromiseSuperseded", "PromiseMade"]


def test_what_was_judged_cannot_be_cancelled(world: World) -> None:
    golden(world)
    world.pay("p", FRIDAY, 100)
    with refused(PromiseIsJudged, state="KEPT"):
        world.run(commitments.cancel_promise(world.key, THE_PROMISE, CancelledBy.US, "WHY_NOT"))
    with refused(PromiseIsUnknown, promise_id=SECOND):
        world.run(commitments.cancel_promise(world.key, SECOND, CancelledBy.US, "WHY_NOT"))


def test_closing_cancels_what_is_open_in_the_same_command_and_a_reopened_case_takes_new_promises(world: World) -> None:
    golden(world)
    case = world.case
    closing.close(case, CloseOutcome.UNTRACEABLE, ["letter"])
    assert world.told() == ["PromiseMade", "PromiseCancelled"]
    with refused(CaseIsClosed, outcome="UNTRACEABLE"):
        world.promise_to_pay((FRIDAY, 5), promise_id=SECOND)
    closing.reopen(case, ReopenReason.NEW_EVIDENCE, [])
    world.promise_to_pay((FRIDAY, 5), promise_id=SECOND)
    assert case.promises.by_id[SECOND].is_open


def test_a_promise_for_a_debt_that_no_longer_counts_is_cancelled_with_it(world: World) -> None:
    other = another_debt(world)
    world.promise_to_pay((FRIDAY, 100), debt_ids=[other])
    booking.detach(world.case, other, "SOLD", None)
    assert world.told() == ["PromiseMade", "PromiseCancelled"]
    with refused(DebtIsDetached, debt_id=other):
        world.promise_to_pay((FRIDAY, 100), debt_ids=[other], promise_id=SECOND)


def test_no_more_can_be_promised_than_is_owed(world: World) -> None:
    with refused(PromiseExceedsDebt, promised=100_100, owed=100_000):
        world.promise_to_pay((FRIDAY, 1_001))


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (PromiseTerms(()), "parts"),
        (PromiseTerms((PromisePart(date(2026, 3, 11), eur(1)),)), "parts[0].date"),
        (PromiseTerms((PromisePart(FRIDAY, eur(1)), PromisePart(FRIDAY, eur(1)))), "parts[1].date"),
        (PromiseTerms((PromisePart(date(2027, 5, 1), eur(1)),)), "parts[0].date"),
        (PromiseTerms((PromisePart(FRIDAY, eur(0)),)), "parts[0].amount.minor_units"),
        (PromiseTerms((PromisePart(FRIDAY, Money("USD", 1)),)), "parts[0].amount.currency_code"),
        (PromiseTerms((PromisePart(FRIDAY, eur(1)),), grace_days=31), "grace_days"),
        (PromiseTerms((PromisePart(FRIDAY, eur(1)),), zone="Madrid"), "zone"),
        (PromiseTerms((PromisePart(FRIDAY, eur(1)),), tolerance=PromiseTolerance(1, eur(0))), "tolerance"),
        (PromiseTerms((PromisePart(FRIDAY, eur(1)),), tolerance=PromiseTolerance(0, eur(1))), "tolerance.amount.minor_units"),
    ],
)
def test_what_no_promise_could_be_is_refused_by_field(world: World, wanted: PromiseTerms, field: str) -> None:
    with refused(IsInvalid, field=field):
        world.run(commitments.make_promise(world.key, THE_PROMISE, wanted))


def test_a_stranger_promises_nothing(world: World) -> None:
    with refused(PartyIsUnknown, person_id=SECOND):
        world.run(commitments.make_promise(world.key, THE_PROMISE, PromiseTerms((PromisePart(FRIDAY, eur(1)),), made_with=SECOND)))


# Dockets -----------------------------------------------------------------------------------------------------------------


def test_a_case_stands_on_the_docket_of_its_day_once_and_the_portfolio_knows_of_the_day(world: World) -> None:
    golden(world)
    world.pass_to_midnight_of(MONDAY)
    docket = world.streams[docket_of(THE_PORTFOLIO, SATURDAY, THE_CASE)]
    assert [type(fact).__name__ for fact in docket.pending_events] == ["DocketEntered", "DocketAnnounced"]
    assert world.portfolio.evidence.awaited == {SATURDAY: False}
    world.complete_all(SATURDAY)
    assert [type(fact).__name__ for fact in docket.pending_events][2:] == ["DocketCalled", "DocketPaged"]
    assert world.portfolio.evidence.awaited == {SATURDAY: True}


def test_a_source_named_later_is_waited_for_too(world: World) -> None:
    golden(world)
    world.complete_all(SUNDAY)
    world.pass_to_midnight_of(SUNDAY)
    assert world.promise.state is PromiseState.BROKEN
    third = UUID(int=903)
    more = terms(payment_source_ids=(str(BANK), str(FILE), str(third)))
    world.run_and_fire(change_portfolio_terms(THE_PORTFOLIO, more, date(2026, 3, 1)))
    assert (world.promise.state, world.promise.waiting_for) == (PromiseState.UNPAID_SO_FAR, (third,))


def test_a_clock_that_comes_late_enters_the_docket_of_the_part_that_is_missing(world: World) -> None:
    """Its own day's docket, not that of the part before it: nobody else would ever wake it."""
    world.promise_to_pay((FRIDAY, 100), (SUNDAY, 100), grace_days=0, basis_points=500)
    world.pay("nearly the first", FRIDAY, 96)
    world.now = datetime(2026, 3, 17, 9, tzinfo=ZoneInfo("Europe/Madrid"))
    world.pass_until(world.now)
    assert (world.promise.state, world.promise.parts_paid) == (PromiseState.UNPAID_SO_FAR, 1)
    assert set(world.portfolio.evidence.awaited) == {SUNDAY}
    world.complete_all(MONDAY)
    assert world.promise.state is PromiseState.PARTLY_KEPT
