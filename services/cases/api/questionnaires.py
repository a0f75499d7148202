"""Asked: questionnaires, in numbered publications, and what is answered to them. Answers are checked in clear, then sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from acuerdo.cases.v1 import dossier_pb2 as pb

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.api.dossiers import sealed_field
from services.cases.application import probing
from services.cases.domain.case import Case
from services.cases.domain.probing import Answer, Probing, check_offered
from services.cases.domain.questionnaire import AnswerKind, Question, Questionnaire, QuestionnaireIsUnknown, check_answer, published
from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.chassis.seal.subjects import Subject
from services.kernel import ids


class Questionnaires(Desk):
    async def PublishQuestionnaire(self, request: pb.PublishQuestionnaireRequest, context: Context) -> pb.PublishQuestionnaireResponse:
        who = words.caller(context)
        change = probing.publish_questionnaire(who.tenant_id, request.name, [_question(each) for each in request.questions])
        stored = await self._log.run(self._asked_by(context, request), change)
        questionnaire = await self._log.fold(Questionnaire, change.id, who.tenant_id, stored.recorded_at)
        return pb.PublishQuestionnaireResponse(receipt=words.receipt(stored), questionnaire_id=str(change.id), number=questionnaire.number)

    async def RetireQuestionnaire(self, request: pb.RetireQuestionnaireRequest, context: Context) -> pb.RetireQuestionnaireResponse:
        questionnaire = await self._questionnaire(words.caller(context), request.questionnaire_id)
        change = probing.retire_questionnaire(questionnaire.id, request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RetireQuestionnaireResponse(receipt=words.receipt(stored))

    async def GetQuestionnaire(self, request: pb.GetQuestionnaireRequest, context: Context) -> pb.GetQuestionnaireResponse:
        who = words.caller(context)
        questionnaire = await self._questionnaire(who, request.questionnaire_id)
        questions = published(questionnaire, request.number)
        if request.case_id:
            jurisdiction = (await self._case(who, request.case_id)).jurisdiction
            questions = tuple(question for question in questions if not question.is_forbidden_in(jurisdiction))
        return pb.GetQuestionnaireResponse(
            questionnaire_id=str(questionnaire.id),
            name=questionnaire.name,
            number=request.number or questionnaire.number,
            questions=[_wire_question(question) for question in questions],
            is_retired=questionnaire.is_retired,
            etag=str(questionnaire.version),
        )

    async def AnswerQuestionnaire(self, request: pb.AnswerQuestionnaireRequest, context: Context) -> pb.AnswerQuestionnaireResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        questionnaire = await self._questionnaire(who, request.questionnaire_id)
        _check(case, published(questionnaire, request.number), request.answers)
        origin = self._asked_by(context, request)
        person_id = self._person(case, request.person_id)
        given = Probing(
            number=request.number,
            answers=tuple(await asyncio.gather(*(self._sealed_answer(who, case, person_id, origin.id, each) for each in request.answers))),
            person_id=person_id,
            interaction_id=words.uuid_or_none(request.interaction_id, "interaction_id"),
        )
        stored = await self._log.run(origin, probing.answer_questionnaire(self._key_of(case), questionnaire.id, given))
        return pb.AnswerQuestionnaireResponse(receipt=words.receipt(stored), fact_ids=[str(answer.fact_id) for answer in given.answers])

    async def _sealed_answer(self, who: Principal, case: Case, person_id: UUID, command_id: UUID, given: pb.Answer) -> Answer:
        fact_id = ids.derived(command_id, "answer", given.key)
        value = await self._seals.seal(Subject(who.tenant_id, person_id), case.id, sealed_field(fact_id), given.value)
        return Answer(given.key, fact_id, value)

    async def _questionnaire(self, who: Principal, questionnaire_id: str) -> Questionnaire:
        stream_id = words.uuid(questionnaire_id, "questionnaire_id")
        # The id may be of something else: what begins otherwise is no questionnaire.
        records = await self._log.read_stream(stream_id, who.tenant_id)
        if not records or not records[0].type_name.endswith(".QuestionnairePublished"):
            raise QuestionnaireIsUnknown
        return await self._log.load(Questionnaire, stream_id, who.tenant_id)


def _check(case: Case, asked: Sequence[Question], answers: Sequence[pb.Answer]) -> None:
    """By the domain's rules, while the answers are in clear."""
    check_offered(case, asked, [each.key for each in answers])
    by_key = {question.key: question for question in asked}
    for place, each in enumerate(answers):
        check_answer(by_key[each.key], each.value, f"answers[{place}].value")


def _question(of: pb.Question) -> Question:
    return Question(of.key, of.text, wire.member(AnswerKind, pb.AnswerKind, of.kind), tuple(of.choices), tuple(of.forbidden_in))


def _wire_question(of: Question) -> pb.Question:
    return pb.Question(
        key=of.key, text=of.text, kind=wire.wire_value(of.kind, pb.AnswerKind), choices=of.choices, forbidden_in=of.forbidden_in
    )
