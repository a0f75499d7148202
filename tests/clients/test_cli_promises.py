"""Promises, and who heeds a hold, on the command line: what is asked of the services, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import heeding_pb2 as heeding
from acuerdo.cases.v1 import promises_pb2 as pb
from acuerdo.cases.v1 import service_pb2 as cases
from google.protobuf.duration_pb2 import Duration
from google.type.date_pb2 import Date

from clients.cli.promise_blocks import acknowledgements_block, explanation_block, promises_block, rates_block
from clients.cli.words import WORDS
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_questions import eur

CASE, PROMISE, DEBT = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000cc", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
DAY = Date(year=2026, month=3, day=13)
NOW = stamp(datetime(2026, 3, 10, 9, tzinfo=UTC))
EN, ES = WORDS["en"], WORDS["es"]


def the_case() -> cases.GetCaseResponse:
    return cases.GetCaseResponse(case=cases.Case(case_id=CASE, balance=eur(5), debts=[cases.CaseDebt(debt_id=DEBT, external_ref="card")]))


def test_a_promise_is_made_as_it_is_said(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = the_case()
    services.answers["MakePromise"] = pb.MakePromiseResponse(promise_id=PROMISE)
    ran = acuerdo(
        *("promise", "make", CASE, "100.00@2026-03-13", "50@2026-04-13", "--debt", "card", "--grace-days", "1", "--tolerance", "5%"),
        *("--remind-days", "2", "--method", "TRANSFER"),
    )
    assert ran.exit_code == 0, ran.err
    (asked,) = services.requests("MakePromise")
    assert [(part.date.month, part.amount) for part in asked.parts] == [(3, eur(10_000)), (4, eur(5_000))]
    assert (asked.case_id, asked.grace_days, asked.tolerance.basis_points, asked.reminder_days) == (CASE, 1, 500, 2)
    assert (list(asked.debt_ids), asked.method) == ([DEBT], "TRANSFER")
    assert PROMISE in ran.out


def test_a_tolerance_may_be_an_amount_and_nobody_is_reminded_unasked(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = the_case()
    services.answers["MakePromise"] = pb.MakePromiseResponse(promise_id=PROMISE)
    assert acuerdo("promise", "make", CASE, "100.00@2026-03-13", "--tolerance", "2.50").exit_code == 0
    (asked,) = services.requests("MakePromise")
    assert (asked.tolerance.amount, asked.HasField("reminder_days")) == (eur(250), False)


@pytest.mark.parametrize("part", ["100.00", "100.00@friday", "a lot@2026-03-13", "1.005@2026-03-13"])
def test_what_is_no_amount_and_no_day_is_said_so(part: str, started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = the_case()
    ran = acuerdo("promise", "make", CASE, part)
    assert (ran.exit_code, "PART" in ran.err, services.requests("MakePromise")) == (2, True, [])


def test_a_promise_is_cancelled_and_replaced(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = the_case()
    services.answers["CancelPromise"] = pb.CancelPromiseResponse()
    services.answers["SupersedePromise"] = pb.SupersedePromiseResponse(promise_id=PROMISE)
    assert acuerdo("promise", "cancel", CASE, PROMISE, "LOST_THE_JOB").exit_code == 0
    assert services.requests("CancelPromise")[0].by == pb.PROMISE_CANCELLED_BY_DEBTOR
    assert acuerdo("promise", "replace", CASE, PROMISE, "MORE_TIME", "100.00@2026-03-13").exit_code == 0
    assert services.requests("SupersedePromise")[0].parts[0].amount == eur(10_000)


def a_promise(state: pb.PromiseState = pb.PROMISE_STATE_UNPAID_SO_FAR) -> pb.Promise:
    return pb.Promise(
        promise_id=PROMISE,
        state=state,
        is_suspended=True,
        parts=[pb.PromisePart(date=DAY, amount=eur(123_456_789_000))],
        promised=eur(123_456_789_000),
        paid=eur(4),
        deadline=NOW,
        waiting_for=["a", "b"],
        money_ids=["c"],
    )


def test_promises_are_read_in_two_languages_within_the_page() -> None:
    answer = pb.GetPromisesResponse(promises=[a_promise(state) for state in pb.PromiseState.values()[1:]], as_of=DAY, as_known_at=NOW)
    english, spanish = (written(promises_block(answer, words)) for words in (EN, ES))
    assert "unpaid so far" in english
    assert "waits for 2 payment sources, money on its way" in " ".join(english.split())
    assert "aún sin pagar" in spanish
    assert max(widest(written(promises_block(answer, words))) for words in (EN, ES)) <= 100
    assert "Nothing is promised." in written(promises_block(pb.GetPromisesResponse(), EN))


def test_why_a_promise_stands_where_it_does_names_payments_sources_and_facts() -> None:
    answer = pb.ExplainPromiseResponse(
        promise=a_promise(),
        payments=[pb.PaymentBeside(payment_id=PROMISE, value_date=DAY, counted=eur(0), reason="RECORDED_BEFORE")],
        sources=[
            pb.SourceBeside(source_id=DEBT, complete_through=DAY, is_complete=True),
            pb.SourceBeside(source_id=CASE),
        ],
        grounds=[explained.Ground(type="PromiseMade", says="100.00 EUR by 2026-03-13", recorded_at=NOW)],
        sentence="On 2026-03-13 nothing counts.",
    )
    said = written(explanation_block(answer, ES))
    assert "ya registrado antes" in said
    assert "2026-03-13 ✓" in said
    assert "promesa de pago" in said
    assert widest(written(explanation_block(answer, EN))) <= 100


def test_rates_stand_beside_one_another(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    eva = pb.PromiseRate(
        taken_by="eva",
        as_reported=pb.PromiseOutcomes(kept=2, paid=eur(15_000)),
        as_restated=pb.PromiseOutcomes(kept=1, broken=1, paid=eur(5_000)),
    )
    services.answers["GetPromiseRates"] = pb.GetPromiseRatesResponse(rates=[eva, pb.PromiseRate()])
    ran = acuerdo("promise", "rates", DEBT, "--from", "2026-03-01", "--through", "2026-03-31", "--lang", "en")
    assert ran.exit_code == 0, ran.err
    assert "2 / 2" in ran.out
    assert "1 / 2" in ran.out
    assert "everybody" in ran.out
    assert "todos" in written(rates_block(services.answers["GetPromiseRates"], ES))  # type: ignore[arg-type]


def test_who_heeds_a_hold_and_who_has_not(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    latency = Duration()
    latency.FromTimedelta(timedelta(milliseconds=1_234))
    acknowledged = heeding.HoldAcknowledgement(
        service="contacts", heeded_at=NOW, latency=latency, stopped=2, contacts_between=[heeding.ContactMade(interaction_id=CASE)]
    )
    hold = heeding.HoldHeeding(hold_id=DEBT, acknowledgements=[acknowledged], awaited=["payments", "strategy"], missed=["strategy"])
    answer = services.answers["GetHoldAcknowledgements"] = heeding.GetHoldAcknowledgementsResponse(holds=[hold])
    ran = acuerdo("holds", "acks", CASE, "--lang", "en")
    assert ran.exit_code == 0, ran.err
    assert "1.234 s" in ran.out
    assert "not in time" in ran.out
    assert "awaited" in ran.out
    assert "fuera de plazo" in written(acknowledgements_block(answer, ES))
