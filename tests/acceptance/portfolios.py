"""A small real portfolio: rows cut from the sample, played through the API, and what its rows alone say should come of it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as words
from acuerdo.common.v1.log_pb2 import HeadRequest
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.strategy.v1 import service_pb2 as strategy
from google.type.date_pb2 import Date

from clients.cli.connection import Doors
from clients.cli.files import chunks, read_arrears, read_remesa, totals_of
from clients.cli.stepping import settle
from dev.play import CURRENCY, terms

SAMPLE = Path(__file__).resolve().parents[2] / "data"
MONTHS = (date(2005, 4, 30), date(2005, 5, 31), date(2005, 6, 30))
CHUNK_ROWS = 25
"""Small, so that an import is often in the middle of something."""

Report = dict[str, Any]


@dataclass(frozen=True)
class Portfolio:
    """The first `size` customers of the sample, and where they are once they are played. `key` begins every request id."""

    key: str
    size: int
    portfolio_id: str = ""
    batch_id: str = ""

    def lines(self, stem: str) -> list[dict[str, str]]:
        with (SAMPLE / "uci" / f"{stem}.csv").open(newline="") as file:
            return list(csv.DictReader(file))[: self.size]

    def month(self, as_of: date) -> dict[str, dict[str, str]]:
        return {row["external_ref"]: row for row in self.lines(f"{as_of:%Y-%m}")}


# Played through the API ------------------------------------------------------------------------------------------------


async def open_portfolio(doors: Doors, key: str, size: int) -> Portfolio:
    """A client, its portfolio, and segments for its tenant. Nobody is in it yet."""
    client = await doors.cases.RegisterClient(
        cases.RegisterClientRequest(request_id=f"{key}/client", external_ref=f"CLIENT-{key}", name="Sample bank")
    )
    opened = await doors.cases.OpenPortfolio(
        cases.OpenPortfolioRequest(
            request_id=f"{key}/portfolio", client_id=client.client_id, external_ref=f"P-{key}", name="Cards", terms=terms()
        )
    )
    table = (SAMPLE / "segments.json").read_bytes()
    published = await doors.strategy.PublishSegmentTable(
        strategy.PublishSegmentTableRequest(request_id=f"{key}/table", name="Cards", table=table)
    )
    await doors.strategy.ActivateSegmentTable(strategy.ActivateSegmentTableRequest(request_id=f"{key}/activate", version=published.version))
    return Portfolio(key, size, opened.portfolio_id)


async def register(doors: Doors, portfolio: Portfolio) -> Portfolio:
    """Its remesa, released."""
    key = portfolio.key
    found = await doors.cases.GetPortfolio(cases.GetPortfolioRequest(portfolio_id=portfolio.portfolio_id))
    rows = read_remesa(SAMPLE / "uci" / "remesa.csv", found.portfolio.client_id, CURRENCY).rows[: portfolio.size]
    batch = await doors.cases.ReceiveBatch(
        cases.ReceiveBatchRequest(
            request_id=f"{key}/batch", portfolio_id=portfolio.portfolio_id, external_ref="REMESA", declared=totals_of(rows, CURRENCY)
        )
    )

    async def sent() -> AsyncIterator[cases.RegisterCasesRequest]:
        for number, chunk in enumerate(chunks(rows, CHUNK_ROWS)):
            yield cases.RegisterCasesRequest(request_id=f"{key}/rows/{number}", batch_id=batch.batch_id, rows=chunk)

    async for answer in doors.cases.RegisterCases(sent()):
        assert [outcome.reason for outcome in answer.outcomes if outcome.reason] == []
    await doors.cases.ReleaseBatch(cases.ReleaseBatchRequest(request_id=f"{key}/release", batch_id=batch.batch_id))
    return Portfolio(key, portfolio.size, portfolio.portfolio_id, batch.batch_id)


async def report(
    doors: Doors, portfolio: Portfolio, as_of: date, before_chunk: Callable[[int], Awaitable[None]] | None = None
) -> AsyncIterator[cases.ReportArrearsResponse]:
    """A month's file; an answer for each chunk. The same request ids whenever it is sent."""
    rows = read_arrears(SAMPLE / "uci" / f"{as_of:%Y-%m}.csv", CURRENCY).rows[: portfolio.size]

    async def sent() -> AsyncIterator[cases.ReportArrearsRequest]:
        for number, chunk in enumerate(chunks(rows, CHUNK_ROWS)):
            if before_chunk is not None:
                await before_chunk(number)
            yield cases.ReportArrearsRequest(
                request_id=f"{portfolio.key}/{as_of:%Y-%m}/{number}",
                portfolio_id=portfolio.portfolio_id,
                as_of=wire(as_of),
                source_ref=f"{as_of:%Y-%m}.csv",
                rows=chunk,
            )

    async for answer in doors.cases.ReportArrears(sent()):
        assert [outcome.reason for outcome in answer.outcomes if outcome.reason] == []
        yield answer


