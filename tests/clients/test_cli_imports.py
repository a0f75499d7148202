"""Importing files: each row has an outcome, a refused one does not stop the others, and the exit code says whether all were taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Money
from google.rpc.error_details_pb2 import ErrorInfo
from grpc import StatusCode

from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing

PORTFOLIO = "019340c1-3a5e-7f0e-9d5b-000000000001"
BATCH = "019340c1-3a5e-7f0e-9d5b-000000000002"
CLIENT = "019340c1-3a5e-7f0e-9d5b-000000000003"


@pytest.fixture
def taking(services: FakeServices) -> FakeServices:
    """Services that take every row, but refuse the reference `R-BAD`."""
    terms = types.PortfolioTerms(currency_code="EUR")
    portfolio = cases.Portfolio(portfolio_id=PORTFOLIO, client_id=CLIENT, name="Cards", terms=terms)
    services.answers["GetPortfolio"] = cases.GetPortfolioResponse(portfolio=portfolio)
    services.answers["ReceiveBatch"] = cases.ReceiveBatchResponse(batch_id=BATCH)
    services.answers["RegisterCases"] = lambda chunk: cases.RegisterCasesResponse(
        request_id=chunk.request_id, outcomes=[outcome(row) for row in chunk.rows], position=9
    )
    services.answers["ReportArrears"] = lambda chunk: cases.ReportArrearsResponse(
        request_id=chunk.request_id, outcomes=[outcome(row) for row in chunk.rows], position=9
    )
    services.answers["ReleaseBatch"] = cases.ReleaseBatchResponse()
    services.answers["GetBatch"] = cases.GetBatchResponse(batch=a_batch())
    return services


def outcome(row: Any) -> cases.RowOutcome:
    if row.external_ref == "R-BAD":
        return cases.RowOutcome(line=row.line, field="external_ref", reason="EXTERNAL_REF_IS_TAKEN", description="is taken already")
    return cases.RowOutcome(line=row.line, case_id=PORTFOLIO, version=4, is_repeated=row.external_ref == "R-AGAIN")


def a_batch(opened: int = 0, state: cases.Batch.State = cases.Batch.STATE_RECEIVED) -> cases.Batch:
    found = types.ControlTotals(count=2, amount=Money(currency_code="EUR", minor_units=1050))
    return cases.Batch(batch_id=BATCH, external_ref="remesa", state=state, declared=found, found=found, accepted=2, opened=opened)


def remesa(folder: Path, *rows: str, header: str = "external_ref,product,principal") -> Path:
    file = folder / "remesa.csv"
    file.write_text("\n".join((header, *rows)) + "\n")
    return file


def test_a_batch_is_announced_with_its_totals_and_sent(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = remesa(started, "R-1,loan,10.00", "R-2,loan,0.50")
    ran = acuerdo("import", "batch", file, "--portfolio", PORTFOLIO)
    assert ran.exit_code == 0, ran.err
    (received,) = taking.requests("ReceiveBatch")
    assert (received.external_ref, received.declared.count, received.declared.amount.minor_units) == ("remesa", 2, 1050)
    (chunk,) = taking.requests("RegisterCases")
    assert [row.external_ref for row in chunk.rows] == ["R-1", "R-2"]
    assert [row.line for row in chunk.rows] == [2, 3]
    assert taking.requests("ReleaseBatch") == []


def test_refused_rows_are_reported_and_the_rest_goes_on(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    """Line 3 cannot be read, line 4 is refused by the service; both are named, in the order of the file."""
    file = remesa(started, "R-1,loan,10.00", "R-2,loan,ten", "R-BAD,loan,1.00", "R-AGAIN,loan,1.00")
    ran = acuerdo("import", "batch", file, "--portfolio", PORTFOLIO, "--json")
    assert ran.exit_code == 1
    rows = ran.json["rows"]
    assert (rows["taken"], rows["repeated"]) == (2, 1)
    assert [(row["line"], row["field"]) for row in rows["refused"]] == [(3, "principal"), (4, "external_ref")]
    assert rows["refused"][1]["reason"] == "EXTERNAL_REF_IS_TAKEN"
    assert [row.external_ref for chunk in taking.requests("RegisterCases") for row in chunk.rows] == ["R-1", "R-BAD", "R-AGAIN"]


def test_a_person_reads_the_refused_rows(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = remesa(started, "R-1,loan,10.00", "R-BAD,loan,1.00")
    ran = acuerdo("import", "batch", file, "--portfolio", PORTFOLIO, "--lang", "es")
    assert ran.exit_code == 1
    assert "is taken already" in ran.out
    assert "1 filas rechazadas" in ran.out


def test_rows_travel_in_chunks_of_at_most_128_each_with_an_id_of_its_own(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = remesa(started, *(f"R-{number},loan,1.00" for number in range(300)))
    assert acuerdo("import", "batch", file, "--portfolio", PORTFOLIO).exit_code == 0
    chunks = taking.requests("RegisterCases")
    assert [len(chunk.rows) for chunk in chunks] == [128, 128, 44]
    assert len({chunk.request_id for chunk in chunks}) == 3
    assert all(len(chunk.request_id) <= 64 for chunk in chunks)


def test_the_same_file_again_is_the_same_batch_but_its_rows_are_asked_for_again(
    started: Path, taking: FakeServices, acuerdo: Acuerdo
) -> None:
    file = remesa(started, "R-1,loan,10.00")
    for _ in range(2):
        acuerdo("import", "batch", file, "--portfolio", PORTFOLIO)
    first, second = taking.requests("ReceiveBatch")
    assert first.request_id == second.request_id
    one, other = taking.requests("RegisterCases")
    assert one.request_id != other.request_id


def test_with_release_the_command_waits_until_the_cases_are_open(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    opened = iter((0, 0, 1, 2))
    taking.answers["GetBatch"] = lambda request: cases.GetBatchResponse(batch=a_batch(next(opened)))
    ran = acuerdo("import", "batch", remesa(started, "R-1,loan,10.00", "R-2,loan,0.50"), "--portfolio", PORTFOLIO, "--release")
    assert ran.exit_code == 0, ran.err
    assert len(taking.requests("ReleaseBatch")) == 1
    assert "2 open" in ran.out


def test_a_batch_that_was_released_is_not_sent_again(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    released = a_batch(opened=2, state=cases.Batch.STATE_RELEASED)
    released.rejected.add(line=9, field="principal", reason="AMOUNT_IS_INVALID")
    taking.answers["GetBatch"] = cases.GetBatchResponse(batch=released)
    ran = acuerdo("import", "batch", remesa(started, "R-1,loan,10.00"), "--portfolio", PORTFOLIO, "--release", "--json")
    assert ran.exit_code == 1
    assert (ran.json["rows"]["taken"], ran.json["rows"]["repeated"], ran.json["rows"]["refused"][0]["line"]) == (2, 2, 9)
    assert taking.requests("RegisterCases") == taking.requests("ReleaseBatch") == []


def test_totals_that_the_client_declared_stand_in_the_place_of_ours(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = remesa(started, "R-1,loan,10.00")
    acuerdo("import", "batch", file, "--portfolio", PORTFOLIO, "--count", 2, "--amount", "-11.5", "--ref", "R7")
    (received,) = taking.requests("ReceiveBatch")
    assert (received.external_ref, received.declared.count, received.declared.amount.minor_units) == ("R7", 2, -1150)


def test_totals_that_do_not_agree_are_refused(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    def differ(request: object) -> None:
        info = ErrorInfo(reason="BATCH_TOTALS_DO_NOT_MATCH", metadata={"declared": "2", "found": "1"})
        raise Refusing(StatusCode.FAILED_PRECONDITION, "Declared and found totals differ.", info)

    taking.answers["ReleaseBatch"] = differ
    ran = acuerdo("import", "batch", remesa(started, "R-1,loan,10.00"), "--portfolio", PORTFOLIO, "--release")
    assert ran.exit_code == 1
    assert "BATCH_TOTALS_DO_NOT_MATCH" in ran.err


def test_an_unknown_column_stops_everything_before_it_begins(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = remesa(started, "R-1,loan,1.00", header="external_ref,product,principle")
    ran = acuerdo("import", "batch", file, "--portfolio", PORTFOLIO)
    assert ran.exit_code == 2
    assert "principle" in ran.err
    assert taking.requests("ReceiveBatch") == []


def test_a_file_that_is_not_there_is_an_error_of_the_command(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    assert acuerdo("import", "batch", started / "nothing.csv", "--portfolio", PORTFOLIO).exit_code == 2


def test_a_report_says_of_which_day_and_from_which_file(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = started / "2005-05.csv"
    file.write_text("external_ref,cycles_past_due,balance,payment\nR-1,2,10.00,0.00\nR-BAD,0,,\n")
    ran = acuerdo("import", "arrears", file, "--portfolio", PORTFOLIO, "--as-of", "2005-05-31", "--json")
    assert ran.exit_code == 1
    assert [row["line"] for row in ran.json["rows"]["refused"]] == [3]
    (chunk,) = taking.requests("ReportArrears")
    assert (chunk.as_of.month, chunk.as_of.day, chunk.source_ref) == (5, 31, "2005-05.csv")
    assert (chunk.rows[0].cycles_past_due, chunk.rows[0].balance.minor_units) == (2, 1000)
    assert chunk.rows[0].HasField("cycles_past_due")
    assert not chunk.rows[1].HasField("balance")


def test_a_stream_that_breaks_says_that_it_may_be_asked_again(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    def broken(chunk: object) -> None:
        raise Refusing(StatusCode.UNAVAILABLE, "the store cannot be reached", ErrorInfo(reason="STORE_IS_UNAVAILABLE"))

    taking.answers["RegisterCases"] = broken
    ran = acuerdo("import", "batch", remesa(started, "R-1,loan,10.00"), "--portfolio", PORTFOLIO)
    assert ran.exit_code == 5
    assert "not stored twice" in ran.err
