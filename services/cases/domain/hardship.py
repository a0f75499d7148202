"""Hardship (dificultad económica): declared, looked into, answered with measures, and looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class HardshipMeasure(Enum):
    """What we do about it."""

    PAUSE = "PAUSE"
    REDUCED_PAYMENT = "REDUCED_PAYMENT"
    INTEREST_STOP = "INTEREST_STOP"
    FEE_STOP = "FEE_STOP"
    DEBT_ADVICE = "DEBT_ADVICE"


class HardshipState(Enum):
    """Where a declaration is in its life."""

    DECLARED = "DECLARED"
    EVIDENCE_REQUESTED = "EVIDENCE_REQUESTED"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    ENDED = "ENDED"


class HardshipDeclared(Fact):
    hardship_id: UUID
    person_id: UUID
    declaration: Sealed
    source: str
    hold_id: UUID | None

    def apply(self, case: Case) -> None:
        case.circumstances.hardships[self.hardship_id] = Hardship(
            self.hardship_id, self.person_id, self.declaration, self.source, self.hold_id
        )


class HardshipEvidenceRequested(Fact):
    hardship_id: UUID
    subjects: tuple[str, ...]
    due: date

    def apply(self, case: Case) -> None:
        case.circumstances.hardships[self.hardship_id].state = HardshipState.EVIDENCE_REQUESTED


class HardshipAccepted(Fact):
    hardship_id: UUID
    measures: tuple[HardshipMeasure, ...]
    review_on: date
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        hardship = case.circumstances.hardships[self.hardship_id]
        hardship.state = HardshipState.ACCEPTED
        hardship.measures = self.measures
        hardship.review_on = self.review_on


class HardshipRejected(Fact):
    hardship_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        case.circumstances.hardships[self.hardship_id].state = HardshipState.REJECTED


class HardshipReviewed(Fact):
    hardship_id: UUID
    measures: tuple[HardshipMeasure, ...]
    review_on: date

    def apply(self, case: Case) -> None:
        hardship = case.circumstances.hardships[self.hardship_id]
        hardship.measures = self.measures
        hardship.review_on = self.review_on
        hardship.is_review_due = False


class HardshipEnded(Fact):
    hardship_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        hardship = case.circumstances.hardships[self.hardship_id]
        hardship.state = HardshipState.ENDED
        hardship.review_on = None


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Hardship:
    id: UUID
    person_id: UUID
    declaration: Sealed
    source: str
    hold_id: UUID | None
    state: HardshipState = HardshipState.DECLARED
    measures: tuple[HardshipMeasure, ...] = ()
    review_on: date | None = None
    is_review_due: bool = False
