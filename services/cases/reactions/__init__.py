"""Told by others: what cases does with the facts of other services, by source. Each source is followed on its own."""

from __future__ import annotations

from services.cases.reactions import contacts, payments, strategy
from services.chassis.heard import Reactions

REACTIONS: dict[str, Reactions] = {
    "contacts": contacts.REACTIONS,
    "payments": payments.REACTIONS,
    "strategy": strategy.REACTIONS,
}

EVIDENCE: dict[str, Reactions] = {"payments": payments.EVIDENCE}
"""What lets somebody conclude that nothing was paid: heard by a follower that stays behind the one of `REACTIONS`."""

__all__ = ["EVIDENCE", "REACTIONS"]
