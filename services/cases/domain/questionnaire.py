"""Questionnaires: what is asked of a debtor, in numbered publications, and where the law forbids a question."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from uuid import UUID

from services.kernel.facts import Fact, Stream
from services.kernel.ids import derived
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

# What happened ---------------------------------------------------------------


class AnswerKind(Enum):
    """How a question is answered."""

    TEXT = "TEXT"
    CHOICE = "CHOICE"
    YES_NO = "YES_NO"
    AMOUNT = "AMOUNT"
    DATE = "DATE"


@dataclass(frozen=True, slots=True)
class Question:
    """Its answer becomes a fact of the same key. `choices` are codes; in the places of `forbidden_in` it is not offered."""

    key: str
    text: str
    kind: AnswerKind
    choices: tuple[str, ...]
    forbidden_in: tuple[str, ...]

    def is_forbidden_in(self, jurisdiction: str) -> bool:
        """In a country, in all of it; in a subdivision, there alone."""
        return jurisdiction in self.forbidden_in or jurisdiction[:2] in self.forbidden_in


class QuestionnairePublished(Fact):
    name: str
    number: int
    questions: tuple[Question, ...]

    def apply(self, questionnaire: Questionnaire) -> None:
        questionnaire.name = self.name
        questionnaire.publications[self.number] = self.questions
        questionnaire.is_retired = False


class QuestionnaireRetired(Fact):
    reason_code: str

    def apply(self, questionnaire: Questionnaire) -> None:
        questionnaire.is_retired = True


# Where it stands -------------------------------------------------------------


class Questionnaire(Stream):
    begins_with = ("QuestionnairePublished",)

    def __init__(self) -> None:
        self.name = ""
        self.publications: dict[int, tuple[Question, ...]] = {}
        self.is_retired = False

    @property
    def number(self) -> int:
        """Of the newest publication; 0: none yet."""
        return len(self.publications)


def stream_of(tenant_id: str, name: str) -> UUID:
    """The stream of a tenant's questionnaire of that name."""
    return derived("questionnaire", tenant_id, name)


# What may be decided ---------------------------------------------------------

PUBLICATIONS_MAX = 1_000


class QuestionnaireIsUnknown(IsUnknown):
    """There is no such questionnaire."""


class PublicationIsUnknown(IsUnknown):
    """The questionnaire has no publication of this number."""


class QuestionnaireIsRetired(Refusal):
    """The questionnaire is no longer asked: publish it again."""


class QuestionnaireHasTooManyPublications(Refusal):
    """The questionnaire has been published as often as it may."""


def publish(questionnaire: Questionnaire, name: str, questions: Sequence[Question]) -> None:
    """With the next number; what was answered keeps the number it was asked under. The same questions again: told once."""
    _check(questions)
    number = questionnaire.number
    if number and questionnaire.publications[number] == tuple(questions) and not questionnaire.is_retired:
        return
    if number >= PUBLICATIONS_MAX:
        raise QuestionnaireHasTooManyPublications(publications_max=PUBLICATIONS_MAX)
    questionnaire.tell(QuestionnairePublished(**questionnaire.next(), name=name, number=number + 1, questions=tuple(questions)))


def retire(questionnaire: Questionnaire, reason_code: str) -> None:
    if not questionnaire.exists:
        raise QuestionnaireIsUnknown
    if not questionnaire.is_retired:
        questionnaire.tell(QuestionnaireRetired(**questionnaire.next(), reason_code=reason_code))


def published(questionnaire: Questionnaire, number: int) -> tuple[Question, ...]:
    """The questions of that publication; 0: of the newest."""
    if not questionnaire.exists:
        raise QuestionnaireIsUnknown
    if number not in questionnaire.publications and number != 0:
        raise PublicationIsUnknown(number=number)
    return questionnaire.publications[number or questionnaire.number]


def check_answer(question: Question, value: str, field: str) -> None:
    """That the value, in clear, is an answer of the question's kind."""
    if not ANSWERS[question.kind][0](question, value):
        raise IsInvalid(field, f"must be {ANSWERS[question.kind][1]}")


def _check(questions: Sequence[Question]) -> None:
    seen: set[str] = set()
    for place, question in enumerate(questions):
        if question.key in seen:
            raise IsInvalid(f"questions[{place}].key", "must not appear twice")
        seen.add(question.key)
        if bool(question.choices) != (question.kind is AnswerKind.CHOICE):
            raise IsInvalid(f"questions[{place}].choices", "must be given for a choice, and for nothing else")
        if len(set(question.choices)) != len(question.choices):
            raise IsInvalid(f"questions[{place}].choices", "must not appear twice")


def _is_date(question: Question, value: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


ANSWERS: Mapping[AnswerKind, tuple[Callable[[Question, str], bool], str]] = {
    AnswerKind.TEXT: (lambda question, value: bool(value.strip()), "some text"),
    AnswerKind.CHOICE: (lambda question, value: value in question.choices, "one of the question's choices"),
    AnswerKind.YES_NO: (lambda question, value: value in ("YES", "NO"), "YES or NO"),
    AnswerKind.AMOUNT: (
        lambda question, value: re.fullmatch(r"-?\d{1,16} [A-Z]{3}", value, re.ASCII) is not None,
        "whole minor units and a currency, as in 120000 EUR",
    ),
    AnswerKind.DATE: (_is_date, "a day, as in 2026-03-31"),
}
"""What an answer of each kind looks like, and how that is said."""
