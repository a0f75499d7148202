"""Questionnaires: what is asked of a debtor, in numbered publications, and where the law forbids a question."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from services.kernel.facts import Fact, Stream

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
    def __init__(self) -> None:
        self.name = ""
        self.publications: dict[int, tuple[Question, ...]] = {}
        self.is_retired = False
