"""Arrears: what is unpaid of one debt's instalments, and since when. A function of what fell due and what was paid, in any order."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.debts import Debt
from services.cases.domain.instalments import Instalment
from services.cases.domain.payments import Allocation
from services.cases.domain.terms import DelinquencyPolicy, TermsInForce
from services.kernel.money import Money

NO_POLICY = DelinquencyPolicy()


def policy_on(terms: TermsInForce, day: date) -> DelinquencyPolicy:
    return terms.at(day).delinquency_policy or NO_POLICY


@dataclass(frozen=True, slots=True)
class Paid:
    """From that day on, so much more of a component is paid (less, where negative); of one instalment, or of none (0)."""

    day: date
    component: Component
    instalment: int
    minor_units: int


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An instalment that fell due, and what of it is unpaid."""

    instalment: Instalment
    components: tuple[ComponentAmount, ...]


class Ledger:
    """The instalments of one debt against what was paid on it.

    What was given to an instalment pays that one; what is more than it, and what was given to none, pays the oldest first, each component
    its own. A dispute that was upheld lowers what is due like a payment.
    """

    def __init__(self, debt: Debt, allocations: Iterable[Allocation]) -> None:
        self.debt = debt
        self.instalments = sorted(debt.schedule(), key=lambda each: (each.due_date, each.number))
        self._due_dates = [each.due_date for each in self.instalments]
        self._paid = sorted(_paid_on(debt, allocations), key=lambda each: each.day)
        self._paid_days = [each.day for each in self._paid]

    def days(self) -> set[date]:
        """Days on which it may change since when something is unpaid, besides those on which terms change."""
        return {*self._due_dates, *self._paid_days}

    def oldest_unpaid(self, days: Sequence[date], terms: TermsInForce) -> list[tuple[date, date | None]]:
        """For each of the days, in order: since which due date more than the tolerance is unpaid; None: nothing is."""
        cover, place, found = _Cover(self.instalments), 0, list[tuple[date, date | None]]()
        for day in days:
            until = bisect_right(self._paid_days, day)
            cover.take(self._paid[place:until])
            place = until
            fallen_due = bisect_right(self._due_dates, day)
            first = cover.first_beyond(fallen_due, policy_on(terms, day))
            found.append((day, None if first is None else self._due_dates[first]))
        return found

    def unpaid_on(self, day: date) -> list[Unpaid]:
        """The instalments that have fallen due by that day and are not fully paid, oldest first."""
        cover = _Cover(self.instalments)
        cover.take(self._paid[: bisect_right(self._paid_days, day)])
        unpaid = [Unpaid(each, cover.unpaid_of(place)) for place, each in enumerate(self.instalments) if each.due_date <= day]
        return [each for each in unpaid if each.components]


class _Cover:
    """How far what was paid reaches over instalments in order of their due dates."""

    def __init__(self, instalments: Sequence[Instalment]) -> None:
        self._instalments = instalments
        self._pool: dict[Component, int] = defaultdict(int)
        self._given: dict[tuple[int, Component], int] = defaultdict(int)
        self._through: dict[Component, list[int]] | None = None
        self._surplus: dict[Component, int] = {}

    def take(self, paid: Iterable[Paid]) -> None:
        for each in paid:
            if each.instalment:
                self._given[each.instalment, each.component] += each.minor_units
                self._through = None
            else:
                self._pool[each.component] += each.minor_units

    def first_beyond(self, until: int, policy: DelinquencyPolicy) -> int | None:
        """Place of the first of the first `until` instalments with which more is unpaid than may be."""
        through = self._sums()
        counted = [component for component in through if not policy.counted_components or component in policy.counted_components]
        reach = {component: self._pool[component] + self._surplus[component] for component in counted}

        def unpaid_through(place: int) -> int:
            return sum(max(0, through[component][place] - reach[component]) for component in counted)

        place = bisect_right(range(until), policy.tolerance_minor_units, key=unpaid_through)
        return place if place < until else None

    def unpaid_of(self, place: int) -> tuple[ComponentAmount, ...]:
        """What is unpaid of one instalment, by component."""
        through, instalment = self._sums(), self._instalments[place]
        unpaid = []
        for part in instalment.components:
            sums, reach = through[part.component], self._pool[part.component] + self._surplus[part.component]
            open_here = sums[place] - max(sums[place - 1] if place else 0, min(reach, sums[place]))
            if open_here > 0:
                unpaid.append(ComponentAmount(part.component, Money(part.amount.currency_code, open_here)))
        return tuple(unpaid)

    def _sums(self) -> dict[Component, list[int]]:
        """What is due through each place, by component, without what was given to instalments of their own."""
        if self._through is not None:
            return self._through
        amounts: dict[Component, list[int]] = {component: [0] * len(self._instalments) for component in Component}
        self._surplus = dict.fromkeys(Component, 0)
        for (_, component), given in self._given.items():
            self._surplus[component] += given
        for place, instalment in enumerate(self._instalments):
            for part in instalment.components:
                taken = min(self._given.get((instalment.number, part.component), 0), part.amount.minor_units)
                amounts[part.component][place] = part.amount.minor_units - taken
                self._surplus[part.component] -= taken
        self._through = {component: list(accumulate(each)) for component, each in amounts.items()}
        return self._through


def _paid_on(debt: Debt, allocations: Iterable[Allocation]) -> Iterable[Paid]:
    for allocation in allocations:
        for line in allocation.lines:
            if line.debt_id == debt.id:
                instalment = line.instalment if line.instalment in debt.instalments else 0
                yield Paid(allocation.value_date, line.component, instalment, line.amount.minor_units)
                if allocation.unapplied_on is not None:
                    yield Paid(allocation.unapplied_on, line.component, instalment, -line.amount.minor_units)
    for day, forgiven in debt.upheld:
        yield Paid(day, forgiven.component, 0, -forgiven.amount.minor_units)
