"""Cells of a decision table: what may be written into one, and proof that the engine understands it.

The language of cells is small and closed: texts to be equal to, whole numbers to be compared with. Anything else of the engine's language
(functions, other columns, fractions, the time of day) could answer differently tomorrow, or match nothing without saying so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from re import Pattern

import zen

_TEXT = r"\"[^\"\\]*\""
_TEXTS = rf"{_TEXT}(\s*,\s*{_TEXT})*"
_NUMBER = r"-?[0-9]{1,18}"
_COMPARED = rf"(<=|>=|<|>|==|!=)?\s*{_NUMBER}"
_INTERVAL = rf"[\[(]\s*{_NUMBER}\s*\.\.\s*{_NUMBER}\s*[\])]"
_ANY_OF = rf"({_COMPARED}|{_INTERVAL})(\s*,\s*({_COMPARED}|{_INTERVAL}))*"
_ALL_OF = rf"{_COMPARED}(\s+and\s+{_COMPARED})+"

TEXT_CELL = re.compile(rf"{_TEXTS}|(not\s+)?in\s*\[\s*{_TEXTS}\s*\]|[!=]=\s*{_TEXT}")
# Never both in one cell: the engine reads `5, > 7 and < 9` as (5 or > 7) and < 9, which nobody would.
WHOLE_NUMBER_CELL = re.compile(rf"{_ANY_OF}|{_ALL_OF}")
OUTPUT_CELL = re.compile(_TEXT)

_A_TEXT = re.compile(_TEXT)
_A_NUMBER = re.compile(_NUMBER)
_UNLIKELY = "\N{REPLACEMENT CHARACTER}"
"""A text that no cell names."""


class CellIsBroken(Exception):
    """The cell cannot be used. The text says why, in a person's words."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a table may look at."""

    field: str
    is_whole_number: bool = False
    values: Pattern[str] = re.compile(r".{0,40}")
    """What a text of the column can be: a cell that asks for another one would never match."""


def check_input(cell: str, column: Column) -> str | int:
    """A value that the cell matches.

    Raises CellIsBroken unless the cell is written in our small language, the engine understands it, and some value can match it.
    """
    cell = cell.strip()
    if not cell:
        return 0 if column.is_whole_number else ""
    if not (WHOLE_NUMBER_CELL if column.is_whole_number else TEXT_CELL).fullmatch(cell):
        raise CellIsBroken(
            "must compare with whole numbers (0, < 0, [1..500], 5, 7, or >= 10 and < 20), or be empty for any"
            if column.is_whole_number
            else 'must name texts in double quotes ("1", "2"), not in ["1", "2"], or be empty for any'
        )
    for text in texts_in(cell) if not column.is_whole_number else ():
        if not column.values.fullmatch(text):
            raise CellIsBroken(f"names {text!r}, which {column.field} never is")
    matched = [sample for sample in samples_of(cell, column) if _try(cell, sample)]
    if not matched:
        raise CellIsBroken("can never match")
    return matched[0]


def output_text(cell: str) -> str:
    """The text that the cell says. CellIsBroken unless it is one literal text."""
    if not OUTPUT_CELL.fullmatch(cell.strip()):
        raise CellIsBroken("must be one text in double quotes, without quotes or backslashes in it")
    said = cell.strip()[1:-1]
    if not said.strip():
        raise CellIsBroken("must not be empty")
    return said


def samples_of(cell: str, column: Column) -> Sequence[str | int]:
    """Values to try the cell with: what it names, what lies beside it, and what it does not name."""
    if column.is_whole_number:
        named = [int(number) for number in _A_NUMBER.findall(cell)]
        return sorted({0, -(10**15), 10**15} | {number + step for number in named for step in (-1, 0, 1)})
    return [*texts_in(cell), "", _UNLIKELY]


def texts_in(cell: str) -> Iterator[str]:
    return (text[1:-1] for text in _A_TEXT.findall(cell))


def _try(cell: str, sample: str | int) -> bool:
    try:
        matched = zen.evaluate_unary_expression(cell, {"$": sample})
    except RuntimeError as broken:
        # The engine's text ends in a stack trace, which is nobody's business.
        raise CellIsBroken(f"is not understood: {str(broken).splitlines()[0]}") from broken
    if not isinstance(matched, bool):
        raise CellIsBroken("must be true or false of a value")
    return matched


COLUMNS: dict[str, Column] = {
    column.field: column
    for column in (
        Column("bucket"),
        Column("balance_minor_units", is_whole_number=True),
        Column("currency_code", values=re.compile(r"[A-Z]{3}")),
        Column("client_id", values=re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    )
}
OUTPUTS: tuple[str, ...] = ("segment", "reason")
