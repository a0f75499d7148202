"""Wording: days, money and codes as people read them, worked out in whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1 import types_pb2 as common
from google.type.date_pb2 import Date


def day(wire: Date) -> str:
    return f"{wire.year:04}-{wire.month:02}-{wire.day:02}"


def money(wire: common.Money) -> str:
    """With the currency's minor digits (ISO 4217), worked out in whole numbers."""
    digits = MINOR_DIGITS.get(wire.currency_code, 2)
    whole, minor = divmod(abs(wire.minor_units), 10**digits)
    sign = "-" if wire.minor_units < 0 else ""
    return f"{sign}{whole:,}{f'.{minor:0{digits}}' if digits else ''} {wire.currency_code}"


def amounts(wire: Iterable[types.ComponentAmount]) -> str:
    return ", ".join(f"{word(types.Component.Name(part.component), 'COMPONENT_')} {money(part.amount)}" for part in wire)


def word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", " ")


def code(name: str) -> str:
    """SENT_IN_ERROR as people read it."""
    return name.lower().replace("_", " ")


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


MINOR_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Currencies that have not two."""
