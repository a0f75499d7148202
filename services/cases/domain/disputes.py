"""Disputes (impugnaciones): the debtor contests all or part of a debt; the rest goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.components import ComponentAmount
from services.kernel.facts import Fact
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class DisputeState(Enum):
    """Where a dispute is in its life."""

    OPEN = "OPEN"
    WAITING = "WAITING"
    UNDER_REVIEW = "UNDER_REVIEW"
    RESOLVED = "RESOLVED"
    APPEALED = "APPEALED"
    WITHDRAWN = "WITHDRAWN"
    CLOSED = "CLOSED"


class DisputeResolution(Enum):
    """What was found."""

    UPHELD = "UPHELD"
    PARTLY_UPHELD = "PARTLY_UPHELD"
    REJECTED = "REJECTED"


class DebtDisputed(Fact):
    dispute_id: UUID
    debt_id: UUID
    disputed: tuple[ComponentAmount, ...]
    reason_code: str
    statement: Sealed | None
    person_id: UUID
    evidence_refs: tuple[str, ...]
    answer_due: date
    hold_id: UUID

    def apply(self, case: Case) -> None:
        case.disputes.by_id[self.dispute_id] = Dispute(
            self.dispute_id,
            self.debt_id,
            self.disputed,
            self.reason_code,
            self.statement,
            self.person_id,
            self.timestamp,
            self.answer_due,
            self.hold_id,
            list(self.evidence_refs),
        )


class DisputeInformationRequested(Fact):
    dispute_id: UUID
    asked_of: str
    subject: str
    due: date | None

    def apply(self, case: Case) -> None:
        case.disputes.by_id[self.dispute_id].state = DisputeState.WAITING


class DisputeInformationReceived(Fact):
    dispute_id: UUID
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        dispute = case.disputes.by_id[self.dispute_id]
        dispute.state = DisputeState.OPEN
        dispute.evidence_refs.extend(self.evidence_refs)


class DisputeReviewStarted(Fact):
    dispute_id: UUID

    def apply(self, case: Case) -> None:
        case.disputes.by_id[self.dispute_id].state = DisputeState.UNDER_REVIEW


class DisputeResolved(Fact):
    dispute_id: UUID
    resolution: DisputeResolution
    upheld: tuple[ComponentAmount, ...]
    reason_code: str
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        dispute = case.disputes.by_id[self.dispute_id]
        dispute.state = DisputeState.RESOLVED
        dispute.resolution = self.resolution
        dispute.upheld = self.upheld
        dispute.is_overdue = False


class DisputeAppealed(Fact):
    dispute_id: UUID
    reason_code: str
    statement: Sealed | None
    evidence_refs: tuple[str, ...]
    answer_due: date
    hold_id: UUID

    def apply(self, case: Case) -> None:
        dispute = case.disputes.by_id[self.dispute_id]
        dispute.state = DisputeState.APPEALED
        dispute.answer_due = self.answer_due
        dispute.hold_id = self.hold_id
        dispute.evidence_refs.extend(self.evidence_refs)


class DisputeWithdrawn(Fact):
    dispute_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        case.disputes.by_id[self.dispute_id].state = DisputeState.WITHDRAWN


class DisputeClosed(Fact):
    dispute_id: UUID

    def apply(self, case: Case) -> None:
        case.disputes.by_id[self.dispute_id].state = DisputeState.CLOSED


class DisputeDeadlinePassed(Fact):
    dispute_id: UUID
    answer_due: date

    def apply(self, case: Case) -> None:
        case.disputes.by_id[self.dispute_id].is_overdue = True


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Dispute:
    id: UUID
    debt_id: UUID
    disputed: tuple[ComponentAmount, ...]
    reason_code: str
    statement: Sealed | None
    person_id: UUID
    opened_at: datetime
    answer_due: date
    hold_id: UUID
    evidence_refs: list[str]
    state: DisputeState = DisputeState.OPEN
    resolution: DisputeResolution | None = None
    upheld: tuple[ComponentAmount, ...] = ()
    is_overdue: bool = False


@dataclass(slots=True)
class Disputes:
    by_id: dict[UUID, Dispute] = field(default_factory=dict)
