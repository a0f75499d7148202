"""Told by others: what contacts does with the facts of other services."""

from __future__ import annotations

from services.chassis.heard import Reactions
from services.contacts.reactions import cases

# By source; each source is followed on its own.
REACTIONS: dict[str, Reactions] = {
    "cases": {**cases.FILES},
}
