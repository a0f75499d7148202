"""Clocks: by whose time a rule is read, and what a local day, week or window is in UTC. Exact on the days that clocks change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.contacts.domain.policy.facts import Location, Window
from services.contacts.domain.policy.pack import FROM_ADDRESS, Clock, Holidays

UNKNOWN_ZONE = "Etc/Unknown"
"""What a number that cannot be placed is said to be in."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_WIDEST_GAP = timedelta(hours=25)
"""Clocks may skip a whole day (Samoa, 30 December 2011)."""


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


# Where ------------------------------------------------------------------------


def zones_of(clock: Clock, location: Location) -> tuple[str, ...]:
    """The zones by which a rule must hold, all at once, in alphabetical order. Empty: the location is unknown and the pack says no then."""
    if clock.zone:
        return (clock.zone,)
    return consumer_zones(location) or tuple(sorted(clock.unknown_zones))


def consumer_zones(location: Location) -> tuple[str, ...]:
    """What the person said stands alone. Evidence that agrees narrows; evidence that conflicts means: any of all that it names."""
    if location.stated_zone:
        return (location.stated_zone,)
    named = [zones for zones in (frozenset(zones) - {UNKNOWN_ZONE} for _, zones in location.by_evidence) if zones]
    if not named:
        return ()
    shared = frozenset.intersection(*named)
    return tuple(sorted(shared or frozenset.union(*named)))


# When -------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def start_of_day(day: date, zone_name: str) -> datetime:
    """The first instant of the day in UTC."""
    return next(at_wall(day, 0, zone_name))


def day_of(at: datetime, zone_name: str) -> date:
    return at.astimezone(zone(zone_name)).date()


def at_wall(day: date, minute: int, zone_name: str) -> Iterator[datetime]:
    """The instants, in UTC, at which clocks there come to show that minute of the day: one; two where an hour is repeated.

    Where the hour is skipped: the first instant after the gap.
    """
    if minute == 1440:
        day, minute = day + _DAY, 0
    there = zone(zone_name)
    wall = datetime.combine(day, time(minute // 60, minute % 60))
    first = wall.replace(tzinfo=there).astimezone(UTC)
    if first.astimezone(there).replace(tzinfo=None) != wall:
        yield _end_of_gap(first, wall, there)
        return
    yield first
    second = wall.replace(tzinfo=there, fold=1).astimezone(UTC)
    if second != first:
        yield second


def _end_of_gap(inside: datetime, wall: datetime, there: ZoneInfo) -> datetime:
    """The first instant whose wall clock is past `wall`, found to the second: offsets change on whole seconds."""
    early, late = inside - _WIDEST_GAP, inside + _WIDEST_GAP
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) // 2).replace(microsecond=0)
        if middle in (early, late):
            break
        if middle.astimezone(there).replace(tzinfo=None) >= wall:
            late = middle
        else:
            early = middle
    return late


def suits(windows: Iterable[Window], at: datetime, zone_name: str) -> bool:
    """Whether the wall clock there lies in one of the windows."""
    wall = at.astimezone(zone(zone_name))
    weekday, minute = wall.isoweekday(), wall.hour * 60 + wall.minute
    return any(weekday in window.weekdays and window.from_minute <= minute < window.until_minute for window in windows)


def turns_of(windows: Iterable[Window], day: date, zone_name: str) -> list[datetime]:
    """The instants of that day at which the answer of `suits` may change."""
    minutes = {minute for w in windows if day.isoweekday() in w.weekdays for minute in (w.from_minute, w.until_minute)}
    turns = {at for minute in minutes for at in at_wall(day, minute, zone_name)}
    # Where an hour is repeated, the wall clock jumps back into (or out of) a window.
    start, end = start_of_day(day, zone_name), start_of_day(day + _DAY, zone_name)
    turns.add(start)
    if end - start != _DAY:
        turns |= set(_changes_of(start, end, zone_name))
    return sorted(turns)


def _changes_of(start: datetime, end: datetime, zone_name: str) -> Iterator[datetime]:
    """The instants between the two at which the offset changes, to the minute."""
    there, at = zone(zone_name), start
    offset = at.astimezone(there).utcoffset()
    while at < end:
        later = min(at + timedelta(minutes=15), end)
        if later.astimezone(there).utcoffset() != offset:
            while at.astimezone(there).utcoffset() == offset:
                at += _MINUTE
            yield at
            offset = at.astimezone(there).utcoffset()
        at = later


def monday_of(day: date) -> date:
    """The first day of its ISO week."""
    return day - timedelta(days=day.isoweekday() - 1)


def next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


# Holidays -----------------------------------------------------------------------


class CalendarEnds(Exception):
    """The day lies outside the years that the pack's calendar knows: nobody can say whether it is a holiday."""


def is_holiday(holidays: Holidays, day: date, subdivision: str) -> bool:
    """CalendarEnds where the calendar does not reach that far: a missing fact, never an open day."""
    if not holidays.first_year <= day.year <= holidays.last_year:
        raise CalendarEnds
    if holidays.subdivision != FROM_ADDRESS:
        return day in holidays.dates[holidays.subdivision]
    if subdivision in holidays.dates and subdivision:
        return day in holidays.dates[subdivision]
    if holidays.is_strict_where_unknown:
        return any(day in dates for dates in holidays.dates.values())
    return day in holidays.dates[""]
