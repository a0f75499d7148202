"""Probing (sondeo): a questionnaire answered about a case. Each answer is a fact of the dossier; this says where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import dossier
from services.cases.domain.dossier import Confidence, KnownFact, Learnt
from services.cases.domain.parties import must_be_party
from services.cases.domain.questionnaire import Question, Questionnaire, QuestionnaireIsRetired, published
from services.kernel.facts import Fact
from services.kernel.refusal import IsInvalid, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class QuestionnaireAnswered(Fact):
    questionnaire_id: UUID
    number: int
    fact_ids: tuple[UUID, ...]
    person_id: UUID
    interaction_id: UUID | None
    withheld: tuple[str, ...]

    def apply(self, case: Case) -> None:
        case.dossier.probings.append((self.questionnaire_id, self.number, self.timestamp))


# What may be decided ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """To the question of that key, as the fact it becomes."""

    key: str
    fact_id: UUID
    value: Sealed


@dataclass(frozen=True, slots=True)
class Probing:
    """Who answered which publication, where."""

    number: int
    answers: tuple[Answer, ...]
    person_id: UUID
    interaction_id: UUID | None = None


class QuestionIsForbidden(Refusal):
    """The law that governs the debts forbids the question: no answer to it is kept."""


class AnswerIsToNoQuestion(Refusal):
    """The publication has no question of this key."""


def answer(case: Case, questionnaire: Questionnaire, probing: Probing) -> None:
    """Each answer is a dated, sourced fact, in the place of what the same person answered before. Asked twice, told once."""
    case.must_be_reportable()
    if any(each.fact_id in case.dossier.facts for each in probing.answers):
        return
    must_be_party(case, probing.person_id)
    asked = published(questionnaire, probing.number)
    if questionnaire.is_retired:
        raise QuestionnaireIsRetired
    check_offered(case, asked, [each.key for each in probing.answers])
    dossier.must_have_room(case, len(probing.answers))
    case.tell(
        QuestionnaireAnswered(
            **case.next(),
            questionnaire_id=questionnaire.id,
            number=probing.number,
            fact_ids=tuple(each.fact_id for each in probing.answers),
            person_id=probing.person_id,
            interaction_id=probing.interaction_id,
            withheld=tuple(question.key for question in asked if question.is_forbidden_in(case.jurisdiction)),
        )
    )
    learnt = Learnt(questionnaire.id, probing.number, probing.interaction_id)
    source = case.parties.by_person[probing.person_id].role.name.lower()
    for each in probing.answers:
        before = _answered_before(case, each)
        dossier.record_fact(case, each.fact_id, each.key, each.value, source, Confidence.STATED, before.id if before else None, learnt)


def check_offered(case: Case, asked: Sequence[Question], keys: Sequence[str]) -> None:
    """That every key is of a question that may be asked, once."""
    by_key = {question.key: question for question in asked}
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise IsInvalid(f"answers[{place}].key", "must not appear twice")
        if key not in by_key:
            raise AnswerIsToNoQuestion(key=key)
        if by_key[key].is_forbidden_in(case.jurisdiction):
            raise QuestionIsForbidden(key=key, jurisdiction=case.jurisdiction)


def _answered_before(case: Case, given: Answer) -> KnownFact | None:
    """What the same person answered to the same question, and stands."""
    return next(
        (
            fact
            for fact in case.dossier.facts.values()
            if fact.stands
            and fact.questionnaire_id is not None
            and (fact.key, fact.value.subject_id) == (given.key, given.value.subject_id)
        ),
        None,
    )
