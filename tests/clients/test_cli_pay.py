"""Payments on the command line: what is asked of payments, what never leaves this machine, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import payments_pb2 as pay
from acuerdo.payments.v1 import receipts_pb2 as receipts
from google.type.date_pb2 import Date
from grpc import StatusCode

from clients.cli.pay_blocks import explained_block, ledger_block, payment_block, payments_block, sources_block, suspense_block
from clients.cli.words import WORDS
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_questions import eur

CASE, PAYMENT, SOURCE = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000aa", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
DEBT = UUID("019340c1-3a5e-7f0e-9d5b-0000000000cc")
AT = stamp(datetime(2026, 3, 20, 9, tzinfo=UTC))


@pytest.fixture(autouse=True)
def payments_is_known(alone: Path, services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACUERDO_TARGET_PAYMENTS", services.address)
    services.answers["GetPaymentSource"] = pay.GetPaymentSourceResponse(source=pay.PaymentSourceView(source_id=SOURCE))
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])


def on(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


A_DAY = on(date(2026, 3, 20))
WAITING = pay.Placement(case_id=CASE, allocated=eur(0), waiting=eur(123_456_789_012), reason=receipts.SUSPENSE_REASON_CASE_IS_NOT_OPEN)


def an_allocation(**other: Any) -> pay.LedgerAllocation:
    line = told.AllocationLine(
        debt_id=DEBT.bytes,
        component=types.COMPONENT_PRINCIPAL,
        amount=eur(123_456_789_012),
        rule="a-rule-of-forty-characters-or-so/past_due",
    )
    usual: dict[str, Any] = {"allocation_id": PAYMENT, "amount": eur(123_456_789_012), "lines": [line], "value_date": A_DAY}
    return pay.LedgerAllocation(**usual | other)


def test_a_payment_is_told_by_the_references_of_source_and_case(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["RecordPayment"] = pay.RecordPaymentResponse(payment_id=PAYMENT)
    services.answers["GetPayment"] = pay.GetPaymentResponse(payment=pay.PaymentView(payment_id=PAYMENT, placements=[WAITING]))
    ran = acuerdo("pay", "record", "125.50", "--source", "psp", "--ref", "op-1", "--on", "2026-03-20", "--case", "UCI-1")
    assert (ran.exit_code, ran.err) == (0, "")
    assert PAYMENT in ran.out
    [asked] = services.requests("RecordPayment")
    assert (asked.source_id, asked.case_id, asked.provider_ref, asked.amount, asked.value_date) == (
        SOURCE,
        CASE,
        "op-1",
        eur(12_550),
        A_DAY,
    )


def test_a_payment_is_taken_back_with_its_cause(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["ReversePayment"] = pay.ReversePaymentResponse()
    assert acuerdo("pay", "reverse", PAYMENT, "returned", "--on", "2026-03-20").exit_code == 0
    [asked] = services.requests("ReversePayment")
    assert (asked.payment_id, asked.cause, asked.value_date) == (PAYMENT, receipts.PAYMENT_REVERSAL_CAUSE_RETURNED, A_DAY)
    assert acuerdo("pay", "reverse", PAYMENT, "regretted").exit_code == 2


def test_only_columns_that_the_mapping_names_leave_this_machine(
    services: FakeServices, started: Path, acuerdo: Acuerdo, tmp_path: Path
) -> None:
    columns = {"case_ref": "Ref", "amount": "Importe", "value_date": "Fecha"}
    services.answers["GetCobrosMapping"] = pay.GetCobrosMappingResponse(version=3, columns=columns, delimiter=";", encoding="latin-1")
    services.answers["ImportCobros"] = _answer
    file = tmp_path / "cobros.csv"
    file.write_bytes(
        "Nombre;Ref;Fecha;Importe;IBAN\nPeña;c-1;20/03/2026;1,5;ES00\nSol;c-2;;2\n\nLuz;c-3;20/03/2026;3;ES01\n".encode("latin-1")
    )
    ran = acuerdo("pay", "import", "cobros", file, "--source", "bank", "--complete-through", "2026-03-20", "--json")
    assert ran.exit_code == 1, ran.err
    chunk, end = services.requests("ImportCobros")
    assert list(chunk.columns) == ["Fecha", "Importe", "Ref"]
    assert [(row.line, list(row.cells)) for row in chunk.rows] == [
        (2, ["20/03/2026", "1,5", "c-1"]),
        (3, []),
        (5, ["20/03/2026", "3", "c-3"]),
    ]
    assert "Peña".encode() not in chunk.SerializeToString()
    assert b"ES00" not in chunk.SerializeToString()
    assert (end.end.rows, end.end.complete_through, end.mapping_version) == (3, A_DAY, 3)
    assert ran.json["summary"]["not_completed_because"] == "FILE_HAS_REJECTED_ROWS"
    assert [row["line"] for row in ran.json["rows"]["refused"]] == [3]


def _answer(request: pay.ImportCobrosRequest) -> pay.ImportCobrosResponse:
    answer = pay.ImportCobrosResponse(request_id=request.request_id)
    for row in request.rows:
        answer.outcomes.add(line=row.line, payment_id=PAYMENT if row.cells else "", reason="" if row.cells else "NUMBER_OF_CELLS")
    if request.HasField("end"):
        answer.summary.CopyFrom(pay.CobrosSummary(rows=request.end.rows, not_completed_because="FILE_HAS_REJECTED_ROWS"))
    return answer


def test_a_file_without_a_column_of_the_mapping_is_not_sent(
    services: FakeServices, started: Path, acuerdo: Acuerdo, tmp_path: Path
) -> None:
    services.answers["GetCobrosMapping"] = pay.GetCobrosMappingResponse(
        version=1, columns={"amount": "Importe"}, delimiter=";", encoding="utf-8"
    )
    file = tmp_path / "cobros.csv"
    file.write_text("Ref;Fecha\nc-1;x\n")
    assert acuerdo("pay", "import", "cobros", file, "--source", "bank").exit_code == 2
    assert services.requests("ImportCobros") == []


def test_an_explanation_is_of_all_that_a_payment_was_spread_by(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    other = an_allocation(allocation_id=SOURCE, payment_id=SOURCE)
    services.answers["GetLedger"] = pay.GetLedgerResponse(allocations=[an_allocation(payment_id=PAYMENT), other])
    services.answers["ExplainAllocation"] = pay.ExplainAllocationResponse(allocation=an_allocation(), is_reproduced=True)
    assert acuerdo("pay", "explain", "UCI-1", PAYMENT, "--json").exit_code == 0
    assert [asked.allocation_id for asked in services.requests("ExplainAllocation")] == [PAYMENT]
    assert acuerdo("pay", "explain", "UCI-1", "nothing").exit_code == 2


@pytest.mark.parametrize("lang", ["en", "es"])
def test_what_a_person_reads_fits_and_says_it(lang: Any) -> None:
    words = WORDS[lang]
    reason = pay.AllocationReason(
        debt_id=str(DEBT),
        component=types.COMPONENT_PRINCIPAL,
        amount=eur(123_456_789_012),
        rule="most-onerous",
        cite="ES-CC-1173, 1174",
        words="Of what has fallen due the most onerous debt, interest before capital; equal ones in proportion.",
        dueness="PAST_DUE",
        owed_before=eur(123_456_789_012),
        shared_with=3,
    )
    payment = pay.PaymentView(
        payment_id=PAYMENT,
        source_id=SOURCE,
        source=receipts.SOURCE_KIND_CREDITOR_FILE,
        provider_ref="row:" + "f" * 40,
        amount=eur(123_456_789_012),
        value_date=A_DAY,
        placements=[WAITING],
        reversed_on=A_DAY,
        reversed_because=receipts.PAYMENT_REVERSAL_CAUSE_CHARGEBACK,
    )
    item = pay.SuspenseItem(
        payment_id=PAYMENT,
        amount=eur(123_456_789_012),
        reason=receipts.SUSPENSE_REASON_REFERENCE_IS_UNKNOWN,
        external_ref="r" * 64,
        since=AT,
    )
    source = pay.PaymentSourceView(source_id=SOURCE, name="n" * 60, external_ref="r" * 40, zone="Europe/Madrid", complete_through=A_DAY)
    ledger = pay.GetLedgerResponse(
        allocations=[an_allocation(reversed_on=A_DAY, credit=eur(5))], allocated=eur(1), waiting=eur(1), as_of=A_DAY, as_known_at=AT
    )
    explained = pay.ExplainAllocationResponse(allocation=an_allocation(), reasons=[reason], is_reproduced=False)
    for block in (
        payment_block(payment, words),
        ledger_block(ledger, words),
        explained_block(explained, words),
        suspense_block([item], words),
        sources_block([source], words),
    ):
        text = written(block)
        assert widest(text) <= 100
        assert text.strip()
    assert ("OTHER" if lang == "en" else "OTRAS") in written(explained_block(explained, words))


def a_summary(**other: Any) -> pay.PaymentSummary:
    usual: dict[str, Any] = {"payment_id": PAYMENT, "provider_ref": "op-1", "amount": eur(123_456_789_012), "value_date": A_DAY}
    return pay.PaymentSummary(**usual | other)


def test_payments_are_listed_by_case_source_and_days_up_to_the_limit(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["ListPayments"] = lambda request: pay.ListPaymentsResponse(
        payments=[a_summary()] * request.page_size, next_page_token="more"
    )
    said = ("--case", "UCI-1", "--source", "psp", "--from", "2026-03-20", "--through", "2026-03-20", "--limit", 250)
    assert len(acuerdo("pay", "list", *said, "--json").json["payments"]) == 250
    asked: dict[str, Any] = {"case_id": CASE, "source_id": SOURCE, "from": A_DAY, "through": A_DAY}
    assert services.requests("ListPayments") == [
        pay.ListPaymentsRequest(page_size=200, **asked),
        pay.ListPaymentsRequest(page_size=50, page_token="more", **asked),
    ]
    assert acuerdo("pay", "list", "--from", "soon").exit_code == 2
    services.answers["ListPayments"] = pay.ListPaymentsResponse()
    assert "No hay tal pago." in acuerdo("pay", "list", "--lang", "es").out


def test_a_listed_payment_says_what_waits_and_what_was_taken_back() -> None:
    rows = [a_summary(case_id=CASE, waiting=eur(500)), a_summary(is_reversed=True)]
    for lang, sayings in (("en", ("waits EUR 5.00", "taken back")), ("es", ("en espera 5,00 EUR", "devuelto"))):
        text = written(payments_block(rows, WORDS[lang]))
        assert all(said in text for said in (*sayings, PAYMENT, "op-1", "2026-03-20"))
        assert widest(text) <= 100


def test_a_source_tells_of_other_portfolios(services: FakeServices, started: Path, acuerdo: Acuerdo) -> None:
    services.answers["ChangeSourcePortfolios"] = pay.ChangeSourcePortfoliosResponse()
    assert f"Tells payments of: {CASE}, {PAYMENT}" in " ".join(acuerdo("pay", "source", "portfolios", "psp", CASE, PAYMENT).out.split())
    assert "cualquier cartera" in acuerdo("pay", "source", "portfolios", SOURCE, "--lang", "es").out
    some, none = services.requests("ChangeSourcePortfolios")
    assert (some.source_id, list(some.portfolio_ids), list(none.portfolio_ids)) == (SOURCE, [CASE, PAYMENT], [])
    assert some.request_id != none.request_id != ""

    def unknown(request: object) -> None:
        raise Refusing(StatusCode.NOT_FOUND, "There is no such source.")

    services.answers["GetPaymentSource"] = unknown
    assert acuerdo("pay", "source", "portfolios", "nobody", CASE).exit_code == 3
