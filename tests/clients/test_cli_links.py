"""Payment links on the command line: what is asked of payments, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.payments.v1 import links_pb2 as links

from clients.cli.link_blocks import LINK_WORDS, link_block
from clients.cli.words import WORDS
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_questions import eur

CASE, LINK, DEBT = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000aa", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
URL = "https://pay.example.com/pay/a-token"


@pytest.fixture(autouse=True)
def payments_is_known(alone: Path, services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUERDO_TARGET_PAYMENTS", services.address)


def a_link(**other: Any) -> links.Link:
    usual: dict[str, Any] = {
        "link_id": LINK,
        "case_id": CASE,
        "state": links.LINK_STATE_OPENED,
        "amount": links.AmountAsked(kind=links.AMOUNT_RULE_KIND_FIXED, amount=eur(123_456_789_012)),
        "due": eur(2_500),
        "expires_at": stamp(datetime(2026, 3, 20, 9, tzinfo=UTC)),
    }
    return links.Link(**usual | other)


def test_a_link_is_made_by_the_cases_reference_and_its_address_is_shown(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])
    debt = cases.CaseDebt(debt_id=DEBT, external_ref="card")
    services.answers["GetCase"] = cases.GetCaseResponse(case=cases.Case(case_id=CASE, balance=eur(5), debts=[debt]))
    services.answers["IssueLink"] = links.IssueLinkResponse(link_id=LINK, token="a-token", url=URL)
    ran = acuerdo("link", "issue", "UCI-1", "--amount", "25.00", "--least", "5", "--expires-at", "2026-03-20T09:00:00Z")
    assert (ran.exit_code, ran.err) == (0, "")
    assert URL in ran.out
    [asked] = services.requests("IssueLink")
    assert (asked.case_id, asked.amount.kind, asked.amount.amount, asked.amount.least) == (
        CASE,
        links.AMOUNT_RULE_KIND_FIXED,
        eur(2_500),
        eur(500),
    )
    assert asked.expires_at == stamp(datetime(2026, 3, 20, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ([], links.AMOUNT_RULE_KIND_BALANCE),
        (["--of", "past-due"], links.AMOUNT_RULE_KIND_PAST_DUE),
        (["--promise", DEBT], links.AMOUNT_RULE_KIND_PROMISE),
    ],
    ids=["the balance where nothing is said", "past due", "a promise"],
)
def test_what_is_to_be_paid_follows_from_the_options(
    services: FakeServices, started: Path, acuerdo: Acuerdo, options: list[str], kind: int
) -> None:
    services.answers["IssueLink"] = links.IssueLinkResponse(link_id=LINK)
    assert acuerdo("link", "issue", CASE, *options).exit_code == 0
    assert services.requests("IssueLink")[0].amount.kind == kind


def test_a_repeated_answer_says_that_the_address_is_gone(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["IssueLink"] = links.IssueLinkResponse(link_id=LINK)
    assert "kept nowhere" in " ".join(acuerdo("link", "issue", CASE).out.split())


def test_an_amount_that_is_none_is_refused_before_anybody_is_asked(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = cases.GetCaseResponse(case=cases.Case(case_id=CASE, balance=eur(5), debts=[cases.CaseDebt(debt_id=DEBT)]))
    ran = acuerdo("link", "issue", CASE, "--amount", "1,000.00")
    assert ran.exit_code == 2
    assert "--amount" in ran.err
    assert services.requests("IssueLink") == []


def test_a_link_is_shown_and_revoked(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["GetLink"] = links.GetLinkResponse(link=a_link())
    services.answers["RevokeLink"] = links.RevokeLinkResponse()
    assert "opened" in acuerdo("link", "show", LINK).out
    assert acuerdo("link", "show", LINK, "--json").json["link"]["due"]["minor_units"] == "2500"
    assert acuerdo("link", "revoke", LINK, "SENT_IN_ERROR").exit_code == 0
    [asked] = services.requests("RevokeLink")
    assert (asked.link_id, asked.reason_code) == (LINK, "SENT_IN_ERROR")
    assert asked.request_id


@pytest.mark.parametrize("lang", list(WORDS))
@pytest.mark.parametrize("state", links.LinkState.values()[1:], ids=links.LinkState.Name)
@pytest.mark.parametrize("kind", links.AmountRuleKind.values()[1:], ids=links.AmountRuleKind.Name)
def test_every_state_and_rule_has_its_words_and_fits(lang: Any, state: Any, kind: Any) -> None:
    full = a_link(
        state=state,
        amount=links.AmountAsked(kind=kind, amount=eur(123_456_789_012), promise_id=DEBT, least=eur(1)),
        paid=eur(5),
        payment_id=DEBT,
        interaction_id=DEBT,
        hold_ids=[DEBT, LINK],
        reason_code="SENT_IN_ERROR",
    )
    page = written(link_block(full, lang))
    assert widest(page) <= 100
    codes = {links.LinkState.Name(state): "LINK_STATE_", links.AmountRuleKind.Name(kind): "AMOUNT_RULE_KIND_"}
    for code in (name.removeprefix(prefix) for name, prefix in codes.items()):
        assert LINK_WORDS[lang].codes[code] in page
        assert code not in page
