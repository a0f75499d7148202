"""`acuerdo case`: one case, what it is, what happened to it and why; and its history to take away."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1 import log_pb2 as log
from cyclopts import App

from clients.audit import history_file
from clients.audit.contracts import contracts_of
from clients.audit.events import EVENT_MESSAGES
from clients.cli.asking import ASKING, Asking
from clients.cli.blocks import case_table
from clients.cli.case_blocks import case_block, cases_block
from clients.cli.commands import case_ends
from clients.cli.failures import NOT_FOUND, Failure
from clients.cli.ground_blocks import explanation_block
from clients.cli.lookup import case_id_of
from clients.cli.reading import day_or_none, instant_or_none

app = App(name="case", help="Cases. CASE is its id, or the client's reference of it.")

PAGE_ROWS = 200


@app.command
async def show(case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """What a case is, and where it stands.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        What was true on that day, e.g. 2005-06-30.
    as_known_at
        What we knew at that instant, e.g. 2005-07-15T00:00:00Z.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    day, known = day_or_none(as_of, "--as-of"), instant_or_none(as_known_at, "--as-known-at")
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id, as_of=day, as_known_at=known))
    ask.answer(answer, case_block(answer, ask.words))


@app.command
async def timeline(case: str, *, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Everything that happened to a case: when it happened, and when we knew.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    known = instant_or_none(as_known_at, "--as-known-at")
    whole = cases.GetTimelineResponse()
    async with ask.doors() as doors:
        request = cases.GetTimelineRequest(case_id=await case_id_of(doors, case, portfolio), page_size=PAGE_ROWS, as_known_at=known)
        while True:
            page = await doors.cases.GetTimeline(request)
            whole.rows.extend(page.rows)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(whole, case_table(whole.rows, ask.words))


@app.command(name="list")
async def list_(*, portfolio: str = "", bucket: str = "", segment: str = "", ref: str = "", limit: int = 50, ask: Asking = ASKING) -> None:
    """The cases that fit.

    Parameters
    ----------
    portfolio
        Of this portfolio (its id).
    bucket
        In this bucket.
    segment
        In this segment.
    ref
        With this reference of the client.
    limit
        At most so many.
    """
    found = cases.ListCasesResponse()
    request = cases.ListCasesRequest(portfolio_id=portfolio, bucket=bucket, segment=segment, external_ref=ref)
    async with ask.doors() as doors:
        while len(found.cases) < limit:
            request.page_size = min(PAGE_ROWS, limit - len(found.cases))
            page = await doors.cases.ListCases(request)
            found.cases.extend(page.cases)
            found.position, found.next_page_token = page.position, page.next_page_token
            request.page_token = page.next_page_token
            if not page.next_page_token:
                break
    ask.answer(found, cases_block(found, ask.words))


@app.command
async def explain(
    case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING
) -> None:
    """Why a case is in its bucket.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        On that day.
    as_known_at
        With what we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    day, known = day_or_none(as_of, "--as-of"), instant_or_none(as_known_at, "--as-known-at")
    async with ask.doors() as doors:
        request = cases.ExplainBucketRequest(case_id=await case_id_of(doors, case, portfolio), as_of=day, as_known_at=known)
        answer = await doors.cases.ExplainBucket(request)
    ask.answer(answer, explanation_block(answer, ask.words))


@app.command
async def export(case: str, file: Path, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Write a case's history to FILE, for `acuerdo audit verify`: its events, the heads, and the contracts that describe them.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    file
        Where it is written.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        door = doors.log("cases")
        claimed = await door.VerifyStream(log.VerifyStreamRequest(stream_id=case_id))
        head = (await door.Head(log.HeadRequest())).head
        # What is told while we read belongs to a later export: the claim covers the versions it was made of.
        replayed = [record async for answer in door.Replay(log.ReplayRequest(stream_id=case_id)) for record in answer.records]
    records = replayed[: claimed.version] if claimed.intact else replayed
    if not records:
        raise Failure(NOT_FOUND, f"There is no history of the case {case_id}.", "CASE_IS_UNKNOWN")
    history_file.write(
        file,
        records,
        service="cases",
        stream_id=case_id,
        exported_at=head.complete_through.ToDatetime(UTC),
        head_hash=claimed.head_hash or None,
        log_epoch=head.epoch,
        log_position=head.position,
        contracts=contracts_of(EVENT_MESSAGES["cases"]),
    )
    answer = {"file": str(file), "case_id": case_id, "events": len(records), "head_hash": claimed.head_hash.hex()}
    ask.answer(answer, f"{file}: {len(records)}  {claimed.head_hash.hex()}")


for command in (case_ends.balance, case_ends.close, case_ends.reopen):
    app.command(command)
