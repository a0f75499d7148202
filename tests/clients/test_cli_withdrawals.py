"""Cases and debts that a creditor takes back, from a file: each line has its outcome, a refused one does not stop the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import service_pb2 as cases

from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.test_cli_circumstances import asked
from tests.clients.test_cli_imports import PORTFOLIO
from tests.clients.test_cli_regions import DAY


@pytest.fixture
def taking(services: FakeServices) -> FakeServices:
    """Services that take every row, but know no case `R-BAD`."""
    services.answers["WithdrawCases"] = lambda chunk: cases.WithdrawCasesResponse(
        request_id=chunk.request_id, outcomes=[outcome(row) for row in chunk.rows], position=9
    )
    return services


def outcome(row: Any) -> cases.RowOutcome:
    if row.external_ref == "R-BAD":
        return cases.RowOutcome(line=row.line, field="external_ref", reason="EXTERNAL_REF_IS_UNKNOWN", description="is unknown")
    return cases.RowOutcome(line=row.line, version=4)


def bajas(folder: Path, *lines: str) -> Path:
    file = folder / "bajas.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_case_and_single_debts_are_taken_back(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    header = "external_ref,debt_ref,reason_code,effective_on"
    file = bajas(started, header, "R-1,,SOLD,2026-03-10", "R-2,card,,", "R-2,loan,,")
    ran = acuerdo("import", "withdrawals", file, "--portfolio", PORTFOLIO, "--reason", "CLIENT_RECALL")
    assert ran.exit_code == 0, ran.err
    assert asked(taking, "WithdrawCases") == cases.WithdrawCasesRequest(
        portfolio_id=PORTFOLIO,
        source_ref="bajas.csv",
        rows=[
            cases.WithdrawalRow(line=2, external_ref="R-1", reason_code="SOLD", effective_on=DAY),
            cases.WithdrawalRow(line=3, external_ref="R-2", debt_ref="card", reason_code="CLIENT_RECALL"),
            cases.WithdrawalRow(line=4, external_ref="R-2", debt_ref="loan", reason_code="CLIENT_RECALL"),
        ],
    )
    assert "3 rows taken" in ran.out
    assert "3 filas aceptadas" in acuerdo("import", "withdrawals", file, "--portfolio", PORTFOLIO, "--reason", "SOLD", "--lang", "es").out


def test_each_line_that_is_refused_is_told_and_the_rest_goes_on(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    lines = ("R-1;SOLD;", "R-BAD;SOLD;", ";SOLD;", "R-2;sold;", "R-3;;", "R-1;SOLD;", "R-4;SOLD;10/03/2026", "R-5;SOLD;2026-03-10")
    file = bajas(started, "external_ref;reason_code;effective_on", *lines)
    ran = acuerdo("import", "withdrawals", file, "--portfolio", PORTFOLIO, "--ref", "BAJAS-03", "--json")
    assert ran.exit_code == 1
    rows = ran.json["rows"]
    assert rows["taken"] == 2
    assert [(row["line"], row["field"], row["reason"]) for row in rows["refused"]] == [
        (3, "external_ref", "EXTERNAL_REF_IS_UNKNOWN"),
        (4, "external_ref", "IS_MISSING"),
        (5, "reason_code", "REASON_CODE_IS_INVALID"),
        (6, "reason_code", "IS_MISSING"),
        (7, "external_ref, debt_ref", "IS_REPEATED"),
        (8, "effective_on", "DATE_IS_INVALID"),
    ]
    (chunk,) = taking.requests("WithdrawCases")
    assert (chunk.source_ref, [row.external_ref for row in chunk.rows]) == ("BAJAS-03", ["R-1", "R-BAD", "R-5"])


def test_rows_travel_in_chunks_of_at_most_128(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    file = bajas(started, "external_ref", *(f"R-{number}" for number in range(200)))
    assert acuerdo("import", "withdrawals", file, "--portfolio", PORTFOLIO, "--reason", "SOLD").exit_code == 0
    chunks = taking.requests("WithdrawCases")
    assert [len(chunk.rows) for chunk in chunks] == [128, 72]
    assert len({chunk.request_id for chunk in chunks}) == 2


def test_a_wrong_header_stops_everything_before_it_begins(started: Path, taking: FakeServices, acuerdo: Acuerdo) -> None:
    ran = acuerdo("import", "withdrawals", bajas(started, "reference", "R-1"), "--portfolio", PORTFOLIO)
    assert (ran.exit_code, "external_ref" in ran.err) == (2, True)
    assert taking.asked == []
