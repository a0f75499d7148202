"""What the callers of one tenant know together: its portfolio, its cases and how far they have seen each, and what was answered."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

ANSWERED_KEPT = 200
RECENT_SHARE = 0.7
"""Of the time callers are at one of the few cases that came last: they get in each other's way."""
RECENT_CASES = 12
HEARD_CASES = 80
RECENT_PERSONS = 4
CANARY = "CANARY-"
"""How every personal value of a load begins: who finds this has found one."""
PHONE = "886900417"
"""How every telephone number of a load begins; nothing else has these nine figures."""


@dataclass(slots=True)
class Known:
    """A case as its callers know it."""

    case_id: str
    external_ref: str
    version: int = 0
    """Acknowledged or shown: stored, therefore, at least so far."""
    debts: tuple[str, ...] = ()
    is_open: bool = False
    """As far as they know; another caller may be about to change it."""
    person_id: str = ""
    """Who owes."""
    holds: list[str] = field(default_factory=list)
    """Placed, and not lifted by these callers."""


@dataclass(slots=True)
class Answered:
    """A change that was answered: to be asked for again."""

    method: str
    """`Cases/RecordFact`."""
    request: Any


@dataclass(frozen=True, slots=True)
class Permit:
    """One that was granted; others may have used it since."""

    permit_id: str
    person_id: str
    case_id: str
    channel: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment that was taken."""

    payment_id: str
    request: Any


@dataclass(slots=True)
class Book:
    """All of one tenant."""

    name: str
    """Begins every reference and request id of this load in this tenant."""
    rng: random.Random
    canaries: list[str]
    """Personal values put in so far."""
    client_id: str = ""
    portfolio_id: str = ""
    cases: dict[str, Known] = field(default_factory=dict)
    position: int = 0
    """The last one acknowledged in the service's log."""
    answered: deque[Answered] = field(default_factory=lambda: deque(maxlen=ANSWERED_KEPT))
    numbers: int = 0
    # Where contacts and payments are there:
    source_id: str = ""
    persons: list[str] = field(default_factory=list)
    permits: deque[Permit] = field(default_factory=lambda: deque(maxlen=RECENT_CASES))
    paid: deque[Paid] = field(default_factory=lambda: deque(maxlen=ANSWERED_KEPT))

    def next_id(self, what: str) -> str:
        self.numbers += 1
        return f"{self.name}/{what}/{self.numbers}"

    def person_id(self) -> str:
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def somebody(self) -> str:
        """Registered, where there are such; a stranger now and then."""
        if not self.persons or self.rng.random() < 0.1:
            return self.person_id()
        return self.rng.choice(self.persons[-RECENT_PERSONS:])

    def personal(self, what: str) -> str:
        """A value that belongs to somebody, and must be found nowhere in clear."""
        value = f"{CANARY}{self.rng.getrandbits(64):016x} {what}"
        self.canaries.append(value)
        return value

    def learn(self, seen: Mapping[str, int], position: int = 0) -> None:
        """What a reply has shown."""
        self.position = max(self.position, position)
        for stream, version in seen.items():
            if stream in self.cases:
                self.cases[stream].version = max(self.cases[stream].version, version)

    def one(self, *, is_open: bool | None = None) -> Known | None:
        """One of the cases, mostly of the recent ones; None while there is none such."""
        among = [case for case in self.cases.values() if is_open is None or case.is_open is is_open]
        if not among:
            return None
        return self.rng.choice(among[-RECENT_CASES:] if self.rng.random() < RECENT_SHARE else among)

    def of_a_permit(self) -> Known | None:
        """The case of a permit granted lately; None now and then, and where there is none."""
        if not self.permits or self.rng.random() < 0.3:
            return None
        return self.cases.get(self.rng.choice(self.permits).case_id)

    def of_somebody(self) -> Known | None:
        """A case of a person who is registered: of the last of them, mostly long enough there to have been heard of everywhere."""
        among = [case for case in list(self.cases.values())[-HEARD_CASES:] if case.person_id in self.persons]
        return self.rng.choice(among) if among else None
