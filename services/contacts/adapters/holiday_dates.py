"""Holidays: the dates of a country and its parts, out of the pinned library. A pack keeps them; nobody asks the library again."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from datetime import date

import holidays as library

FIRST_YEAR = 2015
LAST_YEAR = 2038
"""Outside of these years a pack's calendar knows no day, and says so."""


def library_version() -> str:
    return f"holidays=={importlib.metadata.version('holidays')}"


def countries() -> Mapping[str, list[str]]:
    """Those that the library knows, each with its parts."""
    return library.list_supported_countries(include_aliases=False)


def dates(country: str, first_year: int, last_year: int) -> dict[str, frozenset[date]]:
    """By subdivision; "" are the nation's own. Asked for by years: a calendar without them is empty, and false, until it is looked at."""
    years = range(first_year, last_year + 1)
    found = {"": frozenset(library.country_holidays(country, years=years))}
    for subdivision in countries()[country]:
        found[subdivision] = frozenset(library.country_holidays(country, subdiv=subdivision, years=years))
    return found
