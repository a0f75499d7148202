"""Packs as published: read once for each digest, with the dates of their holidays, and kept."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from services.contacts.adapters import holiday_dates, pack_reading, vector_reading
from services.contacts.domain.packs import Candidate, HolidayDates, PublishedPack
from services.contacts.domain.policy.pack import FROM_ADDRESS, Holidays, Pack

PACKS_KEPT_MAX = 1_000
_EPOCH = date(1970, 1, 1)
_kept: dict[bytes, Pack] = {}


@lru_cache(maxsize=1)
def tzdata_version() -> str:
    return importlib.metadata.version("tzdata")


def read(published: PublishedPack) -> Pack:
    """Of published bytes: their digest stands for them."""
    pack = _kept.get(published.digest)
    if pack is None:
        if len(_kept) >= PACKS_KEPT_MAX:
            _kept.clear()
        pack = _kept[published.digest] = _with_dates(pack_reading.read(published.content), published.holidays)
    return pack


def candidates(document: bytes) -> list[Candidate]:
    """Each pack of a YAML document, its vectors run. PackIsInvalid naming pack, rule and field."""
    return [candidate(content) for content in pack_reading.packs_of(document).values()]


def candidate(content: bytes) -> Candidate:
    bare = pack_reading.read(content)
    holidays = _dates_of(bare.holidays) if bare.holidays is not None else ()
    pack = _with_dates(bare, holidays)
    digest = digest_of(content, holidays)
    tests = vector_reading.read(pack_reading.vectors_of(content), pack)
    failing = tuple(vector for test in tests if (vector := test.run(pack, digest)) is not None)
    return Candidate(pack, digest, content, holidays, len(tests), failing)


def digest_of(content: bytes, holidays: Iterable[HolidayDates]) -> bytes:
    """SHA-256 of the content and of every date that it closes on."""
    hashed = hashlib.sha256(content)
    for dates in holidays:
        days = ",".join(str(day) for day in dates.days)
        hashed.update(f"\n{dates.calendar}/{dates.subdivision} {dates.first_year}-{dates.last_year} {dates.library} {days}".encode())
    return hashed.digest()


def _dates_of(holidays: Holidays) -> tuple[HolidayDates, ...]:
    """Only what the pack looks at: a part of the country, or all of them where the person's address says which."""
    first, last = holiday_dates.FIRST_YEAR, holiday_dates.LAST_YEAR
    found = holiday_dates.dates(holidays.calendar, first, last)
    parts = sorted(found) if holidays.subdivision == FROM_ADDRESS else [holidays.subdivision]
    return tuple(
        HolidayDates(holidays.calendar, part, holidays.library, first, last, tuple(sorted((day - _EPOCH).days for day in found[part])))
        for part in parts
    )


def _with_dates(pack: Pack, holidays: tuple[HolidayDates, ...]) -> Pack:
    if pack.holidays is None:
        return pack
    first = holidays[0]
    dates: Mapping[str, frozenset[date]] = {
        part.subdivision: frozenset(_EPOCH + timedelta(days=day) for day in part.days) for part in holidays
    }
    filled = replace(pack.holidays, library=first.library, first_year=first.first_year, last_year=first.last_year, dates=dates)
    return replace(pack, holidays=filled)
