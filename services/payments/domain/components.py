"""Components: what a balance is made of, and amounts by component."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from services.kernel.money import Money


class Component(Enum):
    """Part of a debt."""

    PRINCIPAL = 1
    INTEREST = 2
    FEES = 3
    COSTS = 4

    __hash__ = object.__hash__  # a key of every sum here: the library's own hash is Python's and slow


COMPONENTS = tuple(Component)


@dataclass(frozen=True, slots=True)
class ComponentAmount:
    """One component of a balance, or a change of one."""

    component: Component
    amount: Money
