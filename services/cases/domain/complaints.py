"""Complaints (quejas) about conduct, tied to the interactions they are about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import deadlines, holding
from services.cases.domain.components import check_money
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind
from services.cases.domain.parties import must_be_party
from services.kernel.facts import Due, Fact
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

COMPLAINTS_PER_CASE_MAX = 200

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

    def open(self) -> list[Complaint]:
        return [complaint for complaint in self.by_id.values() if complaint.outcome is None]


# What may be decided ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grievance:
    """What somebody complains of, and about which interactions. No last day for the answer: by the rule."""

    person_id: UUID
    category: str
    statement: Sealed
    interaction_ids: tuple[UUID, ...] = ()
    answer_due: date | None = None


class ComplaintIsUnknown(IsUnknown):
    """The case has no such complaint."""


class ComplaintIsResolved(Refusal):
    """The complaint has been answered otherwise: it is filed anew."""


class CaseHasTooManyComplaints(Refusal):
    """The case holds as many complaints as it may."""


def file(case: Case, complaint_id: UUID, hold_id: UUID | None, grievance: Grievance) -> None:
    """Also on a closed case, and by any of its parties. With a hold where one is given. Asked twice, told once."""
    case.must_be_reportable()
    if complaint_id in case.complaints.by_id:
        return
    if len(case.complaints.by_id) >= COMPLAINTS_PER_CASE_MAX:
        raise CaseHasTooManyComplaints(complaints_max=COMPLAINTS_PER_CASE_MAX)
    must_be_party(case, grievance.person_id)
    case.must_have_begun_by(case.happened_on)
    due_on = deadlines.answer_due(case, "complaint", grievance.answer_due, "answer_due")
    hold = HoldTerms(HoldKind.COMPLAINT, grievance.category, case.happened_on, ground_id=complaint_id)
    if hold_id is not None:
        holding.check(case, hold)
    case.tell(
        ComplaintFiled(
            **case.next(),
            complaint_id=complaint_id,
            person_id=grievance.person_id,
            interaction_ids=tuple(dict.fromkeys(grievance.interaction_ids)),
            category=grievance.category,
            statement=grievance.statement,
            answer_due=due_on,
            hold_id=hold_id,
        )
    )
    if hold_id is not None:
        holding.place(case, hold_id, hold)


def resolve(
    case: Case, complaint_id: UUID, outcome: ComplaintOutcome, reason_code: str, redress: Money | None, evidence_refs: tuple[str, ...]
) -> None:
    """Our answer; its hold ends. Redress is what we pay or let go: it is booked by whoever pays it."""
    case.must_be_reportable()
    if complaint_id not in case.complaints.by_id:
        raise ComplaintIsUnknown(complaint_id=complaint_id)
    found = case.complaints.by_id[complaint_id]
    if redress is not None:
        check_money(redress, case.currency_code, "redress")
        if redress.minor_units <= 0 or outcome not in (ComplaintOutcome.UPHELD, ComplaintOutcome.PARTLY_UPHELD):
            raise IsInvalid("redress", "must be more than nothing, for a complaint that is upheld")
    if found.outcome is not None:
        if (found.outcome, found.redress) == (outcome, redress):
            return
        raise ComplaintIsResolved(outcome=found.outcome.name)
    case.tell(
        ComplaintResolved(
            **case.next(), complaint_id=complaint_id, outcome=outcome, reason_code=reason_code, redress=redress, evidence_refs=evidence_refs
        )
    )
    holding.lift_all_of(case, complaint_id, "COMPLAINT_RESOLVED")


def tell_overdue(case: Case) -> None:
    """Of every complaint whose last day for our answer has gone by without one."""
    for found in case.complaints.open():
        if not found.is_overdue and found.answer_due < case.today:
            case.tell(ComplaintOverdue(**case.next(), complaint_id=found.id, answer_due=found.answer_due))


def due(case: Case) -> Iterable[Due]:
    for found in case.complaints.open():
        if not found.is_overdue:
            yield deadlines.gone_by(case, f"complaint.deadline/{found.id}", found.answer_due)
