"""A cell means what a person reads in it: whatever our small language allows, the engine takes it the same way."""

from __future__ import annotations

from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne

import pytest
import zen
from hypothesis import given
from hypothesis import strategies as st

from services.strategy.adapters.cells import COLUMNS, OUTPUT_CELL, TEXT_CELL, WHOLE_NUMBER_CELL, samples_of

Cell = tuple[str, Callable[[int], bool]]

BALANCE = COLUMNS["balance_minor_units"]
OPERATORS: dict[str, Callable[[int, int], bool]] = {"": eq, "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
numbers = st.integers(-10, 10) | st.integers(-(10**17), 10**17)


def compared(operator: str, space: str, number: int) -> Cell:
    return f"{operator}{space}{number}", lambda value: OPERATORS[operator](value, number)


def interval(low: int, high: int, opens: str, closes: str) -> Cell:
    above, below = (ge if opens == "[" else gt), (le if closes == "]" else lt)
    return f"{opens}{low}..{high}{closes}", lambda value: above(value, low) and below(value, high)


def any_of(cells: list[Cell]) -> Cell:
    return ", ".join(cell for cell, _ in cells), lambda value: any(holds(value) for _, holds in cells)


def all_of(cells: list[Cell]) -> Cell:
    return " and ".join(cell for cell, _ in cells), lambda value: all(holds(value) for _, holds in cells)


comparisons = st.builds(compared, st.sampled_from(list(OPERATORS)), st.sampled_from(["", " "]), numbers)
intervals = st.builds(interval, numbers, numbers, st.sampled_from("[("), st.sampled_from("])"))
whole_number_cells = st.lists(comparisons | intervals, min_size=1, max_size=4).map(any_of) | st.lists(
    comparisons, min_size=2, max_size=4
).map(all_of)


@given(whole_number_cells, st.lists(numbers, max_size=3))
def test_numbers_are_compared_as_they_read(cell: Cell, more: list[int]) -> None:
    text, holds = cell
    assert WHOLE_NUMBER_CELL.fullmatch(text)
    for value in [*samples_of(text, BALANCE), *more]:
        assert isinstance(value, int)
        assert zen.evaluate_unary_expression(text, {"$": value}) is holds(value), value


texts = st.text(st.characters(exclude_characters='"\\', exclude_categories=["Cs", "Cc"]), max_size=12)


@given(st.lists(texts, min_size=1, max_size=4), texts, st.sampled_from(["", "in ", "not in ", "== ", "!= "]))
def test_texts_are_compared_as_they_read(named: list[str], other: str, how: str) -> None:
    if how.strip() in ("==", "!="):
        named = named[:1]
    listed = ", ".join(f'"{text}"' for text in named)
    cell = f"{how}[{listed}]" if "in" in how else how + listed
    assert TEXT_CELL.fullmatch(cell)
    for value in [*named, other, ""]:
        assert zen.evaluate_unary_expression(cell, {"$": value}) is ((value in named) is not (how in ("not in ", "!= "))), value


@given(texts)
def test_an_output_says_what_stands_between_its_quotes(text: str) -> None:
    assert OUTPUT_CELL.fullmatch(f'"{text}"')
    assert zen.evaluate_expression(f'"{text}"') == text


@pytest.mark.parametrize("cell", ["5, > 7 and < 9", "> 1 and [2..3]", "not 5", "5 or 6", "> now()", "5;6", "> 5\n", ""])
def test_the_language_is_closed(cell: str) -> None:
    assert not WHOLE_NUMBER_CELL.fullmatch(cell)
