"""Dossier: typed facts about the debtor's situation, and notes. Sealed; superseded or retracted, never overwritten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

FACTS_PER_CASE_MAX = 10_000
NOTE = "note"
"""The key of notes: they stand beside one another."""

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

    def is_valid_on(self, day: date) -> bool:
        return self.stands and (self.valid_through is None or day <= self.valid_through)


@dataclass(frozen=True, slots=True)
class Entry:
    """All that is known of one thing of one person. `valid`: the one that counts first, then what else is taken as true that day."""

    key: str
    person_id: UUID
    valid: tuple[KnownFact, ...]
    past: tuple[KnownFact, ...]


@dataclass(slots=True)
class Dossier:
    facts: dict[UUID, KnownFact] = field(default_factory=dict)
    probings: list[tuple[UUID, int, datetime]] = field(default_factory=list)
    """Questionnaires that were answered, with their numbers, and when."""

    def entries(self, day: date) -> list[Entry]:
        """By key and person. It is the newest of the highest confidence that counts, of what is valid on that day."""
        groups: dict[tuple[str, UUID, UUID | None], list[KnownFact]] = defaultdict(list)
        for fact in self.facts.values():
            groups[fact.key, fact.value.subject_id, fact.id if fact.key == NOTE else None].append(fact)
        return [_entry(key, person_id, facts, day) for (key, person_id, _), facts in groups.items()]


def _entry(key: str, person_id: UUID, facts: Iterable[KnownFact], day: date) -> Entry:
    newest_first = sorted(facts, key=lambda fact: fact.occurred_at)[::-1]
    valid = [fact for fact in newest_first if fact.is_valid_on(day)]
    return Entry(
        key,
        person_id,
        tuple(sorted(valid, key=lambda fact: -_RANK[fact.confidence])),
        tuple(fact for fact in newest_first if not fact.is_valid_on(day)),
    )


_RANK = {confidence: rank for rank, confidence in enumerate(Confidence)}


# What may be decided ---------------------------------------------------------


class FactIsUnknown(IsUnknown):
    """The case has no such fact."""


class FactDoesNotStand(Refusal):
    """The fact has been superseded or retracted already."""


class FactIsOfAnotherKey(Refusal):
    """A fact takes the place only of one that speaks of the same thing."""


class CaseHasTooManyFacts(Refusal):
    """The case holds as many facts as it may."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """Where a fact comes from besides its source, and until when it is taken as true."""

    questionnaire_id: UUID | None = None
    questionnaire_number: int = 0
    interaction_id: UUID | None = None
    valid_through: date | None = None


def record_fact(
    case: Case,
    fact_id: UUID,
    key: str,
    value: Sealed,
    source: str,
    confidence: Confidence,
    supersedes: UUID | None = None,
    learnt: Learnt | None = None,
) -> None:
    """Also on a closed case: what is learned of a person does not wait for a reopening."""
    case.must_be_reportable()
    if fact_id in case.dossier.facts:
        return
    must_have_room(case, 1)
    learnt = learnt or Learnt()
    if learnt.valid_through is not None and learnt.valid_through < case.happened_on:
        raise IsInvalid("valid_through", "must not lie before the day it was learnt")
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
            questionnaire_id=learnt.questionnaire_id,
            questionnaire_number=learnt.questionnaire_number,
            interaction_id=learnt.interaction_id,
            valid_through=learnt.valid_through,
        )
    )
    if supersedes is not None:
        case.tell(FactSuperseded(**case.next(), fact_id=supersedes, by_fact_id=fact_id))


def must_have_room(case: Case, more: int) -> None:
    if len(case.dossier.facts) + more > FACTS_PER_CASE_MAX:
        raise CaseHasTooManyFacts(facts_max=FACTS_PER_CASE_MAX)


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
