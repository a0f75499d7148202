"""Course: the step at which a case stands in the strategy, and how it got there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Causation, Fact
from services.strategy.domain.choosing import AT_ASKING, Candidate, Input
from services.strategy.domain.graph import StepKind, WaitAnchor
from services.strategy.domain.strategies import Migration

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment

# What happened ---------------------------------------------------------------


class TreatmentDecided(Fact):
    case_id: UUID
    decision_id: UUID
    strategy_version: int
    document_hash: bytes
    table_version: int
    step: str
    occasion: str
    inputs: tuple[Input, ...]
    inputs_hash: bytes
    candidates: tuple[Candidate, ...]
    chosen: str
    leads_to: str
    row_id: str
    reason: str
    origin: Causation | None

    def apply(self, treatment: Treatment) -> None:
        treatment.course.decisions += 1
        if treatment.course.at is not None and self.occasion == AT_ASKING:
            treatment.course.at.said, treatment.course.at.said_at, treatment.course.at.ask_at = self.chosen, self.timestamp, None


class StepEntered(Fact):
    case_id: UUID
    strategy_version: int
    step: str
    kind: StepKind
    from_step: str
    decision_id: UUID | None
    on: date

    def apply(self, treatment: Treatment) -> None:
        treatment.course.at = Position(self.strategy_version, self.step, self.kind, self.on, self.timestamp)


class StepCompleted(Fact):
    case_id: UUID
    strategy_version: int
    step: str
    outcome: str

    def apply(self, treatment: Treatment) -> None:
        treatment.course.at = None


class StepSkipped(Fact):
    case_id: UUID
    strategy_version: int
    step: str
    reason_code: str
    decision_id: UUID | None

    def apply(self, treatment: Treatment) -> None:
        treatment.course.at = None


class WaitAnchored(Fact):
    case_id: UUID
    step: str
    anchor: WaitAnchor
    anchored_on: date | None
    until: datetime | None

    def apply(self, treatment: Treatment) -> None:
        assert treatment.course.at is not None
        treatment.course.at.anchored_on, treatment.course.at.until = self.anchored_on, self.until
        treatment.course.at.is_anchored = True


class TreatmentMoved(Fact):
    case_id: UUID
    from_version: int
    to_version: int
    migration: Migration
    from_step: str

    def apply(self, treatment: Treatment) -> None:
        if treatment.course.at is not None:
            treatment.course.at.strategy_version = self.to_version


class TreatmentOverridden(Fact):
    case_id: UUID
    step: str
    reason_code: str

    def apply(self, treatment: Treatment) -> None:
        """The steps that are left and entered for it are told by themselves."""


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Position:
    """The step at which the case is, and what has come of it so far."""

    strategy_version: int
    step: str
    kind: StepKind
    on: date
    """Day of the fact that led here."""
    entered_at: datetime
    asks: int = 0
    request_id: UUID | None = None
    """Asked for, and not yet answered for good."""
    patient_until: datetime | None = None
    """How long an answer is waited for."""
    ask_at: datetime | None = None
    """Not to be asked again before."""
    said: str = ""
    """What was chosen last when it was to ask: ask, wait_for_hold …"""
    said_at: datetime | None = None
    is_anchored: bool = False
    anchored_on: date | None = None
    until: datetime | None = None


@dataclass(slots=True)
class Course:
    at: Position | None = None
    """None: it has not begun, or the case is closed."""
    decisions: int = 0
    asked: dict[UUID, Asked] = field(default_factory=dict)
    messages_sent: int = 0
    last_message_on: date | None = None
    last_answer: str = "none"


@dataclass(slots=True)
class Asked:
    """A request that has left, and how far it has come (the rank of its answer; 0: none yet)."""

    step: str
    rank: int = 0
