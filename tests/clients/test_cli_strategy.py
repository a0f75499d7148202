"""Strategies on the command line: what is asked of the service, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.strategy.v1 import service_pb2 as service
from acuerdo.strategy.v1 import strategies_pb2 as strategies
from acuerdo.strategy.v1 import treatments_pb2 as treatments
from acuerdo.strategy.v1 import types_pb2 as types
from grpc import StatusCode

from clients.cli.strategy_blocks import STRATEGY_WORDS, decision_block, decisions_block, findings_block, position_block
from clients.cli.words import Lang
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_questions import eur

CASE, NOW = str(STREAM), stamp(datetime(2026, 3, 10, 9, tzinfo=UTC))
FINDING = types.Finding(rule=types.Finding.RULE_NO_PAYMENT_METHOD, field="steps.remind.message.pay", description="gives no way to pay")
DECISION = treatments.Decision(
    decision_id="019340c1-3a5e-5f0e-9d5b-0000000000aa",
    step="sort_out",
    occasion="decide",
    chosen="no_answer",
    leads_to="call",
    row_id="no_answer",
    reason="Two reminders without an answer: somebody calls and listens.",
    decided_at=NOW,
    strategy_version=2,
    inputs=[types.Input(name="messages_sent", value="2")],
    candidates=[types.Candidate(name="no_answer", leads_to="call"), types.Candidate(name="pays_in_parts", leads_to="wait_a_week")],
)
TREATMENT = service.Treatment(
    case_id=CASE,
    segment="friendly_reminder",
    position=treatments.Position(strategy_version=2, step="wait_a_week", entered_at=NOW, waits_for="TIME", until=NOW),
    is_paused=True,
)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    file = tmp_path / "mine.yaml"
    file.write_text("form: acuerdo.strategy/1\n")
    return file


def test_a_strategy_is_published_and_put_into_force(started: Path, services: FakeServices, acuerdo: Acuerdo, graph: Path) -> None:
    services.answers |= {
        "PublishStrategy": strategies.PublishStrategyResponse(version=3),
        "ActivateStrategy": strategies.ActivateStrategyResponse(),
    }
    ran = acuerdo("strategy", "publish", str(graph), "--activate", "--json")
    assert (ran.exit_code, ran.json) == (0, {"version": 3, "is_active": True})
    assert services.requests("PublishStrategy")[0].document == graph.read_bytes()
    assert services.requests("ActivateStrategy")[0].version == 3


def test_what_is_wrong_with_a_strategy_is_said_and_ends_as_invalid(
    started: Path, services: FakeServices, acuerdo: Acuerdo, graph: Path
) -> None:
    services.answers["ValidateStrategy"] = strategies.ValidateStrategyResponse(findings=[FINDING])
    ran = acuerdo("strategy", "check", str(graph))
    assert ran.exit_code == 2
    assert "steps.remind.message.pay" in ran.out
    services.answers["ValidateStrategy"] = strategies.ValidateStrategyResponse()
    assert acuerdo("strategy", "check", str(graph)).exit_code == 0
    assert acuerdo("strategy", "check", str(graph.with_name("missing.yaml"))).exit_code == 2


def test_a_migration_is_said_in_words(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ActivateStrategy"] = strategies.ActivateStrategyResponse()
    ran = acuerdo("strategy", "activate", "2", "--migration", "jump", "--jump", "remind:remind_again", "--reason", "BETTER")
    assert ran.exit_code == 0
    [request] = services.requests("ActivateStrategy")
    assert (request.version, request.migration, request.reason_code) == (2, types.MIGRATION_JUMP, "BETTER")
    assert [(jump.from_step, jump.to_step) for jump in request.jumps] == [("remind", "remind_again")]
    assert acuerdo("strategy", "activate", "2", "--migration", "jump", "--jump", "remind").exit_code == 2


def test_the_last_decision_is_explained_where_none_is_named(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers |= {
        "ListDecisions": treatments.ListDecisionsResponse(decisions=[DECISION]),
        "ExplainDecision": treatments.ExplainDecisionResponse(decision=DECISION, is_reproduced=True),
    }
    ran = acuerdo("strategy", "explain", CASE)
    assert ran.exit_code == 0
    assert services.requests("ExplainDecision")[0].decision_id == DECISION.decision_id
    assert "messages_sent=2" in ran.out
    services.answers["ListDecisions"] = treatments.ListDecisionsResponse()
    assert acuerdo("strategy", "explain", CASE).exit_code == 2


def test_decisions_are_fetched_to_the_last_page(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    def page(request: treatments.ListDecisionsRequest) -> treatments.ListDecisionsResponse:
        return treatments.ListDecisionsResponse(decisions=[DECISION], next_page_token="" if request.page_token else "more")

    services.answers["ListDecisions"] = page
    assert len(acuerdo("strategy", "decisions", CASE, "--json").json["decisions"]) == 2


def test_a_case_is_shown_paused_and_resumed(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers |= {
        "GetTreatment": service.GetTreatmentResponse(treatment=TREATMENT),
        "GetStrategy": strategies.GetStrategyResponse(version=1, name="Listen first", document=b"form: x\n", is_active=True),
        "PauseAutomation": treatments.PauseAutomationResponse(),
        "ResumeAutomation": treatments.ResumeAutomationResponse(),
    }
    assert "wait_a_week" in acuerdo("strategy", "show", CASE).out
    assert "Listen first" in acuerdo("strategy", "show").out
    assert acuerdo("strategy", "pause", CASE, "TALKING", "--until", "2026-04-01T10:00:00Z").exit_code == 0
    assert services.requests("PauseAutomation")[0].until.seconds
    assert acuerdo("strategy", "resume", CASE, "DONE").exit_code == 0


@pytest.mark.parametrize("lang", ["en", "es"])
def test_blocks_fit_and_say_everything(lang: Lang) -> None:
    said = STRATEGY_WORDS[lang]
    blocks = [
        (findings_block(strategies.ValidateStrategyResponse(findings=[FINDING]), lang), "no payment method"),
        (findings_block(strategies.ValidateStrategyResponse(), lang), said.sound),
        (position_block(TREATMENT, lang), said.people),
        (position_block(service.Treatment(), lang), said.nowhere),
        (decisions_block(treatments.ListDecisionsResponse(decisions=[DECISION]), lang), "no_answer → call"),
        (decisions_block(treatments.ListDecisionsResponse(), lang), said.nothing_decided),
        (decision_block(treatments.ExplainDecisionResponse(decision=DECISION, is_reproduced=True), lang), said.again),
        (decision_block(treatments.ExplainDecisionResponse(decision=DECISION), lang), said.differs),
    ]
    for block, expected in blocks:
        text = written(block)
        assert expected in " ".join(text.split())
        assert widest(text) <= 100


SEGMENT = service.ExplainSegmentResponse(
    segment="friendly_reminder",
    table_version=3,
    row_id="early",
    reason="One bill behind.",
    bucket="1",
    balance=eur(123_456),
    client_id=CASE,
    is_reproduced=True,
)


@pytest.mark.parametrize(("lang", "balance"), [("en", "EUR 1,234.56"), ("es", "1.234,56 EUR")])
def test_why_a_case_is_in_its_segment(started: Path, services: FakeServices, acuerdo: Acuerdo, lang: Lang, balance: str) -> None:
    services.answers["ExplainSegment"] = SEGMENT
    shown = acuerdo("segments", "explain", CASE, "--lang", lang).out
    assert services.requests("ExplainSegment") == [service.ExplainSegmentRequest(case_id=CASE)]
    for said in ("friendly_reminder", "early", "One bill behind.", balance, CASE, STRATEGY_WORDS[lang].again):
        assert said in shown
    other = service.ExplainSegmentResponse()
    other.CopyFrom(SEGMENT)
    other.is_reproduced = False
    services.answers["ExplainSegment"] = other
    assert STRATEGY_WORDS[lang].differs in acuerdo("segments", "explain", CASE, "--lang", lang).out


def test_a_case_is_put_to_another_step(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["OverrideTreatment"] = treatments.OverrideTreatmentResponse()
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])
    assert "stands at call now" in acuerdo("strategy", "override", "R-1", "call", "ASKED_FOR_IT").out
    assert "ahora en call" in acuerdo("strategy", "override", CASE, "call", "ASKED_FOR_IT", "--lang", "es").out
    first, second = services.requests("OverrideTreatment")
    assert (first.case_id, first.step, first.reason_code) == (CASE, "call", "ASKED_FOR_IT")
    assert first.request_id != second.request_id

    def refuse(request: object) -> None:
        raise Refusing(StatusCode.FAILED_PRECONDITION, "The strategy has no such step.")

    services.answers["OverrideTreatment"] = refuse
    ran = acuerdo("strategy", "override", CASE, "call", "ASKED_FOR_IT")
    assert (ran.exit_code, "no such step" in ran.err) == (1, True)
