"""`acuerdo delinquency`: how late a case is and by what, its buckets over time, and what falls due when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from acuerdo.cases.v1 import instalments_pb2 as late
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import INVALID, Failure, usage
from clients.cli.files import read_instalments
from clients.cli.late_blocks import delinquency_block, history_block
from clients.cli.lookup import case_id_of, debt_of
from clients.cli.reading import day, day_or_none, id_of, instant_or_none
from clients.cli.region_words import REGION_WORDS
from clients.cli.tables import TableIsUnreadable

app = App(name="delinquency", help="How late a case is (impago): today, over time, and by what. CASE is its id, or the client's reference.")


@app.command
async def show(case: str, *, as_of: str | None = None, as_known_at: str | None = None, portfolio: str = "", ask: Asking = ASKING) -> None:
    """How late a case is on a day, before and after grace and holds.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    as_of
        On that day; else today.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = late.GetDelinquencyRequest(as_of=day_or_none(as_of, "--as-of"), as_known_at=instant_or_none(as_known_at, "--as-known-at"))
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetDelinquency(request)
    ask.answer(answer, delinquency_block(answer, ask.words))


@app.command
async def history(
    case: str,
    *,
    from_: Annotated[str, Parameter(name="--from")],
    through: str,
    as_known_at: str | None = None,
    portfolio: str = "",
    ask: Asking = ASKING,
) -> None:
    """A case's buckets over time, and every month-end as reported then and as restated since.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    from_
        First day, e.g. 2005-04-01.
    through
        Last day.
    as_known_at
        What we knew at that instant.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    request = late.GetDelinquencyHistoryRequest(
        through=day(through, "--through"),
        as_known_at=instant_or_none(as_known_at, "--as-known-at"),
        **{"from": day(from_, "--from")},  # `from` is a word of Python's
    )
    async with ask.doors() as doors:
        request.case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.cases.GetDelinquencyHistory(request)
    ask.answer(answer, history_block(answer, ask.words))


@app.command
async def schedule(case: str, file: Path, *, debt: str = "", ref: str = "", portfolio: str = "", ask: Asking = ASKING) -> None:
    """Say when what falls due of a debt: instalments (cuotas) from a CSV file: number, due_date, principal [interest, fees, costs].

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    file
        The instalments. A line without amounts: that number is not due any more.
    debt
        Which debt (its id, or the client's reference of it), where the case has several.
    ref
        The document behind it; else the file's name.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        debt_id, currency = await debt_of(doors, case_id, debt)
        try:
            table = read_instalments(file, currency)
        except TableIsUnreadable as unreadable:
            raise usage(str(unreadable)) from unreadable
        if table.bad:
            # A schedule is one word of the creditor: half of it would be another one.
            lines = [f"{row.line}: {f'{row.field} ' if row.field else ''}{row.description}" for row in table.bad]
            raise Failure(INVALID, f"{file} holds lines that cannot be read: nothing is scheduled.", table.bad[0].reason, lines)
        request = late.ScheduleInstalmentsRequest(case_id=case_id, debt_id=debt_id, instalments=table.rows, source_ref=ref or file.name)
        request.request_id = id_of("instalments", request.SerializeToString(deterministic=True))
        answer = await doors.cases.ScheduleInstalments(request)
    ask.answer(answer, REGION_WORDS[ask.lang].scheduled.format(count=len(table.rows)))
