"""Plays a real portfolio on the development clock: one client, its remesa, its creditor's monthly files, and
scenes from single cases, through the API.

Every request has a fixed request id, so a play that was interrupted goes on where it stopped: what was done answers as before.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as words
from acuerdo.strategy.v1 import service_pb2 as strategy
from google.type.date_pb2 import Date

from clients.cli.connection import Doors
from clients.cli.files import read_arrears, read_remesa, totals_of
from clients.cli.stepping import advance, settle, stamp
from dev.scenes import SCENES, on_stage

ZONE = ZoneInfo("Asia/Taipei")
CURRENCY = "TWD"
FILES_ARRIVE_AT = time(9, 0)
"""Local time on the day after the month's end."""
BOOKS_CLOSE_AT = time(23, 0)
"""Local time on the month's last day, when the creditor makes its report: what happened then is known the day after."""
CHUNK_ROWS = 128

Row = TypeVar("Row")
Progress = Callable[[str, int, int], None]
"""Told (what, done, of how many)."""


class FileRefused(RuntimeError):
    """A row of our own sample was refused: the sample and the service do not fit."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the play made; kept, so that a later start can show it again."""

    client_id: str
    portfolio_id: str
    batch_id: str
    months: tuple[str, ...]
    """Last days of the months played, ISO dates, in order."""

    def keep(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=2))

    @staticmethod
    def kept(file: Path) -> Played | None:
        """What an earlier play left; None before the first was finished."""
        if not file.exists():
            return None
        found = json.loads(file.read_text())
        return Played(**{**found, "months": tuple(found["months"])})


def terms() -> words.PortfolioTerms:
    """Delinquency and balance as the creditor declares them, in billing cycles: current, 1, 2, 3, 4 and more."""
    ranges: list[dict[str, Any]] = [
        {"name": "current", "to": 0},
        *({"name": str(n), "from": n, "to": n} for n in (1, 2, 3)),
        {"name": "4+", "from": 4},
    ]
    buckets = [words.Bucket(**each) for each in ranges]
    return words.PortfolioTerms(
        zone=ZONE.key,
        calendar="TW",
        currency_code=CURRENCY,
        bucket_set=words.BucketSet(version="cycles-1", unit=words.BUCKET_UNIT_CYCLES, buckets=buckets),
        balance_authority=words.AUTHORITY_CREDITOR,
        delinquency_authority=words.AUTHORITY_CREDITOR,
        jurisdiction="TW",
    )


async def play(doors: Doors, data: Path, progress: Progress) -> Played:
    """Register, release, and live through the months; returns when every case has its answer."""
    months = months_in(data)
    await advance(doors, _arrival(date.fromisoformat(f"{months[0]}-01"), days=0))
    client_id, portfolio_id = await _open_portfolio(doors)
    await _publish_segments(doors, (data / "segments.json").read_bytes())
    batch_id = await _import_batch(doors, client_id, portfolio_id, data / "uci" / "remesa.csv", progress)
    for month in months:
        last_day = _last_day(month)
        await advance(doors, _arrival(last_day))
        await _import_month(doors, portfolio_id, data / "uci" / f"{month}.csv", last_day, progress)
        await settle(doors)
    last_days = tuple(_last_day(month).isoformat() for month in months)
    stage = await on_stage(doors, portfolio_id, last_days, data)
    for scene in SCENES:
        await scene.play(stage)
    await settle(doors)
    return Played(client_id, portfolio_id, batch_id, last_days)


async def _open_portfolio(doors: Doors) -> tuple[str, str]:
    client = await doors.cases.RegisterClient(
        cases.RegisterClientRequest(request_id="play/client", external_ref="TWBANK", name="Banco de muestra (UCI, Taiwán 2005)")
    )
    portfolio = await doors.cases.OpenPortfolio(
        cases.OpenPortfolioRequest(
            request_id="play/portfolio", client_id=client.client_id, external_ref="CARDS-2005", name="Credit cards 2005", terms=terms()
        )
    )
    return client.client_id, portfolio.portfolio_id


async def _publish_segments(doors: Doors, table: bytes) -> None:
    published = await doors.strategy.PublishSegmentTable(
        strategy.PublishSegmentTableRequest(request_id="play/segments", name="Cards", table=table)
    )
    await doors.strategy.ActivateSegmentTable(strategy.ActivateSegmentTableRequest(request_id="play/segments", version=published.version))


async def _import_batch(doors: Doors, client_id: str, portfolio_id: str, file: Path, progress: Progress) -> str:
    rows = read_remesa(file, client_id, CURRENCY).rows
    batch = await doors.cases.ReceiveBatch(
        cases.ReceiveBatchRequest(
            request_id="play/batch", portfolio_id=portfolio_id, external_ref=file.stem, declared=totals_of(rows, CURRENCY)
        )
    )

    async def chunks() -> AsyncIterator[cases.RegisterCasesRequest]:
        for number, chunk in enumerate(_chunked(rows)):
            yield cases.RegisterCasesRequest(request_id=f"play/batch/{number}", batch_id=batch.batch_id, rows=chunk)

    done = 0
    async for answer in doors.cases.RegisterCases(chunks()):
        done += _accepted(answer.outcomes)
        progress("remesa", done, len(rows))
    await doors.cases.ReleaseBatch(cases.ReleaseBatchRequest(request_id="play/release", batch_id=batch.batch_id))
    await settle(doors)
    return batch.batch_id


async def _import_month(doors: Doors, portfolio_id: str, file: Path, as_of: date, progress: Progress) -> None:
    rows = read_arrears(file, CURRENCY).rows

    async def chunks() -> AsyncIterator[cases.ReportArrearsRequest]:
        for number, chunk in enumerate(_chunked(rows)):
            yield cases.ReportArrearsRequest(
                request_id=f"play/{file.stem}/{number}",
                portfolio_id=portfolio_id,
                as_of=Date(year=as_of.year, month=as_of.month, day=as_of.day),
                source_ref=file.name,
                rows=chunk,
                occurred_at=stamp(datetime.combine(as_of, BOOKS_CLOSE_AT, tzinfo=ZONE)),
            )

    done = 0
    async for answer in doors.cases.ReportArrears(chunks()):
        done += _accepted(answer.outcomes)
        progress(file.stem, done, len(rows))


def _accepted(outcomes: Sequence[cases.RowOutcome]) -> int:
    for outcome in outcomes:
        if outcome.reason:
            raise FileRefused(f"line {outcome.line}, {outcome.field}: {outcome.reason} ({outcome.description})")
    return len(outcomes)


def _chunked(rows: Sequence[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK_ROWS)):
        yield chunk


def months_in(data: Path) -> list[str]:
    """The months there are files for, in order: 2005-04 …"""
    return sorted(file.stem for file in (data / "uci").glob("????-??.csv"))


def _last_day(month: str) -> date:
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _arrival(last_day: date, days: int = 1) -> datetime:
    return datetime.combine(last_day + timedelta(days=days), FILES_ARRIVE_AT, tzinfo=ZONE)
