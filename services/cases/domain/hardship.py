"""Hardship (dificultad económica): declared, looked into, answered with measures, and looked at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import deadlines, holding, reviews
from services.cases.domain.circumstances import CircumstanceIsOver, CircumstanceIsUnknown
from services.cases.domain.hold_rules import RULES
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind, HoldScope
from services.cases.domain.parties import must_be_party
from services.kernel.facts import Fact
from services.kernel.refusal import Refusal
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
        hardship = case.circumstances.hardships[self.hardship_id]
        hardship.state = HardshipState.EVIDENCE_REQUESTED
        hardship.asked = self.subjects


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
    asked: tuple[str, ...] = ()
    """Evidence that was asked for."""

    @property
    def is_open(self) -> bool:
        return self.state in (HardshipState.DECLARED, HardshipState.EVIDENCE_REQUESTED, HardshipState.ACCEPTED)


# What may be decided ---------------------------------------------------------

_HOLD_DAYS_MAX = RULES[HoldKind.HARDSHIP_REVIEW].days_max or reviews.REVIEW_AHEAD_DAYS_MAX


class HardshipIsDeclaredAlready(Refusal):
    """A hardship of the same person is open: it is answered or reviewed instead."""


class HardshipIsNotAccepted(Refusal):
    """Only a hardship that was accepted is reviewed."""


class HoldEndsBeforeTheReview(Refusal):
    """What the measures stop would go on again before the hardship is looked at: review it sooner."""


def declare(case: Case, hardship_id: UUID, hold_id: UUID | None, person_id: UUID, declaration: Sealed, source: str) -> None:
    """With a hold for the time of looking into it, where one is given. Asked twice, told once."""
    case.must_be_reportable()
    if hardship_id in case.circumstances.hardships:
        return
    reviews.must_have_room(case)
    must_be_party(case, person_id)
    case.must_have_begun_by(case.happened_on)
    if any(each.person_id == person_id and each.is_open for each in case.circumstances.hardships.values()):
        raise HardshipIsDeclaredAlready(person_id=person_id)
    hold = HoldTerms(HoldKind.HARDSHIP_REVIEW, "HARDSHIP_DECLARED", case.happened_on, ground_id=hardship_id)
    if hold_id is not None:
        holding.check(case, hold)
    case.tell(
        HardshipDeclared(
            **case.next(), hardship_id=hardship_id, person_id=person_id, declaration=declaration, source=source, hold_id=hold_id
        )
    )
    if hold_id is not None:
        holding.place(case, hold_id, hold)


def request_evidence(case: Case, hardship_id: UUID, subjects: tuple[str, ...], due_on: date) -> None:
    found = _in(case, hardship_id, HardshipState.DECLARED, HardshipState.EVIDENCE_REQUESTED)
    deadlines.checked(case.happened_on, due_on, "due")
    if found.asked != subjects:
        case.tell(HardshipEvidenceRequested(**case.next(), hardship_id=hardship_id, subjects=subjects, due=due_on))


def accept(
    case: Case, hardship_id: UUID, hold_id: UUID, measures: tuple[HardshipMeasure, ...], review_on: date, evidence_refs: tuple[str, ...]
) -> None:
    """Measures until it is looked at again: what they stop is on hold under `hold_id`; the hold of the time before ends."""
    case.must_be_reportable()
    found = _known(case, hardship_id)
    if (found.state, found.measures, found.review_on) == (HardshipState.ACCEPTED, measures, review_on):
        return
    _must_be_in(found, HardshipState.DECLARED, HardshipState.EVIDENCE_REQUESTED)
    _check_measures(case, measures, review_on)
    case.tell(
        HardshipAccepted(**case.next(), hardship_id=hardship_id, measures=measures, review_on=review_on, evidence_refs=tuple(evidence_refs))
    )
    _hold_anew(case, hardship_id, hold_id, measures)


def reject(case: Case, hardship_id: UUID, reason_code: str) -> None:
    case.must_be_reportable()
    found = _known(case, hardship_id)
    if found.state is HardshipState.REJECTED:
        return
    _must_be_in(found, HardshipState.DECLARED, HardshipState.EVIDENCE_REQUESTED)
    case.tell(HardshipRejected(**case.next(), hardship_id=hardship_id, reason_code=reason_code))
    holding.lift_all_of(case, hardship_id, "HARDSHIP_REJECTED")


def review(case: Case, hardship_id: UUID, hold_id: UUID, measures: tuple[HardshipMeasure, ...], review_on: date) -> None:
    """It goes on, with these measures until the next look: their hold takes the place of the one before."""
    case.must_be_reportable()
    found = _known(case, hardship_id)
    if found.state is not HardshipState.ACCEPTED:
        raise HardshipIsNotAccepted(state=found.state.name)
    if (found.measures, found.review_on, found.is_review_due) == (measures, review_on, False):
        return
    _check_measures(case, measures, review_on)
    case.tell(HardshipReviewed(**case.next(), hardship_id=hardship_id, measures=measures, review_on=review_on))
    _hold_anew(case, hardship_id, hold_id, measures)


def end(case: Case, hardship_id: UUID, reason_code: str) -> None:
    case.must_be_reportable()
    found = _known(case, hardship_id)
    if found.state is HardshipState.ENDED:
        return
    if not found.is_open:
        raise CircumstanceIsOver(circumstance_id=hardship_id)
    case.tell(HardshipEnded(**case.next(), hardship_id=hardship_id, reason_code=reason_code))
    holding.lift_all_of(case, hardship_id, "HARDSHIP_ENDED")


def _check_measures(case: Case, measures: tuple[HardshipMeasure, ...], review_on: date) -> None:
    reviews.check(case, review_on)
    if _scopes(measures) and (review_on - case.today).days > _HOLD_DAYS_MAX:
        raise HoldEndsBeforeTheReview(days_max=_HOLD_DAYS_MAX)


def _hold_anew(case: Case, hardship_id: UUID, hold_id: UUID, measures: tuple[HardshipMeasure, ...]) -> None:
    """For the longest time of its kind: a look that comes late takes nothing from anybody."""
    holding.lift_all_of(case, hardship_id, "MEASURES_CHANGED")
    if _scopes(measures):
        wanted = HoldTerms(HoldKind.HARDSHIP_REVIEW, "HARDSHIP_ACCEPTED", scopes=_scopes(measures), ground_id=hardship_id)
        holding.place(case, hold_id, wanted)


def _scopes(measures: tuple[HardshipMeasure, ...]) -> frozenset[HoldScope]:
    paused = RULES[HoldKind.HARDSHIP_REVIEW].scopes if HardshipMeasure.PAUSE in measures else frozenset()
    return paused | ({HoldScope.INTEREST} if HardshipMeasure.INTEREST_STOP in measures else frozenset())


def _in(case: Case, hardship_id: UUID, *states: HardshipState) -> Hardship:
    case.must_be_reportable()
    found = _known(case, hardship_id)
    _must_be_in(found, *states)
    return found


def _must_be_in(found: Hardship, *states: HardshipState) -> None:
    if found.state not in states:
        raise CircumstanceIsOver(state=found.state.name)


def _known(case: Case, hardship_id: UUID) -> Hardship:
    if hardship_id not in case.circumstances.hardships:
        raise CircumstanceIsUnknown(circumstance_id=hardship_id)
    return case.circumstances.hardships[hardship_id]
