"""Components: what a balance is made of, and amounts by component. Never netted across currencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from services.kernel.money import Money


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


def _in_order(key: tuple[Component, str]) -> tuple[int, str]:
    return _PLACE[key[0]], key[1]


_PLACE = {component: place for place, component in enumerate(Component)}
