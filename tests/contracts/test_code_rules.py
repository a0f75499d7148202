"""What no linter of ours asks: nothing is heard from the end of a topic, and no float comes near money."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.contracts.promised import ROOT

SERVICES = ROOT / "services"
BUSINESS = sorted([*SERVICES.glob("*/domain/*.py"), *(SERVICES / "kernel").glob("*.py")])
MONEY_MODULES = {"money.py", "balance.py", "debts.py", "standing.py"}
CONSUMER = "AIOKafkaConsumer"

each_business_file = pytest.mark.parametrize("file", BUSINESS, ids=lambda file: str(file.relative_to(SERVICES)))


def nodes(file: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text(), file.name)))


def test_the_files_that_hold_money_are_among_those_looked_at() -> None:
    assert {file.name for file in BUSINESS} >= MONEY_MODULES


def test_every_consumer_begins_at_the_earliest_record_and_commits_by_itself_nothing() -> None:
    """From the end, whatever was told while nobody listened would be skipped in silence."""
    found = {
        f"{file.relative_to(ROOT)}:{call.lineno}": {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg}
        for file in SERVICES.rglob("*.py")
        for call in nodes(file)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == CONSUMER
    }
    assert found
    for place, said in found.items():
        assert (said.get("auto_offset_reset"), said.get("enable_auto_commit")) == ("'earliest'", "False"), place


def test_no_service_speaks_of_the_latest_offset() -> None:
    words = {"latest", "seek_to_end"}
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in SERVICES.rglob("*.py")
        for node in nodes(file)
        if (isinstance(node, ast.Constant) and node.value in words) or (isinstance(node, ast.Attribute) and node.attr in words)
    ]
    assert found == []


@each_business_file
def test_the_business_counts_in_whole_numbers(file: Path) -> None:
    """No float literal, no `float`, no true division, no rounding: amounts are minor units, and parts are split to the last one."""
    found = [
        f"{file.name}:{node.lineno} {ast.unparse(node)}"
        for node in nodes(file)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id in {"float", "round"})
        or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
    ]
    assert found == []


@each_business_file
def test_the_business_waits_for_nothing_and_asks_no_clock(file: Path) -> None:
    found = [node for node in nodes(file) if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncWith | ast.AsyncFor)]
    assert found == []
