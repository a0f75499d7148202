"""Complaints (quejas) about conduct, tied to the interactions they are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.money import Money
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class ComplaintOutcome(Enum):
    """What was found."""

    UPHELD = "UPHELD"
    PARTLY_UPHELD = "PARTLY_UPHELD"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


class ComplaintFiled(Fact):
    complaint_id: UUID
    person_id: UUID
    interaction_ids: tuple[UUID, ...]
    category: str
    statement: Sealed
    answer_due: date
    hold_id: UUID | None

    def apply(self, case: Case) -> None:
        case.complaints.by_id[self.complaint_id] = Complaint(
            self.complaint_id,
            self.person_id,
            self.interaction_ids,
            self.category,
            self.statement,
            self.timestamp,
            self.answer_due,
            self.hold_id,
        )


class ComplaintResolved(Fact):
    complaint_id: UUID
    outcome: ComplaintOutcome
    reason_code: str
    redress: Money | None
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        complaint = case.complaints.by_id[self.complaint_id]
        complaint.outcome = self.outcome
        complaint.redress = self.redress
        complaint.is_overdue = False


class ComplaintOverdue(Fact):
    complaint_id: UUID
    answer_due: date

    def apply(self, case: Case) -> None:
        case.complaints.by_id[self.complaint_id].is_overdue = True


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Complaint:
    id: UUID
    person_id: UUID
    interaction_ids: tuple[UUID, ...]
    category: str
    statement: Sealed
    filed_at: datetime
    answer_due: date
    hold_id: UUID | None
    outcome: ComplaintOutcome | None = None
    redress: Money | None = None
    is_overdue: bool = False


@dataclass(slots=True)
class Complaints:
    by_id: dict[UUID, Complaint] = field(default_factory=dict)
