"""Plays a real portfolio on the development clock: one client, its remesa, its creditor's monthly files, and
scenes from single cases, through the API.

Every request has a fixed request id, so a play that was interrupted goes on where it stopped: what was done answers as before.
"""

from __future__ import annotations

import csv
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
from google.type.date_pb2 import Date

from clients.cli.connection import Doors
from clients.cli.files import read_arrears, read_remesa, totals_of
from clients.cli.identities import read_identities, register
from clients.cli.importing import Came
from clients.cli.stepping import advance, settle, stamp
from dev import opening, talks
from dev.chosen import Chosen, play_chosen
from dev.identities import with_identities
from dev.money import Payers, complete_provider, import_cobros, payments_of
from dev.opening import Sources
from dev.scenes import SCENES, on_stage

ZONE = ZoneInfo("Asia/Taipei")
CURRENCY, COUNTRY = "TWD", "TW"
FILES_ARRIVE_AT = time(9, 0)
"""Local time on the day after the month's end."""
BOOKS_CLOSE_AT = time(23, 0)
"""Local time on the month's last day, when the creditor makes its report: what happened then is known the day after."""
CHUNK_ROWS = 128
CHOSEN_REF = "UCI-00051"
"""Late now and then, never for long: a customer like many."""
MIDDLE = 15
"""Day of the month through which the first of its two cobros files goes."""

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
    chosen: Chosen
    """The case whose story is told."""

    def keep(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=2))

    @staticmethod
    def kept(file: Path) -> Played | None:
        """What an earlier play left; None before the first was finished."""
        if not file.exists():
            return None
        found = json.loads(file.read_text())
        return Played(**{**found, "months": tuple(found["months"]), "chosen": Chosen(**found["chosen"])})


@dataclass(frozen=True, slots=True)
class World:
    """What lies around the services while they are played."""

    data: Path
    home: Path
    """Where files of the play may lie."""
    mail: Path
    """Where the sink keeps what was sent."""
    provider: str
    """The payment provider's URL."""
    second_eyes: Doors
    """Asked as another person: who approves what the first has drafted."""


def terms(source_ids: Sequence[str] = ()) -> words.PortfolioTerms:
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
        jurisdiction=COUNTRY,
        payment_source_ids=source_ids,
    )


async def play(doors: Doors, world: World, progress: Progress) -> Played:
    """Register, release, and live through the months; returns when every case has its answer."""
    data, months = world.data, months_in(world.data)
    await advance(doors, _arrival(date.fromisoformat(f"{months[0]}-01"), days=0))
    client_id, portfolio_id, sources = await _open_portfolio(doors, world)
    batch_id = await _import_batch(doors, client_id, portfolio_id, world, progress)
    payers = Payers(world.mail, world.provider)
    for month in months:
        await _live_through(doors, portfolio_id, sources, payers, data, month, progress)
    last_days = tuple(_last_day(month).isoformat() for month in months)
    stage = await on_stage(doors, portfolio_id, last_days, data)
    for scene in SCENES:
        await scene.play(stage)
    chosen = await play_chosen(doors, portfolio_id, CHOSEN_REF, stage.last_day, ZONE, world.provider, world.mail)
    await settle(doors)
    return Played(client_id, portfolio_id, batch_id, last_days, chosen)


async def _live_through(
    doors: Doors, portfolio_id: str, sources: Sources, payers: Payers, data: Path, month: str, progress: Progress
) -> None:
    """A month: the creditor's payments in two files, the provider's word each time, people who read their mail, then the month's report."""
    file, last_day = data / "uci" / f"{month}.csv", _last_day(month)
    middle = last_day.replace(day=MIDDLE)
    cobros = list(payments_of(file, last_day.replace(day=1), last_day))
    for half, (first, through) in enumerate(((last_day.replace(day=1), middle), (middle + timedelta(days=1), last_day)), start=1):
        await advance(doors, _arrival(through, days=-5))
        await payers.read_mail()
        if half == 1:
            await talks.call(doors, portfolio_id, through - timedelta(days=5))
        await advance(doors, _arrival(through))
        rows = [each for each in cobros if first <= each.paid_on <= through]
        progress(f"cobros {month}/{half}", 0, len(rows))
        if refused := await import_cobros(doors, sources, f"cobros-{month}-{half}", rows, through):
            raise FileRefused(f"{refused} payments of {month} were refused")
        await complete_provider(doors, sources, through)
        await settle(doors)
    await _import_month(doors, portfolio_id, file, last_day, progress)
    await settle(doors)


async def _open_portfolio(doors: Doors, world: World) -> tuple[str, str, Sources]:
    """What a centre decides by itself, then the client with its portfolio: (client id, portfolio id, payment sources)."""
    await opening.publish_segments(doors, world.data)
    await opening.publish_pack(doors, world.data)
    await opening.approve_templates(doors, world.second_eyes, world.data)
    await opening.publish_strategy(doors, world.data)
    client = await doors.cases.RegisterClient(
        cases.RegisterClientRequest(request_id="play/client", external_ref="TWBANK", name="Banco de muestra (UCI, Taiwán 2005)")
    )
    sources = await opening.open_sources(doors, client.client_id, ZONE.key, world.data)
    portfolio = await doors.cases.OpenPortfolio(
        cases.OpenPortfolioRequest(
            request_id="play/portfolio",
            client_id=client.client_id,
            external_ref="CARDS-2005",
            name="Credit cards 2005",
            terms=terms(sources.all),
        )
    )
    await opening.name_portfolio(doors, sources, portfolio.portfolio_id)
    return client.client_id, portfolio.portfolio_id, sources


async def _import_batch(doors: Doors, client_id: str, portfolio_id: str, world: World, progress: Progress) -> str:
    """Persons first, at contacts; the cases only ever see their ids."""
    file = world.home / "remesa.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(with_identities(world.data / "uci" / "remesa.csv", zone=ZONE.key))
    rows = list(read_remesa(file, client_id, CURRENCY).rows)
    persons = read_identities(file, client_id, COUNTRY)
    if persons is None or persons.bad:
        raise FileRefused("the sample's identities cannot be read")
    came, done = Came(), 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress("personas", done, len(rows))

    known = await register(doors, persons.rows, came, step)
    for row in rows:
        row.parties[0].person_id = known[row.line]
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
