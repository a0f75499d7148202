"""The UCI card portfolio, declared in cycles and fed month by month: buckets and rolls as the rows say, whatever the order of arrival."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.kernel.ids import derived
from tests.services.cases.service import Caller, Running, a_row, cycles_terms, money, on, running

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "uci_credit_card"
SAMPLE = Path(__file__).resolve().parents[3] / "data" / "uci"
SUBSET_ROWS = 600
CHUNK_ROWS = 128

MONTHS = (
    (date(2005, 4, 30), "PAY_6", "BILL_AMT6"),
    (date(2005, 5, 31), "PAY_5", "BILL_AMT5"),
    (date(2005, 6, 30), "PAY_4", "BILL_AMT4"),
    (date(2005, 7, 31), "PAY_3", "BILL_AMT3"),
    (date(2005, 8, 31), "PAY_2", "BILL_AMT2"),
    (date(2005, 9, 30), "PAY_0", "BILL_AMT1"),
)


@dataclass(frozen=True)
class Customer:
    ref: str
    codes: tuple[int, ...]
    bills: tuple[int, ...]


def customers() -> list[Customer]:
    """The source rows where they are, else those of the sample that comes with the project."""
    if not (SHARED / "UCI_Credit_Card.csv").exists():
        return _sample()
    return [
        Customer(row["ID"], tuple(int(row[code]) for _, code, _ in MONTHS), tuple(int(float(row[bill])) for _, _, bill in MONTHS))
        for row in _rows(SHARED / "UCI_Credit_Card.csv")
    ]


def _sample() -> list[Customer]:
    months = [_rows(SAMPLE / f"{as_of:%Y-%m}.csv") for as_of, _, _ in MONTHS]
    return [
        Customer(
            rows[0]["external_ref"], tuple(int(row["cycles_past_due"]) for row in rows), tuple(int(float(row["balance"])) for row in rows)
        )
        for rows in zip(*months, strict=True)
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def bucket(code: int) -> str:
    return "current" if code <= 0 else str(code) if code < 4 else "4+"


def counted(chosen: Sequence[Customer]) -> tuple[list[Counter[str]], list[Counter[str]], list[int]]:
    """Counts, rolls and bills by month, from the rows alone."""
    months = range(len(MONTHS))
    buckets = [Counter(bucket(one.codes[month]) for one in chosen) for month in months]
    rolls = [Counter(f"{bucket(one.codes[month - 1])}->{bucket(one.codes[month])}" for one in chosen) for month in months[1:]]
    return buckets, rolls, [sum(one.bills[month] for one in chosen) * 100 for month in months]


async def play(caller: Caller, chosen: Sequence[Customer], months: Sequence[int]) -> str:
    """Register the client, the portfolio and one remesa; then each month's file, in the order given. The portfolio's id."""
    client = await caller.RegisterClient(external_ref="taiwan-bank", name="Taiwan Bank")
    portfolio = await caller.OpenPortfolio(
        client_id=client.client_id, external_ref="cards", name="Cards", terms=cycles_terms("TWD", "Asia/Taipei", "TW")
    )
    total = sum(one.bills[0] for one in chosen) * 100
    batch = await caller.ReceiveBatch(
        portfolio_id=portfolio.portfolio_id,
        external_ref="remesa-1",
        declared=types.ControlTotals(count=len(chosen), amount=money(total, "TWD")),
    )
    rows = [
        a_row(line, one.ref, one.bills[0] * 100, str(derived("person", one.ref)), "TWD", value_date=on(MONTHS[0][0]))
        for line, one in enumerate(chosen, 1)
    ]
    chunks = [
        pb.RegisterCasesRequest(request_id=f"rows-{start}", batch_id=batch.batch_id, rows=rows[start : start + CHUNK_ROWS])
        for start in range(0, len(rows), CHUNK_ROWS)
    ]
    for answer in await caller.send("RegisterCases", *chunks):
        assert not [outcome for outcome in answer.outcomes if not outcome.case_id]
    await caller.ReleaseBatch(batch_id=batch.batch_id)
    for month in months:
        await report(caller, portfolio.portfolio_id, chosen, month)
    return str(portfolio.portfolio_id)


async def report(caller: Caller, portfolio_id: str, chosen: Sequence[Customer], month: int) -> None:
    as_of = MONTHS[month][0]
    rows = [
        pb.ArrearsRow(line=line, external_ref=one.ref, cycles_past_due=one.codes[month], balance=money(one.bills[month] * 100, "TWD"))
        for line, one in enumerate(chosen, 1)
    ]
    chunks = [
        pb.ReportArrearsRequest(
            request_id=f"{as_of}-{start}",
            portfolio_id=portfolio_id,
            as_of=on(as_of),
            source_ref=f"file-{as_of}",
            rows=rows[start : start + CHUNK_ROWS],
        )
        for start in range(0, len(rows), CHUNK_ROWS)
    ]
    for answer in await caller.send("ReportArrears", *chunks):
        assert not [outcome for outcome in answer.outcomes if not outcome.case_id]


async def assert_as_the_rows_say(caller: Caller, portfolio_id: str, expected: Any, position: int) -> None:
    buckets, rolls, bills = expected
    for month, (as_of, _, _) in enumerate(MONTHS):
        since = on(MONTHS[month - 1][0]) if month else None
        aging = await caller.GetAgingReport(portfolio_id=portfolio_id, as_of=on(as_of), since=since, min_position=position)
        assert {row.bucket: row.count for row in aging.rows if row.count} == dict(buckets[month])
        assert sum(row.balance.minor_units for row in aging.rows) == bills[month]
        if month:
            assert {f"{getattr(roll, 'from')}->{roll.to}": roll.count for roll in aging.rolls} == dict(rolls[month - 1])
            assert {row.bucket: row.count_before for row in aging.rows if row.count_before} == dict(buckets[month - 1])


async def position_of(service: Running) -> int:
    return (await service.log.head()).position


@pytest.mark.parametrize("months", [(0, 1, 2, 3, 4, 5), (3, 0, 5, 1, 4, 2)], ids=["in order", "shuffled"])
async def test_buckets_and_rolls_are_as_the_rows_say(cases: Running, months: Sequence[int]) -> None:
    chosen = customers()[:SUBSET_ROWS]
    caller = cases.as_()
    portfolio_id = await play(caller, chosen, months)
    expected = counted(chosen)
    await assert_as_the_rows_say(caller, portfolio_id, expected, await position_of(cases))
    await cases.rebuild_views()
    await assert_as_the_rows_say(caller, portfolio_id, expected, await position_of(cases))


async def test_the_sample_that_comes_with_the_project_is_as_its_rows_say(cases: Running) -> None:
    chosen = _sample()[:200]
    caller = cases.as_()
    portfolio_id = await play(caller, chosen, (5, 4, 3, 2, 1, 0))
    await assert_as_the_rows_say(caller, portfolio_id, counted(chosen), await position_of(cases))


async def test_a_restart_and_a_repeated_file_change_nothing(database: str, tmp_path: Path) -> None:
    chosen, begin = customers()[:200], datetime(2005, 10, 1, tzinfo=UTC)
    async with running(database, tmp_path, begin) as service:
        caller = service.as_()
        portfolio_id = await play(caller, chosen, range(6))
        before = await position_of(service)
        await report(caller, portfolio_id, chosen, 2)
        assert await position_of(service) == before
    async with running(database, tmp_path, begin) as service:
        await assert_as_the_rows_say(service.as_(), portfolio_id, counted(chosen), before)


@pytest.mark.skipif(
    not os.environ.get("ACUERDO_UCI_FULL") or not SHARED.exists(), reason="all 15,021 customers take minutes: ACUERDO_UCI_FULL=1"
)
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("months", [(0, 1, 2, 3, 4, 5), (3, 0, 5, 1, 4, 2)], ids=["in order", "shuffled"])
async def test_the_whole_portfolio_is_as_expected(cases: Running, months: Sequence[int]) -> None:
    chosen = customers()
    expected = json.loads((SHARED / "expected.json").read_text())
    buckets, rolls, bills = counted(chosen)
    assert [dict(each) for each in buckets] == list(expected["bucket_counts"].values())
    assert [dict(each) for each in rolls] == list(expected["roll"].values())
    assert bills == [expected["bills_sum"][bill] * 100 for _, _, bill in MONTHS]
    caller = cases.as_()
    began = datetime.now(UTC)
    portfolio_id = await play(caller, chosen, months)
    fed = datetime.now(UTC)
    await assert_as_the_rows_say(caller, portfolio_id, (buckets, rolls, bills), await position_of(cases))
    shown = datetime.now(UTC)
    await cases.rebuild_views()
    await assert_as_the_rows_say(caller, portfolio_id, (buckets, rolls, bills), await position_of(cases))
    print(f"\nevents {await position_of(cases)}; fed in {fed - began}; shown {shown - fed}; rebuilt in {datetime.now(UTC) - shown}")
    assert UUID(portfolio_id)
