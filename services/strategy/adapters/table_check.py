"""Table check: a JDM document is one decision table of ours, cell by cell, or it is refused naming row and column."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeVar

from services.kernel.refusal import IsInvalid
from services.strategy.adapters import cells
from services.strategy.adapters.cells import Cell, CellIsBroken
from services.strategy.domain.matching import Match

T = TypeVar("T")

ROWS_MAX = 500
REASON_CHARS_MAX = 300
_SEGMENT = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ROW_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
_UNASSIGNED = "unassigned"
_ANY_INPUT: Mapping[str, str | int] = {"bucket": "", "balance_minor_units": 0, "currency_code": "", "client_id": ""}

# What a checked table says -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckedRow:
    id: str
    conditions: Mapping[str, Cell]
    """By input; an input without a column may be anything."""
    segment: str
    reason: str

    @property
    def takes_all(self) -> bool:
        return all(cell.is_any for cell in self.conditions.values())

    def takes(self, inputs: Mapping[str, str | int]) -> bool:
        return all(cell.takes(inputs[name]) for name, cell in self.conditions.items())


@dataclass(frozen=True, slots=True)
class CheckedTable:
    rows: tuple[CheckedRow, ...]

    def first_match(self, inputs: Mapping[str, str | int]) -> Match:
        """What the table says, read without an engine."""
        row = next(row for row in self.rows if row.takes(inputs))
        return Match(row.segment, row.id, row.reason)

    def witnesses(self) -> Iterator[tuple[int, Mapping[str, str | int]]]:
        """For each row, inputs on the edges of each of its cells in turn, the other cells holding."""
        for place, row in enumerate(self.rows):
            holding = dict(_ANY_INPUT)
            for name, cell in row.conditions.items():
                holding[name] = next(value for value in cell.witnesses() if cell.takes(value))
            for name, cell in row.conditions.items():
                for value in cell.witnesses():
                    yield place, {**holding, name: value}


# The document -----------------------------------------------------------------


def read(table: bytes) -> CheckedTable:
    """The table as we understand it. Raises IsInvalid for whatever it holds beyond that."""
    document = _parsed(table)
    _only(document, "the document", {"contentType", "nodes", "edges"})
    if document.get("contentType", _CONTENT_TYPE) != _CONTENT_TYPE:
        _refuse(f"contentType must be {_CONTENT_TYPE}")
    nodes = {kind: _node(document, kind) for kind in _NODE_KINDS}
    _check_edges(document, [nodes[kind]["id"] for kind in _NODE_KINDS])
    content = nodes["decisionTableNode"].get("content")
    if not isinstance(content, dict):
        _refuse("the decision table has no content")
    return _checked(content)


def _parsed(table: bytes) -> dict[str, Any]:
    try:
        document = json.loads(table.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as broken:
        raise IsInvalid("table", f"must be JSON in UTF-8: {str(broken)[:100]}") from broken
    if not isinstance(document, dict):
        _refuse("must be a JSON object")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _node(document: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The one node of that kind; every node of a kind that is not ours is refused by name."""
    nodes = _list_of_objects(document, "nodes")
    for node in nodes:
        if node.get("type") not in _NODE_KINDS:
            _refuse(f"a node of type {str(node.get('type'))[:40]!r} is not taken: only {', '.join(_NODE_KINDS)}")
        _only(node, "a node", {"id", "type", "name", "position", "content"})
        if not isinstance(node.get("id"), str) or not node["id"]:
            _refuse("each node needs an id")
    if len({node["id"] for node in nodes}) != len(nodes):
        _refuse("the nodes' ids must differ")
    found = [node for node in nodes if node["type"] == kind]
    if len(found) != 1:
        _refuse(f"must hold exactly one {kind}, holds {len(found)}")
    if kind != "decisionTableNode" and (found[0].get("content") or {}) not in ({}, {"schema": ""}, {"schema": None}):
        _refuse(f"the {kind} must have no content")
    return found[0]


def _check_edges(document: Mapping[str, Any], path: Sequence[str]) -> None:
    ends = [(edge.get("sourceId"), edge.get("targetId")) for edge in _list_of_objects(document, "edges")]
    if sorted(map(str, ends)) != sorted(map(str, zip(path, path[1:], strict=False))):
        _refuse("two edges must lead from the input node to the decision table and on to the output node")


# The table --------------------------------------------------------------------


def _checked(content: Mapping[str, Any]) -> CheckedTable:
    _only(content, "the decision table", {"hitPolicy", "inputs", "outputs", "rules", *_INERT})
    if content.get("hitPolicy") != "first":
        _refuse('hitPolicy must be "first": each case is in exactly one segment')
    for name, harmless in _INERT.items():
        if content.get(name) not in (None, *harmless):
            _refuse(f"{name} is not taken")
    inputs, outputs = _columns(content, "inputs", set(_INPUT_CELLS)), _columns(content, "outputs", {"segment", "reason"})
    if not inputs or len(outputs) != 2:
        _refuse("needs at least one input column, and the output columns segment and reason")
    if inputs.keys() & outputs.keys():
        _refuse("the columns' ids must differ")
    rows = _list_of_objects(content, "rules")
    if not 1 <= len(rows) <= ROWS_MAX:
        _refuse(f"must hold 1 to {ROWS_MAX} rows")
    checked = tuple(_row(place, row, inputs, outputs) for place, row in enumerate(rows, start=1))
    _check_rows_together(checked)
    return CheckedTable(checked)


