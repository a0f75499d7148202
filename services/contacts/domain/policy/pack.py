"""Packs: contact rules of one law or house as data, exactly as published. Immutable: (id, version, digest)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.contacts.domain.policy.terms import ANY, Basis, Effect

FROM_ADDRESS = "from_consumer_address"
"""As a calendar's subdivision: the one that the person lives in."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a primitive of the closed set with its parameters."""

    id: str
    primitive: str
    effect: Effect
    basis: Basis
    cite: str
    channels: frozenset[str]
    params: Mapping[str, Any]
    """Checked and typed by the reader (adapters.pack_reading): windows are minutes, days are whole numbers."""
    excluded: tuple[str, ...] = ()
    """Contacts that do not count, and to which the rule is not put (policy.exceptions.EXCLUDED)."""
    excepted: tuple[str, ...] = ()
    """What lifts the rule (policy.exceptions.EXCEPTED)."""
    override_grounds: tuple[str, ...] = ()
    """Grounds on which a supervisor may go past it, with evidence; never by itself."""
    confidence: str = ""
    open_question: str = ""

    def speaks_of(self, channel: str) -> bool:
        return channel in self.channels or ("any" in self.channels and channel in ANY)


@dataclass(frozen=True, slots=True)
class Clock:
    """By whose time. Exactly one of `zone` (fixed) and the consumer's location."""

    zone: str = ""
    """IANA; empty: where the consumer is."""
    unknown_zones: tuple[str, ...] = ()
    """What a consumer whose location is unknown is taken to be in, all at once; empty: then the answer is no."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """The calendar that a pack closes by, as dates: a later library changes nothing of what was decided."""

    calendar: str
    """ISO 3166-1 alpha-2 country."""
    subdivision: str
    """ISO 3166-2 part, FROM_ADDRESS, or empty: the nation's."""
    library: str
    """What the dates were taken from: "holidays==0.109"."""
    first_year: int
    last_year: int
    dates: Mapping[str, frozenset[date]] = field(repr=False)
    """By subdivision; "" are the nation's own."""
    is_strict_where_unknown: bool = False
    """Where the subdivision is unknown: closed on the holidays of any of them."""


@dataclass(frozen=True, slots=True)
class Pack:
    id: str
    version: str
    status: str
    """draft, in_force or retired: what its authors say of it."""
    valid_from: date
    valid_to: date | None
    """Last day on which the law applies; None: open."""
    country: str
    """ISO 3166-1 alpha-2; "any": everywhere."""
    subdivision: str
    """ISO 3166-2 without the country; empty: the whole country."""
    applies_when: Mapping[str, frozenset[str]]
    stacks_on: tuple[str, ...]
    clock: Clock
    rules: tuple[Rule, ...]
    holidays: Holidays | None = None
    tzdata: str = ""
    sources: tuple[Mapping[str, str], ...] = ()
    modes: tuple[str, ...] = ()
    """Dialing modes allowed; empty: any."""
    last_call_mode: str = ""
    """Mode for the last call that a limit leaves."""
    pacing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        return f"{self.id}@{self.version}"

    def is_valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class PackInForce:
    """A pack as a tenant uses it at an instant."""

    pack: Pack
    digest: bytes
    """SHA-256 of its published bytes."""
    is_shadow: bool = False
    """Evaluated and recorded, without effect."""
