"""A treatment notes where its case stands, and is put into a segment while the case is open; told only when something changed."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.facts import Fact, told
from services.strategy.domain import assignment, treatment
from services.strategy.domain.assignment import CaseIsInNoSegment, SegmentAssigned
from services.strategy.domain.lifecycle import BalanceAuthorityNoted, StandingNoted, TreatmentEnded
from services.strategy.domain.segments import Inputs, Match
from services.strategy.domain.standing import BalanceAuthority
from services.strategy.domain.treatment import Treatment, TreatmentIsUnknown
from tests.services.strategy.examples import (
    ANOTHER_DEBT,
    NOON,
    THE_CASE,
    THE_CLIENT,
    THE_DEBT,
    THE_PORTFOLIO,
    TODAY,
    a_started_treatment,
    again,
    an_open_treatment,
    at,
    by_bucket,
    eur,
    fact_of_the_case,
    hear,
    names,
    refused,
    stored,
    tables,
)

OURS, CREDITOR = BalanceAuthority.OURS, BalanceAuthority.CREDITOR
YESTERDAY, TOMORROW = date(2026, 3, 30), date(2026, 4, 1)


def test_a_case_has_one_treatment_which_starts_once() -> None:
    of = a_started_treatment()
    treatment.start(of, THE_CASE, THE_CLIENT, THE_PORTFOLIO, fact_of_the_case(1), "EUR", OURS, "Europe/Madrid")
    assert names(of) == []
    assert (of.case_id, of.client_id, of.portfolio_id, of.heard) == (THE_CASE, THE_CLIENT, THE_PORTFOLIO, 1)


def test_a_fact_of_a_case_that_was_never_registered_is_refused() -> None:
    with refused(TreatmentIsUnknown):
        hear(at(Treatment.blank(treatment.stream_of(THE_CASE)), NOON), 2, treatment.note_bucket, "1")


def test_before_the_case_is_open_its_standing_is_only_noted() -> None:
    of = hear(a_started_treatment(), 2, treatment.note_debt, THE_DEBT, eur(1_000))
    [noted] = told(of)
    assert isinstance(noted, StandingNoted)
    assert (noted.bucket, noted.balance, noted.debt_id, noted.debt_balance) == ("", eur(1_000), THE_DEBT, eur(1_000))
    assert of.segment == ""


def test_an_opened_case_is_put_into_a_segment_with_what_the_table_saw() -> None:
    of = stored(hear(a_started_treatment(), 2, treatment.note_debt, THE_DEBT, eur(1_000)))
    hear(of, 3, treatment.open_treatment, "1")
    assert names(of) == ["TreatmentOpened", "StandingNoted", "SegmentAssigned"]
    assigned = told(of)[-1]
    assert isinstance(assigned, SegmentAssigned)
    assert (assigned.from_, assigned.to, assigned.table_version, assigned.row_id) == ("", "bucket_1", 1, "1-small")
    assert (assigned.bucket, assigned.balance, assigned.client_id, assigned.case_id) == ("1", eur(1_000), THE_CLIENT, THE_CASE)
    assert assigned.reason == "by bucket says small"


def test_a_case_opens_before_its_delinquency_is_known() -> None:
    of = hear(a_started_treatment(), 2, treatment.open_treatment, "")
    assert names(of) == ["TreatmentOpened", "SegmentAssigned"]
    assert of.segment == "bucket_unknown"


def test_another_bucket_is_another_segment() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_bucket, "2")
    assert names(of) == ["StandingNoted", "SegmentAssigned"]
    assigned = told(of)[-1]
    assert (assigned.from_, assigned.to) == ("bucket_1", "bucket_2")


def test_another_row_of_the_same_segment_is_told_because_its_reason_is_another() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_debt, ANOTHER_DEBT, eur(9_000))
    assigned = told(of)[-1]
    assert (assigned.from_, assigned.to, assigned.row_id) == ("bucket_1", "bucket_1", "1-large")


def test_a_standing_that_leaves_the_row_as_it_is_is_noted_and_assigns_nothing() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_debt, THE_DEBT, eur(-200))
    assert names(of) == ["StandingNoted"]
    assert of.standing.balance == eur(800)
    assert of.assigned is not None
    assert of.assigned.inputs.balance == eur(1_000)


def test_what_changes_nothing_tells_nothing() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_bucket, "1")
    hear(of, 5, treatment.note_debt, THE_DEBT, eur(0))
    hear(of, 6, treatment.note_debt_gone, ANOTHER_DEBT)
    assert names(of) == []


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_fact_older_than_what_is_noted_is_passed_over(version: int) -> None:
    of = an_open_treatment()
    hear(of, version, treatment.note_bucket, "4+", table=tables(b"another", b"two", active=2))
    assert names(of) == []


def test_a_detached_debt_counts_no_longer() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_debt_gone, THE_DEBT)
    [noted] = told(of)
    assert (noted.debt_id, noted.debt_balance, noted.balance) == (THE_DEBT, None, eur(0))


def test_a_balance_may_be_a_credit() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_debt, THE_DEBT, eur(-1_001))
    assert (of.standing.balance, of.segment) == (eur(-1), "credit_balance")


# Whose balance counts -------------------------------------------------------------


def test_the_creditors_report_counts_where_the_creditor_has_the_word() -> None:
    of = hear(an_open_treatment(CREDITOR), 4, treatment.note_report, TODAY, eur(9_000))
    assert (of.standing.balance, of.segment) == (eur(9_000), "bucket_1")
    stored(of)
    hear(of, 5, treatment.note_debt, THE_DEBT, eur(-500))
    assert (of.standing.balance, names(of)) == (eur(9_000), ["StandingNoted"])


def test_until_there_is_a_report_our_ledger_counts() -> None:
    assert an_open_treatment(CREDITOR).standing.balance == eur(1_000)


def test_our_ledger_counts_where_we_have_the_word_and_the_report_is_kept_in_mind() -> None:
    of = hear(an_open_treatment(OURS), 4, treatment.note_report, TODAY, eur(9_000))
    [noted] = told(of)
    assert (noted.balance, noted.reported, noted.reported_as_of) == (eur(1_000), eur(9_000), TODAY)


def test_a_report_of_an_earlier_day_is_no_news_and_one_of_the_same_day_corrects() -> None:
    of = stored(hear(an_open_treatment(CREDITOR), 4, treatment.note_report, TODAY, eur(9_000)))
    hear(of, 5, treatment.note_report, YESTERDAY, eur(1))
    assert names(of) == []
    hear(of, 6, treatment.note_report, TODAY, eur(400))
    assert of.standing.balance == eur(400)


def test_the_word_passes_to_the_creditor_on_its_day() -> None:
    of = stored(hear(an_open_treatment(OURS), 4, treatment.note_report, TODAY, eur(9_000)))
    hear(of, 5, treatment.note_terms, CREDITOR, "Europe/Madrid", TOMORROW)
    assert [type(fact) for fact in told(of)] == [BalanceAuthorityNoted]
    hear(at(of, datetime(2026, 3, 31, 21, 59, tzinfo=UTC)), 6, treatment.note_bucket, "1")
    assert of.standing.balance == eur(1_000)
    hear(at(of, datetime(2026, 3, 31, 22, 0, tzinfo=UTC)), 7, treatment.note_bucket, "1")  # midnight in Madrid
    assert (of.standing.balance, of.assigned and of.assigned.match.row_id) == (eur(9_000), "1-large")


def test_terms_in_force_at_once_change_the_balance_at_once() -> None:
    of = stored(hear(an_open_treatment(OURS), 4, treatment.note_report, TODAY, eur(9_000)))
    hear(of, 5, treatment.note_terms, CREDITOR, "Europe/Madrid", TODAY)
    assert names(of) == ["BalanceAuthorityNoted", "StandingNoted", "SegmentAssigned"]


def test_terms_that_say_the_same_of_the_balance_tell_nothing() -> None:
    assert names(hear(an_open_treatment(), 4, treatment.note_terms, OURS, "Europe/Madrid", TODAY)) == []


def test_the_same_word_from_an_earlier_day_on_is_another_word() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_terms, CREDITOR, "Europe/Madrid", TOMORROW)
    hear(of, 5, treatment.note_terms, CREDITOR, "Europe/Madrid", YESTERDAY)
    assert names(of) == ["BalanceAuthorityNoted", "BalanceAuthorityNoted"]


# The table in force ---------------------------------------------------------------


def test_without_a_table_in_force_the_standing_is_noted_and_the_next_fact_assigns() -> None:
    of = a_started_treatment()
    hear(of, 2, treatment.open_treatment, "1", table=tables(active=0))
    assert names(of) == ["TreatmentOpened", "StandingNoted"]
    stored(of)
    hear(of, 3, treatment.note_bucket, "1", table=tables())
    assert names(of) == ["SegmentAssigned"]


def test_another_version_assigns_with_the_next_fact_even_to_the_same_row() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_bucket, "1", table=tables(b"old", b"new", active=2))
    [assigned] = told(of)
    assert (assigned.from_, assigned.to, assigned.table_version, assigned.reason) == ("bucket_1", "bucket_1", 2, "new says small")


def test_the_table_is_not_asked_again_about_what_it_has_seen() -> None:
    def never(table: bytes, inputs: Inputs) -> Match:
        raise AssertionError("asked")

    assignment.assign_segment(an_open_treatment(), tables(), never)


# Its end, and its way back ----------------------------------------------------------


def test_a_closed_case_leaves_treatment_and_keeps_its_segment() -> None:
    of = hear(an_open_treatment(), 4, treatment.end_treatment, "PAID_IN_FULL")
    [ended] = told(of)
    assert isinstance(ended, TreatmentEnded)
    assert (ended.reason_code, of.segment) == ("PAID_IN_FULL", "bucket_1")
    hear(of, 5, treatment.end_treatment, "SETTLED")
    assert names(of) == ["TreatmentEnded"]


def test_a_closed_case_is_noted_and_put_nowhere_until_it_is_reopened() -> None:
    of = hear(an_open_treatment(), 4, treatment.end_treatment, "CURED")
    hear(of, 5, treatment.note_bucket, "2")
    assert names(of) == ["TreatmentEnded", "StandingNoted"]
    stored(of)
    hear(of, 6, treatment.resume_treatment)
    assert names(of) == ["TreatmentResumed", "SegmentAssigned"]
    assert of.segment == "bucket_2"
    stored(of)
    hear(of, 7, treatment.resume_treatment)
    assert names(of) == []


def test_a_resumed_case_is_assigned_by_the_balance_of_those_who_have_the_word_by_then() -> None:
    of = hear(an_open_treatment(OURS), 4, treatment.note_report, TODAY, eur(9_000))
    hear(of, 5, treatment.note_terms, CREDITOR, "Europe/Madrid", TOMORROW)
    stored(hear(of, 6, treatment.end_treatment, "CURED"))
    hear(at(of, datetime(2026, 5, 1, tzinfo=UTC)), 7, treatment.resume_treatment)
    assert names(of) == ["TreatmentResumed", "StandingNoted", "SegmentAssigned"]
    assert of.assigned is not None
    assert of.assigned.inputs.balance == eur(9_000)


def test_a_back_dated_fact_is_weighed_by_who_has_the_word_now() -> None:
    of = hear(an_open_treatment(OURS), 4, treatment.note_report, TODAY, eur(9_000))
    hear(of, 5, treatment.note_terms, CREDITOR, "Europe/Madrid", TODAY)
    of.happened_at = datetime(2026, 1, 1, tzinfo=UTC)
    hear(of, 6, treatment.note_bucket, "2")
    assert (of.standing.balance, told(of)[-1].timestamp) == (eur(9_000), of.happened_at)


# Why ---------------------------------------------------------------------------------


def test_a_segment_is_explained_by_the_recorded_table_over_what_it_saw() -> None:
    of = hear(an_open_treatment(), 4, treatment.note_debt, THE_DEBT, eur(-200))
    explained = assignment.explain(of, tables(b"by bucket", b"new", active=2), by_bucket)
    assert (explained.table_version, explained.inputs.balance, explained.is_reproduced) == (1, eur(1_000), True)


def test_a_table_that_says_something_else_now_is_found_out() -> None:
    explained = assignment.explain(an_open_treatment(), tables(), lambda table, inputs: Match("other", "other", "other"))
    assert not explained.is_reproduced
    assert explained.match.segment == "bucket_1"


def test_there_is_nothing_to_explain_before_a_table_has_spoken() -> None:
    with refused(CaseIsInNoSegment):
        assignment.explain(a_started_treatment(), tables(), by_bucket)


# Its own history -----------------------------------------------------------------------

debt_ids = st.sampled_from([THE_DEBT, ANOTHER_DEBT, UUID(int=8)])
amounts = st.integers(-2_000, 12_000).map(eur)
days = st.sampled_from([YESTERDAY, TODAY, TOMORROW])
said = st.one_of(
    st.tuples(st.just(treatment.note_bucket), st.sampled_from(["current", "1", "2"])),
    st.tuples(st.just(treatment.note_debt), debt_ids, amounts),
    st.tuples(st.just(treatment.note_debt_gone), debt_ids),
    st.tuples(st.just(treatment.note_report), days, amounts),
    st.tuples(st.just(treatment.note_terms), st.sampled_from([OURS, CREDITOR]), st.just("Europe/Madrid"), days),
    st.tuples(st.just(treatment.open_treatment), st.just("1")),
    st.tuples(st.just(treatment.end_treatment), st.just("CURED")),
    st.tuples(st.just(treatment.resume_treatment)),
)


@given(st.lists(said, max_size=25), st.lists(st.integers(0, 24), max_size=10))
def test_whatever_is_heard_the_state_is_rebuilt_from_what_was_told_and_repeats_tell_nothing(
    heard: list[tuple[object, ...]], repeats: list[int]
) -> None:
    of = at(Treatment.blank(treatment.stream_of(THE_CASE)), NOON)
    treatment.start(of, THE_CASE, THE_CLIENT, THE_PORTFOLIO, fact_of_the_case(1), "EUR", OURS, "Europe/Madrid")
    for version, (verb, *words) in enumerate(heard, start=2):
        hear(of, version, verb, *words)
    facts: list[Fact] = told(of)
    rebuilt = again(of, facts)
    assert _state(rebuilt) == _state(of)
    for place in repeats:
        if place < len(heard) and place + 2 <= of.heard:
            verb, *words = heard[place]
            hear(of, place + 2, verb, *words)
    assert told(of) == facts


def _state(of: Treatment) -> tuple[object, ...]:
    return (of.version, of.heard, of.is_open, of.has_ended, of.terms, of.standing, of.assigned, of.client_id, of.portfolio_id)
