"""Asking: one rule put to one contact at one instant, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from services.contacts.domain.policy.clocks import day_of
from services.contacts.domain.policy.facts import Action, Facts
from services.contacts.domain.policy.pack import Pack, Rule


@dataclass(frozen=True, slots=True)
class Asked:
    """What a primitive looks at. A pure function of it is all that a primitive is."""

    pack: Pack
    rule: Rule
    facts: Facts
    action: Action
    at: datetime
    zones: tuple[str, ...]
    """By which the rule must hold, all at once; never empty."""

    def days(self) -> list[tuple[str, date]]:
        """Today, by each of the zones."""
        return [(zone, day_of(self.at, zone)) for zone in self.zones]


@dataclass(frozen=True, slots=True)
class Finding:
    """The rule does not hold."""

    code: str
    facts: tuple[tuple[str, str], ...] = ()
    """What it saw, in a fixed order. Nothing that names a person, another client or another case."""
    clears_at: datetime | None = None
    """The first instant from which it holds if nothing new happens; None: something must happen."""
    needs: str = ""
    """What must happen then."""
    missing: str = ""
    """Name of the fact that is not known (code FACT_MISSING)."""


@dataclass(frozen=True, slots=True)
class Owed:
    """The rule lets the contact through and asks something of it."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """How much of a limit is used."""

    used: int
    limit: int


Answer = Finding | Owed | Used | None
Primitive = Callable[[Asked], Answer]


def missing(fact: str) -> Finding:
    return Finding("FACT_MISSING", (("fact", fact),), needs=fact, missing=fact)
