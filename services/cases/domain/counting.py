"""Counting: which payments count for which promise, and why the others do not. A pure function of what the case knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import suspending
from services.cases.domain.payments import Allocation, PaymentLine
from services.cases.domain.pledges import Promise
from services.kernel.money import Money, total

if TYPE_CHECKING:
    from services.cases.domain.case import Case


@dataclass(frozen=True, slots=True)
class Counted:
    """What of one allocation counts for one promise."""

    allocation: Allocation
    amount: Money

    @property
    def value_date(self) -> date:
        return self.allocation.value_date


def counted(case: Case, today: date, through: date = date.max) -> Mapping[UUID, Sequence[Counted]]:
    """By promise, in the order of value dates; those through a day only.

    What payments gave to a commitment counts for that one and for no other; the rest, by our policy, for the promise on its debt that falls
    due first, until that is full.
    """
    counting = sorted(case.promises.counting(), key=lambda promise: (promise.parts[-1].date, promise.version))
    found: dict[UUID, list[Counted]] = {promise.id: [] for promise in counting}
    if not counting:
        return found
    left = {promise.id: promise.promised for promise in counting}
    last_days = {promise.id: last_day_on(case, promise, today) for promise in counting}
    for allocation in sorted(case.payments.by_allocation.values(), key=lambda each: (each.value_date, each.version)):
        if allocation.unapplied_on is not None or allocation.value_date > through:
            continue
        given: defaultdict[UUID, Money] = defaultdict(lambda: Money.zero(case.currency_code))
        for line in allocation.lines:
            takers = [promise for promise in counting if not why_not(promise, allocation, line, last_days[promise.id])]
            for promise_id, amount in _shared_out(line, takers, left):
                left[promise_id] -= amount
                given[promise_id] += amount
        for promise_id, amount in given.items():
            found[promise_id].append(Counted(allocation, amount))
    return found


def last_day_on(case: Case, promise: Promise, today: date) -> date:
    return suspending.parts_on(case, promise, today)[-1].date + timedelta(days=promise.grace_days)


def why_not(promise: Promise, allocation: Allocation, line: PaymentLine, last_day: date) -> str:
    """Why that line cannot count for the promise, as a code; empty: it can."""
    if allocation.unapplied_on is not None:
        return "REVERSED"
    if line.commitment_id is not None and line.commitment_id != promise.id:
        return "FOR_ANOTHER_COMMITMENT"
    if line.commitment_id is None and line.debt_id not in promise.debt_ids:
        return "OTHER_DEBT"
    if allocation.value_date < promise.made_on:
        return "BEFORE_IT_WAS_MADE"
    if allocation.version < promise.version and allocation.told_at <= promise.made_at:
        return "RECORDED_BEFORE"
    if allocation.value_date > last_day:
        return "AFTER_LAST_DAY"
    return ""


def paid(of: Iterable[Counted], currency_code: str) -> Money:
    return total((each.amount for each in of), currency_code)


def _shared_out(line: PaymentLine, takers: Sequence[Promise], left: Mapping[UUID, Money]) -> Iterator[tuple[UUID, Money]]:
    rest = line.amount
    for promise in takers:
        amount = rest if line.commitment_id == promise.id else min(rest, max(left[promise.id], Money.zero(rest.currency_code)))
        if amount.minor_units > 0:
            yield promise.id, amount
            rest -= amount
