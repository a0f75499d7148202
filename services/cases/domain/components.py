"""Components: what a balance is made of, and amounts by component. Never netted across currencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from services.kernel.money import Money
from services.kernel.refusal import IsInvalid

AMOUNT_MINOR_UNITS_MAX = 10**15


class Component(Enum):
    """What a balance is made of."""

    PRINCIPAL = "PRINCIPAL"
    INTEREST = "INTEREST"
    FEES = "FEES"
    COSTS = "COSTS"


@dataclass(frozen=True, slots=True)
class ComponentAmount:
    """One component of a balance, or a change of one."""

    component: Component
    amount: Money


def summed(amounts: Iterable[ComponentAmount]) -> tuple[ComponentAmount, ...]:
    """One amount for each component and currency, in the order of the enum."""
    sums: dict[tuple[Component, str], Money] = {}
    for amount in amounts:
        key = (amount.component, amount.amount.currency_code)
        sums[key] = sums[key] + amount.amount if key in sums else amount.amount
    return tuple(ComponentAmount(component, sums[component, code]) for component, code in sorted(sums, key=_in_order))


def negated(amounts: Iterable[ComponentAmount]) -> tuple[ComponentAmount, ...]:
    return tuple(ComponentAmount(amount.component, -amount.amount) for amount in amounts)


def amount_of(amounts: Iterable[ComponentAmount], component: Component) -> int:
    """Minor units of that component."""
    return sum(amount.amount.minor_units for amount in amounts if amount.component is component)


def _in_order(key: tuple[Component, str]) -> tuple[int, str]:
    return _PLACE[key[0]], key[1]


_PLACE = {component: place for place, component in enumerate(Component)}


def check_amounts(amounts: Sequence[ComponentAmount], currency_code: str, field: str) -> None:
    """At most one bounded amount for each component, all in the portfolio's currency."""
    if not amounts:
        raise IsInvalid(field, "must hold at least one component")
    seen: set[Component] = set()
    for place, amount in enumerate(amounts):
        if amount.component in seen:
            raise IsInvalid(f"{field}[{place}].component", "must not appear twice")
        seen.add(amount.component)
        check_money(amount.amount, currency_code, f"{field}[{place}].amount")


def check_money(amount: Money, currency_code: str, field: str) -> None:
    if amount.currency_code != currency_code:
        raise IsInvalid(f"{field}.currency_code", f"must be the portfolio's: {currency_code}")
    if abs(amount.minor_units) > AMOUNT_MINOR_UNITS_MAX:
        raise IsInvalid(f"{field}.minor_units", f"must not exceed {AMOUNT_MINOR_UNITS_MAX}")


def moved(amounts: Iterable[ComponentAmount]) -> int:
    """Minor units, regardless of sign."""
    return sum(abs(amount.amount.minor_units) for amount in amounts)
