"""A case goes along the strategy by facts: reminded, waited for, followed by its promise, handed over; nothing is asked at a bad moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.kernel.facts import told
from services.strategy.domain import treatment
from services.strategy.domain.asking import RequestAnswer, RequestKind
from services.strategy.domain.course import StepCompleted, StepEntered, StepSkipped, TreatmentMoved, WaitAnchored
from services.strategy.domain.expecting import expected
from services.strategy.domain.graph import Channel, Purpose, WaitAnchor
from services.strategy.domain.happenings import PromiseState
from services.strategy.domain.heeding import HoldHeeded
from services.strategy.domain.strategies import Jump, Migration
from tests.services.strategy.stories import (
    A_HOLD,
    A_PAYMENT,
    ANOTHER,
    LISTEN_FIRST,
    LISTEN_FIRST_2,
    MONDAY,
    THE_DEBTOR,
    Story,
)

KEPT, BROKEN, UNPAID, OPEN = PromiseState.KEPT, PromiseState.BROKEN, PromiseState.UNPAID_SO_FAR, PromiseState.OPEN


def a_week_after_the_first_reminder() -> Story:
    story = Story.of_a_case()
    story.delivered()
    story.pass_days(8)
    return story


# The way ---------------------------------------------------------------------------------


def test_a_case_that_falls_behind_is_reminded_with_a_way_to_pay() -> None:
    story = Story.of_a_case()
    [request] = story.requests
    assert (request.kind, request.channel, request.purpose) == (RequestKind.MESSAGE, Channel.EMAIL, Purpose.REMINDER)
    assert (request.template, request.wants_link, request.person_id, request.step) == ("first-reminder", True, THE_DEBTOR, "remind")
    assert expected(story.of)[0] == "ANSWER"


def test_two_reminders_and_then_a_person_calls() -> None:
    story = a_week_after_the_first_reminder()
    assert story.asked == ["remind", "remind_again"]
    story.delivered()
    story.pass_days(11)
    assert story.asked == ["remind", "remind_again", "call"]
    handed = story.requests[-1]
    assert (handed.kind, handed.reason_code, handed.person_id) == (RequestKind.HAND_TO_AGENT, "NO_ANSWER", None)
    assert [completed.step for completed in story.every(StepCompleted)][-4:] == ["wait_a_week", "remind_again", "wait_again", "sort_out"]
    story.pass_days(60)
    assert len(story.requests) == 3


def test_a_wait_is_counted_from_the_message_by_the_clock_of_the_case() -> None:
    story = Story.of_a_case()
    story.delivered()
    [anchored] = story.every(WaitAnchored)
    assert (anchored.anchor, anchored.anchored_on) == (WaitAnchor.MESSAGE, date(2026, 3, 2))
    assert anchored.until == datetime(2026, 3, 9, 9, tzinfo=UTC)
    assert expected(story.of) == ("TIME", anchored.until)


def test_a_part_payment_gives_the_same_time_again_and_its_return_takes_it_away() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.pass_days(4)
    story.pays(100)
    story.pass_days(5)
    assert story.step == "wait_a_week"
    story.pays(100, is_taken_back=True)
    assert (story.step, story.asked) == ("remind_again", ["remind", "remind_again"])


def test_escalation_still_passes_through_the_warning_when_a_part_payment_has_moved_the_oldest_due_date() -> None:
    """Golden scenario 4 (Kill Bill #2297)."""
    story = Story.of_a_case(bucket="2")
    story.delivered()
    story.pass_days(5)
    story.pays(400)
    story.bucket("1", 1)
    story.pass_days(4)
    story.bucket("2", 2)
    story.bucket("3", 3)
    story.pass_days(30)
    story.delivered()
    story.pass_days(30)
    assert story.asked[:3] == ["remind", "remind_again", "remind_again"] or story.asked[:2] == ["remind", "remind_again"]
    assert story.asked.index("remind_again") < next(
        place for place, request in enumerate(story.requests) if request.kind is RequestKind.HAND_TO_AGENT
    )


def test_who_pays_is_left_in_peace_and_the_reason_is_told() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.pays(1_000)
    assert story.step == "rest"
    [skipped] = story.every(StepSkipped)
    assert (skipped.step, skipped.reason_code) == ("wait_a_week", "on_paid")
    story.pass_days(90)
    assert len(story.requests) == 1


def test_a_returned_debit_brings_the_case_back_to_its_beginning() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.pays(1_000)
    story.pays(1_000, is_taken_back=True)
    assert (story.step, story.asked) == ("remind", ["remind", "remind"])


def test_a_closed_case_is_left_and_a_reopened_one_begins_anew() -> None:
    story = Story.of_a_case()
    story.case(treatment.end_treatment, "RECALLED_BY_CLIENT")
    assert (story.step, story.every(StepSkipped)[0].reason_code) == ("", "CASE_CLOSED")
    story.case(treatment.resume_treatment)
    assert story.step == "remind"


# What contacts answers ---------------------------------------------------------------------


def test_deferred_is_asked_again_when_it_is_time_with_another_request() -> None:
    story = Story.of_a_case()
    story.answers(RequestAnswer.DEFERRED, MONDAY + timedelta(days=2), "ES_WINDOW")
    assert expected(story.of) == ("TIME", MONDAY + timedelta(days=2))
    story.pass_days(1)
    assert len(story.requests) == 1
    story.pass_days(2)
    first, second = story.requests
    assert (second.step, second.attempt, second.request_id == first.request_id) == ("remind", 2, False)


@pytest.mark.parametrize("answer", [RequestAnswer.DENIED, RequestAnswer.BOUNCED, RequestAnswer.FAILED])
def test_what_cannot_be_sent_takes_the_way_that_the_strategy_has_for_it(answer: RequestAnswer) -> None:
    story = Story.of_a_case()
    story.answers(answer)
    assert (story.step, story.asked) == ("call", ["remind", "call"])


def test_a_message_that_a_hold_stopped_in_time_is_asked_for_another_day() -> None:
    story = Story.of_a_case()
    story.answers(RequestAnswer.CANCELLED, None, "CONTACT_IS_ON_HOLD")
    assert story.step == "remind"
    story.pass_days(1)
    assert story.asked == ["remind", "remind"]


def test_a_message_that_can_never_be_sent_has_failed() -> None:
    story = Story.of_a_case()
    story.answers(RequestAnswer.CANCELLED, None, "LINK_REFUSED")
    assert story.step == "call"


def test_what_was_never_answered_has_failed_and_what_went_out_and_did_not_come_back_has_arrived() -> None:
    silent, sent = Story.of_a_case(), Story.of_a_case()
    sent.answers(RequestAnswer.DISPATCHED)
    silent.pass_days(8)
    sent.pass_days(4)
    assert (silent.step, sent.step) == ("call", "wait_a_week")


def test_answers_are_heard_in_any_order_and_an_old_request_moves_nothing() -> None:
    story = Story.of_a_case()
    first = story.requests[0].request_id
    story.answers(RequestAnswer.DELIVERED)
    story.answers(RequestAnswer.GRANTED, request=first)
    story.answers(RequestAnswer.DISPATCHED, request=first)
    assert (story.step, story.of.course.messages_sent) == ("wait_a_week", 1)
    story.answers(RequestAnswer.BOUNCED, request=first)
    assert story.step == "wait_a_week"
    story.answers(RequestAnswer.DENIED, request=UUID(int=1234))
    assert story.step == "wait_a_week"


def test_asking_is_not_for_ever() -> None:
    story = Story.of_a_case()
    for _ in range(40):
        if story.step == "remind":
            story.answers(RequestAnswer.DEFERRED, story.now + timedelta(days=1))
            story.pass_days(2)
    assert story.step == "call"
    assert story.decisions[-2].chosen == "give_up"


# Holds, people, money --------------------------------------------------------------------------


def test_nothing_is_asked_while_a_hold_is_on_and_it_goes_on_anchored_when_it_is_over() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.pass_days(3)
    story.hold(days=20)
    [heeded] = story.every(HoldHeeded)
    assert (heeded.steps_stopped, heeded.hold_id, heeded.stops_treatment) == (("wait_a_week",), A_HOLD, True)
    story.pass_days(19)
    assert story.asked == ["remind"]
    story.pass_days(2)
    assert story.asked == ["remind", "remind_again"]


def test_a_hold_that_is_lifted_lets_the_case_go_on_at_once() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.hold(days=None)
    story.pass_days(30)
    assert story.asked == ["remind"]
    story.lift()
    assert story.asked == ["remind", "remind_again"]


def test_a_hold_before_the_first_message_stops_it_and_two_holds_are_their_union() -> None:
    story = Story(LISTEN_FIRST)
    story.party(THE_DEBTOR)
    story.debt(1_000)
    story.case(treatment.open_treatment, "")
    story.hold(days=5)
    story.hold(days=10, hold_id=UUID(int=77), ahead_days=3)
    story.bucket("1", 1)
    assert (story.step, story.asked, expected(story.of)[0]) == ("remind", [], "HOLD")
    story.pass_days(12)
    assert story.asked == []
    story.pass_days(2)
    assert story.asked == ["remind"]


def test_people_take_over_and_hand_back() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.pause(until=MONDAY + timedelta(days=20))
    story.pass_days(19)
    assert story.asked == ["remind"]
    story.pass_days(2)
    assert story.asked == ["remind", "remind_again"]


def test_facts_go_on_while_people_have_taken_over() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.pause()
    story.promise_made()
    story.promise(BROKEN)
    assert (story.step, story.asked) == ("wait_after_promise", ["remind"])
    story.pass_days(30)
    story.resume()
    assert story.asked == ["remind", "remind_again"]


def test_nobody_is_asked_for_money_that_is_on_its_way() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.payment_under_way()
    story.pass_days(10)
    assert (story.step, story.asked, expected(story.of)[0]) == ("remind_again", ["remind"], "MONEY")
    story.payment_failed()
    assert story.asked == ["remind", "remind_again"]


def test_money_that_comes_is_on_its_way_no_longer() -> None:
    story = a_week_after_the_first_reminder()
    story.answers(RequestAnswer.DEFERRED, story.now + timedelta(hours=1))
    story.payment_under_way()
    story.pays(1_000)
    assert (story.step, story.of.money) == ("rest", {})


def test_money_is_waited_for_no_longer_than_it_was_said() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.payment_under_way(until=MONDAY + timedelta(days=9))
    story.payment_under_way(UUID(int=42), until=MONDAY + timedelta(days=12))
    story.pass_days(11)
    assert story.asked == ["remind"]
    story.pass_days(2)
    assert story.asked == ["remind", "remind_again"]


def test_nobody_to_write_to_is_waited_for() -> None:
    story = Story.of_a_case()
    story.party(THE_DEBTOR, is_gone=True)
    story.answers(RequestAnswer.DEFERRED, MONDAY + timedelta(days=1))
    story.pass_days(2)
    assert (expected(story.of)[0], len(story.requests)) == ("DEBTOR", 1)
    story.party(ANOTHER)
    assert story.requests[-1].person_id == ANOTHER


# Promises ------------------------------------------------------------------------------------


def test_a_promise_is_followed_and_not_pressed_on() -> None:
    story = a_week_after_the_first_reminder()
    story.answers(RequestAnswer.DEFERRED, story.now + timedelta(hours=1))
    story.promise_made(days=10)
    assert (story.step, story.every(StepSkipped)[-1].reason_code) == ("follow_promise", "on_promise_made")
    story.pass_days(9)
    assert story.asked == ["remind", "remind_again"]
    story.case(lambda live, origin: None, occasion="on_reminder_due")
    assert (story.requests[-1].purpose, story.requests[-1].promise_id) == (Purpose.PROMISE_FOLLOW_UP, story.of.promises.newest)
    story.delivered()
    story.promise(KEPT)
    assert story.step == "rest"


def test_unpaid_so_far_is_no_word_against_anybody() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.promise_made()
    story.pass_days(6)
    story.promise(UNPAID)
    story.case(lambda live, origin: None, occasion="on_reminder_due")
    story.pass_days(20)
    assert story.asked == ["remind"]
    story.promise(BROKEN)
    assert story.asked == ["remind", "remind_again"]


def test_a_broken_promise_is_spoken_of_after_some_days_and_several_by_a_person() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.promise_made(days=1)
    story.pass_days(2)
    story.promise(BROKEN)
    assert story.step == "wait_after_promise"
    story.promise_made(UUID(int=32))
    story.promise(BROKEN, UUID(int=32))
    assert story.asked == ["remind", "call"]


def test_a_kept_promise_that_is_revoked_is_followed_again() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.promise_made()
    story.promise(KEPT)
    assert story.step == "rest"
    story.promise(UNPAID)
    assert story.step == "follow_promise"
    story.pass_days(8)
    story.promise(BROKEN)
    assert story.step == "wait_after_promise" or story.asked[-1] == "remind_again"


def test_a_break_that_is_revoked_ends_what_was_begun_because_of_it() -> None:
    story = Story.of_a_case()
    story.delivered()
    story.promise_made(days=1)
    story.pass_days(2)
    story.promise(BROKEN)
    story.promise(OPEN)
    assert story.step == "follow_promise"
    story.promise(KEPT)
    assert (story.step, story.asked) == ("rest", ["remind"])


def test_a_message_waits_for_a_promise_where_the_strategy_follows_none() -> None:
    document = LISTEN_FIRST.replace(b"  on_promise_made: follow_promise\n", b"")
    document = document.replace(b"  on_promise_cancelled: wait_again\n", b"")
    document = document.replace(b"    follow_promise: {}\n", b"    follow_promise: {}\n    on_promise_cancelled: wait_again\n")
    story = Story.of_a_case(document)
    story.delivered()
    story.promise_made(days=30)
    story.pass_days(10)
    assert (story.step, story.asked, expected(story.of)[0]) == ("remind_again", ["remind"], "PROMISE")
    story.promise(PromiseState.CANCELLED)
    assert story.asked == ["remind", "remind_again"]


# Another version -------------------------------------------------------------------------------


def two_versions() -> Story:
    return Story.of_a_case(LISTEN_FIRST, LISTEN_FIRST_2, owes=30_000)


def test_a_case_finishes_its_step_and_goes_on_by_the_new_version() -> None:
    story = two_versions()
    story.delivered()
    story.activate(2, Migration.FINISH_STEP)
    story.pass_days(8)
    assert [(request.strategy_version, request.step) for request in story.requests] == [(1, "remind"), (2, "remind_again")]
    [moved] = story.every(TreatmentMoved)
    assert (moved.from_version, moved.to_version, moved.from_step, moved.migration) == (1, 2, "wait_a_week", Migration.FINISH_STEP)


def test_a_case_begins_anew_and_what_was_sent_still_counts() -> None:
    """Golden scenario 6: the switch forgets nothing of what was done."""
    story = two_versions()
    story.delivered()
    story.pass_days(2)
    story.activate(2, Migration.RESTART)
    story.look_again()
    assert story.asked == ["remind", "remind_then_call"]
    assert (story.every(StepSkipped)[-1].reason_code, story.of.course.messages_sent) == ("STRATEGY_CHANGED", 1)


def test_a_message_that_is_under_way_is_waited_for_before_anything_begins_anew() -> None:
    story = two_versions()
    story.activate(2, Migration.RESTART)
    story.look_again()
    assert story.asked == ["remind"]
    story.delivered()
    assert story.asked == ["remind", "remind_then_call"]


def test_a_case_jumps_where_the_activation_says() -> None:
    story = two_versions()
    story.delivered()
    story.activate(2, Migration.JUMP, Jump("wait_a_week", "wait_before_call"))
    story.look_again()
    assert (story.step, story.of.course.at and story.of.course.at.strategy_version) == ("wait_before_call", 2)
    story.pass_days(5)
    assert story.asked == ["remind", "call"]


def test_a_case_that_rests_rests_by_the_new_version() -> None:
    story = two_versions()
    story.delivered()
    story.pays(30_000)
    story.activate(2, Migration.FINISH_STEP)
    story.look_again()
    assert (story.step, story.of.course.at and story.of.course.at.strategy_version) == ("rest", 2)


def test_without_a_strategy_in_force_a_case_is_only_put_into_a_segment() -> None:
    story = Story.of_a_case(active=0)
    assert (story.of.segment, story.step, story.decisions) == ("friendly_reminder", "", [])


def test_of_history_nothing_is_asked_and_afterwards_the_case_is_decided_once_from_its_present_state() -> None:
    story = Story.of_a_case(active=0)
    story.promise_made()
    story.promise(KEPT)
    story.strategies = Story().strategies
    story.look_again()
    assert story.asked == ["remind"]
    assert len(story.every(StepEntered)) == 1
    story.look_again()
    assert len(told(story.of)) == len(story.told)
    assert A_PAYMENT not in story.of.money
