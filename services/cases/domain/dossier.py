"""Dossier: typed facts about the debtor's situation, and notes. Sealed; superseded or retracted, never overwritten."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.refusal import IsUnknown, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

FACTS_PER_CASE_MAX = 10_000

# What happened ---------------------------------------------------------------


class Confidence(Enum):
    """How much a fact can be relied on."""

    STATED = "STATED"
    DOCUMENTED = "DOCUMENTED"
    VERIFIED = "VERIFIED"


class FactRecorded(Fact):
    fact_id: UUID
    key: str
    value: Sealed
    source: str
    confidence: Confidence
    questionnaire_id: UUID | None
    questionnaire_number: int
    interaction_id: UUID | None
    valid_through: date | None

    def apply(self, case: Case) -> None:
        case.dossier.facts[self.fact_id] = KnownFact(
            self.fact_id,
            self.key,
            self.value,
            self.source,
            self.confidence,
            self.timestamp,
            self.questionnaire_id,
            self.questionnaire_number,
            self.interaction_id,
            self.valid_through,
        )


class FactSuperseded(Fact):
    fact_id: UUID
    by_fact_id: UUID

    def apply(self, case: Case) -> None:
        case.dossier.facts[self.fact_id].superseded_by = self.by_fact_id


class FactRetracted(Fact):
    fact_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        case.dossier.facts[self.fact_id].is_retracted = True


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class KnownFact:
    id: UUID
    key: str
    value: Sealed
    source: str
    confidence: Confidence
    occurred_at: datetime
    questionnaire_id: UUID | None
    questionnaire_number: int
    interaction_id: UUID | None
    valid_through: date | None
    superseded_by: UUID | None = None
    is_retracted: bool = False

    @property
    def stands(self) -> bool:
        return self.superseded_by is None and not self.is_retracted


@dataclass(slots=True)
class Dossier:
    facts: dict[UUID, KnownFact] = field(default_factory=dict)
    probings: list[tuple[UUID, int, datetime]] = field(default_factory=list)
    """Questionnaires that were answered, with their numbers, and when."""


# What may be decided ---------------------------------------------------------


class FactIsUnknown(IsUnknown):
    """The case has no such fact."""


class FactDoesNotStand(Refusal):
    """The fact has been superseded or retracted already."""


class FactIsOfAnotherKey(Refusal):
    """A fact takes the place only of one that speaks of the same thing."""


class CaseHasTooManyFacts(Refusal):
    """The case holds as many facts as it may."""


def record_fact(
    case: Case, fact_id: UUID, key: str, value: Sealed, source: str, confidence: Confidence, supersedes: UUID | None = None
) -> None:
    """Also on a closed case: what is learned of a person does not wait for a reopening."""
    case.must_be_reportable()
    if fact_id in case.dossier.facts:
        return
    if len(case.dossier.facts) >= FACTS_PER_CASE_MAX:
        raise CaseHasTooManyFacts(facts_max=FACTS_PER_CASE_MAX)
    if supersedes is not None:
        before = _known(case, supersedes)
        if not before.stands:
            raise FactDoesNotStand(fact_id=supersedes)
        if before.key != key:
            raise FactIsOfAnotherKey(key=before.key)
    case.tell(
        FactRecorded(
            **case.next(),
            fact_id=fact_id,
            key=key,
            value=value,
            source=source,
            confidence=confidence,
            questionnaire_id=None,
            questionnaire_number=0,
            interaction_id=None,
            valid_through=None,
        )
    )
    if supersedes is not None:
        case.tell(FactSuperseded(**case.next(), fact_id=supersedes, by_fact_id=fact_id))


def retract_fact(case: Case, fact_id: UUID, reason_code: str) -> None:
    case.must_be_reportable()
    fact = _known(case, fact_id)
    if fact.is_retracted:
        return
    if not fact.stands:
        raise FactDoesNotStand(fact_id=fact_id)
    case.tell(FactRetracted(**case.next(), fact_id=fact_id, reason_code=reason_code))


def _known(case: Case, fact_id: UUID) -> KnownFact:
    if fact_id not in case.dossier.facts:
        raise FactIsUnknown(fact_id=fact_id)
    return case.dossier.facts[fact_id]
