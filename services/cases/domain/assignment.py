"""Assignment: who has the case, why just this agent, and until when. One worker at a time, by a lease that ends by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.agent import AgentKind
from services.kernel.facts import Fact

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class UnassignReason(Enum):
    """Why a case is no longer somebody's."""

    RELEASED = "RELEASED"
    LEASE_EXPIRED = "LEASE_EXPIRED"
    REASSIGNED = "REASSIGNED"
    AGENT_DEACTIVATED = "AGENT_DEACTIVATED"
    CASE_CLOSED = "CASE_CLOSED"


@dataclass(frozen=True, slots=True)
class AssignmentGround:
    """Why just this agent: the rule that decided, and what it saw."""

    rule: str
    says: str
    cases_of_person: int
    load: int


class AssignmentRequested(Fact):
    skills: tuple[str, ...]
    language: str
    team_id: UUID | None
    reason_code: str

    def apply(self, case: Case) -> None:
        case.assignment.requirements = Requirements(self.skills, self.language, self.team_id)
        case.assignment.is_requested = True


class CaseAssigned(Fact):
    agent_id: UUID
    kind: AgentKind
    team_id: UUID | None
    reason_code: str
    ground: AssignmentGround
    lease_until: datetime
    rule_version: str

    def apply(self, case: Case) -> None:
        case.assignment.agent_id = self.agent_id
        case.assignment.given_at = self.originator_version
        case.assignment.rule_version = self.rule_version
        case.assignment.ground = self.ground
        case.assignment.lease_until = self.lease_until
        case.assignment.is_requested = False


class AssignmentLeaseExtended(Fact):
    agent_id: UUID
    before: datetime
    lease_until: datetime

    def apply(self, case: Case) -> None:
        case.assignment.lease_until = self.lease_until


class CaseUnassigned(Fact):
    agent_id: UUID
    reason: UnassignReason

    def apply(self, case: Case) -> None:
        case.assignment.agent_id = None
        case.assignment.lease_until = None
        # Whoever gives a case back leaves it to others; a closed one waits for nobody.
        case.assignment.is_requested = self.reason is not UnassignReason.CASE_CLOSED


class AssignmentDeclined(Fact):
    agent_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        case.assignment.agent_id = None
        case.assignment.lease_until = None
        case.assignment.is_requested = True
        case.assignment.declined_by.append(self.agent_id)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Requirements:
    """What working the case asks for."""

    skills: tuple[str, ...] = ()
    language: str = ""
    team_id: UUID | None = None


@dataclass(slots=True)
class Assignment:
    """Without an agent nobody has the case."""

    agent_id: UUID | None = None
    given_at: int = 0
    """Version of the newest CaseAssigned."""
    ground: AssignmentGround | None = None
    lease_until: datetime | None = None
    rule_version: str = ""
    requirements: Requirements = field(default_factory=Requirements)
    is_requested: bool = False
    """It waits for somebody."""
    declined_by: list[UUID] = field(default_factory=list)

    def holder_at(self, now: datetime) -> UUID | None:
        """Whose it is: a lease that has run out holds nothing, also where nobody has told so yet."""
        return self.agent_id if self.lease_until is not None and now < self.lease_until else None


# What may be decided ---------------------------------------------------------


def release(case: Case, reason: UnassignReason) -> None:
    """It follows from another decision that the case is nobody's: it was closed, its agent was deactivated."""
    if case.assignment.agent_id is not None:
        case.tell(CaseUnassigned(**case.next(), agent_id=case.assignment.agent_id, reason=reason))