async def report_all(doors: Doors, portfolio: Portfolio, months: Sequence[date]) -> None:
    for as_of in months:
        async for _ in report(doors, portfolio, as_of):
            pass


async def play(doors: Doors, key: str, size: int, months: Sequence[date] = MONTHS) -> Portfolio:
    """All of it, in this order of months, until all is quiet."""
    portfolio = await register(doors, await open_portfolio(doors, key, size))
    await settle(doors)
    await report_all(doors, portfolio, months)
    await settle(doors)
    return portfolio


def a_case(portfolio: Portfolio) -> cases.RegisterCaseRequest:
    """One case for itself, owing 123.45."""
    debt = words.Debt(
        external_ref="D-1",
        product="credit_card",
        components=[words.ComponentAmount(component=words.COMPONENT_PRINCIPAL, amount=Money(currency_code=CURRENCY, minor_units=12_345))],
    )
    debtor = words.Party(person_id=str(uuid4()), role=words.PARTY_ROLE_DEBTOR, liability=words.LIABILITY_FULL)
    return cases.RegisterCaseRequest(
        request_id="case",
        portfolio_id=portfolio.portfolio_id,
        external_ref="CASE-1",
        product="credit_card",
        parties=[debtor],
        debts=[debt],
    )


# Asked of the services, and worked out from the rows alone ---------------------------------------------------------------


async def case_ids(doors: Doors, portfolio: Portfolio) -> dict[str, str]:
    """Case by the client's reference."""
    found: dict[str, str] = {}
    token = ""
    while True:
        page = await doors.cases.ListCases(
            cases.ListCasesRequest(portfolio_id=portfolio.portfolio_id, page_size=200, page_token=token, min_position=await _head(doors))
        )
        found |= {case.external_ref: case.case_id for case in page.cases}
        token = page.next_page_token
        if not token:
            return found


async def aging(doors: Doors, portfolio: Portfolio, months: Sequence[date] = MONTHS) -> list[Report]:
    """The restated report of each month, against the month before it."""
    position = await _head(doors)
    reports = []
    for as_of, since in zip(months, [None, *months], strict=False):
        answer = await doors.cases.GetAgingReport(
            cases.GetAgingReportRequest(
                portfolio_id=portfolio.portfolio_id,
                as_of=wire(as_of),
                since=wire(since) if since else None,
                basis=cases.BASIS_RESTATED,
                min_position=position,
            )
        )
        reports.append(
            {
                "cases": {row.bucket: row.count for row in answer.rows if row.count},
                "owed": {row.bucket: row.balance.minor_units for row in answer.rows if row.count},
                "rolls": {(getattr(roll, "from"), roll.to): roll.count for roll in answer.rolls},
            }
        )
    return reports


def aging_by_the_rows(portfolio: Portfolio, months: Sequence[date] = MONTHS) -> list[Report]:
    """The same, counted in the files."""
    reports: list[Report] = []
    before: dict[str, str] = {}
    for as_of in months:
        rows = portfolio.month(as_of)
        now = {ref: bucket(int(row["cycles_past_due"])) for ref, row in rows.items()}
        owed: Counter[str] = Counter()
        for ref, row in rows.items():
            owed[now[ref]] += int(Decimal(row["balance"]) * 100)
        rolls = Counter((before[ref], now[ref]) for ref in now) if before else Counter()
        reports.append({"cases": dict(Counter(now.values())), "owed": dict(owed), "rolls": dict(rolls)})
        before = now
    return reports


def bucket(cycles: int) -> str:
    return "current" if cycles <= 0 else str(cycles) if cycles < 4 else "4+"


def wire(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


async def _head(doors: Doors) -> int:
    return int((await doors.log("cases").Head(HeadRequest())).head.position)
