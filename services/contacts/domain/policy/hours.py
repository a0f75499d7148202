"""Hours: time windows of the law or the house, and the person's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from services.contacts.domain.policy.asking import Answer, Asked, Finding, missing
from services.contacts.domain.policy.clocks import CalendarEnds, day_of, is_holiday, suits, turns_of, zone
from services.contacts.domain.policy.facts import PersonalTimes, Window
from services.contacts.domain.policy.terms import Code

LOOK_AHEAD_DAYS = 62
"""Beyond the 60 days within which a next instant is sought."""
_DAY = timedelta(days=1)
_EVERY_DAY = (Window(frozenset(range(1, 8)), 0, 1440),)


def time_windows(asked: Asked) -> Answer:
    """Open only when the wall clock of every zone lies in a window, and none of them has a holiday."""
    windows: Sequence[Window] = asked.rule.params["windows"]
    closes = asked.rule.params["holidays"] == "closed"

    def why_closed(at: datetime, zone: str) -> str:
        if closes and _is_holiday(asked, day_of(at, zone)):
            return Code.HOLIDAY_CLOSED
        return "" if suits(windows, at, zone) else Code.OUTSIDE_HOURS

    try:
        found = next((why for zone in asked.zones if (why := why_closed(asked.at, zone))), "")
        if not found:
            return None
        opens = _first(asked, windows, lambda at: not any(why_closed(at, zone) for zone in asked.zones))
    except CalendarEnds:
        return missing("holiday_calendar")
    seen = (("local_time", _local(asked)), ("zones", ",".join(asked.zones)))
    if opens is None and len(asked.zones) > 1:
        return Finding(Code.ZONES_DISJOINT, seen, needs="resolve_location")
    return Finding(found, seen, opens)


def _is_holiday(asked: Asked, day: date) -> bool:
    holidays = asked.pack.holidays
    # Not `if holidays and …`: what is empty must never open a day by being false.
    if holidays is None:
        raise CalendarEnds
    return is_holiday(holidays, day, asked.facts.location.subdivision)


def personal_times(asked: Asked) -> Answer:
    """Times that the person (or the creditor's file) named, until withdrawn."""
    sources = asked.rule.params["source"]
    known = [times for times in asked.facts.personal_times if times.source in sources]

    def is_unsuitable(at: datetime) -> bool:
        return any(_is_unsuitable(times, at, zone) for times in known for zone in asked.zones)

    if not is_unsuitable(asked.at):
        return None
    windows = [window for times in known for window in times.windows] + list(_EVERY_DAY)
    opens = _first(asked, windows, lambda at: not is_unsuitable(at), [times.ends_at for times in known if times.ends_at])
    # The person's hours are not told: why they do not suit is nobody's business.
    return Finding(Code.PERSONAL_TIME, (("local_time", _local(asked)),), opens, "" if opens else "other_times")


def _is_unsuitable(times: PersonalTimes, at: datetime, zone: str) -> bool:
    if at < times.known_at or (times.ends_at is not None and at >= times.ends_at):
        return False
    if times.through is not None and day_of(at, zone) > times.through:
        return False
    return suits(times.windows, at, zone) != times.do_suit


def _first(asked: Asked, windows: Sequence[Window], is_open: Callable[[datetime], bool], also: Sequence[datetime] = ()) -> datetime | None:
    """The first instant after now at which it is open. Looks at each instant at which an answer may change, in any of the zones."""
    first_day = min(day for _, day in asked.days())
    for ahead in range(LOOK_AHEAD_DAYS + 2):
        day = first_day + ahead * _DAY
        turns = {turn for zone in asked.zones for turn in turns_of(windows, day, zone)}
        turns.update(at for at in also if day_of(at, asked.zones[0]) == day)
        for turn in sorted(turns):
            if turn > asked.at and is_open(turn):
                return turn
    return None


def _local(asked: Asked) -> str:
    """By the first of the zones, to the minute."""
    return asked.at.astimezone(zone(asked.zones[0])).strftime("%Y-%m-%dT%H:%M")
