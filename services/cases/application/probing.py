"""The verbs of questionnaires and of what is answered to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import probing, questionnaire
from services.cases.domain.case import Case
from services.cases.domain.probing import Probing
from services.cases.domain.questionnaire import Question, Questionnaire
from services.kernel.facts import Change


def publish_questionnaire(tenant_id: str, name: str, questions: Sequence[Question]) -> Change[Questionnaire]:
    decide = partial(questionnaire.publish, name=name, questions=tuple(questions))
    return Change(Questionnaire, questionnaire.stream_of(tenant_id, name), decide)


def retire_questionnaire(questionnaire_id: UUID, reason_code: str) -> Change[Questionnaire]:
    return Change(Questionnaire, questionnaire_id, partial(questionnaire.retire, reason_code=reason_code))


def answer_questionnaire(key: CaseKey, questionnaire_id: UUID, given: Probing) -> Change[Case]:
    return on_terms(key, partial(probing.answer, probing=given), (Questionnaire, questionnaire_id))
