"""Segment tables as JDM decision tables, evaluated by zen-engine: the far side of the ports Evaluate and Check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import zen

from services.kernel.refusal import IsInvalid
from services.strategy.adapters import table_check
from services.strategy.adapters.table_check import CheckedTable
from services.strategy.domain.matching import Inputs, Match

TABLES_PREPARED_MAX = 32
_KEY = "table"


@dataclass(frozen=True, slots=True)
class PreparedTable:
    """A table as the engine has it. A static loader: a decision made for each call is nine times slower."""

    engine: zen.ZenEngine
    node_id: str

    def look_up(self, context: Mapping[str, object]) -> Match:
        """The first row that fits. ValueError where the table has no answer: it was never checked, or the engine has changed."""
        answer = self.engine.evaluate(_KEY, dict(context), {"trace": True})
        result, traced = answer["result"], answer["trace"][self.node_id]["traceData"]
        if not isinstance(result, dict) or not isinstance(traced, dict):
            raise ValueError("the table has no answer")
        match = Match(result["segment"], traced["rule"]["_id"], result["reason"])
        if not all(type(word) is str for word in (match.segment, match.row_id, match.reason)):
            raise ValueError("the table's answer is not made of words")
        return match


def evaluate(table: bytes, inputs: Inputs) -> Match:
    """Ask a published table. What was checked when it was published is not judged again: old tables answer for ever."""
    return _prepared(table).look_up(_context(inputs))


def check(table: bytes) -> None:
    """Every cell, by our own grammar; then the engine must read each row as we do."""
    checked = table_check.read(table)
    try:
        engine = _prepare(table)
        for row, inputs in checked.witnesses():
            _must_agree(checked, engine, row, inputs)
    except (RuntimeError, ValueError, KeyError, TypeError) as broken:
        raise IsInvalid("table", f"the engine does not take it: {str(broken)[:200]}") from broken


def _must_agree(checked: CheckedTable, engine: PreparedTable, row: int, inputs: Mapping[str, str | int]) -> None:
    ours, theirs = checked.first_match(inputs), engine.look_up(inputs)
    if ours != theirs:
        description = f'row "{checked.rows[row].id}": the engine answers by row "{theirs.row_id}" where we read "{ours.row_id}"'
        raise IsInvalid("table", description, row=checked.rows[row].id)


def _context(inputs: Inputs) -> dict[str, str | int]:
    """The balance in whole minor units: no fraction reaches a table, nor comes out of one."""
    return {
        "bucket": inputs.bucket,
        "balance_minor_units": inputs.balance.minor_units,
        "currency_code": inputs.balance.currency_code,
        "client_id": str(inputs.client_id),
    }


def _prepare(table: bytes) -> PreparedTable:
    document: dict[str, Any] = json.loads(table)
    node_id = next(node["id"] for node in document["nodes"] if node["type"] == "decisionTableNode")
    return PreparedTable(zen.ZenEngine({"loader": {"type": "static", "content": {_KEY: document}}}), node_id)


# Keeps nothing but what follows from the bytes: evaluate stays a pure function.
_prepared = lru_cache(maxsize=TABLES_PREPARED_MAX)(_prepare)
