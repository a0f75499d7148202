"""Explaining: why a payment was spread as it was, evaluated again on the ledger as it stood then; and what is owed on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.kernel.money import total
from services.payments.domain.allocating import Offer, lines_of, preview, rule_of
from services.payments.domain.book import book
from services.payments.domain.components import Component
from services.payments.domain.ledger import Allocation, AllocationLedger
from services.payments.domain.waterfall import Share, Waterfall


@dataclass(frozen=True, slots=True)
class Explained:
    """The shares that make up one allocation, and whether the same order over the same book gives its lines again."""

    shares: tuple[Share, ...]
    is_reproduced: bool


@dataclass(frozen=True, slots=True)
class DebtOn:
    """One debt on a day, by component, in minor units."""

    owed: Mapping[Component, int]
    paid: Mapping[Component, int]


def first_of_its_decision(of_payment: Sequence[Allocation], known: Allocation) -> Allocation:
    """A payment over very many lines is several allocations, told one after the other: the first of them."""
    by_version = {each.version: each for each in of_payment}
    first = known
    while first.version - 1 in by_version:
        first = by_version[first.version - 1]
    return first


def decision_of(ledger: AllocationLedger, first: Allocation) -> tuple[Allocation, ...]:
    """All allocations of the decision that began with `first`."""
    by_version = {each.version: each for each in ledger.allocations_of(first.payment_id)}
    found, version = [first], first.version + 1
    while version in by_version:
        found.append(by_version[version])
        version += 1
    return tuple(found)


def explain(before: AllocationLedger, decision: Sequence[Allocation], known: Allocation, order: Waterfall) -> Explained:
    """`before`: the ledger as it was when the decision was taken. What waits as an excess changes no share before it."""
    currency_code = known.amount.currency_code
    offer = Offer(
        known.payment_id,
        total((each.amount for each in decision), currency_code),
        known.value_date,
        known.source,
        known.designated_debt_ids,
        known.commitment_id,
    )
    shares = preview(book(before), offer, order)
    lines = tuple(line for each in decision for line in each.lines)
    keys = {(line.debt_id, line.component, line.commitment_id, line.rule) for line in known.lines}
    own = tuple(share for share in shares if (share.debt_id, share.component, share.commitment_id, rule_of(share)) in keys)
    return Explained(own, tuple(lines_of(shares, currency_code)) == lines)


def debts_on(ledger: AllocationLedger, day: date) -> Mapping[UUID, DebtOn]:
    """Debts that count on that day, by value dates through it."""
    found = {}
    for debt in book(ledger).debts.values():
        if debt.counts_from > day or (debt.gone_on is not None and debt.gone_on <= day):
            continue
        paid: dict[Component, int] = {}
        for allocation in ledger.allocations.values():
            if allocation.counts_on(day):
                for line in allocation.lines:
                    if line.debt_id == debt.id:
                        paid[line.component] = paid.get(line.component, 0) + line.amount.minor_units
        owed: dict[Component, int] = {component: -minor_units for component, minor_units in paid.items()}
        for on, component, minor_units in debt.charges:
            if on <= day:
                owed[component] = owed.get(component, 0) + minor_units
        found[debt.id] = DebtOn(owed, paid)
    return found
