"""Counting: limits, waits and gaps over the person's whole history, across clients, campaigns and channels. Reservations count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from services.contacts.domain.policy.asking import Answer, Asked, Finding, Used
from services.contacts.domain.policy.clocks import day_of, monday_of, next_month, start_of_day
from services.contacts.domain.policy.exceptions import is_excluded, is_put_to, spoken_of
from services.contacts.domain.policy.facts import Attempt
from services.contacts.domain.policy.terms import Code

CONVERSATION_DAYS_MAX = 2
"""No contact lasts longer: who reports one that did is told so."""
_DAY = timedelta(days=1)

# What is counted, and for whom ------------------------------------------------------


def _counted(asked: Asked, since: datetime | None, debt: UUID | None, unit: str) -> list[Attempt]:
    """Attempts since an instant that the rule counts, oldest first. What is dated later than now counts too: clocks differ."""
    found = []
    has_unit, has_key = UNITS[unit], _keys(asked, debt)
    for attempt in reversed(asked.facts.attempts):
        if since is not None and attempt.at < since:
            break
        if _is_of_direction(asked, attempt) and has_unit(asked, attempt) and has_key(attempt) and not is_excluded(asked, attempt):
            found.append(attempt)
    found.reverse()
    return found


def _is_of_direction(asked: Asked, attempt: Attempt) -> bool:
    return ("out" if attempt.is_outbound else "in") in asked.rule.params["direction"]


def _is_of_channels(asked: Asked, attempt: Attempt) -> bool:
    return asked.rule.speaks_of(attempt.channel)


def _is_attempt(asked: Asked, attempt: Attempt) -> bool:
    return _is_of_channels(asked, attempt)


def _is_connected_call(asked: Asked, attempt: Attempt) -> bool:
    return attempt.channel == "call" and attempt.is_connected


def _is_conversation(asked: Asked, attempt: Attempt) -> bool:
    return _is_of_channels(asked, attempt) and attempt.conversed_at is not None


def _is_direct_contact(asked: Asked, attempt: Attempt) -> bool:
    is_direct = attempt.is_direct or attempt.conversed_at is not None
    return _is_of_channels(asked, attempt) and (is_direct or bool(asked.rule.params.get("unanswered_counts")))


def _keys(asked: Asked, debt: UUID | None) -> Callable[[Attempt], bool]:
    """Whether an attempt is of the same person, debt, creditor …: the person is always the one contacted."""
    action, keys = asked.action, asked.rule.params["key"]
    person, creditor, case, campaign, address = (name in keys for name in ("person", "creditor", "case", "campaign", "address"))

    def is_same(attempt: Attempt) -> bool:
        return (
            (not person or attempt.party == action.party)
            and (not creditor or attempt.creditor_id == action.creditor_id)
            and (not case or attempt.case_id == action.case_id)
            and (not campaign or attempt.campaign == action.campaign)
            and (not address or attempt.point_id == action.point_id)
            and (debt is None or not attempt.debts or debt in attempt.debts)
        )

    return is_same


def _debts(asked: Asked) -> list[UUID | None]:
    """Each debt that the contact is about, where the rule counts by debt; where none is named, every contact counts."""
    return sorted(asked.action.debts, key=str) or [None] if "debt" in asked.rule.params["key"] else [None]


# Windows --------------------------------------------------------------------------


def _window(asked: Asked, zone: str) -> tuple[datetime | None, Callable[[datetime], datetime | None]]:
    """Where the window that ends now begins (None: never), and when an attempt at an instant leaves it."""
    window = asked.rule.params["window"]
    today = day_of(asked.at, zone)
    match window["kind"]:
        case "calendar_days":
            return start_of_day(today - (window["days"] - 1) * _DAY, zone), partial(_leaves_after_days, zone, window["days"])
        case "rolling_hours":
            length = timedelta(hours=window["hours"])
            return asked.at - length + timedelta(microseconds=1), lambda at: at + length
        case "iso_week":
            return start_of_day(monday_of(today), zone), lambda at: start_of_day(monday_of(day_of(at, zone)) + 7 * _DAY, zone)
        case "calendar_month":
            return start_of_day(today.replace(day=1), zone), lambda at: start_of_day(next_month(day_of(at, zone)), zone)
        case _:
            return None, lambda at: None


def _leaves_after_days(zone: str, days: int, at: datetime) -> datetime:
    return start_of_day(day_of(at, zone) + days * _DAY, zone)


# Primitives -----------------------------------------------------------------------


def count_limit(asked: Asked) -> Answer:
    """At most `max` of a unit in a window. By each zone and each debt; the strictest stands."""
    if not is_put_to(asked):
        return None
    limit: int = asked.rule.params["max"]
    worst: Finding | None = None
    used = 0
    for debt in _debts(asked):
        for zone in asked.zones:
            since, leaves = _window(asked, zone)
            counted = _counted(asked, since, debt, asked.rule.params["unit"])
            used = max(used, len(counted))
            if len(counted) >= limit:
                clears = _clears(counted, limit, leaves)
                worst = _later(worst, Finding(Code.COUNT_EXCEEDED, _seen(asked, len(counted)), clears, "" if clears else "new_window"))
    return worst or Used(used, limit)


def _clears(counted: list[Attempt], limit: int, leaves: Callable[[datetime], datetime | None]) -> datetime | None:
    """When few enough are left. A limit of none is never cleared."""
    if limit == 0:
        return None
    return leaves(counted[len(counted) - limit].at)


def _seen(asked: Asked, count: int) -> tuple[tuple[str, str], ...]:
    window = asked.rule.params["window"]
    length = window.get("days") or window.get("hours") or 1
    return (("counted", str(count)), ("limit", str(asked.rule.params["max"])), ("window", f"{window['kind']}:{length}"))


def cooldown(asked: Asked) -> Answer:
    """No contact for so many days after a trigger, whose date is the first of them."""
    if not is_put_to(asked):
        return None
    days: int = asked.rule.params["days"]
    worst: Finding | None = None
    for debt in _debts(asked):
        for zone in asked.zones:
            last = _last_trigger(asked, debt)
            if last is None:
                continue
            clears = start_of_day(day_of(last, zone) + days * _DAY, zone)
            if asked.at < clears:
                day = (day_of(asked.at, zone) - day_of(last, zone)).days + 1
                seen = (("trigger", asked.rule.params["trigger"]), ("trigger_date", str(day_of(last, zone))))
                worst = _later(worst, Finding(Code.COOLDOWN_ACTIVE, (*seen, ("day", str(day)), ("of", str(days))), clears))
    return worst


def _last_trigger(asked: Asked, debt: UUID | None) -> datetime | None:
    """The latest instant of a conversation, contact or attempt: a conversation over midnight counts for its later day."""
    trigger, same = UNITS[asked.rule.params["trigger"]], _keys(asked, None)
    # What began longer ago than the wait, and the longest conversation, starts none that still runs.
    since = asked.at - timedelta(days=asked.rule.params["days"] + CONVERSATION_DAYS_MAX)
    latest: datetime | None = None
    for attempt in reversed(asked.facts.attempts):
        if attempt.at < since:
            break
        if not (_is_of_direction(asked, attempt) and trigger(asked, attempt) and same(attempt)):
            continue
        if debt is not None and spoken_of(attempt) and debt not in spoken_of(attempt):
            continue
        at = max(attempt.conversed_at or attempt.at, attempt.at)
        latest = at if latest is None else max(latest, at)
    return latest


def min_gap(asked: Asked) -> Answer:
    """So many minutes between two of a unit."""
    if not is_put_to(asked):
        return None
    gap = timedelta(minutes=asked.rule.params["minutes"])
    worst: Finding | None = None
    for debt in _debts(asked):
        counted = _counted(asked, asked.at - gap, debt, asked.rule.params["unit"])
        if counted and asked.at < counted[-1].at + gap:
            worst = _later(worst, Finding(Code.MIN_GAP, (("minutes", str(asked.rule.params["minutes"])),), counted[-1].at + gap))
    return worst


def channel_exclusive(asked: Asked) -> Answer:
    """One channel in a window: whoever was contacted by one is not contacted by another."""
    worst: Finding | None = None
    for zone in asked.zones:
        since, leaves = _window(asked, zone)
        others = [one for one in _counted(asked, since, None, asked.rule.params["trigger"]) if one.channel != asked.action.channel]
        if others:
            seen = (("used", ",".join(sorted({one.channel for one in others}))), ("window", asked.rule.params["window"]["kind"]))
            clears = leaves(others[-1].at)
            worst = _later(worst, Finding(Code.CHANNEL_ALREADY_USED, seen, clears, "" if clears else "new_window"))
    return worst


def _later(known: Finding | None, found: Finding) -> Finding:
    """The one that clears later; one that never clears by itself before all."""
    if known is None or found.clears_at is None:
        return found
    return found if known.clears_at is not None and found.clears_at > known.clears_at else known


UNITS: Mapping[str, Callable[[Asked, Attempt], bool]] = {
    "attempt": _is_attempt,
    "connected_call": _is_connected_call,
    "conversation": _is_conversation,
    "direct_contact": _is_direct_contact,
}