def _columns(content: Mapping[str, Any], side: str, known: set[str]) -> dict[str, str]:
    """Field by column id."""
    columns: dict[str, str] = {}
    for column in _list_of_objects(content, side):
        _only(column, f"a column of {side}", {"id", "name", "field", "type"})
        column_id, field = column.get("id"), column.get("field")
        if not isinstance(column_id, str) or not column_id or column_id.startswith("_") or column_id in columns:
            _refuse(f"each column of {side} needs an id of its own that does not begin with an underscore")
        if column.get("type") not in (None, "expression"):
            _refuse(f"a column of type {str(column.get('type'))[:40]!r} is not taken")
        if not isinstance(field, str) or field not in known or field in columns.values():
            _refuse(f"{side} must be of {', '.join(sorted(known))}, each at most once; found {str(field)[:60]!r}")
        columns[column_id] = field
    return columns


def _row(place: int, row: Mapping[str, Any], inputs: Mapping[str, str], outputs: Mapping[str, str]) -> CheckedRow:
    row_id = row.get("_id")
    if not isinstance(row_id, str) or not _ROW_ID.fullmatch(row_id):
        _refuse(f"row {place}: needs an _id of 1 to 64 letters, digits, . _ : or -", row=place)
    for name in row:
        if name not in {"_id", "_description", *inputs, *outputs}:
            _refuse(f'row "{row_id}": there is no column {name[:60]!r}', row=row_id)
    if not isinstance(row.get("_description", ""), str):
        _refuse(f'row "{row_id}": _description must be a text', row=row_id)
    conditions = {field: _cell(row_id, field, row.get(column, ""), _INPUT_CELLS[field]) for column, field in inputs.items()}
    said = {field: _cell(row_id, field, row.get(column, ""), _OUTPUT_CELLS[field]) for column, field in outputs.items()}
    return CheckedRow(row_id, conditions, said["segment"], said["reason"])


def _cell(row_id: str, field: str, text: object, read_cell: Callable[[str], T]) -> T:
    try:
        if not isinstance(text, str):
            raise CellIsBroken("must be a text")
        return read_cell(text)
    except CellIsBroken as broken:
        raise IsInvalid("table", f'row "{row_id}", column {field}: {broken}', row=row_id, column=field) from broken


def _check_rows_together(rows: Sequence[CheckedRow]) -> None:
    """Ids differ, the last row takes whatever is left, and no row stands where it can never be reached because of one before it."""
    seen: dict[str, CheckedRow] = {}
    for row in rows:
        if row.id in seen:
            _refuse(f'row "{row.id}": its _id appears twice', row=row.id)
        before = next((known for known in seen.values() if known.takes_all or known.conditions == row.conditions), None)
        if before is not None:
            _refuse(f'row "{row.id}": is never reached, "{before.id}" before it takes its cases', row=row.id)
        seen[row.id] = row
    if not rows[-1].takes_all:
        _refuse(f'row "{rows[-1].id}": the last row must take all cases that are left: its conditions must be blank', row=rows[-1].id)


def _segment(cell: str) -> str:
    segment = cells.literal(cell.strip())
    if not _SEGMENT.fullmatch(segment) or segment == _UNASSIGNED:
        raise CellIsBroken("must be a name of lower-case letters, digits and _, up to 40, beginning with a letter; not unassigned")
    return segment


def _reason(cell: str) -> str:
    reason = cells.literal(cell.strip())
    if not reason.strip() or len(reason) > REASON_CHARS_MAX:
        raise CellIsBroken(f"must say why, in up to {REASON_CHARS_MAX} characters")
    return reason


# Words of refusal ---------------------------------------------------------------


def _list_of_objects(of: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = of.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        _refuse(f"{name} must be a list of objects")
    return found


def _only(of: Mapping[str, Any], what: str, known: set[str]) -> None:
    for name in of:
        if name not in known:
            _refuse(f"{what} must not have {name[:60]!r}")


def _refuse(description: str, **facts: object) -> NoReturn:
    raise IsInvalid("table", description, **facts)


_CONTENT_TYPE = "application/vnd.gorules.decision"
_NODE_KINDS = ("inputNode", "decisionTableNode", "outputNode")
"""In the order of the way through them. Functions, expressions, custom and http nodes, switches and sub-decisions are not taken."""

_INERT: Mapping[str, tuple[object, ...]] = {
    "passThrough": (False,),
    "passThorough": (False,),
    "inputField": ("",),
    "outputPath": ("",),
    "executionMode": ("single",),
}
"""What editors write although it changes nothing, and the values with which it does not."""

_INPUT_CELLS: Mapping[str, Callable[[str], Cell]] = {
    "bucket": partial(cells.words, word=re.compile(r".{0,40}"), word_is="a bucket's name of up to 40 characters"),
    "balance_minor_units": cells.whole_numbers,
    "currency_code": partial(cells.words, word=re.compile(r"[A-Z]{3}"), word_is="an ISO 4217 code"),
    "client_id": partial(cells.words, word=re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), word_is="a UUID in lower case"),
}
_OUTPUT_CELLS: Mapping[str, Callable[[str], str]] = {"segment": _segment, "reason": _reason}
