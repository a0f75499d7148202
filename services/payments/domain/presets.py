"""Presets: waterfalls that come with the house, the same for ever. They are in force where a tenant has activated none."""

from __future__ import annotations

from collections.abc import Mapping

from services.payments.domain.components import Component
from services.payments.domain.waterfall import DebtOrder, Dimension, Dueness, Step, Take, Waterfall

_ALL_DUENESS = tuple(Dueness)
_FALLEN_DUE = (Dueness.PAST_DUE, Dueness.DUE)
_INTEREST_BEFORE_CAPITAL = (Component.COSTS, Component.FEES, Component.INTEREST, Component.PRINCIPAL)

ES_LEGAL = Waterfall(
    name="es-legal",
    steps=(
        Step(
            rule="designated",
            take=Take.DESIGNATED,
            dueness=_ALL_DUENESS,
            components=_INTEREST_BEFORE_CAPITAL,
            by=(Dimension.DEBT, Dimension.DUENESS, Dimension.COMPONENT),
            debts=DebtOrder.OLDEST_DUE_FIRST,
            cite="ES-CC-1172, 1173",
            words="The debt that the debtor named, interest before capital.",
        ),
        Step(
            rule="commitment",
            take=Take.COMMITMENTS,
            dueness=_ALL_DUENESS,
            components=_INTEREST_BEFORE_CAPITAL,
            by=(Dimension.DUENESS, Dimension.DEBT, Dimension.COMPONENT),
            debts=DebtOrder.OLDEST_DUE_FIRST,
            cite="ES-CC-1172",
            words="What was promised, up to what was promised.",
        ),
        Step(
            rule="most-onerous",
            take=Take.OWED,
            dueness=_FALLEN_DUE,
            components=_INTEREST_BEFORE_CAPITAL,
            by=(Dimension.DEBT, Dimension.COMPONENT, Dimension.DUENESS),
            debts=DebtOrder.MOST_ONEROUS_FIRST,
            cite="ES-CC-1173, 1174",
            words="Of what has fallen due the most onerous debt, interest before capital; equal ones in proportion.",
        ),
        Step(
            rule="not-yet-due",
            take=Take.OWED,
            dueness=(Dueness.FUTURE,),
            components=_INTEREST_BEFORE_CAPITAL,
            by=(Dimension.DEBT, Dimension.COMPONENT, Dimension.DUENESS),
            debts=DebtOrder.OLDEST_DUE_FIRST,
            words="What falls due later, where nothing that has fallen due is left.",
        ),
    ),
)

DEFAULT = "preset:es-legal/1"
PRESETS: Mapping[str, Waterfall] = {DEFAULT: ES_LEGAL}
"""By the name under which allocations keep them. A changed order is another name."""
