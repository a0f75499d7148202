"""Told by others: what contacts does with the facts of other services."""

from __future__ import annotations

from services.chassis.heard import Reactions
from services.contacts.reactions import cases, messages


def reactions(link_key: bytes) -> dict[str, Reactions]:
    """By source; each source is followed on its own. `link_key`: of which the tokens of payment links are made."""
    return {
        "cases": {**cases.FILES, **messages.OF_CASES},
        "payments": {**messages.OF_PAYMENTS},
        "strategy": {**messages.of_strategy(link_key)},
    }
