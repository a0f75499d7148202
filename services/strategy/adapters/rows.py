"""Rows of a decision: a step's table, evaluated by the same engine as segment tables, and the check of its cells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import zen

from services.strategy.adapters import cells
from services.strategy.adapters.cells import CellIsBroken, Column
from services.strategy.domain.choosing import Seen
from services.strategy.domain.findings import Finding, Rule
from services.strategy.domain.graph import Row

ENGINES_MAX = 256
_KEY = "rows"


class RowsFailed(Exception):
    """Published rows gave no answer: their check has a hole, or the engine has changed. No case goes anywhere by them."""


def match_row(rows: tuple[Row, ...], seen: Seen) -> str:
    """The id of the first row that matches. A pure function of its arguments; engines are only kept ready."""
    try:
        answer: dict[str, Any] = _ready(rows).evaluate(_KEY, dict(seen))
        return str(answer["result"]["row"])
    except (RuntimeError, KeyError, TypeError) as failed:
        raise RowsFailed(f"{type(failed).__name__}: {str(failed).splitlines()[0]}") from failed


@lru_cache(maxsize=ENGINES_MAX)
def _ready(rows: tuple[Row, ...]) -> Any:
    return zen.ZenEngine({"loader": {"type": "static", "content": {_KEY: _as_jdm(rows)}}})


def _as_jdm(rows: Sequence[Row]) -> dict[str, Any]:
    fields = sorted({field for row in rows for field, _ in row.when})
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": field, "name": field, "field": field} for field in fields],
        "outputs": [{"id": "row", "name": "row", "field": "row"}],
        "rules": [{"_id": row.id, **dict.fromkeys(fields, ""), **dict(row.when), "row": json.dumps(row.id)} for row in rows],
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {"id": "table", "type": "decisionTableNode", "name": "table", "position": {"x": 1, "y": 0}, "content": table},
            {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "b", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


# The check ---------------------------------------------------------------------


def check(step: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """What is wrong with a step's rows: a cell that fails or can never match, a row never reached, a case left without an answer."""
    taken: dict[tuple[tuple[str, str], ...], str] = {}
    is_sound = True
    for place, row in enumerate(rows):
        where = f"steps.{step}.decide[{place}]"
        for finding in _cells(where, row):
            is_sound = False
            yield finding
        before = taken.get(row.when, taken.get(()))
        if before is not None:
            is_sound = False
            yield Finding(Rule.TABLE, where, f"row {row.id!r} is never reached: {before!r} before it takes its cases")
        taken.setdefault(row.when, row.id)
    if () not in taken:
        yield Finding(Rule.TABLE, f"steps.{step}.decide", "the last row must take every case that is left: it has no `when`")
    elif is_sound:
        yield from _tried(step, rows)


def _cells(where: str, row: Row) -> Iterator[Finding]:
    for field, cell in row.when:
        column = COLUMNS.get(field)
        try:
            if column is None:
                raise CellIsBroken(f"is nothing that a strategy looks at: {', '.join(sorted(COLUMNS))}")
            cells.check_input(cell, column)
        except CellIsBroken as broken:
            yield Finding(Rule.TABLE, f"{where}.when.{field}", str(broken))


def _tried(step: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """The engine answers with the table as a whole, too."""
    try:
        match_row(tuple(rows), {name: 0 if column.is_whole_number else "" for name, column in COLUMNS.items()})
    except RowsFailed as failed:
        yield Finding(Rule.TABLE, f"steps.{step}.decide", f"gives no answer: {failed}")


def cell_of(value: object, column: Column | None) -> str:
    """A cell as a person writes it in YAML: a word, a list of words, a number, or the small language itself."""
    if isinstance(value, list):
        return ", ".join(cell_of(each, column) for each in value)
    text = str(value)
    return f'"{text}"' if column is not None and not column.is_whole_number and _A_WORD.fullmatch(text) else text


_A_WORD = re.compile(r"[A-Za-z0-9_+.-]{1,40}")


def _one_of(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


COLUMNS: Mapping[str, Column] = {
    **cells.COLUMNS,
    **{
        column.field: column
        for column in (
            Column("segment", values=re.compile(r"[a-z][a-z0-9_]{0,39}|")),
            Column("past_due_units", is_whole_number=True),
            Column("days_in_bucket", is_whole_number=True),
            Column("days_in_segment", is_whole_number=True),
            Column("messages_sent", is_whole_number=True),
            Column("paid_minor_units", is_whole_number=True),
            Column("promises_kept", is_whole_number=True),
            Column("promises_broken", is_whole_number=True),
            Column("is_past_due", values=_one_of("yes", "no", "unknown")),
            Column("promise", values=_one_of("none", "open", "unpaid_so_far", "suspended", "kept", "partly_kept", "broken", "cancelled")),
            Column("money", values=_one_of("none", "on_its_way")),
            Column(
                "last_answer",
                values=_one_of("none", "granted", "deferred", "denied", "dispatched", "delivered", "bounced", "failed", "cancelled"),
            ),
        )
    },
}
"""What a decision may look at, and what each can be."""
