"""Money as people write and read it, exact: integer minor units inside, the currency's digits after the point outside, never a float."""

from __future__ import annotations

import re

from acuerdo.common.v1.types_pb2 import Money

DIGITS_MAX = 15
"""As the contract says of Money, either way."""
DECIMALS = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Currencies whose minor unit is not a hundredth (ISO 4217)."""
_POINT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")
_COMMA = re.compile(r"(-?)([0-9]+)(?:[.,]([0-9]+))?")


class NotAnAmount(ValueError):
    """The text is not an amount; the message says what is wrong with it."""


def decimals_of(currency_code: str) -> int:
    """How many digits after the point its minor unit has."""
    return DECIMALS.get(currency_code, 2)


def minor_units(text: str, *, may_use_comma: bool = False, decimals: int = 2) -> int:
    """`1234`, `1234.5`, `-1234.56` (and `1234,56` where the file allows it) in minor units. No thousands separators: they are ambiguous."""
    matched = (_COMMA if may_use_comma else _POINT).fullmatch(text)
    if matched is None or len(matched[3] or "") > decimals:
        places = f"at most {decimals} after the decimal point" if decimals else "none after a decimal point"
        raise NotAnAmount(f"is not an amount: digits, and {places}, without thousands separators")
    sign, whole, fraction = matched.groups()
    if len(whole) + decimals > DIGITS_MAX:
        raise NotAnAmount(f"is larger than {DIGITS_MAX} digits can hold")
    units = int(whole + (fraction or "").ljust(decimals, "0"))
    return -units if sign else units


def plain(units: int, decimals: int = 2) -> str:
    """Minor units as `minor_units` reads them: `-1234.56`."""
    whole, fraction = divmod(abs(units), 10**decimals)
    return f"{'-' if units < 0 else ''}{whole}" + (f".{fraction:0{decimals}}" if decimals else "")


def grouped(units: int, lang: str, decimals: int = 2) -> str:
    """Minor units for a reader: `-1,234.56`, in Spanish `-1.234,56`."""
    whole, fraction = divmod(abs(units), 10**decimals)
    text = f"{'-' if units < 0 else ''}{count(whole, lang)}"
    return text + (f"{',' if lang == 'es' else '.'}{fraction:0{decimals}}" if decimals else "")


def whole(money: Money, lang: str) -> str:
    """Rounded half away from zero to whole units, for narrow tables: `1,235`."""
    unit = 10 ** decimals_of(money.currency_code)
    rounded = (2 * abs(money.minor_units) + unit) // (2 * unit)
    return f"{'-' if money.minor_units < 0 and rounded else ''}{count(rounded, lang)}"


def count(number: int, lang: str) -> str:
    """A whole number with the thousands separators of the language."""
    text = f"{number:,}"
    return text.replace(",", ".") if lang == "es" else text


def amount(money: Money, lang: str) -> str:
    """Without its currency: `1,234.56`, in Spanish `1.234,56`."""
    return grouped(money.minor_units, lang, decimals_of(money.currency_code))


def shown(money: Money, lang: str) -> str:
    """With its currency: `TWD 1,234.56`, in Spanish `1.234,56 TWD`."""
    return f"{amount(money, lang)} {money.currency_code}" if lang == "es" else f"{money.currency_code} {amount(money, lang)}"
