"""The dossier on the command line: facts recorded and retracted, what is known on one screen, and who has read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import dossier_pb2 as dossier
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from google.rpc.error_details_pb2 import ErrorInfo
from grpc import StatusCode

from clients.cli.dossier_blocks import dossier_block, facts_block, questionnaire_block, readings_block
from clients.cli.dossier_words import DOSSIER_WORDS
from clients.cli.words import WORDS, Words
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices, Refusing
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_circumstances import asked
from tests.clients.test_cli_questionnaires import QUESTIONS
from tests.clients.test_cli_regions import CASE, DAY, NOW

ID, OTHER = "019340c1-3a5e-7f0e-9d5b-0000000000cc", "019340c1-3a5e-7f0e-9d5b-0000000000dd"
ANA, LUIS = "019340c1-3a5e-7f0e-9d5b-0000000000a1", "019340c1-3a5e-7f0e-9d5b-0000000000a2"


def a_fact(value: str, source: str, confidence: types.Confidence = types.CONFIDENCE_STATED, **other: Any) -> dossier.DossierFact:
    return dossier.DossierFact(fact_id=ID, value=value, source=source, confidence=confidence, occurred_at=NOW, **other)


OF_A_QUESTIONNAIRE = {"questionnaire_id": OTHER, "questionnaire_number": 3}
KNOWN = dossier.GetDossierResponse(
    as_known_at=NOW,
    entries=[
        dossier.DossierEntry(
            key="employment",
            person_id=ANA,
            counts=a_fact("works half days", "payslip", types.CONFIDENCE_DOCUMENTED, valid_through=DAY),
            contradictions=[a_fact("has no work", "debtor")],
            history=[a_fact("studies", "debtor", superseded_by=ID), a_fact("trains", "family", valid_through=DAY)],
        ),
        dossier.DossierEntry(key="income", person_id=ANA, counts=a_fact("120000 EUR", "debtor", **OF_A_QUESTIONNAIRE)),
        dossier.DossierEntry(key="note", person_id=ANA, counts=a_fact("120000 EUR", "debtor")),
    ],
)


# What is recorded ------------------------------------------------------------------------------------------------------


def test_a_fact_is_recorded_as_it_is_said(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RecordFact"] = cases.RecordFactResponse(fact_id=ID)
    words = ("dossier", "record", CASE, "employment", "works half days", "payslip")
    also = ("--confidence", "documented", "--person", ANA, "--instead-of", OTHER, "--through", "2026-03-10", "--interaction", ID)
    ran = acuerdo(*words, *also, "--at", "2026-03-10T09:00:00Z")
    assert ran.exit_code == 0, ran.err
    assert asked(services, "RecordFact") == cases.RecordFactRequest(
        case_id=CASE,
        key="employment",
        value="works half days",
        source="payslip",
        confidence=types.CONFIDENCE_DOCUMENTED,
        subject_id=ANA,
        supersedes_fact_id=OTHER,
        valid_through=DAY,
        interaction_id=ID,
        occurred_at=NOW,
    )
    assert f"Recorded as {ID}." in ran.out
    assert f"Registrado como {ID}." in acuerdo(*words, "--lang", "es").out
    assert services.requests("RecordFact")[1].confidence == types.CONFIDENCE_STATED


def test_a_fact_is_retracted(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RetractFact"] = cases.RetractFactResponse()
    assert "It no longer counts." in acuerdo("dossier", "retract", CASE, ID, "NOT_SO").out
    assert asked(services, "RetractFact") == cases.RetractFactRequest(case_id=CASE, fact_id=ID, reason_code="NOT_SO")
    assert "Ya no cuenta." in acuerdo("dossier", "retract", CASE, ID, "NOT_SO", "--lang", "es").out


def test_how_surely_is_one_of_three(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    ran = acuerdo("dossier", "record", CASE, "employment", "works", "debtor", "--confidence", "certain")
    assert (ran.exit_code, "--confidence is none of stated, documented, verified" in ran.err) == (2, True)
    assert services.asked == []


def test_a_refusal_is_told_by_its_name(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    def gone(request: object) -> None:
        raise Refusing(StatusCode.FAILED_PRECONDITION, "It was retracted.", ErrorInfo(reason="FACT_DOES_NOT_STAND"))

    services.answers["RetractFact"] = gone
    ran = acuerdo("dossier", "retract", CASE, ID, "NOT_SO")
    assert (ran.exit_code, "FACT_DOES_NOT_STAND" in ran.err) == (1, True)


# What is read ----------------------------------------------------------------------------------------------------------


def test_the_dossier_is_read_for_a_purpose_with_answers_in_money_as_money(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    """Only what a questionnaire asked as an amount: a note that looks like one stays what somebody wrote."""
    services.answers["GetDossier"] = KNOWN
    services.answers["GetQuestionnaire"] = dossier.GetQuestionnaireResponse(questionnaire_id=OTHER, number=3, questions=QUESTIONS)
    ran = acuerdo("dossier", "show", CASE, "CALL_PREPARATION", "--as-known-at", "2026-03-10T09:00:00Z", "--history")
    assert ran.exit_code == 0, ran.err
    wanted = dossier.GetDossierRequest(case_id=CASE, purpose="CALL_PREPARATION", as_known_at=NOW, with_history=True)
    assert asked(services, "GetDossier") == wanted
    assert services.requests("GetQuestionnaire") == [dossier.GetQuestionnaireRequest(questionnaire_id=OTHER, number=3)]
    income, note = (next(line for line in ran.out.splitlines() if line.startswith(key)) for key in ("income", "note"))
    assert "EUR 1,200.00" in income
    assert "120000 EUR" in note


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_each_thing_is_one_line_with_what_contradicts_it_below(words: Words) -> None:
    said = DOSSIER_WORDS[words.lang]
    text = written(dossier_block(KNOWN, {}, words))
    assert widest(text) <= 100
    lines = text.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("employment"))
    for part in ("works half days", "payslip", said.code("DOCUMENTED", ""), "2026-03-10", said.until.format(day="2026-03-10")):
        assert part in lines[first]
    assert ("≠" in lines[first + 1], "has no work" in lines[first + 1]) == (True, True)
    assert ("↺" in lines[first + 2], said.superseded in lines[first + 2]) == (True, True)
    assert ("trains" in lines[first + 3], said.over in lines[first + 3]) == (True, True)
    assert ANA not in text


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_what_is_known_of_several_people_is_shown_person_by_person(words: Words) -> None:
    said = DOSSIER_WORDS[words.lang]
    entries = [
        dossier.DossierEntry(key="employment", person_id=ANA, counts=a_fact("works", "debtor")),
        dossier.DossierEntry(key="employment", person_id=LUIS, history=[a_fact("", "debtor", is_erased=True, is_retracted=True)]),
        dossier.DossierEntry(key="note", person_id=ANA, counts=a_fact("calls back", "debtor")),
    ]
    text = written(dossier_block(dossier.GetDossierResponse(entries=entries), {}, words))
    assert text.index(ANA) < text.index("works") < text.index("calls back") < text.index(LUIS) < text.index(said.nothing_counts)
    assert said.erased in text
    assert said.retracted in text


def test_facts_are_listed_with_their_ids(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    fact = cases.FactInClear(fact_id=ID, key="employment", value="works", source="debtor", confidence=types.CONFIDENCE_VERIFIED)
    gone = cases.FactInClear(fact_id=OTHER, key="employment", is_erased=True, source="family", confidence=1, is_retracted=True)
    services.answers["ListFacts"] = cases.ListFactsResponse(facts=[fact, gone])
    words = ("dossier", "facts", CASE, "ACCESS_REQUEST", "--key", "employment", "--history")
    ran = acuerdo(*words)
    wanted = cases.ListFactsRequest(case_id=CASE, purpose="ACCESS_REQUEST", key="employment", with_history=True)
    assert asked(services, "ListFacts") == wanted
    for part in ("works", "verified", ID, "erased", "retracted"):
        assert part in ran.out
    assert "comprobado" in acuerdo(*words, "--lang", "es").out
    assert acuerdo(*words, "--json").json["facts"][0]["fact_id"] == ID


def test_who_has_read_it_is_asked_page_by_page(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    reading = dossier.Reading(occurred_at=NOW, reader="ana", purpose="CALL_PREPARATION", fields=["employment", "income"])
    services.answers["ListReadings"] = lambda request: dossier.ListReadingsResponse(
        readings=[reading], next_page_token="" if request.page_token else "more"
    )
    ran = acuerdo("dossier", "readings", CASE)
    assert [each.page_token for each in services.requests("ListReadings")] == ["", "more"]
    assert ran.out.count("CALL_PREPARATION") == 2
    for part in ("ana", "employment, income", "2026-03-10 09:00"):
        assert part in ran.out
    assert "por qué" in acuerdo("dossier", "readings", CASE, "--lang", "es").out


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_where_there_is_nothing_it_is_said(words: Words) -> None:
    said = DOSSIER_WORDS[words.lang]
    assert said.nothing_known in written(dossier_block(dossier.GetDossierResponse(), {}, words))
    assert said.nothing_known in written(facts_block([], words))
    assert said.nobody_read in written(readings_block([], words))
    assert said.retired in written(questionnaire_block(dossier.GetQuestionnaireResponse(is_retired=True), words))


@pytest.mark.parametrize(("enum", "prefix"), [(types.Confidence, "CONFIDENCE_"), (dossier.AnswerKind, "ANSWER_KIND_")])
def test_every_member_has_its_word_in_spanish(enum: Any, prefix: str) -> None:
    assert {name.removeprefix(prefix) for name, number in enum.items() if number} <= DOSSIER_WORDS["es"].codes.keys()
