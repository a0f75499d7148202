"""Sends rows in chunks and gathers what came of each one; a row that is refused does not stop the others."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.payments.v1 import payments_pb2 as pay
from rich.console import RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from clients.cli import money
from clients.cli.asking import console
from clients.cli.frames import table_frame
from clients.cli.reading import new_id
from clients.cli.tables import BadRow
from clients.cli.words import Words

REFUSED_SHOWN_MAX = 20

Request = cases.RegisterCasesRequest | cases.ReportArrearsRequest | cases.WithdrawCasesRequest
Response = cases.RegisterCasesResponse | cases.ReportArrearsResponse | cases.WithdrawCasesResponse
Step = Callable[[int], None]
"""Told how many more are done."""


@dataclass
class Came:
    """What came of a file's rows."""

    taken: int = 0
    repeated: int = 0
    """Of those taken: they said nothing new."""
    refused: list[BadRow] = field(default_factory=list)
    """In the order of their lines, those that could not be read among them."""
    position: int = 0
    """Of the last fact that was stored."""

    def hear(self, outcomes: Iterable[cases.RowOutcome | pay.PaymentOutcome], position: int) -> None:
        for outcome in outcomes:
            if outcome.reason:
                self.refused.append(BadRow(outcome.line, outcome.field, outcome.reason, outcome.description))
            else:
                self.taken += 1
                self.repeated += outcome.is_repeated
        self.refused.sort(key=lambda row: row.line)
        self.position = max(self.position, position)

    def refuse(self, rows: Iterable[BadRow]) -> None:
        """A line is refused once, for the first reason that was found."""
        lines = {row.line for row in self.refused}
        self.refused.extend(row for row in rows if row.line not in lines)
        self.refused.sort(key=lambda row: row.line)

    def as_json(self) -> dict[str, Any]:
        refused = [{"line": row.line, "field": row.field, "reason": row.reason, "description": row.description} for row in self.refused]
        return {"taken": self.taken, "repeated": self.repeated, "refused": refused, "position": str(self.position)}


async def send(requests: Iterable[Request], ask: Callable[[AsyncIterator[Any]], AsyncIterable[Any]], came: Came, step: Step) -> None:
    """Each chunk under a request id of its own: rows, not chunks, are what is never taken twice, and a refused row may be tried again."""
    opening = new_id()[:24]

    async def numbered() -> AsyncIterator[Request]:
        for number, request in enumerate(requests, start=1):
            request.request_id = f"{opening}-{number}"
            yield request

    answer: Response
    async for answer in ask(numbered()):
        came.hear(answer.outcomes, answer.position)
        step(len(answer.outcomes))


@contextmanager
def progress(what: str, total: int, *, is_shown: bool) -> Any:
    """A bar on standard error, where somebody looks; yields what is to be told of each step."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(is_error=True), transient=True, disable=not is_shown) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)


def refused_block(refused: Sequence[BadRow], words: Words) -> RenderableType:
    """The refused rows with line, field and reason; the first ones, where there are many."""
    table = table_frame()
    table.add_column(words.line, justify="right")
    table.add_column(words.column)
    table.add_column(words.reason, overflow="fold", ratio=1)
    for row in refused[:REFUSED_SHOWN_MAX]:
        table.add_row(str(row.line), row.field, Text.assemble(f"{row.description}  " if row.description else "", (row.reason, "dim")))
    if len(refused) > REFUSED_SHOWN_MAX:
        table.caption = words.and_more.format(more=money.count(len(refused) - REFUSED_SHOWN_MAX, words.lang))
    return table


def came_blocks(came: Came, words: Words) -> list[RenderableType]:
    sentence = words.rows_taken.format(taken=money.count(came.taken, words.lang), repeated=money.count(came.repeated, words.lang))
    if not came.refused:
        return [Text(sentence)]
    refused = words.rows_refused.format(refused=money.count(len(came.refused), words.lang))
    return [refused_block(came.refused, words), Text(f"{sentence} "), Text(refused, style="red")]
