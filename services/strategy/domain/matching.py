"""Matching: what a segment table sees of a case, what it answers, and the two ports through which the business asks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from services.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a table sees. Nothing else may count, so that the same answer can be had again years later."""

    bucket: str
    """Empty until delinquency is known."""
    balance: Money
    client_id: UUID


@dataclass(frozen=True, slots=True)
class Match:
    """The first row that fits, and what it says."""

    segment: str
    row_id: str
    reason: str


Evaluate = Callable[[bytes, Inputs], Match]
"""Port: a published table over inputs. Pure: the same bytes over the same inputs say the same, for ever."""

Check = Callable[[bytes], None]
"""Port: raises IsInvalid naming row and column unless the table puts every case into exactly one segment."""
