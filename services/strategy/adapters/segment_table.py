"""Segment tables by zen-engine: evaluation with the matched row, and the check that a table must pass before it is published.

The engine's own `validate()` takes tables with broken cells, and a broken cell only fails once a case comes to it: so we look at each cell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

import zen

from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from services.strategy.adapters import cells, jdm
from services.strategy.adapters.cells import COLUMNS, OUTPUTS, CellIsBroken
from services.strategy.adapters.jdm import Table
from services.strategy.domain.segments import Inputs, Match

ENGINES_MAX = 64
"""Tables kept ready. One of 60,000 bytes takes a few hundred kilobytes."""
REASON_CHARACTERS_MAX = 500
_SEGMENT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEY = "table"


class TableFailed(Exception):
    """A published table gave no answer: its check has a hole, or the engine has changed. No case is put anywhere by it."""


# Evaluation -------------------------------------------------------------------


def evaluate(table: bytes, inputs: Inputs) -> Match:
    """The first row that matches. A pure function of its arguments; engines are only kept ready."""
    return _ready(table).match(inputs)


@dataclass(frozen=True, slots=True)
class _Ready:
    engine: Any
    table_node_id: str

    def match(self, inputs: Inputs) -> Match:
        if type(inputs.balance.minor_units) is not int:
            raise TypeError("money is whole minor units")
        try:
            answer = self.engine.evaluate(_KEY, _seen(inputs), {"trace": True})
            traced, said = answer["trace"][self.table_node_id]["traceData"], answer["result"]
            return Match(said["segment"], traced["rule"]["_id"], said["reason"])
        except (RuntimeError, KeyError, TypeError) as failed:
            raise TableFailed(f"{type(failed).__name__}: {str(failed).splitlines()[0]}") from failed


def _seen(inputs: Inputs) -> dict[str, str | int]:
    return {
        "bucket": inputs.bucket,
        "balance_minor_units": inputs.balance.minor_units,
        "currency_code": inputs.balance.currency_code,
        "client_id": str(inputs.client_id),
    }


@lru_cache(maxsize=ENGINES_MAX)
def _ready(table: bytes) -> _Ready:
    # Not by jdm.read: a published table answers for ever, also when the check has become stricter since.
    content = json.loads(table)
    return _made_ready(content, next(node["id"] for node in content["nodes"] if node["type"] == jdm.TABLE_NODE))


def _made_ready(content: dict[str, Any], table_node_id: str) -> _Ready:
    # An engine with a static loader parses once; `create_decision` would parse at each call (nine times slower).
    return _Ready(zen.ZenEngine({"loader": {"type": "static", "content": {_KEY: content}}}), table_node_id)


# The check ---------------------------------------------------------------------


def check(table: bytes) -> None:
    """Raises IsInvalid, naming row and column, unless every case gets exactly one segment from this table."""
    read = jdm.read(table)
    for field in read.inputs:
        if field not in COLUMNS:
            raise IsInvalid("table.inputs", f"{field!r} is not something a table may look at: {', '.join(COLUMNS)}")
    if sorted(read.outputs) != sorted(OUTPUTS):
        raise IsInvalid("table.outputs", f"must be {' and '.join(OUTPUTS)}")
    witnesses = [_check_row(place, row, read) for place, row in enumerate(read.rows)]
    _check_rows_together(read)
    _try_whole(read, witnesses)


def _check_row(place: int, row: Mapping[str, str], table: Table) -> Inputs:
    """A case that the row matches."""
    matched = Inputs("", Money.zero("XXX"), UUID(int=0))
    for field, column_id in table.inputs.items():
        with _cell(place, row, field):
            matched = _with(matched, field, cells.check_input(row.get(column_id, ""), COLUMNS[field]))
    for field, column_id in table.outputs.items():
        with _cell(place, row, field):
            _check_output(field, cells.output_text(row.get(column_id, "")))
    return matched


@contextmanager
def _cell(place: int, row: Mapping[str, str], field: str) -> Iterator[None]:
    """Says where, when the cell is broken."""
    try:
        yield
    except CellIsBroken as broken:
        raise IsInvalid(f"table.rows[{place}].{field}", f"row {row['_id']!r}, column {field}: {broken}") from broken


def _check_output(field: str, said: str) -> None:
    if field == "segment" and not _SEGMENT.fullmatch(said):
        raise CellIsBroken("must be a short name in lower case (friendly_reminder)")
    if field == "reason" and len(said) > REASON_CHARACTERS_MAX:
        raise CellIsBroken(f"must not exceed {REASON_CHARACTERS_MAX} characters")


def _check_rows_together(table: Table) -> None:
    """The last row takes whatever is left, and no row stands where it can never be reached."""
    seen: dict[tuple[str, ...], str] = {}
    anything = tuple("" for _ in table.inputs)
    for place, row in enumerate(table.rows):
        condition = tuple(row.get(column_id, "").strip() for column_id in table.inputs.values())
        before = seen.get(condition, seen.get(anything))
        if before is not None:
            raise IsInvalid(f"table.rows[{place}]", f"row {row['_id']!r} is never reached: {before!r} before it takes its cases")
        seen[condition] = row["_id"]
    if anything not in seen:
        row_id = table.rows[-1]["_id"]
        raise IsInvalid(
            f"table.rows[{len(table.rows) - 1}]", f"row {row_id!r} is the last and must match every case: leave its input cells empty"
        )


def _try_whole(table: Table, witnesses: Sequence[Inputs]) -> None:
    """The engine answers with the table as a whole, too, at every row."""
    ready = _made_ready(table.content, table.node_id)
    for place, witness in enumerate(witnesses):
        try:
            ready.match(witness)
        except TableFailed as failed:
            raise IsInvalid("table", f"gives no answer for a case of row {table.rows[place]['_id']!r}: {failed}") from failed


def _with(inputs: Inputs, field: str, sample: str | int) -> Inputs:
    match field, sample:
        case "bucket", str():
            return replace(inputs, bucket=sample)
        case "balance_minor_units", int():
            return replace(inputs, balance=Money(inputs.balance.currency_code, sample))
        case "currency_code", str():
            return replace(inputs, balance=Money(sample, inputs.balance.minor_units))
        case "client_id", str():
            # Whoever is not named: a sample that is no identifier stands for anybody.
            return replace(inputs, client_id=UUID(sample)) if COLUMNS[field].values.fullmatch(sample) else inputs
        case _:
            raise AssertionError(f"{field} has no samples of {type(sample).__name__}")


def segments_of(table: bytes) -> frozenset[str]:
    """Every segment that a published table can say."""
    read = jdm.read(table)
    return frozenset(cells.output_text(row[read.outputs["segment"]]) for row in read.rows)
