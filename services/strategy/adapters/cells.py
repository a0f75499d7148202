"""Cells of a segment table: the few forms they may have. No functions, no clock, no fractions: a cell means the same for ever."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MINOR_UNITS_MAX = 10**15
"""As in every amount we take."""
LITERALS_PER_CELL_MAX = 100

_LITERAL = r'"[^"\\\x00-\x1f\x7f]*"'
_LITERALS = re.compile(rf"{_LITERAL}(?:\s*,\s*{_LITERAL})*")
_WHOLE = r"-?(?:0|[1-9][0-9]{0,15})"
_NUMBER = re.compile(_WHOLE)
_COMPARISON = re.compile(rf"(<=|>=|<|>)\s*({_WHOLE})")
_BETWEEN = re.compile(rf"(>=|>)\s*({_WHOLE})\s+and\s+(<=|<)\s*({_WHOLE})")
_INTERVAL = re.compile(rf"([\[(])\s*({_WHOLE})\s*\.\.\s*({_WHOLE})\s*([\])])")


class CellIsBroken(Exception):
    """What is wrong with a cell, in words for its author."""


@dataclass(frozen=True, slots=True)
class Words:
    """One of these texts; None: any."""

    among: frozenset[str] | None

    @property
    def is_any(self) -> bool:
        return self.among is None

    def takes(self, value: str | int) -> bool:
        return self.among is None or value in self.among

    def witnesses(self) -> list[str | int]:
        return sorted(self.among) if self.among is not None else [""]


@dataclass(frozen=True, slots=True)
class Range:
    """Whole numbers from `low` to `high`; both belong to it."""

    low: int = -MINOR_UNITS_MAX
    high: int = MINOR_UNITS_MAX

    @property
    def is_any(self) -> bool:
        return (self.low, self.high) == (-MINOR_UNITS_MAX, MINOR_UNITS_MAX)

    def takes(self, value: str | int) -> bool:
        return isinstance(value, int) and self.low <= value <= self.high

    def witnesses(self) -> list[str | int]:
        """Its ends, and what lies just outside."""
        return [value for value in (self.low - 1, self.low, self.high, self.high + 1) if abs(value) <= MINOR_UNITS_MAX]


Cell = Words | Range


def literal(text: str) -> str:
    """The text of one literal: "so"."""
    if not re.fullmatch(_LITERAL, text):
        raise CellIsBroken('must be one text in double quotes, e.g. "agent_call", without quotes or backslashes in it')
    return text[1:-1]


def words(cell: str, word: re.Pattern[str], word_is: str) -> Words:
    """Blank, or texts: "1", "2"."""
    text = cell.strip()
    if not text:
        return Words(None)
    if not _LITERALS.fullmatch(text):
        raise CellIsBroken('must be blank, or texts in double quotes with commas between, e.g. "1", "2"')
    found = [one[1:-1] for one in re.findall(_LITERAL, text)]
    if len(found) > LITERALS_PER_CELL_MAX:
        raise CellIsBroken(f"must not hold more than {LITERALS_PER_CELL_MAX} texts")
    for one in found:
        if not word.fullmatch(one):
            raise CellIsBroken(f'"{one[:60]}" is not {word_is}')
    return Words(frozenset(found))


def whole_numbers(cell: str) -> Range:
    """Blank, or a range of whole numbers: < 0, >= 100 and < 500, [100..500), 0."""
    text = cell.strip()
    if not text:
        return Range()
    found = _range(text)
    if max(abs(found.low), abs(found.high)) > MINOR_UNITS_MAX:
        raise CellIsBroken(f"must lie within {MINOR_UNITS_MAX} minor units")
    if found.low > found.high:
        raise CellIsBroken("never holds: its lower end lies above its upper end")
    return found


def _range(text: str) -> Range:
    if _NUMBER.fullmatch(text):
        return Range(int(text), int(text))
    if one := _COMPARISON.fullmatch(text):
        return _BOUND[one[1]](int(one[2]))
    if two := _BETWEEN.fullmatch(text):
        return Range(_BOUND[two[1]](int(two[2])).low, _BOUND[two[3]](int(two[4])).high)
    if ends := _INTERVAL.fullmatch(text):
        return Range(int(ends[2]) + (ends[1] == "("), int(ends[3]) - (ends[4] == ")"))
    raise CellIsBroken("must be blank, or whole minor units as < 0, >= 100 and < 500, [100..499] or 0")


_BOUND: Mapping[str, Callable[[int], Range]] = {
    "<": lambda bound: Range(high=bound - 1),
    "<=": lambda bound: Range(high=bound),
    ">": lambda bound: Range(low=bound + 1),
    ">=": lambda bound: Range(low=bound),
}
