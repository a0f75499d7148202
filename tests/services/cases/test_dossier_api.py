"""Asked over gRPC: a debtor is probed, the dossier shows what counts and what contradicts it, and auditors see who read it and why."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import grpc
from acuerdo.cases.v1 import dossier_pb2 as dossier
from acuerdo.cases.v1 import types_pb2 as types
from google.protobuf.timestamp_pb2 import Timestamp

from tests.services.cases.service import Caller, Running, on
from tests.services.cases.test_cases_api import ANA, a_case, refused
from tests.services.cases.test_disputes_api import a_disputed_case

REASON = dossier.Question(
    key="reason_for_default",
    text="Why could you not pay?",
    kind=dossier.ANSWER_KIND_CHOICE,
    choices=["UNEMPLOYMENT", "ILLNESS"],
    forbidden_in=["FR"],
)
RELIGION = dossier.Question(key="religion", text="?", kind=dossier.ANSWER_KIND_TEXT, forbidden_in=["ES"])


async def read(caller: Caller, case_id: str, **other: Any) -> dict[str, dossier.DossierEntry]:
    answer = await caller.GetDossier(case_id=case_id, purpose="CALL_PREPARATION", **other)
    return {entry.key: entry for entry in answer.entries}


async def test_a_debtor_is_probed_and_the_answers_are_facts(cases: Running) -> None:
    caller, agent = cases.as_(), cases.as_("agent", subject="luis")
    case_id = await a_case(caller)
    asked = {"name": "situation", "questions": [REASON, RELIGION]}
    published = await caller.PublishQuestionnaire(**asked, request_id="first")
    again = await caller.PublishQuestionnaire(name="situation", questions=[REASON])
    repeated = await caller.PublishQuestionnaire(**asked, request_id="first")
    assert (published.number, again.number, repeated.number) == (1, 2, 1)
    assert published.questionnaire_id == again.questionnaire_id
    shown = await agent.GetQuestionnaire(questionnaire_id=published.questionnaire_id, number=1, case_id=case_id)
    assert [question.key for question in shown.questions] == ["reason_for_default"]
    answers: dict[str, Any] = {"case_id": case_id, "questionnaire_id": published.questionnaire_id, "number": 1}
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "QUESTION_IS_FORBIDDEN"):
        await agent.AnswerQuestionnaire(**answers, answers=[dossier.Answer(key="religion", value="none")])
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID", "answers[0].value"):
        await agent.AnswerQuestionnaire(**answers, answers=[dossier.Answer(key="reason_for_default", value="LAZINESS")])
    given = await agent.AnswerQuestionnaire(**answers, answers=[dossier.Answer(key="reason_for_default", value="ILLNESS")])
    entry = (await read(agent, case_id))["reason_for_default"]
    assert (entry.counts.fact_id, entry.counts.value, entry.person_id) == (given.fact_ids[0], "ILLNESS", ANA)
    assert (entry.counts.questionnaire_id, entry.counts.questionnaire_number) == (published.questionnaire_id, 1)
    assert b"ILLNESS" not in b"".join(
        record.event for record in await cases.log.read(0, 10_000) if record.type_name.endswith("FactRecorded")
    )
    await caller.RetireQuestionnaire(questionnaire_id=published.questionnaire_id, reason_code="REPLACED")
    assert (await agent.GetQuestionnaire(questionnaire_id=published.questionnaire_id)).is_retired
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "QUESTIONNAIRE_IS_RETIRED"):
        await agent.AnswerQuestionnaire(**answers, answers=[dossier.Answer(key="reason_for_default", value="ILLNESS")])
    with refused(grpc.StatusCode.NOT_FOUND, "QUESTIONNAIRE_IS_UNKNOWN"):
        await agent.GetQuestionnaire(questionnaire_id=case_id)


async def test_what_contradicts_is_shown_and_a_solvency_report_grows_old(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    stated: dict[str, Any] = {"case_id": case_id, "key": "employment"}
    await caller.RecordFact(**stated, value="employed", source="debtor", confidence=types.CONFIDENCE_STATED)
    proved = await caller.RecordFact(**stated, value="unemployed", source="payslip", confidence=types.CONFIDENCE_DOCUMENTED)
    await caller.RecordFact(**stated, value="unemployed", source="neighbour", confidence=types.CONFIDENCE_STATED)
    report = {"key": "solvency.report", "value": "score 12", "source": "external_bureau", "valid_through": on(date(2026, 1, 20))}
    await caller.RecordFact(case_id=case_id, **report, confidence=types.CONFIDENCE_VERIFIED)
    known_then = Timestamp()
    known_then.FromDatetime(datetime(2026, 1, 15, 12, 0, 30, tzinfo=UTC))
    found = await read(caller, case_id)
    assert (found["employment"].counts.fact_id, [each.value for each in found["employment"].contradictions]) == (
        proved.fact_id,
        ["employed"],
    )
    assert (found["solvency.report"].counts.value, found["solvency.report"].counts.source) == ("score 12", "external_bureau")
    await cases.clock.advance(datetime(2026, 1, 21, 12, tzinfo=UTC))
    await caller.RetractFact(case_id=case_id, fact_id=proved.fact_id, reason_code="FORGED")
    found = await read(caller, case_id)
    assert "solvency.report" not in found
    # Both are stated: the newer one counts.
    assert (found["employment"].counts.value, found["employment"].counts.source) == ("unemployed", "neighbour")
    found = await read(caller, case_id, with_history=True)
    assert ([each.is_retracted for each in found["employment"].history], len(found["solvency.report"].history)) == ([True], 1)
    found = await read(caller, case_id, as_known_at=known_then)
    assert (found["employment"].counts.fact_id, found["solvency.report"].counts.value) == (proved.fact_id, "score 12")


async def test_what_was_said_in_a_dispute_is_read_in_the_dossier(cases: Running) -> None:
    caller = cases.as_()
    case_id, _, disputed = await a_disputed_case(caller)
    await caller.FileComplaint(case_id=case_id, category="RUDENESS", statement="she shouted")
    opened = await caller.OpenClientQuery(case_id=case_id, subject="ALREADY_PAID", question="in cash?")
    await caller.AnswerClientQuery(case_id=case_id, query_id=opened.query_id, answer_code="CONFIRMED", answer="yes, in the branch")
    found = await read(caller, case_id)
    assert {key: (entry.counts.value, entry.counts.source) for key, entry in found.items()} == {
        "dispute.statement": ("I sent it back", "debtor"),
        "complaint.statement": ("she shouted", "debtor"),
        "query.question": ("in cash?", "us"),
        "query.answer": ("yes, in the branch", "creditor"),
    }
    assert found["dispute.statement"].counts.fact_id == disputed.dispute_id


async def test_every_reading_is_recorded_with_its_purpose_and_seen_by_auditors(cases: Running) -> None:
    caller, auditor = cases.as_(), cases.as_("auditor", subject="eva")
    case_id = await a_case(caller)
    await caller.RecordFact(case_id=case_id, key="employment", value="none", source="debtor", confidence=types.CONFIDENCE_STATED)
    await read(cases.as_("agent", subject="luis"), case_id)
    await read(caller, case_id, request_id="same")
    await read(caller, case_id, request_id="same")
    await caller.ListCircumstances(case_id=case_id, purpose="REVIEW")
    first = await auditor.ListReadings(case_id=case_id, page_size=2)
    rest = await auditor.ListReadings(case_id=case_id, page_size=2, page_token=first.next_page_token)
    assert [(each.reader, each.purpose, list(each.fields)) for each in (*first.readings, *rest.readings)] == [
        ("luis", "CALL_PREPARATION", ["employment"]),
        ("ana", "CALL_PREPARATION", ["employment"]),
        ("ana", "REVIEW", []),
    ]
    assert (rest.next_page_token, (await caller.GetCase(case_id=case_id)).case.etag) == ("", "5")
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_IS_MISSING"):
        await caller.ListReadings(case_id=case_id)
