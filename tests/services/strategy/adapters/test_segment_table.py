"""A table is taken only when every cell of it is understood and every case gets exactly one segment from it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from services.strategy.adapters import segment_table
from services.strategy.adapters.segment_table import ENGINES_MAX, TableFailed, check, evaluate
from services.strategy.domain.segments import Inputs, Match
from tests.services.strategy.examples import SAMPLE, THE_CLIENT, a_row, a_table, as_bytes

Table = dict[str, Any]


def seen(bucket: str = "1", minor_units: int = 100_000, currency_code: str = "TWD", client_id: UUID = THE_CLIENT) -> Inputs:
    return Inputs(bucket, Money(currency_code, minor_units), client_id)


def row_of(table: Table, **values: Any) -> str:
    return evaluate(as_bytes(table), seen(**values)).row_id


# What is taken -------------------------------------------------------------------


def test_the_first_row_that_matches_decides_and_says_why() -> None:
    table = a_table(
        a_row("first", segment='"a"', reason='"the first"', bucket='"1", "2"'),
        a_row("second", bucket='"1"', balance_minor_units="> 0"),
        a_row("rest"),
    )
    check(as_bytes(table))
    assert evaluate(as_bytes(table), seen("1")) == Match("a", "first", "the first")


@pytest.mark.parametrize(
    ("cell", "taken", "left"),
    [
        ("< 0", [-1], [0, 1]),
        ("<= -5", [-5, -6], [-4]),
        ("0", [0], [-1, 1]),
        ("== 7", [7], [6, 8]),
        ("!= 7", [6, 8], [7]),
        ("[1..500]", [1, 500], [0, 501]),
        ("(1..500)", [2, 499], [1, 500]),
        ("[1..500)", [1, 499], [0, 500]),
        ("> 10 and < 20", [11, 19], [10, 20]),
        ("< 0, > 100", [-1, 101], [0, 100]),
        ("5, [7..9], > 20", [5, 7, 9, 21], [6, 10, 20]),
        ("> 9007199254740992", [9007199254740993], [9007199254740992]),  # beyond what a float can tell apart
        ("", [-1, 0, 1], []),
        ("  ", [-1, 0, 1], []),
    ],
)
def test_whole_numbers_are_compared_exactly(cell: str, taken: list[int], left: list[int]) -> None:
    table = a_table(a_row("it", balance_minor_units=cell), *([a_row("rest")] if left else []))
    check(as_bytes(table))
    assert {row_of(table, minor_units=number) for number in taken} == {"it"}
    assert {row_of(table, minor_units=number) for number in left} <= {"rest"}


@pytest.mark.parametrize(
    ("field", "cell", "taken", "left"),
    [
        ("bucket", '"1"', {"bucket": "1"}, {"bucket": "2"}),
        ("bucket", '"1", "4+"', {"bucket": "4+"}, {"bucket": ""}),
        ("bucket", 'in ["1", "2"]', {"bucket": "2"}, {"bucket": "3"}),
        ("bucket", 'not in ["1", "2"]', {"bucket": "3"}, {"bucket": "2"}),
        ("bucket", '!= "1"', {"bucket": ""}, {"bucket": "1"}),
        ("bucket", '""', {"bucket": ""}, {"bucket": "1"}),
        ("currency_code", '"TWD"', {"currency_code": "TWD"}, {"currency_code": "EUR"}),
        ("client_id", f'"{THE_CLIENT}"', {"client_id": THE_CLIENT}, {"client_id": UUID(int=9)}),
    ],
)
def test_texts_are_compared(field: str, cell: str, taken: dict[str, Any], left: dict[str, Any]) -> None:
    table = a_table(a_row("it", **{field: cell}), a_row("rest"), inputs=(field,))
    check(as_bytes(table))
    assert (row_of(table, **taken), row_of(table, **left)) == ("it", "rest")


def test_what_an_editor_writes_besides_is_taken() -> None:
    table = a_table(passThrough=False, inputField=None, outputPath="", executionMode="single")
    table["nodes"][0]["content"] = {"schema": ""}
    table["nodes"][1]["content"]["inputs"][0]["type"] = "expression"
    table["nodes"][1]["content"]["rules"][0]["_description"] = "a word to colleagues"
    check(as_bytes(table))


# What is not -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("bucket", "current"),  # a name, not a text: it would match nothing, silently
        ("bucket", '"1" "2"'),
        ("bucket", '"1",'),
        ("bucket", "1"),
        ("bucket", "> 5"),
        ("bucket", 'startsWith($, "1")'),
        ("bucket", '"1" or true'),
        ("bucket", '"a\\"b"'),
        ("bucket", f'"{"x" * 41}"'),
        ("balance_minor_units", '"100"'),  # text against a number: it would match nothing, silently
        ("balance_minor_units", "> 10.5"),
        ("balance_minor_units", "> 1e3"),
        ("balance_minor_units", "> 1_000"),
        ("balance_minor_units", "[0.."),
        ("balance_minor_units", "> 5 and"),
        ("balance_minor_units", "> 5 and < 5"),
        ("balance_minor_units", "5, > 7 and < 9"),  # the engine would read (5 or > 7) and < 9
        ("balance_minor_units", "(1..2)"),
        ("balance_minor_units", "[9..1]"),
        ("balance_minor_units", "> rand(5)"),
        ("balance_minor_units", "$ > 5"),
        ("balance_minor_units", "balance_minor_units > 5"),
        ("balance_minor_units", "> 9999999999999999999999999"),
        ("balance_minor_units", "٣"),
        ("balance_minor_units", "-"),  # the engine takes it for nothing, not for anything
        ("currency_code", '"twd"'),
        ("client_id", '"Banco Santa Clara"'),
        ("client_id", f'"{str(UUID(int=0xABC)).upper()}"'),
    ],
)
def test_a_broken_input_cell_is_refused_naming_row_and_column(field: str, cell: str) -> None:
    table = a_table(a_row("fine"), a_row("bad", **{field: cell}), inputs=(field,))
    table["nodes"][1]["content"]["rules"].reverse()
    with pytest.raises(IsInvalid) as refused:
        check(as_bytes(table))
    assert refused.value.field == f"table.rows[0].{field}"
    assert refused.value.description.startswith(f"row 'bad', column {field}: ")
    assert "Stack" not in refused.value.description


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("segment", ""),
        ("segment", "friendly_reminder"),
        ("segment", '"Friendly reminder"'),
        ("segment", "bucket"),
        ("segment", '"a" + "b"'),
        ("segment", f'"{"a" * 41}"'),
        ("reason", '""'),
        ("reason", '" "'),
        ("reason", "1"),
        ("reason", "`because ${bucket}`"),
        ("reason", '"a \\" b"'),
        ("reason", f'"{"x" * 501}"'),
    ],
)
def test_a_row_says_its_segment_and_its_reason_literally(field: str, cell: str) -> None:
    with pytest.raises(IsInvalid) as refused:
        check(as_bytes(a_table({**a_row("bad", bucket='"1"'), field: cell}, a_row("rest"))))
    assert refused.value.field == f"table.rows[0].{field}"


def content(table: Table) -> Table:
    found: Table = table["nodes"][1]["content"]
    return found


def set_in(of: Callable[[Table], Table], **values: Any) -> Callable[[Table], None]:
    return lambda table: of(table).update(values)


FUNCTION_NODE = {"id": "f", "type": "functionNode", "name": "f", "content": "export const handler = () => { while (true) {} }"}

BROKEN: dict[str, tuple[str, Callable[[Table], Any]]] = {
    "a function besides": ("table.nodes", lambda t: t["nodes"].append(FUNCTION_NODE)),
    "a function instead": ("table.nodes", lambda t: t["nodes"].__setitem__(1, FUNCTION_NODE)),
    "two tables": ("table.nodes", lambda t: t["nodes"].append({**copy.deepcopy(t["nodes"][1]), "id": "t2"})),
    "no output": ("table.nodes", lambda t: t["nodes"].pop()),
    "nodes of one id": ("table.edges", lambda t: t["nodes"][2].update(id="in")),
    "a node without id": ("table.nodes", lambda t: t["nodes"][0].pop("id")),
    "a node with more": ("table.nodes", lambda t: t["nodes"][0].update(kind="http")),
    "an input schema": ("table.nodes", lambda t: t["nodes"][0].update(content={"schema": "{}x"})),
    "nodes that are none": ("table.nodes", lambda t: t.update(nodes="x")),
    "no way to the table": ("table.edges", lambda t: t["edges"].pop(0)),
    "a way around it": ("table.edges", lambda t: t["edges"][0].update(targetId="out")),
    "another document": ("table", lambda t: t.update(contentType="application/json")),
    "more in the document": ("table", lambda t: t.update(settings={})),
    "no table in the node": ("table.nodes", lambda t: t["nodes"][1].pop("content")),
    "hit policy collect": ("table.hitPolicy", set_in(content, hitPolicy="collect")),
    "a loop": ("table.executionMode", set_in(content, executionMode="loop")),
    "an input field": ("table.inputField", set_in(content, inputField="case")),
    "passing inputs through": ("table.passThrough", set_in(content, passThrough=True)),
    "passing through as a number": ("table.passThrough", set_in(content, passThrough=0)),
    "an unknown setting": ("table.timeout", set_in(content, timeout=5)),
    "no rows": ("table.rows", set_in(content, rules=[])),
    "too many rows": ("table.rows", set_in(content, rules=[a_row(str(place)) for place in range(301)])),
    "a row without id": ("table.rows[0]", lambda t: content(t)["rules"][0].pop("_id")),
    "a row id twice": ("table.rows[1]", lambda t: content(t)["rules"][1].update(_id="one")),
    "a cell that is no text": ("table.rows[0]", lambda t: content(t)["rules"][0].update(bucket=1)),
    "a cell of no column": ("table.rows[0]", lambda t: content(t)["rules"][0].update(age='"1"')),
    "a last row with a condition": ("table.rows[0]", lambda t: content(t)["rules"].pop()),
    "a row after the one that takes all": ("table.rows[1]", lambda t: content(t)["rules"].reverse()),
    "a row twice": ("table.rows[1]", lambda t: content(t)["rules"].insert(0, a_row("zero", bucket=' "1"'))),
    "an unknown input": ("table.inputs", lambda t: content(t)["inputs"][0].update(field="age")),
    "an input twice": ("table.inputs[1]", lambda t: content(t)["inputs"][1].update(field="bucket")),
    "an input without field": ("table.inputs[0]", lambda t: content(t)["inputs"][0].pop("field")),
    "a column of ids twice": ("table.columns", lambda t: content(t)["inputs"][1].update(id="bucket")),
    "an input of another type": ("table.inputs[0].type", lambda t: content(t)["inputs"][0].update(type="function")),
    "a default value": ("table.inputs[0]", lambda t: content(t)["inputs"][0].update(defaultValue="1")),
    "a missing output": ("table.outputs", lambda t: (content(t)["outputs"].pop(), [row.pop("reason") for row in content(t)["rules"]])),
    "another output": ("table.outputs", lambda t: content(t)["outputs"][0].update(field="strategy")),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_whatever_is_not_one_plain_table_is_refused(broken: str) -> None:
    field, spoil = BROKEN[broken]
    table = a_table()
    check(as_bytes(table))
    spoil(table)
    with pytest.raises(IsInvalid) as refused:
        check(as_bytes(table))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "table",
    [
        b"",
        b"[]",
        b"{",
        b"\xff{}",
        b'{"nodes": NaN}',
        b'{"nodes": [], "nodes": []}',
        b"[" * 30_000,
        as_bytes(a_table()).replace(b"because", b"\\ud800"),
    ],
)
def test_what_is_not_json_is_refused(table: bytes) -> None:
    with pytest.raises(IsInvalid) as refused:
        check(table)
    assert refused.value.field == "table"
    assert len(refused.value.description) < 300


# Evaluation ------------------------------------------------------------------------


def test_a_table_pushed_out_of_memory_and_read_again_says_the_same() -> None:
    before = [evaluate(SAMPLE, seen(bucket)) for bucket in ("current", "1", "2", "3", "4+", "")]
    for number in range(ENGINES_MAX + 1):
        evaluate(as_bytes(a_table(a_row(f"only-{number}"))), seen())
    assert [evaluate(SAMPLE, seen(bucket)) for bucket in ("current", "1", "2", "3", "4+", "")] == before
    assert segment_table._ready.cache_info().currsize <= ENGINES_MAX


def test_a_table_that_has_not_passed_the_check_fails_without_an_answer() -> None:
    unchecked = a_table(a_row("one", bucket='"1"'))
    with pytest.raises(TableFailed):
        evaluate(as_bytes(unchecked), seen("2"))
    content(unchecked)["rules"][0]["bucket"] = "> 5"
    with pytest.raises(TableFailed) as failed:
        evaluate(as_bytes(unchecked), seen("2"))
    assert "Stack" not in str(failed.value)
