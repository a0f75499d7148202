"""`acuerdo segments`: the table by which cases are put into segments, and why one is in its own."""

from __future__ import annotations

from pathlib import Path

from acuerdo.strategy.v1 import service_pb2 as strategy
from cyclopts import App
from rich.syntax import Syntax
from rich.text import Text

from clients.cli.asking import ASKING, Asking
from clients.cli.failures import usage
from clients.cli.lookup import case_id_of
from clients.cli.reading import new_id
from clients.cli.strategy_blocks import segment_block

app = App(name="segments", help="The table by which cases are put into segments.")


@app.command
async def publish(file: Path, *, name: str | None = None, activate: bool = False, ask: Asking = ASKING) -> None:
    """Check a table cell by cell and store it as the next version.

    Parameters
    ----------
    file
        A decision table as JDM JSON.
    name
        What people call it; else the file's name.
    activate
        Put cases into segments by it from now on.
    """
    table = _content(file)
    async with ask.doors() as doors:
        request = strategy.PublishSegmentTableRequest(request_id=new_id(), name=name or file.stem, table=table)
        answer = await doors.strategy.PublishSegmentTable(request)
        if activate:
            await doors.strategy.ActivateSegmentTable(strategy.ActivateSegmentTableRequest(request_id=new_id(), version=answer.version))
    ask.answer({"version": answer.version, "is_active": activate}, ask.words.published_as.format(version=answer.version))


@app.command
async def show(*, version: int = 0, ask: Asking = ASKING) -> None:
    """The table in force, or another version of it.

    Parameters
    ----------
    version
        1, 2, 3 …; 0 is the one in force.
    """
    async with ask.doors() as doors:
        answer = await doors.strategy.GetSegmentTable(strategy.GetSegmentTableRequest(version=version))
    text = answer.table.decode("utf-8", errors="replace")
    heading = Text.assemble((answer.name, "bold"), f"  {answer.version}/{answer.latest_version}", "  ✓" if answer.is_active else "")
    ask.answer(answer, heading, Syntax(text, "json", background_color="default", word_wrap=True))


@app.command
async def explain(case: str, *, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Why a case is in its segment: what the table saw and the row that matched; decided again, with the same answer.

    Parameters
    ----------
    case
        Its id, or the client's reference of it.
    portfolio
        Id of the portfolio, where several clients use the same reference.
    """
    async with ask.doors() as doors:
        case_id = await case_id_of(doors, case, portfolio)
        answer = await doors.strategy.ExplainSegment(strategy.ExplainSegmentRequest(case_id=case_id))
    ask.answer(answer, segment_block(answer, ask.lang))


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise usage(f"{file} cannot be read: {(error.strerror or type(error).__name__).lower()}") from error
