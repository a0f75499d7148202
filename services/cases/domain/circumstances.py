"""Circumstances: all that is special about the people of a case, and the special circumstances (death, insolvency …) themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.refusal import IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case
    from services.cases.domain.hardship import Hardship
    from services.cases.domain.vulnerability import Vulnerability

# What happened ---------------------------------------------------------------


class Visibility(Enum):
    """Who may see the details of a circumstance."""

    CASE = "CASE"
    RESTRICTED = "RESTRICTED"
    COMPLIANCE = "COMPLIANCE"


class CircumstanceKind(Enum):
    """What is special."""

    DECEASED = "DECEASED"
    INSOLVENCY = "INSOLVENCY"
    SECOND_CHANCE = "SECOND_CHANCE"
    MILITARY_SERVICE = "MILITARY_SERVICE"
    INCARCERATION = "INCARCERATION"
    FRAUD_VICTIM = "FRAUD_VICTIM"
    LEGAL_REPRESENTATION = "LEGAL_REPRESENTATION"


class CircumstanceStatus(Enum):
    """How sure we are of it."""

    CLAIMED = "CLAIMED"
    CONFIRMED = "CONFIRMED"
    REFUTED = "REFUTED"


class SpecialCircumstanceRecorded(Fact):
    circumstance_id: UUID
    person_id: UUID
    kind: CircumstanceKind
    status: CircumstanceStatus
    source: str
    evidence_refs: tuple[str, ...]
    visibility: Visibility
    review_on: date | None
    hold_id: UUID | None

    def apply(self, case: Case) -> None:
        case.circumstances.special[self.circumstance_id] = SpecialCircumstance(
            self.circumstance_id,
            self.person_id,
            self.kind,
            self.status,
            self.source,
            self.visibility,
            self.review_on,
            self.hold_id,
            self.evidence_refs,
        )


class SpecialCircumstanceEnded(Fact):
    circumstance_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        case.circumstances.special[self.circumstance_id].is_ended = True


class CircumstanceReviewDue(Fact):
    """Of any of the three kinds."""

    circumstance_id: UUID
    review_on: date

    def apply(self, case: Case) -> None:
        case.circumstances.of(self.circumstance_id).is_review_due = True


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class SpecialCircumstance:
    id: UUID
    person_id: UUID
    kind: CircumstanceKind
    status: CircumstanceStatus
    source: str
    visibility: Visibility
    review_on: date | None
    hold_id: UUID | None
    evidence_refs: tuple[str, ...] = ()
    is_review_due: bool = False
    is_ended: bool = False

    @property
    def goes_on(self) -> bool:
        return not self.is_ended and self.status is not CircumstanceStatus.REFUTED


@dataclass(slots=True)
class Circumstances:
    vulnerabilities: dict[UUID, Vulnerability] = field(default_factory=dict)
    hardships: dict[UUID, Hardship] = field(default_factory=dict)
    special: dict[UUID, SpecialCircumstance] = field(default_factory=dict)

    def of(self, circumstance_id: UUID) -> Vulnerability | Hardship | SpecialCircumstance:
        if circumstance_id in self.vulnerabilities:
            return self.vulnerabilities[circumstance_id]
        return self.hardships.get(circumstance_id) or self.special[circumstance_id]

    def going_on(self) -> Iterator[Vulnerability | Hardship | SpecialCircumstance]:
        yield from (each for each in self.vulnerabilities.values() if not each.is_cleared)
        yield from (each for each in self.hardships.values() if each.is_open)
        yield from (each for each in self.special.values() if each.goes_on)

    def is_confirmed(self, *kinds: CircumstanceKind) -> bool:
        return any(each.goes_on and each.status is CircumstanceStatus.CONFIRMED and each.kind in kinds for each in self.special.values())


# What may be seen, and of what --------------------------------------------------


class CircumstanceIsUnknown(IsUnknown):
    """The case knows of no such circumstance."""


class CircumstanceIsOver(Refusal):
    """It has been cleared, answered or ended."""


def may_see(visibility: Visibility, roles: frozenset[str]) -> bool:
    return bool(SEEN_BY[visibility] & roles)


SEEN_BY: Mapping[Visibility, frozenset[str]] = {
    Visibility.CASE: frozenset({"agent", "supervisor", "compliance", "auditor"}),
    Visibility.RESTRICTED: frozenset({"supervisor", "compliance", "auditor"}),
    Visibility.COMPLIANCE: frozenset({"compliance"}),
}
"""Roles that may see why. What is needed from us, everybody sees who works the case."""
