"""Questionnaires in numbered publications; answers become dated, sourced facts; what contradicts is kept beside what counts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.cases.domain import dossier, probing, questionnaire
from services.cases.domain.case import Case
from services.cases.domain.dossier import Confidence, Learnt
from services.cases.domain.parties import PartyIsUnknown
from services.cases.domain.probing import Answer, AnswerIsToNoQuestion, Probing, QuestionIsForbidden
from services.cases.domain.questionnaire import (
    AnswerKind,
    PublicationIsUnknown,
    Question,
    Questionnaire,
    QuestionnaireIsRetired,
    QuestionnaireIsUnknown,
    check_answer,
    published,
    stream_of,
)
from services.kernel.facts import told
from services.kernel.refusal import IsInvalid
from services.kernel.sealed import Sealed
from tests.services.cases.examples import CYCLES, NOON, THE_DEBTOR, TODAY, an_open_case, at, names, refused, sealed, stored, terms

REASON = Question("reason_for_default", "Why?", AnswerKind.CHOICE, ("UNEMPLOYMENT", "ILLNESS"), ("FR", "US-CA"))
INCOME = Question("income", "How much do you earn?", AnswerKind.AMOUNT, (), ())
FIRST, SECOND, THIRD = UUID(int=801), UUID(int=802), UUID(int=803)


def a_questionnaire(*questions: Question) -> Questionnaire:
    found = at(Questionnaire.blank(stream_of("demo", "situation")), NOON)
    questionnaire.publish(found, "situation", questions or (REASON, INCOME))
    return stored(found)


def answer(case: Case, asked: Questionnaire, *answers: tuple[str, UUID], number: int = 1, person_id: UUID = THE_DEBTOR) -> None:
    given = tuple(Answer(key, fact_id, sealed(key)) for key, fact_id in answers)
    probing.answer(case, asked, Probing(number, given, person_id, UUID(int=9)))


# Questionnaires ----------------------------------------------------------------------


def test_a_questionnaire_gets_a_number_with_each_publication_and_keeps_the_old_ones() -> None:
    asked = a_questionnaire()
    questionnaire.publish(asked, "situation", (REASON, INCOME))
    assert told(asked) == []
    questionnaire.publish(asked, "situation", (INCOME,))
    assert (asked.number, published(asked, 0), published(asked, 1)) == (2, (INCOME,), (REASON, INCOME))
    for _ in range(2):
        questionnaire.retire(asked, "REPLACED")
    questionnaire.publish(asked, "situation", (INCOME,))
    assert names(asked) == ["QuestionnairePublished", "QuestionnaireRetired", "QuestionnairePublished"]
    assert not asked.is_retired
    with refused(PublicationIsUnknown):
        published(asked, 9)
    nobody = at(Questionnaire.blank(FIRST), NOON)
    for decide in (lambda: published(nobody, 0), lambda: questionnaire.retire(nobody, "REPLACED")):
        with refused(QuestionnaireIsUnknown):
            decide()


@pytest.mark.parametrize(
    ("questions", "field"),
    [
        ((INCOME, INCOME), "questions[1].key"),
        ((Question("income", "?", AnswerKind.AMOUNT, ("MUCH",), ()),), "questions[0].choices"),
        ((Question("reason", "?", AnswerKind.CHOICE, (), ()),), "questions[0].choices"),
        ((Question("reason", "?", AnswerKind.CHOICE, ("A", "A"), ()),), "questions[0].choices"),
    ],
)
def test_a_questionnaire_that_nobody_could_answer_is_not_published(questions: tuple[Question, ...], field: str) -> None:
    asked = at(Questionnaire.blank(FIRST), NOON)
    with refused(IsInvalid, field=field):
        questionnaire.publish(asked, "situation", questions)
    assert told(asked) == []


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (AnswerKind.TEXT, "because", "  "),
        (AnswerKind.CHOICE, "ILLNESS", "LAZINESS"),
        (AnswerKind.YES_NO, "YES", "yes"),
        (AnswerKind.AMOUNT, "120000 EUR", "1200.00 EUR"),
        (AnswerKind.AMOUNT, "-5 JPY", "5"),
        (AnswerKind.DATE, "2026-02-28", "2026-02-30"),
        (AnswerKind.DATE, "2026-02-28", "20260228"),
    ],
)
def test_an_answer_is_of_the_question_s_kind(kind: AnswerKind, right: str, wrong: str) -> None:
    question = Question("key", "?", kind, ("ILLNESS",) if kind is AnswerKind.CHOICE else (), ())
    check_answer(question, right, "value")
    with refused(IsInvalid, field="value"):
        check_answer(question, wrong, "value")


# Answers -------------------------------------------------------------------------------


def test_each_answer_becomes_a_fact_with_its_source_and_takes_the_place_of_the_same_person_s_answer_before() -> None:
    case, asked = an_open_case(), a_questionnaire()
    for _ in range(2):
        answer(case, asked, ("reason_for_default", FIRST), ("income", SECOND))
    assert names(case) == ["QuestionnaireAnswered", "FactRecorded", "FactRecorded"]
    fact = case.dossier.facts[FIRST]
    assert (fact.source, fact.confidence, fact.questionnaire_id, fact.questionnaire_number, fact.interaction_id) == (
        "debtor",
        Confidence.STATED,
        asked.id,
        1,
        UUID(int=9),
    )
    answer(case, asked, ("income", THIRD))
    assert names(case)[3:] == ["QuestionnaireAnswered", "FactRecorded", "FactSuperseded"]
    assert case.dossier.facts[SECOND].superseded_by == THIRD


@pytest.mark.parametrize(("jurisdiction", "forbidden"), [("FR", True), ("FR-75", True), ("US-CA", True), ("US", False), ("ES", False)])
def test_what_the_law_of_the_place_forbids_is_not_asked_and_not_kept(jurisdiction: str, forbidden: bool) -> None:
    case, asked = an_open_case(terms(CYCLES, jurisdiction=jurisdiction)), a_questionnaire()
    if forbidden:
        with refused(QuestionIsForbidden, key="reason_for_default"):
            answer(case, asked, ("reason_for_default", FIRST))
        assert told(case) == []
    answer(case, asked, ("income", SECOND))
    assert told(case)[0].withheld == (("reason_for_default",) if forbidden else ())


def test_what_is_wrong_with_an_answer_is_refused_and_nothing_kept() -> None:
    case, asked = an_open_case(), a_questionnaire()
    with refused(AnswerIsToNoQuestion, key="shoe_size"):
        answer(case, asked, ("income", FIRST), ("shoe_size", SECOND))
    with refused(IsInvalid, field="answers[1].key"):
        answer(case, asked, ("income", FIRST), ("income", SECOND))
    with refused(PartyIsUnknown):
        answer(case, asked, ("income", FIRST), person_id=UUID(int=9))
    with refused(PublicationIsUnknown):
        answer(case, asked, ("income", FIRST), number=2)
    questionnaire.retire(asked, "REPLACED")
    with refused(QuestionnaireIsRetired):
        answer(case, asked, ("income", FIRST))
    assert told(case) == []


# What counts ----------------------------------------------------------------------------


def learn(case: Case, n: int, confidence: Confidence, day: int, valid_through: date | None = None, key: str = "employment") -> UUID:
    fact_id, of = UUID(int=n), Sealed(THE_DEBTOR, 1, bytes(12), b"x")
    case.happened_at = datetime(2026, 3, day, 12, tzinfo=UTC)
    dossier.record_fact(case, fact_id, key, of, "debtor", confidence, learnt=Learnt(valid_through=valid_through))
    return fact_id


def test_the_newest_valid_of_the_highest_confidence_counts_and_the_others_stand_beside_it() -> None:
    case = an_open_case()
    stated = learn(case, 1, Confidence.STATED, 20)
    old_proof, new_proof = learn(case, 2, Confidence.DOCUMENTED, 1), learn(case, 3, Confidence.DOCUMENTED, 5)
    expired = learn(case, 4, Confidence.VERIFIED, 2, date(2026, 3, 10))
    (entry,) = case.dossier.entries(TODAY)
    assert [fact.id for fact in entry.valid] == [new_proof, old_proof, stated]
    assert [fact.id for fact in entry.past] == [expired]
    (then,) = case.dossier.entries(date(2026, 3, 10))
    assert then.valid[0].id == expired


def test_notes_stand_beside_one_another_and_people_apart_from_each_other() -> None:
    case = an_open_case()
    for n in (1, 2):
        learn(case, n, Confidence.STATED, n, key="note")
    learn(case, 3, Confidence.STATED, 3)
    other = Sealed(UUID(int=77), 1, bytes(12), b"y")
    dossier.record_fact(case, UUID(int=4), "employment", other, "debtor", Confidence.STATED)
    assert [(entry.key, len(entry.valid)) for entry in case.dossier.entries(TODAY)] == [("note", 1), ("note", 1), *[("employment", 1)] * 2]


def test_a_fact_is_not_valid_through_a_day_before_it_was_learnt() -> None:
    case = an_open_case()
    with refused(IsInvalid, field="valid_through"):
        learn(case, 1, Confidence.STATED, 20, date(2026, 3, 19))
    assert told(case) == []
