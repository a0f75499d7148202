"""Reads a creditor's cobros file by a published column mapping: which column holds what, and how it is written."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import yaml

from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, Refusal

COLUMN_MAX = 100
_DATE_PARTS = {"%Y", "%m", "%d", "%y"}
_FIELDS = ("case_ref", "amount", "value_date", "provider_ref", "currency")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+#-]{0,79}")
_MINOR = {"JPY": 0, "KRW": 0, "CLP": 0, "PYG": 0, "VND": 0, "ISK": 0, "UGX": 0, "XAF": 0, "XOF": 0, "KWD": 3, "BHD": 3, "TND": 3, "JOD": 3}


@dataclass(frozen=True, slots=True)
class CobrosMapping:
    """`columns`: our field to the name of their column. Nothing else of a row is read, and nothing else need leave the creditor."""

    columns: Mapping[str, str]
    currency_code: str
    decimal: str
    thousands: str
    date_format: str
    delimiter: str = ";"
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class CobrosRow:
    case_ref: str
    amount: Money
    value_date: date
    provider_ref: str


class RowIsMalformed(Refusal):
    """A cell of the row cannot be read as the mapping says."""

    def __init__(self, field: str, rule: str) -> None:
        self.field, self.rule = field, rule
        super().__init__(field=field, rule=rule)


@lru_cache(maxsize=256)
def read(mapping: bytes) -> CobrosMapping:
    """IsInvalid naming `mapping.columns.amount` and the like."""
    try:
        said = yaml.safe_load(mapping)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as broken:
        raise IsInvalid("mapping", "is neither YAML nor JSON") from broken
    if not isinstance(said, dict):
        raise IsInvalid("mapping", "must be a mapping")
    known = {"columns", "currency", "decimal", "thousands", "date_format", "delimiter", "encoding"}
    if unknown := sorted(map(str, set(said) - known)):
        raise IsInvalid("mapping", "holds a name that nobody knows", name=unknown[0][:40])
    columns = _columns(said.get("columns"))
    currency = said.get("currency", "")
    if "currency" not in columns and not re.fullmatch("[A-Z]{3}", str(currency)):
        raise IsInvalid("mapping.currency", "must be a currency, where no column holds it")
    decimal, thousands = str(said.get("decimal", ",")), str(said.get("thousands", ""))
    if decimal not in (",", ".") or thousands not in ("", ",", ".", " ", "'") or decimal == thousands:
        raise IsInvalid("mapping.decimal", "must be ',' or '.', and the thousands' mark another one")
    return CobrosMapping(
        columns,
        str(currency),
        decimal,
        thousands,
        _date_format(said.get("date_format", "%Y-%m-%d")),
        _one_of(said, "delimiter", ";", (";", ",", "\t", "|")),
        _one_of(said, "encoding", "utf-8", ("utf-8", "utf-8-sig", "latin-1", "cp1252")),
    )


@dataclass(slots=True)
class Reading:
    """Rows of one file, as they come: two payments that look alike in one file are two, and the same two in the file sent again."""

    mapping: CobrosMapping
    columns: Sequence[str]
    _seen: Counter[str] = field(default_factory=Counter)

    def row(self, cells: Sequence[str]) -> CobrosRow:
        """Raises RowIsMalformed naming the field and what is wrong with it."""
        if len(cells) != len(self.columns):
            raise RowIsMalformed("cells", "NUMBER_OF_CELLS")
        said = {name: cells[place].strip() for name, place in self._places().items()}
        case_ref = said["case_ref"]
        if not case_ref or len(case_ref) > 64:
            raise RowIsMalformed("case_ref", "LENGTH")
        amount = Money(_currency(said.get("currency") or self.mapping.currency_code), 0)
        amount = Money(amount.currency_code, _minor_units(said["amount"], amount.currency_code, self.mapping))
        value_date = _day(said["value_date"], self.mapping.date_format)
        return CobrosRow(case_ref, amount, value_date, self._provider_ref(said, case_ref, amount, value_date))

    def _provider_ref(self, said: Mapping[str, str], case_ref: str, amount: Money, value_date: date) -> str:
        given = said.get("provider_ref", "")
        if given:
            if not _REF.fullmatch(given):
                raise RowIsMalformed("provider_ref", "PATTERN")
            return given
        if "provider_ref" in self.mapping.columns:
            raise RowIsMalformed("provider_ref", "REQUIRED")
        alike = f"{case_ref}|{amount.currency_code}{amount.minor_units}|{value_date.isoformat()}"
        self._seen[alike] += 1
        return "row:" + hashlib.sha256(f"{alike}|{self._seen[alike]}".encode()).hexdigest()[:40]

    def _places(self) -> dict[str, int]:
        return {name: self.columns.index(column) for name, column in self.mapping.columns.items()}


def reading(mapping: CobrosMapping, columns: Sequence[str]) -> Reading:
    """IsInvalid where the file lacks a column that the mapping speaks of."""
    for name, column in mapping.columns.items():
        if list(columns).count(column) != 1:
            raise IsInvalid("columns", f"must hold the column of {name} once", column=column)
    return Reading(mapping, columns)


def minor_digits(currency_code: str) -> int:
    """Decimals of the currency (ISO 4217)."""
    return _MINOR.get(currency_code, 2)


def _minor_units(text: str, currency_code: str, mapping: CobrosMapping) -> int:
    """Digits only: no float comes near it. Above zero: a payment that is taken back is told as such, not as a negative row."""
    bare = text.replace(mapping.thousands, "") if mapping.thousands else text
    digits = minor_digits(currency_code)
    found = re.fullmatch(rf"\+?(\d{{1,13}})(?:{re.escape(mapping.decimal)}(\d{{1,{max(digits, 1)}}}))?", bare)
    if found is None:
        raise RowIsMalformed("amount", "NOT_POSITIVE" if bare.startswith("-") else "NOT_AN_AMOUNT")
    fraction = found.group(2) or ""
    if digits == 0 and fraction.strip("0"):
        raise RowIsMalformed("amount", "NOT_AN_AMOUNT")
    minor_units = int(found.group(1) + fraction.ljust(digits, "0")[:digits])
    if not minor_units:
        raise RowIsMalformed("amount", "NOT_POSITIVE")
    return minor_units


def _currency(text: str) -> str:
    if not re.fullmatch("[A-Z]{3}", text):
        raise RowIsMalformed("currency", "PATTERN")
    return text


def _day(text: str, date_format: str) -> date:
    try:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007 - a day, in the source's zone
    except ValueError:
        raise RowIsMalformed("value_date", "NOT_A_DAY") from None


def _columns(said: Any) -> Mapping[str, str]:
    if not isinstance(said, dict):
        raise IsInvalid("mapping.columns", "must be a mapping")
    for name, column in said.items():
        if name not in _FIELDS:
            raise IsInvalid("mapping.columns", f"may name {', '.join(_FIELDS)}", name=str(name)[:40])
        if not isinstance(column, str) or not 1 <= len(column) <= COLUMN_MAX:
            raise IsInvalid(f"mapping.columns.{name}", "must be the name of a column")
    for name in ("case_ref", "amount", "value_date"):
        if name not in said:
            raise IsInvalid(f"mapping.columns.{name}", "is missing")
    if len(set(said.values())) != len(said):
        raise IsInvalid("mapping.columns", "must name each column once")
    return dict(said)


def _date_format(said: Any) -> str:
    parts = re.findall(r"%.", said) if isinstance(said, str) else []
    if len(parts) != 3 or not set(parts) <= _DATE_PARTS or len({part.lower() for part in parts}) != 3:
        raise IsInvalid("mapping.date_format", "must hold a year, a month and a day: %Y-%m-%d, %d/%m/%Y")
    return str(said)


def _one_of(said: Mapping[str, Any], name: str, default: str, allowed: Sequence[str]) -> str:
    found = said.get(name, default)
    if found not in allowed:
        raise IsInvalid(f"mapping.{name}", f"must be one of {', '.join(map(repr, allowed))}")
    return str(found)
