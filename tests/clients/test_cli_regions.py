"""Holds, lateness and explanations on the command line: what is asked of the services, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import instalments_pb2 as late
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1 import workforce_pb2 as work
from google.type.date_pb2 import Date

from clients.cli.fact_words import ENGLISH_FACTS, SPANISH_FACTS
from clients.cli.ground_blocks import explanation_block
from clients.cli.hold_blocks import effect_block, holds_block
from clients.cli.late_blocks import delinquency_block, history_block
from clients.cli.region_words import REGION_WORDS
from clients.cli.words import WORDS, Words
from clients.cli.work_blocks import worklist_block
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_questions import eur

CASE, HOLD, DEBT = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000aa", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
DAY = Date(year=2026, month=3, day=10)
NOW = stamp(datetime(2026, 3, 10, 9, tzinfo=UTC))
OF_OTHER_STREAMS = {
    *("ClientRegistered", "PortfolioOpened", "PortfolioTermsChanged", "BatchReceived", "BatchRowsRecorded", "BatchReleased"),
    *("BatchRejected", "BatchRowsOpened", "TeamFormed", "QuestionnairePublished", "QuestionnaireRetired"),
    *("SourceCompletenessNoted", "UnmatchedMoneyNoted", "UnmatchedMoneySettled", "EvidenceAwaited", "EvidenceCalled"),
    *("DocketEntered", "DocketAnnounced", "DocketCalled", "DocketPaged"),
}


def a_hold(**other: Any) -> holds.Hold:
    usual: dict[str, Any] = {
        "hold_id": HOLD,
        "kind": holds.HOLD_KIND_STATUTORY_BREATHING_SPACE,
        "scopes": holds.HoldScope.values()[1:],
        "from": DAY,
        "reason_code": "MORATORIUM_GRANTED",
        "state": holds.Hold.STATE_HOLDS,
        "subject": holds.HoldSubject(debt_id=DEBT, amount=eur(123_456_789_012)),
    }
    return holds.Hold(**usual | other)


def a_case(*debts: tuple[str, str]) -> cases.GetCaseResponse:
    return cases.GetCaseResponse(
        case=cases.Case(case_id=CASE, balance=eur(5), debts=[cases.CaseDebt(debt_id=of, external_ref=ref) for of, ref in debts])
    )


# Holds -----------------------------------------------------------------------------------------------------------------


def test_a_hold_is_placed_as_it_is_said(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = a_case((DEBT, "card"))
    services.answers["PlaceHold"] = holds.PlaceHoldResponse(hold_id=HOLD)
    ran = acuerdo(
        *("holds", "place", CASE, "client-request", "ASKED", "--from", "2026-03-01", "--through", "2026-03-31"),
        *("--stops", "contact", "--stops", "dpd", "--debt", "card", "--amount", "400.00", "--evidence", "letter-7"),
    )
    assert ran.exit_code == 0, ran.err
    (asked,) = services.requests("PlaceHold")
    assert (asked.case_id, asked.kind, list(asked.scopes)) == (CASE, holds.HOLD_KIND_CLIENT_REQUEST, [1, 4])
    assert (getattr(asked, "from").day, asked.through.day, list(asked.evidence_refs)) == (1, 31, ["letter-7"])
    assert asked.subject == holds.HoldSubject(debt_id=DEBT, amount=eur(40_000))
    assert HOLD in ran.out


def test_a_hold_of_the_whole_case_names_no_debt(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["PlaceHold"] = holds.PlaceHoldResponse(hold_id=HOLD)
    assert "Paralización" in acuerdo("holds", "place", CASE, "legal", "ASKED", "--lang", "es").out
    acuerdo("holds", "place", CASE, "legal", "ASKED")
    first, second = services.requests("PlaceHold")
    assert not first.HasField("subject")
    assert not first.HasField("from")
    assert first.request_id != second.request_id


@pytest.mark.parametrize("wrong", [["idleness", "ASKED"], ["legal", "ASKED", "--stops", "breath"], ["legal", "ASKED", "--amount", "4"]])
def test_what_is_no_hold_is_an_error_of_the_command(started: Path, services: FakeServices, acuerdo: Acuerdo, wrong: list[str]) -> None:
    ran = acuerdo("holds", "place", CASE, *wrong)
    assert ran.exit_code == 2
    assert not services.requests("PlaceHold")


def test_a_hold_is_extended_and_lifted(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ExtendHold"] = holds.ExtendHoldResponse()
    services.answers["LiftHold"] = holds.LiftHoldResponse()
    assert acuerdo("holds", "extend", CASE, HOLD, "ASKED", "--through", "2026-04-10").exit_code == 0
    assert acuerdo("holds", "lift", CASE, HOLD, "ENOUGH", "--on", "2026-04-01").exit_code == 0
    (extended,), (lifted,) = services.requests("ExtendHold"), services.requests("LiftHold")
    assert (extended.hold_id, extended.through) == (HOLD, Date(year=2026, month=4, day=10))
    assert (lifted.reason_code, lifted.effective_on) == ("ENOUGH", Date(year=2026, month=4, day=1))


def test_holds_are_listed_in_the_words_of_the_language(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListHolds"] = holds.ListHoldsResponse(holds=[a_hold()])
    ran = acuerdo("holds", "list", CASE, "--history", "--lang", "es")
    assert services.requests("ListHolds")[0].with_history
    assert "moratoria legal" in ran.out
    assert "vigente" in ran.out
    services.answers["ListHolds"] = holds.ListHoldsResponse()
    assert "Nothing is on hold." in acuerdo("holds", "list", CASE).out


def test_the_effect_of_holds_is_one_line_for_each_scope(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    stopped = holds.ScopeEffect(scope=holds.HOLD_SCOPE_CONTACT, is_stopped=True, hold_ids=[HOLD], stopped_until=DAY)
    free = holds.ScopeEffect(scope=holds.HOLD_SCOPE_REPORTING, parts=[holds.HoldSubject(debt_id=DEBT, amount=eur(4_000))])
    services.answers["GetHoldEffect"] = holds.GetHoldEffectResponse(scopes=[stopped, free], as_of=DAY, as_known_at=NOW)
    ran = acuerdo("holds", "effect", CASE, "--as-of", "2026-03-09")
    assert services.requests("GetHoldEffect")[0].as_of.day == 9
    assert "stopped until before 2026-03-10" in ran.out
    assert "for a part of one debt: EUR 40.00" in ran.out


# Lateness ----------------------------------------------------------------------------------------------------------------


def test_instalments_are_scheduled_from_a_file(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = a_case((DEBT, "loan"))
    services.answers["ScheduleInstalments"] = late.ScheduleInstalmentsResponse()
    (started / "cuotas.csv").write_text("number,due_date,principal,fees\n1,2026-01-05,100.00,2.50\n2,2026-02-05,,\n")
    ran = acuerdo("delinquency", "schedule", CASE, "cuotas.csv")
    assert ran.exit_code == 0, ran.err
    (asked,) = services.requests("ScheduleInstalments")
    assert [(each.number, each.due_date.month, len(each.components)) for each in asked.instalments] == [(1, 1, 2), (2, 2, 0)]
    assert (asked.debt_id, asked.source_ref, asked.instalments[0].components[1].amount) == (DEBT, "cuotas.csv", eur(250))
    acuerdo("delinquency", "schedule", CASE, "cuotas.csv")
    first, second = services.requests("ScheduleInstalments")
    assert first == second


def test_a_schedule_with_a_broken_line_is_not_sent(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = a_case((DEBT, "loan"))
    (started / "cuotas.csv").write_text("number,due_date,principal\n1,2026-01-05,100.00\n2,soon,100.00\n1,2026-03-05,1.00\n")
    ran = acuerdo("delinquency", "schedule", CASE, "cuotas.csv")
    assert ran.exit_code == 2
    assert "3: due_date is not a date" in ran.err
    assert not services.requests("ScheduleInstalments")


@pytest.mark.parametrize(("debt", "exit_code"), [("", 2), ("loan", 3), ("card", 0), (DEBT, 0)])
def test_a_debt_is_found_by_its_name_or_because_it_is_the_only_one(
    started: Path, services: FakeServices, acuerdo: Acuerdo, debt: str, exit_code: int
) -> None:
    services.answers["GetCase"] = a_case((DEBT, "card"), (HOLD, "mortgage"))
    services.answers["ScheduleInstalments"] = late.ScheduleInstalmentsResponse()
    (started / "cuotas.csv").write_text("number,due_date,principal\n1,2026-01-05,100.00\n")
    assert acuerdo("delinquency", "schedule", CASE, "cuotas.csv", "--debt", debt).exit_code == exit_code


def a_delinquency() -> late.GetDelinquencyResponse:
    return late.GetDelinquencyResponse(
        bucket="31+",
        bucket_set_version="days-1",
        authority=types.AUTHORITY_OURS,
        past_due_units=62,
        oldest_unpaid_due_date=DAY,
        past_due_days=95,
        paused_days=31,
        grace_days=2,
        delinquent_days=62,
        past_due=eur(123_456_789_012),
        unpaid=[
            late.UnpaidInstalment(
                number=1,
                due_date=DAY,
                past_due_days=95,
                unpaid=[types.ComponentAmount(component=component, amount=eur(10**12)) for component in types.Component.values()[1:]],
            )
        ],
        as_of=DAY,
        as_known_at=NOW,
    )


def a_history() -> late.GetDelinquencyHistoryResponse:
    interval = late.BucketInterval(bucket="31+", bucket_set_version="days-1", **{"from": DAY})  # type: ignore[arg-type]
    end = late.MonthEnd(day=DAY, reported="current", restated="1-30", restated_by=[7, 9])
    return late.GetDelinquencyHistoryResponse(intervals=[interval], month_ends=[end])


def test_how_late_a_case_is_is_shown_before_and_after_what_does_not_count(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetDelinquency"] = a_delinquency()
    ran = acuerdo("delinquency", "show", CASE, "--as-known-at", "2026-03-10T09:00:00Z")
    assert services.requests("GetDelinquency")[0].as_known_at == NOW
    for said in ("31+, 62", "our count, days-1", "95", "EUR 1,234,567,890.12"):
        assert said in ran.out


def test_month_ends_are_shown_as_reported_and_as_restated(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetDelinquencyHistory"] = a_history()
    ran = acuerdo("delinquency", "history", CASE, "--from", "2026-01-01", "--through", "2026-03-31", "--lang", "es")
    (asked,) = services.requests("GetDelinquencyHistory")
    assert (getattr(asked, "from").month, asked.through.month) == (1, 3)
    assert "al corriente" in ran.out
    assert "v7, v9" in ran.out


# Explanations --------------------------------------------------------------------------------------------------------------


def an_explanation() -> explained.ExplainBalanceResponse:
    ground = explained.Ground(
        version=6, type="PaymentApplied", says="100.00 EUR", occurred_at=NOW, recorded_at=NOW, amount=eur(-(10**12)), days=3
    )
    rule = explained.RuleInForce(kind="BALANCE_AUTHORITY", version="1", says="our ledger counts")
    return explained.ExplainBalanceResponse(
        sentence="On 2026-03-10 900.00 EUR is owed.", grounds=[ground], differences=[ground], rules=[rule], as_of=DAY, as_known_at=NOW
    )


def test_an_explanation_shows_what_each_fact_adds_and_which_rules_were_in_force(
    started: Path, services: FakeServices, acuerdo: Acuerdo
) -> None:
    services.answers["ExplainBalance"] = an_explanation()
    ran = acuerdo("explain", "balance", CASE, "--as-of", "2026-03-10", "--lang", "es")
    assert services.requests("ExplainBalance")[0].as_of == DAY
    for said in ("900.00 EUR is owed", "pago aplicado", "-10.000.000.000,00", "autoridad del saldo", "our ledger counts"):
        assert said in ran.out


def test_a_bucket_and_a_hold_are_explained(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ExplainBucket"] = cases.ExplainBucketResponse(sentence="In bucket 2.", as_of=DAY, as_known_at=NOW)
    services.answers["ExplainHoldEffect"] = explained.ExplainHoldEffectResponse(sentence="It is stopped.", as_of=DAY, as_known_at=NOW)
    assert "In bucket 2." in acuerdo("explain", "bucket", CASE).out
    assert "It is stopped." in acuerdo("explain", "hold", CASE, "breach-clock").out
    assert services.requests("ExplainHoldEffect")[0].scope == holds.HOLD_SCOPE_BREACH_CLOCK
    assert acuerdo("explain", "hold", CASE, "sleep").exit_code == 2


# Work ------------------------------------------------------------------------------------------------------------------------


def a_worklist(request: work.GetWorklistRequest) -> work.GetWorklistResponse:
    row = work.WorklistRow(
        case_id=CASE,
        external_ref="R" * 64,
        bucket="31-60",
        balance=eur(10**12),
        segment="early_stage_soft",
        is_on_hold=True,
        lease_until=NOW,
    )
    return work.GetWorklistResponse(rows=[row] * request.page_size, next_page_token="more")


def test_a_worklist_is_read_up_to_its_limit(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetWorklist"] = a_worklist
    ran = acuerdo("work", "list", "--agent", HOLD, "--limit", 250, "--json")
    assert len(ran.json["rows"]) == 250
    assert [(request.agent_id, request.page_size) for request in services.requests("GetWorklist")] == [(HOLD, 200), (HOLD, 50)]
    services.answers["GetWorklist"] = work.GetWorklistResponse()
    assert "Ningún expediente" in acuerdo("work", "list", "--lang", "es").out


def test_a_case_is_given_by_the_rule_and_given_back(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    ground = work.AssignmentGround(rule="CLOSENESS", says="knows the person best")
    services.answers["AssignCase"] = work.AssignCaseResponse(agent_id=HOLD, ground=ground, lease_until=NOW)
    services.answers["UnassignCase"] = work.UnassignCaseResponse()
    ran = acuerdo("work", "assign", CASE, "NEXT_CASE", "--skill", "MORTGAGE", "--minutes", 90)
    (asked,) = services.requests("AssignCase")
    assert (asked.agent_id, list(asked.requirements.skills), asked.lease_minutes) == ("", ["MORTGAGE"], 90)
    assert "CLOSENESS: knows the person best" in ran.out
    assert "until 2026-03-10 09:00 UTC" in ran.out
    acuerdo("work", "assign", CASE, "NEXT_CASE", "--agent", HOLD)
    assert not services.requests("AssignCase")[1].HasField("requirements")
    assert acuerdo("work", "release", CASE).exit_code == 0
    assert services.requests("UnassignCase")[0].reason == work.UNASSIGN_REASON_RELEASED


def test_an_agent_is_registered_once_and_an_assignment_explained(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RegisterAgent"] = work.RegisterAgentResponse(agent_id=HOLD)
    for _ in range(2):
        assert acuerdo("work", "register", "maria", "--language", "es", "--language", "ca").out == f"{HOLD}\n"
    first, second = services.requests("RegisterAgent")
    assert (first, list(first.languages), first.kind) == (second, ["es", "ca"], work.AGENT_KIND_HUMAN)
    services.answers["ExplainAssignment"] = explained.ExplainAssignmentResponse(sentence="Nobody has the case.", as_known_at=NOW)
    assert "Nobody has the case." in acuerdo("explain", "assignment", CASE).out


# Words -----------------------------------------------------------------------------------------------------------------------


def test_every_fact_of_a_case_has_its_words_in_both_languages() -> None:
    names = {field.message_type.name for field in told.CaseEvent.DESCRIPTOR.oneofs_by_name["event"].fields}
    of_agents = {name for name in names if name.startswith("Agent")}
    assert ENGLISH_FACTS.keys() == SPANISH_FACTS.keys() == names - OF_OTHER_STREAMS - of_agents


def test_every_kind_and_scope_of_a_hold_is_said_in_spanish() -> None:
    names = [name.removeprefix("HOLD_KIND_") for name in holds.HoldKind.keys()[1:]]
    names += [name.removeprefix("HOLD_SCOPE_") for name in holds.HoldScope.keys()[1:]]
    names += [name.removeprefix("STATE_") for name in holds.Hold.State.keys()[1:]]
    assert [name for name in names if name not in REGION_WORDS["es"].codes] == []


@pytest.mark.parametrize("words", WORDS.values())
def test_every_block_fits(words: Words) -> None:
    effects = [
        holds.ScopeEffect(scope=scope, is_stopped=True, hold_ids=[HOLD] * 9, debt_ids=[DEBT], parts=[a_hold().subject])
        for scope in holds.HoldScope.values()[1:]
    ]
    for block in (
        holds_block(holds.ListHoldsResponse(holds=[a_hold()] * 2), words),
        effect_block(holds.GetHoldEffectResponse(scopes=effects, as_of=DAY, as_known_at=NOW), words),
        delinquency_block(a_delinquency(), words),
        history_block(a_history(), words),
        explanation_block(an_explanation(), words),
        worklist_block(a_worklist(work.GetWorklistRequest(page_size=2)), words),
    ):
        assert widest(written(block)) <= 100
