"""How late a case is, said once more without any algebra: day by day, cent by cent. What the service answers is compared with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.cases.domain.components import Component

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Owed:
    """What falls due: number, day, cents by component."""

    number: int
    due: date
    parts: Mapping[Component, int]


@dataclass(frozen=True)
class Received:
    """Money with its value date, and the day from which it was taken back; given to an instalment or (0) to none."""

    on: date
    component: Component
    cents: int
    instalment: int = 0
    taken_back_on: date | None = None

    def counts(self, day: date) -> bool:
        return self.on <= day and (self.taken_back_on is None or day < self.taken_back_on)


@dataclass
class Oracle:
    owed: list[Owed] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    on_hold: list[tuple[date, date]] = field(default_factory=list)
    grace_days: int = 0
    tolerance: int = 0
    counted: frozenset[Component] = frozenset(Component)

    def unpaid(self, day: date) -> list[tuple[Owed, int]]:
        """Instalments in order of their due dates with what is unpaid of them, paid cent by cent."""
        left = {(each.number, part): cents for each in self.owed for part, cents in each.parts.items()}
        free: dict[Component, int] = dict.fromkeys(Component, 0)
        for money in (each for each in self.received if each.counts(day)):
            here = (money.instalment, money.component)
            taken = min(left.get(here, 0), money.cents) if money.instalment else 0
            if taken:
                left[here] -= taken
            free[money.component] += money.cents - taken
        in_order = sorted(self.owed, key=lambda each: (each.due, each.number))
        for each in in_order:
            for part in each.parts:
                taken = min(left[each.number, part], free[part])
                left[each.number, part] -= taken
                free[part] -= taken
        return [(each, sum(left[each.number, part] for part in each.parts if part in self.counted)) for each in in_order if each.due <= day]

    def oldest_due(self, day: date) -> date | None:
        unpaid = 0
        for each, cents in self.unpaid(day):
            unpaid += cents
            if unpaid > self.tolerance:
                return each.due
        return None

    def days_late(self, day: date) -> int:
        """Each day counts once it has gone by, unless it was on hold; the first ones that would count are grace."""
        due = self.oldest_due(day)
        if due is None:
            return 0
        counting = [each for each in days(due, day) if not any(first <= each <= last for first, last in self.on_hold)]
        return max(0, len(counting) - self.grace_days)


def days(since: date, until: date) -> Iterable[date]:
    day = since
    while day < until:
        yield day
        day += ONE_DAY
