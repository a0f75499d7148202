"""Agents, their cases, portfolios' terms, batches and promises on the command line: what is asked of cases, and what a person reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1 import workforce_pb2 as work
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.type.date_pb2 import Date
from grpc import StatusCode

from clients.cli.promise_blocks import rows_block
from clients.cli.words import WORDS, Words
from clients.cli.work_blocks import agent_block
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_questions import eur

CASE, AGENT, TEAM = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000aa", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
PORTFOLIO, SOURCE = "019340c1-3a5e-7f0e-9d5b-0000000000cc", "019340c1-3a5e-7f0e-9d5b-0000000000dd"
DAY, NOW = Date(year=2026, month=3, day=10), stamp(datetime(2026, 3, 10, 9, tzinfo=UTC))
AN_AGENT = work.Agent(
    agent_id=AGENT,
    subject="maria",
    kind=work.AGENT_KIND_HUMAN,
    languages=["es", "ca"],
    skills=[work.Skill(skill="DEBT_ADVICE", certificate_ref="cert-7", expires_on=DAY, is_expired=True)],
    team_ids=[TEAM],
    cases_max=1_200,
    is_active=True,
)


def refusing(reason: str) -> Any:
    def refuse(request: object) -> None:
        raise Refusing(StatusCode.FAILED_PRECONDITION, "It may not be.", ErrorInfo(reason=reason, domain="acuerdo"))

    return refuse


def without_id(asked: Message) -> Message:
    """The request, once it is seen that it has an id."""
    assert asked.request_id.startswith("cli-")  # type: ignore[attr-defined]  # every request that changes something has one
    bare = type(asked)()
    bare.CopyFrom(asked)
    bare.ClearField("request_id")
    return bare


# Agents and their cases ------------------------------------------------------------------------------------------------

SAID: list[tuple[tuple[object, ...], str, Message, Message, str, str]] = [
    (
        ("agents", "languages", AGENT, "es", "ca"),
        "ChangeAgentLanguages",
        work.ChangeAgentLanguagesResponse(),
        work.ChangeAgentLanguagesRequest(agent_id=AGENT, languages=["es", "ca"]),
        "Speaks es, ca from now on.",
        "Habla es, ca desde ahora.",
    ),
    (
        ("agents", "capacity", AGENT, 1200),
        "ChangeAgentCapacity",
        work.ChangeAgentCapacityResponse(),
        work.ChangeAgentCapacityRequest(agent_id=AGENT, cases_max=1200),
        "from now on: 1,200.",
        "desde ahora: 1.200.",
    ),
    (
        ("agents", "capacity", AGENT, 0),
        "ChangeAgentCapacity",
        work.ChangeAgentCapacityResponse(),
        work.ChangeAgentCapacityRequest(agent_id=AGENT),
        "as the rule says",
        "según la regla",
    ),
    (
        ("agents", "deactivate", AGENT, "LEFT"),
        "DeactivateAgent",
        work.DeactivateAgentResponse(),
        work.DeactivateAgentRequest(agent_id=AGENT, reason_code="LEFT"),
        "gives back those it has",
        "devuelve los que tiene",
    ),
    (
        ("agents", "reactivate", AGENT),
        "ReactivateAgent",
        work.ReactivateAgentResponse(),
        work.ReactivateAgentRequest(agent_id=AGENT),
        "Gets cases again",
        "Recibe expedientes de nuevo",
    ),
    (
        ("work", "request", "R-1", "NEXT_CASE", "--skill", "MORTGAGE", "--language", "ca", "--team", TEAM, "--at", "2026-03-10T09:00:00Z"),
        "RequestAssignment",
        work.RequestAssignmentResponse(),
        work.RequestAssignmentRequest(
            case_id=CASE,
            reason_code="NEXT_CASE",
            requirements=work.Requirements(skills=["MORTGAGE"], language="ca", team_id=TEAM),
            occurred_at=NOW,
        ),
        "waits for somebody who fits",
        "Espera a alguien adecuado",
    ),
    (
        ("work", "request", CASE, "NEXT_CASE"),
        "RequestAssignment",
        work.RequestAssignmentResponse(),
        work.RequestAssignmentRequest(case_id=CASE, reason_code="NEXT_CASE"),
        CASE,
        CASE,
    ),
    (
        ("work", "extend", "R-1", 90),
        "ExtendLease",
        work.ExtendLeaseResponse(lease_until=NOW),
        work.ExtendLeaseRequest(case_id=CASE, lease_minutes=90),
        "until 2026-03-10 09:00 UTC",
        "hasta el 2026-03-10 09:00 UTC",
    ),
    (
        ("work", "decline", "R-1", "KNOWS_THE_DEBTOR", "--at", "2026-03-10T09:00:00Z"),
        "DeclineAssignment",
        work.DeclineAssignmentResponse(),
        work.DeclineAssignmentRequest(case_id=CASE, reason_code="KNOWS_THE_DEBTOR", occurred_at=NOW),
        "Declined",
        "Rechazado",
    ),
    (
        ("import", "reject", AGENT, "TOTALS_DIFFER"),
        "RejectBatch",
        cases.RejectBatchResponse(),
        cases.RejectBatchRequest(batch_id=AGENT, reason_code="TOTALS_DIFFER"),
        "none of its cases is opened",
        "no se abre ninguno",
    ),
]


@pytest.mark.parametrize(("said", "method", "answer", "expected", "english", "spanish"), SAID, ids=lambda value: str(value)[:40])
def test_what_is_said_is_what_is_asked(
    said: tuple[object, ...],
    method: str,
    answer: Message,
    expected: Message,
    english: str,
    spanish: str,
    started: Path,
    services: FakeServices,
    acuerdo: Acuerdo,
) -> None:
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])
    services.answers[method] = answer
    ran = acuerdo(*said)
    assert ran.exit_code == 0, ran.err
    assert english in " ".join(ran.out.split())
    assert spanish in " ".join(acuerdo(*said, "--lang", "es").out.split())
    asked = services.requests(method)
    assert [without_id(each) for each in asked] == [expected, expected]
    services.answers[method] = refusing("IT_IS_FORBIDDEN")
    refused = acuerdo(*said)
    assert (refused.exit_code, "IT_IS_FORBIDDEN" in refused.err) == (1, True)


@pytest.mark.parametrize(
    "said",
    [
        ("agents", "capacity", AGENT, "-1"),
        ("agents", "capacity", AGENT, "100001"),
        ("work", "extend", CASE, "0"),
        ("work", "extend", CASE, "43201"),
        ("work", "request", CASE, "NEXT", "--at", "soon"),
        ("promise", "portfolio", PORTFOLIO, "--state", "hoped-for"),
        ("promise", "portfolio", PORTFOLIO, "--from", "soon"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_command(started: Path, services: FakeServices, acuerdo: Acuerdo, said: tuple[str, ...]) -> None:
    assert acuerdo(*said).exit_code == 2
    assert services.asked == []


def test_an_agent_is_shown_with_what_it_can_do(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetAgent"] = work.GetAgentResponse(agent=AN_AGENT)
    ran = acuerdo("agents", "show", AGENT)
    assert services.requests("GetAgent")[0].agent_id == AGENT
    for said in ("maria", "active", "human", "es, ca", "1,200", "DEBT_ADVICE", "cert-7", "until 2026-03-10", "expired", TEAM):
        assert said in ran.out
    AN_IDLE = work.Agent(agent_id=AGENT, subject="bot-1", kind=work.AGENT_KIND_BOT)
    services.answers["GetAgent"] = work.GetAgentResponse(agent=AN_IDLE)
    shown = acuerdo("agents", "show", AGENT, "--lang", "es").out
    for said in ("inactivo", "robot", "según la regla"):
        assert said in shown
    assert acuerdo("agents", "show", AGENT, "--json").json["agent"]["subject"] == "bot-1"


# Terms of a portfolio --------------------------------------------------------------------------------------------------


@pytest.fixture
def portfolio(services: FakeServices) -> cases.Portfolio:
    terms = types.PortfolioTerms(
        zone="Europe/Madrid",
        calendar="ES",
        currency_code="EUR",
        bucket_set=types.BucketSet(version="1", unit=types.BUCKET_UNIT_CYCLES, buckets=[types.Bucket(name="current")]),
        balance_authority=types.AUTHORITY_OURS,
        delinquency_authority=types.AUTHORITY_CREDITOR,
        jurisdiction="ES",
        delinquency_policy=types.DelinquencyPolicy(grace_days=2, ignores_pauses=True),
        payment_source_ids=[AGENT],
    )
    known = cases.Portfolio(portfolio_id=PORTFOLIO, name="Cards", terms=terms, etag="7")
    services.answers["GetPortfolio"] = cases.GetPortfolioResponse(portfolio=known)
    services.answers["ChangePortfolioTerms"] = cases.ChangePortfolioTermsResponse()
    return known


def test_terms_that_are_not_said_stay_and_the_version_seen_is_said(
    started: Path, services: FakeServices, acuerdo: Acuerdo, portfolio: cases.Portfolio
) -> None:
    ran = acuerdo("portfolio", "terms", PORTFOLIO, "--from", "2026-03-10", "--tolerance", "5.00")
    assert (ran.exit_code, ran.out) == (0, "Cards: on these terms from 2026-03-10 on.\n")
    expected = cases.ChangePortfolioTermsRequest(portfolio_id=PORTFOLIO, effective_from=DAY, terms=portfolio.terms, etag="7")
    expected.terms.delinquency_policy.tolerance_minor_units = 500
    assert without_id(services.requests("ChangePortfolioTerms")[0]) == expected


def test_every_term_can_be_another(started: Path, services: FakeServices, acuerdo: Acuerdo, portfolio: cases.Portfolio) -> None:
    ran = acuerdo(
        *("portfolio", "terms", PORTFOLIO, "--from", "2026-03-10", "--zone", "Atlantic/Canary", "--calendar", "ES-CN"),
        *("--jurisdiction", "PT", "--buckets", "current=..0,1+=1..", "--bucket-version", "2", "--balance", "creditor"),
        *("--delinquency", "ours", "--grace-days", "0", "--source", SOURCE, "--lang", "es"),
    )
    assert "condiciones desde el 2026-03-10" in ran.out
    (asked,) = services.requests("ChangePortfolioTerms")
    later = types.Bucket(name="1+")
    setattr(later, "from", 1)
    assert asked.terms == types.PortfolioTerms(
        zone="Atlantic/Canary",
        calendar="ES-CN",
        currency_code="EUR",
        bucket_set=types.BucketSet(version="2", unit=types.BUCKET_UNIT_CYCLES, buckets=[types.Bucket(name="current", to=0), later]),
        balance_authority=types.AUTHORITY_CREDITOR,
        delinquency_authority=types.AUTHORITY_OURS,
        jurisdiction="PT",
        delinquency_policy=types.DelinquencyPolicy(ignores_pauses=True),
        payment_source_ids=[SOURCE],
    )


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--zone", "Europe/Madrid"],
        ["--buckets", "current=..0"],
        ["--bucket-version", "2"],
        ["--grace-days", "-1"],
        ["--tolerance", "5,00"],
        ["--balance", "mine"],
    ],
)
def test_terms_that_say_nothing_are_not_sent(
    started: Path, services: FakeServices, acuerdo: Acuerdo, portfolio: cases.Portfolio, wrong: list[str]
) -> None:
    assert acuerdo("portfolio", "terms", PORTFOLIO, "--from", "2026-03-10", *wrong).exit_code == 2
    assert not services.requests("ChangePortfolioTerms")


def test_terms_are_refused_by_name(started: Path, services: FakeServices, acuerdo: Acuerdo, portfolio: cases.Portfolio) -> None:
    services.answers["ChangePortfolioTerms"] = refusing("BUCKET_SET_VERSION_IS_TAKEN")
    ran = acuerdo("portfolio", "terms", PORTFOLIO, "--from", "2026-03-10", "--grace-days", "3", "--json")
    assert (ran.exit_code, ran.failure["reason"]) == (1, "BUCKET_SET_VERSION_IS_TAKEN")


# Promises of a portfolio -----------------------------------------------------------------------------------------------

A_ROW = promises.PromiseRow(
    promise_id=AGENT,
    case_id=CASE,
    state=promises.PROMISE_STATE_KEPT,
    first_published=promises.PROMISE_STATE_BROKEN,
    is_suspended=True,
    promised=eur(123_456_789_012),
    paid=eur(123_456_789_012),
    last_day=DAY,
    taken_by="https://issuer.example.invalid#" + "a" * 40,
)


def test_promises_of_a_portfolio_are_read_up_to_the_limit(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListPromises"] = lambda request: promises.ListPromisesResponse(
        promises=[A_ROW] * request.page_size, next_page_token="more"
    )
    ran = acuerdo(
        *("promise", "portfolio", PORTFOLIO, "--state", "partly-kept", "--from", "2026-03-10", "--through", "2026-03-10"),
        *("--limit", 250, "--json"),
    )
    assert len(ran.json["promises"]) == 250
    first, second = services.requests("ListPromises")
    asked = {"portfolio_id": PORTFOLIO, "state": promises.PROMISE_STATE_PARTLY_KEPT, "last_day_from": DAY, "last_day_through": DAY}
    assert first == promises.ListPromisesRequest(page_size=200, **asked)
    assert second == promises.ListPromisesRequest(page_size=50, page_token="more", **asked)


@pytest.mark.parametrize(("words", "now", "then"), [(WORDS["en"], "kept", "as published: broken"), (WORDS["es"], "cumplida", "incumplida")])
def test_a_promise_says_what_it_was_first_published_as(words: Words, now: str, then: str) -> None:
    text = written(rows_block([A_ROW], words))
    for said in (AGENT, CASE, now, then, "2026-03-10"):
        assert said in " ".join(text.split())
    unjudged = promises.PromiseRow(promise_id=AGENT, state=promises.PROMISE_STATE_DUE, last_day=DAY)
    assert "published" not in written(rows_block([unjudged], words))
    assert written(rows_block([], words)).strip() in ("Nothing is promised.", "No hay nada prometido.")


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_blocks_fit(words: Words) -> None:
    assert widest(written(rows_block([A_ROW], words))) <= 100
    assert widest(written(agent_block(AN_AGENT, words))) <= 100
