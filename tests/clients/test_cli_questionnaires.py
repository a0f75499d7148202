"""Questionnaires on the command line: published from a file, shown, answered as a person writes; what is wrong is told by its field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acuerdo.cases.v1 import dossier_pb2 as dossier
from google.rpc.error_details_pb2 import ErrorInfo
from grpc import StatusCode

from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.test_cli_circumstances import asked
from tests.clients.test_cli_regions import CASE, NOW

ID = "019340c1-3a5e-7f0e-9d5b-0000000000dd"
PERSON = "019340c1-3a5e-7f0e-9d5b-0000000000ee"
SITUATION = """
name: situation
questions:
  - {key: works, text: "Do you work?", kind: yes_no}
  - {key: reason, text: "Why could you not pay?", kind: choice, choices: [UNEMPLOYMENT, ILLNESS], forbidden_in: [NO, ES-CT]}
  - key: income
    text: What do you earn in a month?
    kind: amount
  - {key: since, text: "Since when?", kind: date}
  - {key: other, text: "What else?", kind: text}
"""
QUESTIONS = [
    dossier.Question(key="works", text="Do you work?", kind=dossier.ANSWER_KIND_YES_NO),
    dossier.Question(
        key="reason",
        text="Why could you not pay?",
        kind=dossier.ANSWER_KIND_CHOICE,
        choices=["UNEMPLOYMENT", "ILLNESS"],
        forbidden_in=["NO", "ES-CT"],
    ),
    dossier.Question(key="income", text="What do you earn in a month?", kind=dossier.ANSWER_KIND_AMOUNT),
    dossier.Question(key="since", text="Since when?", kind=dossier.ANSWER_KIND_DATE),
    dossier.Question(key="other", text="What else?", kind=dossier.ANSWER_KIND_TEXT),
]
SHOWN = dossier.GetQuestionnaireResponse(questionnaire_id=ID, name="situation", number=3, questions=QUESTIONS)


def a_file(folder: Path, text: str, name: str = "asked.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


# Publishing ------------------------------------------------------------------------------------------------------------


def test_a_file_is_published_question_by_question(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    """`NO` is Norway in it, not a negation."""
    services.answers["PublishQuestionnaire"] = dossier.PublishQuestionnaireResponse(questionnaire_id=ID, number=3)
    ran = acuerdo("questionnaire", "publish", a_file(started, SITUATION))
    assert ran.exit_code == 0, ran.err
    assert asked(services, "PublishQuestionnaire") == dossier.PublishQuestionnaireRequest(name="situation", questions=QUESTIONS)
    assert f"{ID}: published, number 3." in ran.out
    assert "publicado con el número 3" in acuerdo("questionnaire", "publish", started / "asked.yaml", "--lang", "es").out


def test_a_json_file_without_a_name_is_called_like_the_file(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["PublishQuestionnaire"] = dossier.PublishQuestionnaireResponse(questionnaire_id=ID, number=1)
    file = a_file(started, json.dumps({"questions": [{"key": "works", "text": "Do you work?", "kind": "YES-NO"}]}), "short.json")
    assert acuerdo("questionnaire", "publish", file).exit_code == 0
    assert asked(services, "PublishQuestionnaire") == dossier.PublishQuestionnaireRequest(name="short", questions=QUESTIONS[:1])


def test_everything_that_is_wrong_with_a_file_is_told_at_once(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    file = a_file(
        started,
        "nombre: x\nquestions:\n- {key: works, text: Works, kind: perhaps}\n- {key: since, kind: date, choices: NOW}\n- often\n",
    )
    ran = acuerdo("questionnaire", "publish", file, "--json")
    assert ran.exit_code == 2
    assert [line.partition(":")[0].partition(" ")[0] for line in ran.failure["lines"]] == [
        *("nombre", "questions[0].kind", "questions[1].text", "questions[1].choices", "questions[2]"),
    ]
    assert services.asked == []


@pytest.mark.parametrize(
    "text", ["questions: [", "- a list", "questions: {a: b}", "questions: &q []\nname: *q", "name: a\nname: b\nquestions: []", "\xff\x00"]
)
def test_what_is_no_questionnaire_is_not_sent(text: str, started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    assert acuerdo("questionnaire", "publish", a_file(started, text)).exit_code == 2
    assert acuerdo("questionnaire", "publish", started / "nothing.yaml").exit_code == 2
    assert services.asked == []


def test_the_example_of_the_readme_can_be_published(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["PublishQuestionnaire"] = dossier.PublishQuestionnaireResponse(questionnaire_id=ID, number=1)
    readme = (Path(__file__).parents[2] / "data" / "README.md").read_text()
    example = readme.partition("acuerdo questionnaire publish FILE")[2].partition("```yaml\n")[2].partition("```")[0]
    assert acuerdo("questionnaire", "publish", a_file(started, example)).exit_code == 0
    published = asked(services, "PublishQuestionnaire")
    assert [(each.key, each.kind) for each in published.questions] == [
        ("works", dossier.ANSWER_KIND_YES_NO),
        ("reason", dossier.ANSWER_KIND_CHOICE),
    ]
    assert list(published.questions[1].forbidden_in) == ["ES-CT"]


def test_it_is_retired(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RetireQuestionnaire"] = dossier.RetireQuestionnaireResponse()
    assert "No longer asked." in acuerdo("questionnaire", "retire", ID, "REPLACED").out
    assert asked(services, "RetireQuestionnaire") == dossier.RetireQuestionnaireRequest(questionnaire_id=ID, reason_code="REPLACED")
    assert "Ya no se pregunta." in acuerdo("questionnaire", "retire", ID, "REPLACED", "--lang", "es").out


# Asking ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "words"), [("en", ("Do you work?", "yes or no", "amount")), ("es", ("sí o no", "importe", "fecha"))])
def test_its_questions_are_shown(lang: str, words: tuple[str, ...], started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetQuestionnaire"] = SHOWN
    ran = acuerdo("questionnaire", "show", ID, "--number", 3, "--lang", lang)
    assert services.requests("GetQuestionnaire") == [dossier.GetQuestionnaireRequest(questionnaire_id=ID, number=3)]
    for word in (*words, "situation", "UNEMPLOYMENT, ILLNESS", "ES-CT"):
        assert word in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_for_a_case_it_is_said_that_questions_may_be_left_out(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetQuestionnaire"] = dossier.GetQuestionnaireResponse(name="situation", questions=QUESTIONS[:1], is_retired=True)
    ran = acuerdo("questionnaire", "show", ID, "--case", CASE)
    assert services.requests("GetQuestionnaire")[0].case_id == CASE
    assert "the law of this case forbids" in ran.out
    assert "no longer asked" in ran.out


# Answering -------------------------------------------------------------------------------------------------------------


def test_answers_are_said_as_people_write_and_sent_as_they_are_stored(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetQuestionnaire"] = SHOWN
    services.answers["AnswerQuestionnaire"] = dossier.AnswerQuestionnaireResponse(fact_ids=[ID])
    words = ("works=No", "reason=illness", "income=1200.50 EUR", "since=2026-03-10", "other=a + b = c")
    also = ("--person", PERSON, "--interaction", ID, "--at", "2026-03-10T09:00:00Z")
    ran = acuerdo("questionnaire", "answer", CASE, ID, *words, *also)
    assert ran.exit_code == 0, ran.err
    assert services.requests("GetQuestionnaire") == [dossier.GetQuestionnaireRequest(questionnaire_id=ID, case_id=CASE)]
    stored = {"works": "NO", "reason": "ILLNESS", "income": "120050 EUR", "since": "2026-03-10", "other": "a + b = c"}
    assert asked(services, "AnswerQuestionnaire") == dossier.AnswerQuestionnaireRequest(
        case_id=CASE,
        questionnaire_id=ID,
        number=3,
        answers=[dossier.Answer(key=key, value=value) for key, value in stored.items()],
        person_id=PERSON,
        interaction_id=ID,
        occurred_at=NOW,
    )
    assert "5 answers to number 3" in ran.out
    assert "5 respuestas al número 3" in acuerdo("questionnaire", "answer", CASE, ID, *words, "--lang", "es").out


def test_an_amount_has_the_decimals_of_its_currency(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetQuestionnaire"] = SHOWN
    services.answers["AnswerQuestionnaire"] = dossier.AnswerQuestionnaireResponse()
    assert acuerdo("questionnaire", "answer", CASE, ID, "income=1200 CLP").exit_code == 0
    assert asked(services, "AnswerQuestionnaire").answers[0].value == "1200 CLP"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("works", "name=value"),
        ("works=", "name=value"),
        ("works=perhaps", "works is answered with yes or no"),
        ("reason=laziness", "reason is none of UNEMPLOYMENT, ILLNESS"),
        ("income=1200", "income is an amount with its currency"),
        ("income=12.345 EUR", "income is not an amount"),
        ("since=yesterday", "since is not a day"),
        ("religion=none", "religion is not asked of this case"),
    ],
)
def test_what_is_no_answer_is_told_by_its_question(answer: str, said: str, started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetQuestionnaire"] = SHOWN
    ran = acuerdo("questionnaire", "answer", CASE, ID, answer)
    assert (ran.exit_code, said in ran.err) == (2, True), ran.err
    assert services.requests("AnswerQuestionnaire") == []


def test_a_question_is_answered_once(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetQuestionnaire"] = SHOWN
    ran = acuerdo("questionnaire", "answer", CASE, ID, "works=yes", "works=no")
    assert (ran.exit_code, "works is answered twice" in ran.err) == (2, True)


def test_a_refusal_is_told_by_its_name(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    def retired(request: object) -> None:
        raise Refusing(StatusCode.FAILED_PRECONDITION, "It is no longer asked.", ErrorInfo(reason="QUESTIONNAIRE_IS_RETIRED"))

    services.answers["GetQuestionnaire"] = SHOWN
    services.answers["AnswerQuestionnaire"] = retired
    ran = acuerdo("questionnaire", "answer", CASE, ID, "works=yes")
    assert (ran.exit_code, "QUESTIONNAIRE_IS_RETIRED" in ran.err) == (1, True)
