"""`acuerdo import`: a client's files, row by row."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Money
from cyclopts import App
from rich.console import RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.asking import ASKING, Asking
from clients.cli.connection import Doors
from clients.cli.failures import OK, REFUSED, UNAVAILABLE, Failure, usage
from clients.cli.files import chunks, read_arrears, read_remesa, read_withdrawals, totals_of
from clients.cli.identities import read_identities, register
from clients.cli.importing import Came, came_blocks, progress, send
from clients.cli.reading import day, id_of, new_id
from clients.cli.tables import TableIsUnreadable
from clients.cli.words import Words

app = App(name="import", help="Import a client's files (CSV, see data/README.md). A row that is refused is reported; the rest goes on.")

OPENED_WITHIN_SECONDS = 300.0
OPENED_POLL_SECONDS = 0.2


@app.command
async def batch(
    file: Path,
    *,
    portfolio: str,
    ref: str | None = None,
    release: bool = False,
    count: int | None = None,
    amount: str | None = None,
    ask: Asking = ASKING,
) -> int:
    """Import a batch (remesa) of cases.

    Parameters
    ----------
    file
        CSV: external_ref, product, principal, and more if you have it. With names, the persons are registered at contacts first.
    portfolio
        Id of the portfolio.
    ref
        The client's reference of the batch; else the file's name.
    release
        Open its cases, when the control totals agree.
    count
        Control total that the client declared: how many rows; else as many as can be read.
    amount
        Control total that the client declared: sum of all amounts; else of the rows that can be read.
    """
    async with ask.doors() as doors:
        kept = await _portfolio(doors, portfolio)
        currency = kept.terms.currency_code
        try:
            table = read_remesa(file, kept.client_id, currency)
        except TableIsUnreadable as unreadable:
            raise usage(str(unreadable)) from unreadable
        came = Came(refused=list(table.bad))
        rows = await _with_persons(doors, file, kept, table.rows, came, ask)
        declared = totals_of(rows, currency)
        _declare(declared, count, amount, currency)
        batch_id = await _receive(doors, portfolio, ref or file.stem, declared)
        found = await _batch(doors, batch_id)
        if found.state == cases.Batch.STATE_RELEASED:
            # The same file again: its rows are what they were.
            came.hear(_as_before(found), 0)
        else:
            requests = (cases.RegisterCasesRequest(batch_id=batch_id, rows=some) for some in chunks(rows))
            with progress(ask.words.importing, len(rows), is_shown=not ask.json) as step:
                await send(requests, doors.cases.RegisterCases, came, step)
            if release:
                await doors.cases.ReleaseBatch(cases.ReleaseBatchRequest(request_id=new_id(), batch_id=batch_id))
        found = await (_opened(doors, batch_id, ask) if release else _batch(doors, batch_id))
    shown = [*came_blocks(came, ask.words), _batch_line(found, ask.words)]
    ask.answer({"batch": found, "rows": came.as_json()}, *shown)
    return REFUSED if came.refused else OK


@app.command
async def arrears(file: Path, *, portfolio: str, as_of: str, ref: str | None = None, ask: Asking = ASKING) -> int:
    """Import a creditor's report of arrears.

    Parameters
    ----------
    file
        CSV: external_ref, cycles_past_due or days_past_due or oldest_unpaid_due_date, balance, and more if you have it.
    portfolio
        Id of the portfolio.
    as_of
        The day it speaks of, e.g. 2005-05-31.
    ref
        The client's reference of the report; else the file's name.
    """
    on = day(as_of, "--as-of")
    async with ask.doors() as doors:
        kept = await _portfolio(doors, portfolio)
        try:
            table = read_arrears(file, kept.terms.currency_code)
        except TableIsUnreadable as unreadable:
            raise usage(str(unreadable)) from unreadable
        came = Came(refused=list(table.bad))
        requests = (
            cases.ReportArrearsRequest(portfolio_id=portfolio, as_of=on, source_ref=ref or file.name, rows=rows)
            for rows in chunks(table.rows)
        )
        with progress(ask.words.importing, len(table.rows), is_shown=not ask.json) as step:
            await send(requests, doors.cases.ReportArrears, came, step)
    ask.answer({"rows": came.as_json()}, *came_blocks(came, ask.words))
    return REFUSED if came.refused else OK


@app.command
async def withdrawals(file: Path, *, portfolio: str, reason: str = "", ref: str | None = None, ask: Asking = ASKING) -> int:
    """Import what a creditor takes back (bajas): cases, or single debts of them.

    Parameters
    ----------
    file
        CSV: external_ref, and if you have it: debt_ref (that debt alone), reason_code, effective_on.
    portfolio
        Id of the portfolio.
    reason
        Code of the reason, e.g. CLIENT_RECALL, of the lines that say none.
    ref
        The client's reference of the file; else its name.
    """
    try:
        table = read_withdrawals(file, reason)
    except TableIsUnreadable as unreadable:
        raise usage(str(unreadable)) from unreadable
    came = Came(refused=list(table.bad))
    requests = (cases.WithdrawCasesRequest(portfolio_id=portfolio, source_ref=ref or file.name, rows=rows) for rows in chunks(table.rows))
    async with ask.doors() as doors:
        with progress(ask.words.importing, len(table.rows), is_shown=not ask.json) as step:
            await send(requests, doors.cases.WithdrawCases, came, step)
    ask.answer({"rows": came.as_json()}, *came_blocks(came, ask.words))
    return REFUSED if came.refused else OK


@app.command
async def reject(batch: str, reason: str, *, ask: Asking = ASKING) -> None:
    """Send a batch back that was not released: none of its cases is opened.

    Parameters
    ----------
    batch
        Id of the batch.
    reason
        Code of the reason, e.g. TOTALS_DIFFER.
    """
    async with ask.doors() as doors:
        answer = await doors.cases.RejectBatch(cases.RejectBatchRequest(request_id=new_id(), batch_id=batch, reason_code=reason))
    ask.answer(answer, ask.words.batch_rejected.format(batch=batch))


# Steps -----------------------------------------------------------------------------------------------------------------


async def _with_persons(
    doors: Doors, file: Path, kept: cases.Portfolio, rows: Sequence[cases.CaseRow], came: Came, ask: Asking
) -> Sequence[cases.CaseRow]:
    """The rows with the persons that contacts knows them by. A row whose person was refused is no row: its case waits for a better file."""
    persons = read_identities(file, kept.client_id, kept.terms.jurisdiction[:2])
    if persons is None:
        return rows
    with progress(ask.words.importing, len(persons.rows), is_shown=not ask.json) as step:
        known = await register(doors, persons.rows, came, step)
    came.refuse(persons.bad)
    named = {row.line for row in persons.rows} | {row.line for row in persons.bad}
    for row in rows:
        if row.line in known:
            row.parties[0].person_id = known[row.line]
    return [row for row in rows if row.line in known or row.line not in named]


async def _portfolio(doors: Doors, portfolio: str) -> cases.Portfolio:
    return (await doors.cases.GetPortfolio(cases.GetPortfolioRequest(portfolio_id=portfolio))).portfolio


def _declare(declared: types.ControlTotals, count: int | None, amount: str | None, currency: str) -> None:
    """What the client declared stands in the place of what we counted."""
    if count is not None:
        declared.count = count
    if amount is not None:
        try:
            units = money.minor_units(amount, decimals=money.decimals_of(currency))
        except money.NotAnAmount as wrong:
            raise usage(f"--amount {wrong}: {amount}") from wrong
        declared.amount.CopyFrom(Money(currency_code=currency, minor_units=units))


async def _receive(doors: Doors, portfolio: str, ref: str, declared: types.ControlTotals) -> str:
    """The same batch announced again, with the same totals, is the same batch."""
    request = cases.ReceiveBatchRequest(portfolio_id=portfolio, external_ref=ref, declared=declared)
    request.request_id = id_of("batch", request.SerializeToString(deterministic=True))
    return (await doors.cases.ReceiveBatch(request)).batch_id


def _as_before(found: cases.Batch) -> Iterable[cases.RowOutcome]:
    """What came of the rows of a batch that was released before."""
    yield from (cases.RowOutcome(line=row.line, field=row.field, reason=row.reason) for row in found.rejected)
    yield from (cases.RowOutcome(is_repeated=True) for _ in range(found.accepted))


async def _batch(doors: Doors, batch_id: str) -> cases.Batch:
    return (await doors.cases.GetBatch(cases.GetBatchRequest(batch_id=batch_id))).batch


async def _opened(doors: Doors, batch_id: str, ask: Asking) -> cases.Batch:
    """Wait until the released batch's cases are open."""
    give_up_at = time.monotonic() + OPENED_WITHIN_SECONDS
    found, seen = await _batch(doors, batch_id), 0
    with progress(ask.words.opening, found.accepted, is_shown=not ask.json) as step:
        while found.opened < found.accepted:
            if time.monotonic() > give_up_at:
                sentence = f"The batch {batch_id} is released; {found.opened} of {found.accepted} cases are open so far."
                raise Failure(UNAVAILABLE, sentence, "NOT_OPENED_IN_TIME", ("The service goes on opening them.",))
            step(found.opened - seen)
            seen = found.opened
            await asyncio.sleep(OPENED_POLL_SECONDS)
            found = await _batch(doors, batch_id)
    return found


def _batch_line(found: cases.Batch, words: Words) -> RenderableType:
    state = cases.Batch.State.Name(found.state).removeprefix("STATE_").lower()
    amount = money.shown(found.found.amount, words.lang)
    counts = f"{money.count(found.found.count, words.lang)} / {money.count(found.declared.count, words.lang)}"
    line = Text.assemble((found.external_ref, "bold"), (f"  {found.batch_id}  ", "dim"), f"{state}, {counts}, {amount}")
    if found.opened:
        line.append(f", {words.opened.format(opened=money.count(found.opened, words.lang))}")
    return line
