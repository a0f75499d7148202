"""Tables from CSV files: a line that cannot be read is reported with its line, field and reason, and the rest goes on."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from clients.cli.money import NotAnAmount, minor_units

LINE_BYTES_MAX = 64 * 1024
ROWS_MAX = 1_000_000
SEPARATORS = ",;\t"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile(r"-?[0-9]{1,9}")

R = TypeVar("R")


class TableIsUnreadable(Exception):
    """The file as a whole is not what it should be; the message is one sentence."""


class CellIsWrong(Exception):
    """One cell of a line is not what it should be; `field` is empty where the whole line is meant."""

    def __init__(self, field: str, reason: str, description: str) -> None:
        self.field, self.reason, self.description = field, reason, description
        super().__init__(f"{field} {description}".strip())


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that was not taken. The header is line 1."""

    line: int
    field: str
    """Empty where the whole line is meant."""
    reason: str
    """Upper-case name of the rule, as the services have them."""
    description: str
    """In a person's words; follows the name of the field."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The header a file may have, in any order."""

    required: Sequence[str]
    optional: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """One line, its cells by column, spaces around them removed. An empty cell and a missing column are the same: absent."""

    line: int
    by_name: dict[str, str]
    may_use_comma: bool = False

    def text(self, name: str) -> str:
        value = self.by_name.get(name, "")
        if not value:
            raise CellIsWrong(name, "IS_MISSING", "is missing")
        return value

    def has(self, name: str) -> bool:
        return bool(self.by_name.get(name))

    def amount(self, name: str, decimals: int = 2) -> int:
        """Minor units of a currency with so many digits after the point."""
        try:
            return minor_units(self.text(name), may_use_comma=self.may_use_comma, decimals=decimals)
        except NotAnAmount as wrong:
            raise CellIsWrong(name, "AMOUNT_IS_INVALID", str(wrong)) from None

    def day(self, name: str) -> date:
        value = self.text(name)
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            raise CellIsWrong(name, "DATE_IS_INVALID", "is no day of the calendar") from None
        raise CellIsWrong(name, "DATE_IS_INVALID", "is not a date like 2005-04-30")

    def whole(self, name: str, low: int, high: int) -> int:
        value = self.text(name)
        if not _WHOLE.fullmatch(value):
            raise CellIsWrong(name, "NUMBER_IS_INVALID", "is not a whole number")
        if not low <= int(value) <= high:
            raise CellIsWrong(name, "NUMBER_IS_OUT_OF_RANGE", f"must lie between {low} and {high}")
        return int(value)


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """What a file holds: the rows that can be used, and the lines that cannot."""

    rows: Sequence[R]
    bad: Sequence[BadRow]


def read_table(file: Path, columns: Columns, to_row: Callable[[Cells], R], unique: Collection[str] = ()) -> Table[R]:
    """Every line through `to_row`. `unique` names the columns that together may appear once, an empty cell like any other;
    TableIsUnreadable for a wrong header."""
    rows: list[R] = []
    bad: list[BadRow] = []
    seen: dict[tuple[str, ...], int] = {}
    for cells in read_lines(file, columns):
        if isinstance(cells, BadRow):
            bad.append(cells)
            continue
        try:
            row = to_row(cells)
        except CellIsWrong as wrong:
            bad.append(BadRow(cells.line, wrong.field, wrong.reason, wrong.description))
            continue
        key = tuple(cells.by_name.get(name, "") for name in unique)
        if unique and seen.setdefault(key, cells.line) != cells.line:
            bad.append(BadRow(cells.line, ", ".join(unique), "IS_REPEATED", f"appeared already in line {seen[key]}"))
            continue
        rows.append(row)
    return Table(rows, bad)


def read_lines(file: Path, columns: Columns) -> Iterator[Cells | BadRow]:
    """One line is one row: a broken quote spoils its own line only. UTF-8, with or without a byte order mark."""
    try:
        with file.open("rb") as opened:
            lines = enumerate(opened, start=1)
            separator, names = _header(next(lines, (1, b""))[1], columns)
            yield from _rows(lines, separator, names)
    except OSError as failed:
        raise TableIsUnreadable(f"{file} cannot be read: {(failed.strerror or type(failed).__name__).lower()}") from None


def _header(first: bytes, columns: Columns) -> tuple[str, list[str]]:
    try:
        text = first.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise TableIsUnreadable("the first line is not UTF-8 text") from None
    separator = max(SEPARATORS, key=text.count) if any(sign in text for sign in SEPARATORS) else ","
    try:
        names = [name.strip().lower() for name in _split(text, separator)]
    except csv.Error as broken:
        raise TableIsUnreadable(f"the header cannot be read: {broken}") from None
    faults = [
        ("missing", [name for name in columns.required if name not in names]),
        ("unknown", [name or "(empty)" for name in names if name not in (*columns.required, *columns.optional)]),
        ("twice", sorted({name for name in names if names.count(name) > 1})),
    ]
    said = "; ".join(f"{what}: {', '.join(which)}" for what, which in faults if which)
    if said:
        wanted = ", ".join(columns.required) + "".join(f" [{name}]" for name in columns.optional)
        raise TableIsUnreadable(f"the header does not fit ({said}); wanted: {wanted}")
    return separator, names


def _rows(lines: Iterable[tuple[int, bytes]], separator: str, names: list[str]) -> Iterator[Cells | BadRow]:
    taken = 0
    for line, raw in lines:
        raw = raw.rstrip(b"\r\n")
        if not raw.strip():
            continue
        taken += 1
        if taken > ROWS_MAX:
            raise TableIsUnreadable(f"the file has more than {ROWS_MAX} rows: split it")
        yield _row(line, raw, separator, names)


def _row(line: int, raw: bytes, separator: str, names: list[str]) -> Cells | BadRow:
    if len(raw) > LINE_BYTES_MAX:
        return BadRow(line, "", "LINE_IS_TOO_LONG", f"is longer than {LINE_BYTES_MAX} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as wrong:
        return BadRow(line, "", "LINE_IS_NOT_TEXT", f"is not UTF-8 text (byte {wrong.start + 1})")
    try:
        values = [value.strip() for value in _split(text, separator)]
    except csv.Error as broken:
        return BadRow(line, "", "LINE_IS_NOT_CSV", f"cannot be parted into cells: {broken}")
    if len(values) != len(names):
        return BadRow(line, "", "LINE_HAS_OTHER_CELLS", f"has {len(values)} cells where the header has {len(names)}")
    return Cells(line, dict(zip(names, values, strict=True)), may_use_comma=separator != ",")


def _split(text: str, separator: str) -> list[str]:
    if "\r" in text or "\0" in text:
        raise csv.Error("a control character")
    return next(csv.reader([text], delimiter=separator, strict=True), [])
