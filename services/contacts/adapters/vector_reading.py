"""Vectors as written in a pack: events by name and instant, the contact asked for, and what must be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from services.contacts.adapters.pack_fields import Fields
from services.contacts.domain.packs import Vector
from services.contacts.domain.policy.decision import Override
from services.contacts.domain.policy.facts import (
    CONSUMER,
    Action,
    Attempt,
    Consent,
    Evidence,
    Facts,
    Flag,
    Location,
    PersonalTimes,
    Point,
)
from services.contacts.domain.policy.pack import Pack
from services.contacts.domain.policy.terms import CHANNELS, channel_of
from services.contacts.domain.policy.vectors import Example, Expected
from services.kernel import ids

_DIRECTIONS = ("in", "out")


@dataclass(frozen=True, slots=True)
class Test:
    example: Example

    def run(self, pack: Pack, digest: bytes) -> Vector | None:
        """The vector that failed; None: the pack does what it says."""
        differs = self.example.differs(pack, digest)
        return Vector(self.example.name, differs) if differs else None


@dataclass(slots=True)
class _Given:
    """What the events of an example add up to."""

    attempts: list[Attempt] = field(default_factory=list)
    points: dict[UUID, Point] = field(default_factory=dict)
    consents: list[Consent] = field(default_factory=list)
    times: list[PersonalTimes] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)


def read(said: list[Any], pack: Pack) -> list[Test]:
    """PackIsInvalid naming the vector and the field."""
    return [Test(_example(Fields(one, f"vectors[{place}]", pack.id), pack)) for place, one in enumerate(said)]


def named(name: str) -> UUID:
    """The id of what an example calls by a name."""
    return ids.derived("vector", name)


def _example(fields: Fields, pack: Pack) -> Example:
    name = fields.text("name")
    facts = _facts(fields.inner("given") if fields.has("given") else Fields({}, f"{fields.path}.given", pack.id), pack)
    ask = fields.inner("ask")
    at, action, override = ask.instant("at"), _action(ask), Override(ask.text("override_ground", ""), ask.text("evidence_ref", ""))
    expected = _expected(fields)
    ask.nothing_else()
    fields.nothing_else()
    return Example(name, facts, action, at, expected, override)


def _facts(fields: Fields, pack: Pack) -> Facts:
    given = _Given()
    for one in fields.many("points", lambda one: one, []):
        _point(one, given)
    for one in fields.many("events", lambda one: one, []):
        kind = one.one_of("type", EVENTS)
        EVENTS[kind](one, given)
        one.nothing_else()
    country = pack.country if pack.country != "any" else ""
    place = "-".join(part for part in (country, pack.subdivision) if part)
    zones = tuple((f"evidence:{i}", (zone,)) for i, zone in enumerate(fields.texts("zones", default=())))
    facts = Facts(
        jurisdiction=fields.text("jurisdiction", place),
        attempts=tuple(sorted(given.attempts, key=lambda attempt: attempt.at)),
        points=given.points,
        consents=tuple(given.consents),
        personal_times=tuple(given.times),
        flags=tuple(given.flags),
        evidence=tuple(given.evidence),
        location=Location(by_evidence=zones, country=fields.text("country", country), subdivision=fields.text("subdivision", "")),
        circumstances=frozenset(fields.texts("circumstances", default=())),
    )
    fields.nothing_else()
    return facts


def _point(one: Fields, given: _Given) -> None:
    point = Point(
        id=named(one.text("point")),
        zones=one.texts("zones", default=()),
        place=one.one_of("place", ("", "home", "workplace"), ""),
        is_wrong=one.flag("is_wrong", False),
        is_dead=one.flag("is_dead", False),
    )
    given.points[point.id] = point
    one.nothing_else()


def _contact(one: Fields, given: _Given) -> None:
    at = one.instant("at")
    ended = one.instant("ended_at") if one.has("ended_at") else at
    attempt = Attempt(
        id=named(one.text("id")) if one.has("id") else ids.derived("vector", "attempt", len(given.attempts)),
        at=at,
        channel=channel_of(one.one_of("channel", CHANNELS)),
        is_outbound=one.one_of("direction", _DIRECTIONS, "out") == "out",
        party=one.text("party", CONSUMER),
        creditor_id=_named_or_none(one, "creditor"),
        case_id=_named_or_none(one, "case"),
        campaign=one.text("campaign", ""),
        debts=_names(one, "debts"),
        conversation_debts=_names(one, "conversation_debts"),
        point_id=_named_or_none(one, "point"),
        is_connected=one.flag("connected", True),
        conversed_at=ended if one.flag("conversation", False) else None,
        is_direct=one.flag("direct", False),
        replies_to=_named_or_none(one, "in_reply_to"),
    )
    given.attempts.append(attempt)


def _consent(one: Fields, given: _Given) -> None:
    given.consents.append(
        Consent(
            kind=one.one_of("kind", ("contact", "frequency", "hours", "time", "third_party")),
            given_at=one.instant("at"),
            ends_at=one.instant("ends_at") if one.has("ends_at") else None,
            channels=frozenset(channel_of(channel) for channel in one.texts("channels", CHANNELS, ())),
            debts=_names(one, "debts"),
            windows=one.windows("windows") if one.has("windows") else (),
            instrument=one.text("instrument", ""),
            is_given_to_creditor=one.flag("to_creditor", False),
        )
    )


def _flag(one: Fields, given: _Given) -> None:
    given.flags.append(
        Flag(
            name=one.text("flag"),
            known_at=one.instant("at"),
            ends_at=one.instant("ends_at") if one.has("ends_at") else None,
            debts=_names(one, "debts"),
            channels=frozenset(channel_of(channel) for channel in one.texts("channels", CHANNELS, ())),
            point_id=_named_or_none(one, "point"),
            place=one.text("place", ""),
        )
    )


def _evidence(one: Fields, given: _Given) -> None:
    given.evidence.append(Evidence(one.text("evidence"), one.instant("at"), _named_or_none(one, "point")))


def _personal_times(one: Fields, given: _Given) -> None:
    given.times.append(
        PersonalTimes(
            source=one.one_of("source", ("consumer", "creditor_file"), "consumer"),
            windows=one.windows("windows"),
            do_suit=one.flag("do_suit", False),
            known_at=one.instant("at"),
            through=one.day_or_none("through"),
        )
    )


def _action(ask: Fields) -> Action:
    return Action(
        channel=channel_of(ask.one_of("channel", CHANNELS)),
        case_id=_named_or_none(ask, "case"),
        creditor_id=_named_or_none(ask, "creditor"),
        debts=_names(ask, "debts"),
        point_id=_named_or_none(ask, "point"),
        party=ask.text("party", CONSUMER),
        campaign=ask.text("campaign", ""),
        mode=ask.text("mode", ""),
        cli_type=ask.text("cli_type", ""),
        replies_to=_named_or_none(ask, "in_reply_to"),
        grounds=frozenset(ask.texts("grounds", default=())),
    )


def _expected(fields: Fields) -> Expected:
    said = fields.inner("expect")
    expected = Expected(
        is_allowed=said.one_of("verdict", ("allow", "deny")) == "allow",
        rules=frozenset(said.texts("rules", default=())),
        warnings=frozenset(said.texts("warnings", default=())),
        obligations=frozenset(said.texts("obligations", default=())),
        code=said.text("code", ""),
        next_allowed_at=said.instant("next_allowed_at") if said.has("next_allowed_at") else None,
    )
    said.nothing_else()
    return expected


def _names(one: Fields, what: str) -> frozenset[UUID]:
    return frozenset(named(name) for name in one.texts(what, default=()))


def _named_or_none(one: Fields, what: str) -> UUID | None:
    return named(one.text(what)) if one.has(what) else None


EVENTS: Mapping[str, Callable[[Fields, _Given], None]] = {
    "consent": _consent,
    "contact": _contact,
    "evidence": _evidence,
    "flag": _flag,
    "personal_times": _personal_times,
}
