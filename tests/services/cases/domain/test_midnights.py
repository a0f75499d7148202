"""Boundaries are midnights in the portfolio's zone: on every night on which any zone of the world changed its clocks, 2000 to 2040."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo, available_timezones

import pytest

from services.cases.domain.delinquency import due
from services.cases.domain.lateness import of_case
from services.cases.domain.steps import Declared, Step
from services.kernel.calendar import date_at
from tests.services.cases.examples import DAYS, an_open_case, at, terms

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
A_WEEK, A_MICROSECOND = timedelta(days=7), timedelta(microseconds=1)
"""No zone has changed its clocks twice within a week since 2000."""
DAYS_THAT_NEVER_WERE = {("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Fakaofo", date(2011, 12, 30))}
BUCKET_FROM = 31


def zones() -> list[str]:
    """One name for each set of rules: links are the same bytes."""
    by_rules: dict[str, str] = {}
    for name in sorted(available_timezones(), key=lambda name: ("/" not in name, name)):
        area, _, file = name.rpartition("/")
        package = ".".join(["tzdata.zoneinfo", *area.split("/")] if area else ["tzdata.zoneinfo"])
        try:
            rules = resources.files(package).joinpath(file).read_bytes()
        except (ModuleNotFoundError, FileNotFoundError):
            rules = name.encode()
        by_rules.setdefault(hashlib.sha256(rules).hexdigest(), name)
    return sorted(by_rules.values())


def changes(in_zone: ZoneInfo) -> Iterator[date]:
    """The days on which the zone's offset from UTC changed."""
    instant = FIRST
    while instant < LAST:
        before, after = instant, instant + A_WEEK
        instant = after
        if offset(before, in_zone) == offset(after, in_zone):
            continue
        while after - before > timedelta(minutes=1):
            middle = before + (after - before) / 2
            before, after = (middle, after) if offset(middle, in_zone) == offset(before, in_zone) else (before, middle)
        yield date_at(after, in_zone)


def offset(instant: datetime, in_zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(in_zone).utcoffset()


def test_zones_and_changes_are_found() -> None:
    assert len(zones()) > 300
    assert date(2026, 3, 29) in set(changes(ZoneInfo("Europe/Madrid")))
    assert date(2007, 3, 11) in set(changes(ZoneInfo("America/New_York")))


@pytest.mark.parametrize("part", range(4))
def test_a_boundary_is_reached_at_the_first_instant_of_its_day_and_not_before(part: int) -> None:
    """The case is woken when that day begins in its zone; then, and not a microsecond earlier, it is in the next bucket."""
    looked_at = 0
    for name in zones()[part::4]:
        case = an_open_case(terms(DAYS, zone=name))
        for changed_on in changes(ZoneInfo(name)):
            for day in (changed_on, changed_on + timedelta(days=1)):
                if (name, day) in DAYS_THAT_NEVER_WERE:
                    continue
                since = day - timedelta(days=BUCKET_FROM)
                case.delinquency.reports = {since: Declared(oldest_unpaid_due_date=since)}
                case.delinquency.told = (Step(since + timedelta(days=1), "1-30"),)
                (wake,) = due(case)
                assert at(case, wake.at).today == day, name
                assert at(case, wake.at - A_MICROSECOND).today < day, name
                count = of_case(case)
                assert [count.units_on(when) for when in (day - timedelta(days=1), day)] == [BUCKET_FROM - 1, BUCKET_FROM]
                looked_at += 1
    assert looked_at > 1_000
