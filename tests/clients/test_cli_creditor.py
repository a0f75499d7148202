"""The creditor's word against ours on the command line, and how a case ends: the whole request, and what a person reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import creditor_pb2 as creditor
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from grpc import StatusCode

from clients.cli.creditor_blocks import balance_block, differences_block
from clients.cli.creditor_words import CREDITOR_WORDS
from clients.cli.words import WORDS, Words
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_circumstances import asked
from tests.clients.test_cli_questions import PORTFOLIO, eur
from tests.clients.test_cli_regions import CASE, DAY, DEBT, NOW

BALANCE = cases.GetBalanceResponse(
    balance=eur(123_456),
    authority=types.AUTHORITY_CREDITOR,
    ledger_balance=eur(120_000),
    reported_balance=eur(123_456),
    reported_as_of=DAY,
    debts=[
        cases.DebtBalance(
            debt_id=DEBT,
            components=[
                types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=eur(110_000)),
                types.ComponentAmount(component=types.COMPONENT_FEES, amount=eur(10_000)),
            ],
        )
    ],
    as_of=DAY,
    as_known_at=NOW,
)
DIFFERENCE = creditor.BalanceDifference(
    case_id=CASE,
    external_ref="R-1",
    as_of=DAY,
    ours=eur(120_000),
    theirs=eur(123_456),
    causes=[
        creditor.DifferenceCause(kind=creditor.DIFFERENCE_KIND_PAYMENT_NOT_BOOKED_BY_CREDITOR, amount=eur(-3_000)),
        creditor.DifferenceCause(kind=creditor.DIFFERENCE_KIND_ROUNDING, amount=eur(-1)),
    ],
    unexplained=eur(-455),
    unexplained_since=DAY,
    age_days=12,
)

DECIDED: list[tuple[tuple[str, ...], str, Message, Message, str, str]] = [
    (
        ("case", "close", CASE, "paid-in-full", "--evidence", "statement-7", "--evidence", "letter-2"),
        "CloseCase",
        cases.CloseCaseRequest(case_id=CASE, outcome=types.CLOSE_OUTCOME_PAID_IN_FULL, evidence_refs=["statement-7", "letter-2"]),
        cases.CloseCaseResponse(),
        "Closed: paid in full.",
        "Cerrado: pagado por completo.",
    ),
    (
        ("case", "reopen", CASE, "new-evidence", "--evidence", "letter-3"),
        "ReopenCase",
        cases.ReopenCaseRequest(case_id=CASE, reason=types.REOPEN_REASON_NEW_EVIDENCE, evidence_refs=["letter-3"]),
        cases.ReopenCaseResponse(),
        "Open again: new evidence.",
        "Abierto de nuevo: pruebas nuevas.",
    ),
    (
        ("creditor", "resolve", CASE, "2026-03-10", "CHARGE_UNKNOWN_TO_US", "--evidence", "mail-1"),
        "ResolveBalanceDifference",
        creditor.ResolveBalanceDifferenceRequest(case_id=CASE, as_of=DAY, reason_code="CHARGE_UNKNOWN_TO_US", evidence_refs=["mail-1"]),
        creditor.ResolveBalanceDifferenceResponse(),
        "unexplained on 2026-03-10 is no longer listed",
        "sin explicar a 2026-03-10 ya no figura",
    ),
    (
        ("creditor", "retract-report", CASE, "2026-03-10", "march.csv", "WRONG_FILE", "--replaced-by", "march-2.csv"),
        "RetractReport",
        creditor.RetractReportRequest(
            case_id=CASE, as_of=DAY, source_ref="march.csv", by_source_ref="march-2.csv", reason_code="WRONG_FILE"
        ),
        creditor.RetractReportResponse(),
        "What march.csv said of 2026-03-10 no longer counts.",
        "Lo que march.csv decía de 2026-03-10 ya no cuenta.",
    ),
    (
        ("creditor", "revoke-withdrawal", CASE, "SENT_BY_MISTAKE", "--evidence", "mail-2"),
        "RevokeWithdrawal",
        creditor.RevokeWithdrawalRequest(case_id=CASE, reason_code="SENT_BY_MISTAKE", evidence_refs=["mail-2"]),
        creditor.RevokeWithdrawalResponse(),
        "goes on where it was",
        "sigue donde estaba",
    ),
]


@pytest.mark.parametrize(("words", "method", "request_", "answer", "english", "spanish"), DECIDED, ids=[each[0][1] for each in DECIDED])
def test_what_is_decided_is_asked_whole_and_told_in_two_languages(
    words: tuple[str, ...],
    method: str,
    request_: Message,
    answer: Message,
    english: str,
    spanish: str,
    started: Path,
    services: FakeServices,
    acuerdo: Acuerdo,
) -> None:
    services.answers[method] = answer
    ran = acuerdo(*words)
    assert ran.exit_code == 0, ran.err
    assert asked(services, method) == request_
    assert english in ran.out
    assert spanish in acuerdo(*words, "--lang", "es").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("case", "close", CASE, "forgotten", "--evidence", "letter-7"), "OUTCOME is none of paid-in-full"),
        (("case", "close", CASE, "paid-in-full"), "evidence"),
        (("case", "reopen", CASE, "regret"), "REASON is none of payment-reversed"),
        (("case", "balance", CASE, "--as-of", "today"), "--as-of is not a day"),
        (("creditor", "resolve", CASE, "march", "AGREED", "--evidence", "mail-1"), "AS-OF is not a day"),
        (("creditor", "resolve", CASE, "2026-03-10", "AGREED"), "evidence"),
        (("creditor", "revoke-withdrawal", CASE, "SENT_BY_MISTAKE"), "evidence"),
    ],
)
def test_what_is_not_said_as_it_should_be_is_told_by_its_name(
    words: tuple[str, ...], said: str, started: Path, services: FakeServices, acuerdo: Acuerdo
) -> None:
    ran = acuerdo(*words)
    assert (ran.exit_code, said in ran.err) == (2, True), ran.err
    assert services.asked == []


def test_a_case_that_is_not_paid_is_not_closed_as_paid(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    def unpaid(request: object) -> None:
        info = ErrorInfo(reason="BALANCE_IS_NOT_PAID", metadata={"minor_units": "500"})
        raise Refusing(StatusCode.FAILED_PRECONDITION, "There is still something to collect.", info)

    services.answers["CloseCase"] = unpaid
    ran = acuerdo("case", "close", CASE, "paid-in-full", "--evidence", "statement-7")
    assert (ran.exit_code, "BALANCE_IS_NOT_PAID" in ran.err, ran.out) == (1, True, "")


def test_the_balance_is_asked_as_of_a_day_and_as_known_at_an_instant(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetBalance"] = BALANCE
    ran = acuerdo("case", "balance", CASE, "--as-of", "2026-03-10", "--as-known-at", "2026-03-10T09:00:00Z")
    assert services.requests("GetBalance") == [cases.GetBalanceRequest(case_id=CASE, as_of=DAY, as_known_at=NOW)]
    assert "EUR 1,234.56" in ran.out
    assert acuerdo("case", "balance", CASE, "--json").json["ledger_balance"] == {"currency_code": "EUR", "minor_units": "120000"}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_balance_shows_both_words_and_what_it_is_made_of(words: Words) -> None:
    said = CREDITOR_WORDS[words.lang]
    text = written(balance_block(BALANCE, words))
    assert widest(text) <= 100
    for part in (said.code("CREDITOR", ""), said.our_ledger, said.creditor_says, said.code("FEES", ""), DEBT, "2026-03-10"):
        assert part in text
    unreported = cases.GetBalanceResponse(balance=eur(5), ledger_balance=eur(5), authority=types.AUTHORITY_OURS)
    line = next(line for line in written(balance_block(unreported, words)).splitlines() if line.startswith(said.creditor_says))
    assert "–" in line


def test_differences_are_asked_page_by_page_up_to_the_limit(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListBalanceDifferences"] = lambda request: creditor.ListBalanceDifferencesResponse(
        differences=[DIFFERENCE] * min(2, request.page_size), next_page_token="more", position=9
    )
    ran = acuerdo("creditor", "differences", PORTFOLIO, "--explained", "--limit", 3)
    first, second = services.requests("ListBalanceDifferences")
    assert first == creditor.ListBalanceDifferencesRequest(portfolio_id=PORTFOLIO, with_explained=True, page_size=3)
    assert (second.page_token, second.page_size) == ("more", 1)
    assert ran.out.count("R-1") == 3


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_a_difference_shows_its_causes_and_what_nothing_explains(words: Words) -> None:
    said = CREDITOR_WORDS[words.lang]
    explained, accepted = creditor.BalanceDifference(), creditor.BalanceDifference()
    explained.CopyFrom(DIFFERENCE)
    explained.ClearField("unexplained")
    accepted.CopyFrom(DIFFERENCE)
    accepted.is_resolved = True
    text = written(differences_block([DIFFERENCE], words))
    assert widest(text) <= 100
    for part in ("R-1", "2026-03-10", said.code("ROUNDING", ""), said.days_old.format(days=12), "EUR"):
        assert part in text
    assert ("-4,55" if words.lang == "es" else "-4.55") in text
    assert said.resolved not in text
    assert said.resolved in written(differences_block([accepted], words))
    assert said.days_old.format(days=12) not in written(differences_block([explained], words))
    assert said.no_differences in written(differences_block([], words))


@pytest.mark.parametrize(
    ("enum", "prefix"),
    [
        (types.CloseOutcome, "CLOSE_OUTCOME_"),
        (types.ReopenReason, "REOPEN_REASON_"),
        (types.Authority, "AUTHORITY_"),
        (types.Component, "COMPONENT_"),
        (creditor.DifferenceKind, "DIFFERENCE_KIND_"),
    ],
)
def test_every_member_has_its_word_in_spanish(enum: Any, prefix: str) -> None:
    assert {name.removeprefix(prefix) for name, number in enum.items() if number} <= CREDITOR_WORDS["es"].codes.keys()
