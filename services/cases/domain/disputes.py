"""Disputes (impugnaciones): the debtor contests all or part of a debt; the rest goes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.components import ComponentAmount, negated, summed
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
            self.person_id,
            self.timestamp,
            self.answer_due,
            self.hold_id,
            list(self.evidence_refs),
            [Statement(self.dispute_id, self.statement, self.timestamp)],
        )


class DisputeInformationRequested(Fact):
    dispute_id: UUID
    asked_of: str
    subject: str
    due: date | None

    def apply(self, case: Case) -> None:
        dispute = case.disputes.by_id[self.dispute_id]
        dispute.state = DisputeState.WAITING
        dispute.asked = (self.asked_of, self.subject)


class DisputeInformationReceived(Fact):
    dispute_id: UUID
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        dispute = case.disputes.by_id[self.dispute_id]
        dispute.state = DisputeState.OPEN
        dispute.evidence_refs.extend(self.evidence_refs)
        dispute.asked = None


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
        dispute.evidence_refs.extend(self.evidence_refs)
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
        dispute.statements.append(Statement(self.hold_id, self.statement, self.timestamp))


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


OPEN_STATES = (DisputeState.OPEN, DisputeState.WAITING, DisputeState.UNDER_REVIEW, DisputeState.APPEALED)
"""In which our answer is owed."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What the debtor said when it was disputed or appealed; None: nothing. `id`: the dispute's, or that of the appeal's hold."""

    id: UUID
    said: Sealed | None
    at: datetime


@dataclass(slots=True)
class Dispute:
    id: UUID
    debt_id: UUID
    disputed: tuple[ComponentAmount, ...]
    reason_code: str
    person_id: UUID
    opened_at: datetime
    answer_due: date
    hold_id: UUID
    evidence_refs: list[str]
    statements: list[Statement]
    state: DisputeState = DisputeState.OPEN
    asked: tuple[str, str] | None = None
    """Of whom we wait for what."""
    resolution: DisputeResolution | None = None
    upheld: tuple[ComponentAmount, ...] = ()
    is_overdue: bool = False

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def left(self) -> tuple[ComponentAmount, ...]:
        """What of it has not been upheld."""
        return tuple(part for part in summed((*self.disputed, *negated(self.upheld))) if not part.amount.is_zero)


@dataclass(slots=True)
class Disputes:
    by_id: dict[UUID, Dispute] = field(default_factory=dict)

    def open(self) -> list[Dispute]:
        return [dispute for dispute in self.by_id.values() if dispute.is_open]

    def contested(self, debt_id: UUID) -> tuple[ComponentAmount, ...]:
        """What is disputed of that debt now, by component."""
        return summed(part for dispute in self.open() if dispute.debt_id == debt_id for part in dispute.left)

    def is_any_upheld(self) -> bool:
        return any(dispute.upheld and not dispute.is_open for dispute in self.by_id.values())
