"""Parameters of each primitive, read strictly: the closed set of what a rule can say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.contacts.adapters.pack_fields import Fields
from services.contacts.domain.policy.counting import UNITS
from services.contacts.domain.policy.standing import PARTIES_KNOWN

KEYS = ("person", "debt", "creditor", "case", "campaign", "address")
DIRECTIONS = ("in", "out")
SCOPES = ("person", "debt", "medium", "address", "place")
CLI_TYPES = ("mobile", "geographic", "800", "900", "short", "alphanumeric", "hidden")
DAYS_MAX = 3_660
COUNT_MAX = 10_000


def _window(fields: Fields) -> Mapping[str, Any]:
    window = fields.inner("window")
    kind = window.one_of("kind", ("calendar_days", "rolling_hours", "iso_week", "calendar_month", "ever"))
    found: dict[str, Any] = {"kind": kind}
    if kind == "calendar_days":
        found["days"] = window.whole("days", 1, DAYS_MAX)
    if kind == "rolling_hours":
        found["hours"] = window.whole("hours", 1, DAYS_MAX * 24)
    window.nothing_else()
    return found


def _who(fields: Fields, direction: tuple[str, ...] = ("out",)) -> dict[str, Any]:
    key, directions = fields.texts("key", KEYS), fields.texts("direction", DIRECTIONS, direction)
    if not key:
        fields.refuse("key", "names nobody")
    if not directions:
        fields.refuse("direction", "names none")
    # What is counted is always of the person who is contacted: the key says of what else it must be the same.
    return {"key": frozenset(key) | {"person"}, "direction": frozenset(directions)}


def count_limit(fields: Fields) -> dict[str, Any]:
    return {
        "unit": fields.one_of("unit", UNITS),
        **_who(fields),
        "max": fields.whole("max", 0, COUNT_MAX),
        "window": _window(fields),
        "unanswered_counts": fields.flag("unanswered_counts", False),
    }


def cooldown(fields: Fields) -> dict[str, Any]:
    fields.one_of("day_one", ("trigger_date",), "trigger_date")
    return {
        "trigger": fields.one_of("trigger", UNITS),
        **_who(fields, ("in", "out")),
        "days": fields.whole("days", 1, DAYS_MAX),
        "unanswered_counts": fields.flag("unanswered_counts", False),
    }


def min_gap(fields: Fields) -> dict[str, Any]:
    return {"unit": fields.one_of("unit", UNITS), **_who(fields), "minutes": fields.whole("minutes", 1, DAYS_MAX * 1440)}


def channel_exclusive(fields: Fields) -> dict[str, Any]:
    return {
        "trigger": fields.one_of("trigger", UNITS),
        **_who(fields),
        "window": _window(fields),
        "unanswered_counts": fields.flag("unanswered_counts", False),
    }


def time_windows(fields: Fields) -> dict[str, Any]:
    return {"windows": fields.windows("windows"), "holidays": fields.one_of("holidays", ("open", "closed"))}


def personal_times(fields: Fields) -> dict[str, Any]:
    return {"source": frozenset(fields.texts("source", ("consumer", "creditor_file")))}


def flag_block(fields: Fields) -> dict[str, Any]:
    flags = fields.texts("flags")
    if not flags:
        fields.refuse("flags", "names none")
    return {"flags": frozenset(flags), "scope": frozenset(fields.texts("scope", SCOPES))}


def allow_list(fields: Fields) -> dict[str, Any]:
    fields.one_of("list", ("authorised_channels",))
    # "allow" would be loosened by nothing and tightened by the first authorisation: more consent must never allow less.
    return {"when_empty": fields.one_of("when_empty", ("deny",), "deny")}


def party_block(fields: Fields) -> dict[str, Any]:
    return {"parties": frozenset(fields.texts("parties", PARTIES_KNOWN)), "obligation": fields.text("obligation", "")}


def freshness(fields: Fields) -> dict[str, Any]:
    return {"any_of": frozenset(fields.texts("any_of")), "max_age_days": fields.whole("max_age_days", 1, DAYS_MAX)}


def precondition(fields: Fields) -> dict[str, Any]:
    return {
        "requires": fields.text("requires"),
        "when": fields.text("when", ""),
        "wait_days": fields.whole("wait_days", 0, DAYS_MAX, 0),
    }


def obligation(fields: Fields) -> dict[str, Any]:
    return {"code": fields.text("code")}


def cli_type(fields: Fields) -> dict[str, Any]:
    return {"forbid": frozenset(fields.texts("forbid", CLI_TYPES, ())), "allow": frozenset(fields.texts("allow", CLI_TYPES, ()))}


PARAMS: Mapping[str, Callable[[Fields], dict[str, Any]]] = {
    "allow_list": allow_list,
    "channel_exclusive": channel_exclusive,
    "cli_type": cli_type,
    "cooldown": cooldown,
    "count_limit": count_limit,
    "flag_block": flag_block,
    "freshness": freshness,
    "min_gap": min_gap,
    "obligation": obligation,
    "party_block": party_block,
    "personal_times": personal_times,
    "precondition": precondition,
    "time_windows": time_windows,
}
