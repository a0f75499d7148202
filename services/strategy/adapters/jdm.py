"""JDM: the JSON form of the engine's decision tables, as far as we take it: one input, one table, one output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from services.kernel.refusal import IsInvalid

ROWS_MAX = 300
_CONTENT_TYPE = "application/vnd.gorules.decision"
_DOCUMENT_KEYS = {"contentType", "nodes", "edges"}
_NODE_KEYS = {"id", "type", "name", "position", "content"}
_NO_CONTENT: tuple[Any, ...] = (None, {}, {"schema": ""}, {"schema": None})
TABLE_NODE = "decisionTableNode"
_NODES = ("inputNode", TABLE_NODE, "outputNode")
_TABLE_KEYS = {"hitPolicy", "inputs", "outputs", "rules"}
_TABLE_SETTINGS_OFF: Mapping[str, tuple[Any, ...]] = {
    "passThrough": (False, None),
    "passThorough": (False, None),  # an old misspelling that the editor still writes
    "inputField": ("", None),
    "outputPath": ("", None),
    "executionMode": ("single", "", None),
}
_COLUMN_KEYS = {"id", "name", "field", "type", "defaultValue", "dataType", "fieldType", "outputFieldType"}
_ROW_KEYS = {"_id", "_description"}


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table as written: column ids by field, rows in order."""

    content: dict[str, Any]
    node_id: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    rows: Sequence[Mapping[str, str]]


def read(table: bytes) -> Table:
    """The one table in the JSON. Raises IsInvalid naming what is not as it must be."""
    content = _parsed(table)
    if content.keys() - _DOCUMENT_KEYS or content.get("contentType", _CONTENT_TYPE) != _CONTENT_TYPE:
        raise IsInvalid("table", f"must hold nodes and edges, of contentType {_CONTENT_TYPE}, and nothing else")
    nodes = _list_of_objects(content, "nodes", "table")
    if sorted(str(node.get("type")) for node in nodes) != sorted(_NODES):
        raise IsInvalid("table.nodes", "must be one inputNode, one decisionTableNode and one outputNode, and no others")
    by_type = {str(node["type"]): node for node in nodes}
    for node in nodes:
        if not isinstance(node.get("id"), str) or not node["id"]:
            raise IsInvalid("table.nodes", "must each have an id")
        if node.keys() - _NODE_KEYS:
            raise IsInvalid("table.nodes", f"must have no more than {', '.join(sorted(_NODE_KEYS))}")
        if node["type"] != TABLE_NODE and node.get("content") not in _NO_CONTENT:
            raise IsInvalid("table.nodes", f"the {node['type']} must have no content")
    node_ids = [by_type[kind]["id"] for kind in _NODES]
    _check_edges(content, node_ids)
    return _read_table(content, by_type[TABLE_NODE])


def _parsed(table: bytes) -> dict[str, Any]:
    try:
        content = json.loads(table.decode(), object_pairs_hook=_no_name_twice, parse_constant=_no_constant)
        json.dumps(content, ensure_ascii=False).encode()  # half of a surrogate pair is valid JSON and no text
    except (ValueError, RecursionError) as broken:
        raise IsInvalid("table", f"is not JSON as we take it: {broken}") from broken
    if not isinstance(content, dict):
        raise IsInvalid("table", "must be a JSON object")
    return content


def _check_edges(content: dict[str, Any], node_ids: Sequence[str]) -> None:
    edges = _list_of_objects(content, "edges", "table")
    way = [(edge.get("sourceId"), edge.get("targetId")) for edge in edges]
    if len(set(node_ids)) != len(node_ids) or sorted(map(str, way)) != sorted(map(str, pairwise(node_ids))):
        raise IsInvalid("table.edges", "must lead from the input to the table and from the table to the output, and nowhere else")


def _read_table(content: dict[str, Any], node: dict[str, Any]) -> Table:
    table = node.get("content")
    if not isinstance(table, dict):
        raise IsInvalid("table.nodes", "the decisionTableNode must have its table as content")
    if table.get("hitPolicy") != "first":
        raise IsInvalid("table.hitPolicy", 'must be "first": the first row that matches decides')
    for key, value in table.items():
        if key not in _TABLE_KEYS and not any(value == off and type(value) is type(off) for off in _TABLE_SETTINGS_OFF.get(key, ())):
            raise IsInvalid(f"table.{key}", "is a setting that we do not take")
    inputs, outputs = _columns(table, "inputs"), _columns(table, "outputs")
    ids = [*inputs.values(), *outputs.values()]
    if len(set(ids)) != len(ids):
        raise IsInvalid("table.columns", "must each have an id of its own")
    return Table(content, node["id"], inputs, outputs, _rows(table, set(ids)))


def _columns(table: dict[str, Any], side: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for place, column in enumerate(_list_of_objects(table, side, "table")):
        where = f"table.{side}[{place}]"
        field, column_id = column.get("field"), column.get("id")
        if not isinstance(field, str) or not isinstance(column_id, str) or not field or not column_id or column_id in _ROW_KEYS:
            raise IsInvalid(where, "must have an id and a field")
        if field in columns:
            raise IsInvalid(where, f"{field} must not appear twice")
        if column.keys() - _COLUMN_KEYS or _says_something(column.get("defaultValue")):
            raise IsInvalid(where, "has a setting that we do not take")
        if column.get("type", "expression") != "expression":
            raise IsInvalid(f"{where}.type", 'must be "expression"')
        columns[field] = column_id
    return columns


def _rows(table: dict[str, Any], column_ids: set[str]) -> list[dict[str, str]]:
    rows = _list_of_objects(table, "rules", "table")
    if not 1 <= len(rows) <= ROWS_MAX:
        raise IsInvalid("table.rows", f"must be 1 to {ROWS_MAX}")
    seen: set[str] = set()
    for place, row in enumerate(rows):
        where = f"table.rows[{place}]"
        row_id = row.get("_id")
        if not isinstance(row_id, str) or not row_id.strip() or len(row_id) > 64:
            raise IsInvalid(where, "must have an _id of 1 to 64 characters")
        if row_id in seen:
            raise IsInvalid(where, f"row {row_id!r} must not appear twice")
        seen.add(row_id)
        for key, cell in row.items():
            if key not in _ROW_KEYS | column_ids:
                raise IsInvalid(where, f"row {row_id!r} has a cell for a column that is not there: {key!r}")
            if not isinstance(cell, str):
                raise IsInvalid(where, f"row {row_id!r} has a cell that is not text: {key!r}")
    return rows


def _list_of_objects(of: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    found = of.get(key)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise IsInvalid(f"{where}.{key}", "must be a list of objects")
    return found


def _says_something(value: Any) -> bool:
    return value not in (None, "", {}, [])


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a name given twice need not agree on which one counts."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name appears twice in an object")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
