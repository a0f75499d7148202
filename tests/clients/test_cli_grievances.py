"""Disputes, complaints, queries, circumstances and agents on the command line: what is asked of the services, and what a person reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import complaints_pb2 as complaints
from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1 import workforce_pb2 as work
from google.protobuf.message import Message

from clients.cli.grievance_blocks import agents_block, circumstances_block, complaints_block, disputes_block, queries_block
from clients.cli.grievance_words import GRIEVANCE_WORDS
from clients.cli.words import WORDS, Words
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_questions import eur
from tests.clients.test_cli_regions import CASE, DAY, DEBT, a_case

ID = "019340c1-3a5e-7f0e-9d5b-0000000000cc"
PART = types.ComponentAmount(component=types.COMPONENT_FEES, amount=eur(40_000))
A_DISPUTE = disputes.Dispute(
    dispute_id=ID,
    debt_id=DEBT,
    state=disputes.DISPUTE_STATE_RESOLVED,
    disputed=[PART, PART],
    reason_code="NOT_MINE",
    answer_due=DAY,
    is_overdue=True,
    resolution=disputes.DISPUTE_RESOLUTION_PARTLY_UPHELD,
    upheld=[PART],
)
A_COMPLAINT = complaints.Complaint(complaint_id=ID, category="CALLED_TOO_OFTEN", filed_on=DAY, answer_due=DAY, redress=eur(5_000))
A_QUERY = complaints.ClientQuery(
    query_id=ID, subject="ALREADY_PAID", opened_on=DAY, due=DAY, state=complaints.ClientQuery.STATE_ANSWERED, answer_code="DENIED"
)
A_FLAG = circumstances.Vulnerability(
    flag_id=ID, needs=[circumstances.NEED_NO_CALLS, circumstances.NEED_INTERPRETER], review_on=DAY, is_review_due=True, is_withheld=True
)
A_HARDSHIP = circumstances.Hardship(
    hardship_id=ID, state=circumstances.Hardship.STATE_ACCEPTED, declaration="lost the job", measures=[circumstances.HARDSHIP_MEASURE_PAUSE]
)
SPECIAL = circumstances.SpecialCircumstance(
    circumstance_id=ID, kind=circumstances.CIRCUMSTANCE_KIND_DECEASED, status=circumstances.CIRCUMSTANCE_STATUS_CLAIMED
)
AN_AGENT = work.Agent(
    agent_id=ID,
    subject="ana",
    kind=work.AGENT_KIND_HUMAN,
    languages=["es", "en"],
    skills=[work.Skill(skill="DEBT_ADVICE", expires_on=DAY, is_expired=True)],
    is_active=True,
)


# What is asked ---------------------------------------------------------------------------------------------------------


def test_a_part_of_a_debt_is_disputed_as_it_is_said(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = a_case((DEBT, "card"))
    services.answers["DisputeDebt"] = disputes.DisputeDebtResponse(dispute_id=ID)
    ran = acuerdo(
        *("disputes", "open", CASE, "400.00", "NOT_MINE", "--debt", "card", "--component", "fees"),
        *("--statement", "never bought it", "--evidence", "letter-7", "--answer-by", "2026-03-10"),
    )
    assert ran.exit_code == 0, ran.err
    (asked,) = services.requests("DisputeDebt")
    assert (asked.case_id, asked.debt_id, list(asked.components)) == (CASE, DEBT, [PART])
    assert (asked.reason_code, asked.statement) == ("NOT_MINE", "never bought it")
    assert (list(asked.evidence_refs), asked.answer_due) == (["letter-7"], DAY)
    assert ID in ran.out


def test_what_is_partly_upheld_is_in_the_currency_of_its_dispute(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListDisputes"] = disputes.ListDisputesResponse(disputes=[A_DISPUTE])
    services.answers["ResolveDispute"] = disputes.ResolveDisputeResponse()
    assert acuerdo("disputes", "resolve", CASE, ID, "partly-upheld", "AGREED", "--amount", "400.00", "--component", "fees").exit_code == 0
    (asked,) = services.requests("ResolveDispute")
    assert (asked.resolution, list(asked.upheld)) == (disputes.DISPUTE_RESOLUTION_PARTLY_UPHELD, [PART])
    ran = acuerdo("disputes", "resolve", CASE, DEBT, "partly-upheld", "AGREED", "--amount", "1.00")
    assert (ran.exit_code, "DISPUTE_IS_UNKNOWN" in ran.err) == (3, True)


def test_redress_is_in_the_currency_of_the_case(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetCase"] = a_case()
    services.answers["ResolveComplaint"] = complaints.ResolveComplaintResponse()
    assert acuerdo("complaints", "resolve", CASE, ID, "upheld", "WE_CALLED_TWICE", "--redress", "50.00").exit_code == 0
    (asked,) = services.requests("ResolveComplaint")
    assert (asked.outcome, asked.redress) == (complaints.COMPLAINT_OUTCOME_UPHELD, eur(5_000))


SAID: list[tuple[tuple[str, ...], str, Message, dict[str, Any]]] = [
    (
        ("disputes", "ask-for", CASE, ID, "CREDITOR", "CONTRACT_COPY"),
        "RequestDisputeInformation",
        disputes.RequestDisputeInformationResponse(),
        {"asked_of": "CREDITOR", "subject": "CONTRACT_COPY"},
    ),
    (
        ("disputes", "received", CASE, ID, "letter-7"),
        "RecordDisputeInformation",
        disputes.RecordDisputeInformationResponse(),
        {"evidence_refs": ["letter-7"]},
    ),
    (("disputes", "review", CASE, ID), "ReviewDispute", disputes.ReviewDisputeResponse(), {"dispute_id": ID}),
    (("disputes", "appeal", CASE, ID, "NEW_EVIDENCE"), "AppealDispute", disputes.AppealDisputeResponse(), {"reason_code": "NEW_EVIDENCE"}),
    (
        ("disputes", "withdraw", CASE, ID, "PAID"),
        "WithdrawDispute",
        disputes.WithdrawDisputeResponse(),
        {"dispute_id": ID, "reason_code": "PAID"},
    ),
    (("disputes", "close", CASE, ID), "CloseDispute", disputes.CloseDisputeResponse(), {"dispute_id": ID}),
    (
        ("complaints", "file", CASE, "RUDE", "was shouted at", "--hold"),
        "FileComplaint",
        complaints.FileComplaintResponse(complaint_id=ID),
        {"category": "RUDE", "statement": "was shouted at", "with_hold": True},
    ),
    (
        ("queries", "ask", CASE, "ALREADY_PAID", "--due", "2026-03-10"),
        "OpenClientQuery",
        complaints.OpenClientQueryResponse(query_id=ID),
        {"subject": "ALREADY_PAID", "due": DAY},
    ),
    (
        ("queries", "answer", CASE, ID, "DENIED"),
        "AnswerClientQuery",
        complaints.AnswerClientQueryResponse(),
        {"query_id": ID, "answer_code": "DENIED"},
    ),
    (("queries", "cancel", CASE, ID, "KNOWN_BY_NOW"), "CancelClientQuery", complaints.CancelClientQueryResponse(), {"query_id": ID}),
    (
        ("circumstances", "flag", CASE, "health", "high", "2026-03-10", "debtor", "--need", "no-calls"),
        "FlagVulnerability",
        circumstances.FlagVulnerabilityResponse(flag_id=ID),
        {"category": 1, "severity": 3, "review_on": DAY, "needs": [1], "visibility": 2},
    ),
    (("circumstances", "clear", CASE, ID, "RECOVERED"), "ClearVulnerability", circumstances.ClearVulnerabilityResponse(), {"flag_id": ID}),
    (
        ("circumstances", "hardship", CASE, "lost the job", "debtor"),
        "DeclareHardship",
        circumstances.DeclareHardshipResponse(hardship_id=ID),
        {"declaration": "lost the job"},
    ),
    (
        ("circumstances", "accept", CASE, ID, "pause", "--review", "2026-03-10"),
        "AcceptHardship",
        circumstances.AcceptHardshipResponse(),
        {"measures": [1], "review_on": DAY},
    ),
    (("circumstances", "reject", CASE, ID, "NOT_SO"), "RejectHardship", circumstances.RejectHardshipResponse(), {"hardship_id": ID}),
    (
        ("circumstances", "special", CASE, "deceased", "claimed", "family"),
        "RecordSpecialCircumstance",
        circumstances.RecordSpecialCircumstanceResponse(circumstance_id=ID),
        {"kind": 1, "status": 1, "visibility": 1},
    ),
    (("agents", "team", "north", "North"), "FormTeam", work.FormTeamResponse(team_id=ID), {"external_ref": "north", "name": "North"}),
    (("agents", "join", ID, DEBT), "JoinTeam", work.JoinTeamResponse(), {"agent_id": ID, "team_id": DEBT}),
    (("agents", "leave", ID, DEBT), "LeaveTeam", work.LeaveTeamResponse(), {"agent_id": ID, "team_id": DEBT}),
    (
        ("agents", "grant", ID, "DEBT_ADVICE", "--expires", "2026-03-10"),
        "GrantSkill",
        work.GrantSkillResponse(),
        {"skill": "DEBT_ADVICE", "expires_on": DAY},
    ),
    (
        ("agents", "revoke", ID, "DEBT_ADVICE", "LEFT"),
        "RevokeSkill",
        work.RevokeSkillResponse(),
        {"skill": "DEBT_ADVICE", "reason_code": "LEFT"},
    ),
]


@pytest.mark.parametrize(("words", "method", "answer", "fields"), SAID, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_said_is_what_is_asked(
    words: tuple[str, ...], method: str, answer: Message, fields: dict[str, Any], started: Path, services: FakeServices, acuerdo: Acuerdo
) -> None:
    services.answers[method] = answer
    ran = acuerdo(*words)
    assert ran.exit_code == 0, ran.err
    (asked,) = services.requests(method)
    for name, value in fields.items():
        said = getattr(asked, name)
        assert (list(said) if isinstance(value, list) else said) == value
    assert asked.request_id
    assert getattr(asked, "case_id", CASE) == CASE


# What is read ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_every_block_fits_and_says_what_counts(words: Words) -> None:
    said = GRIEVANCE_WORDS[words.lang]
    everything = circumstances.ListCircumstancesResponse(vulnerabilities=[A_FLAG], hardships=[A_HARDSHIP], special=[SPECIAL])
    blocks = {
        disputes_block(disputes.ListDisputesResponse(disputes=[A_DISPUTE]), words): (said.overdue, said.upheld, "800", "400"),
        complaints_block(complaints.ListComplaintsResponse(complaints=[A_COMPLAINT]), words): (said.redress, "2026-03-10"),
        queries_block(complaints.ListClientQueriesResponse(queries=[A_QUERY]), words): ("denied", "already paid"),
        circumstances_block(everything, words): (said.review_is_due, said.withheld, "lost the job"),
        agents_block([AN_AGENT], words): ("ana", said.expired, "es, en"),
    }
    for block, shown in blocks.items():
        text = written(block)
        assert widest(text) <= 100
        assert ID[:8] in text
        for part in shown:
            assert part.split()[0] in text, (part, text)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_where_there_is_nothing_it_is_said(words: Words) -> None:
    said = GRIEVANCE_WORDS[words.lang]
    assert said.no_disputes in written(disputes_block(disputes.ListDisputesResponse(), words))
    assert said.no_complaints in written(complaints_block(complaints.ListComplaintsResponse(), words))
    assert said.no_queries in written(queries_block(complaints.ListClientQueriesResponse(), words))
    assert said.no_circumstances in written(circumstances_block(circumstances.ListCircumstancesResponse(), words))
    assert said.no_agents in written(agents_block([], words))


def test_lists_are_asked_for_a_case_and_agents_page_by_page(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ListDisputes"] = disputes.ListDisputesResponse(disputes=[A_DISPUTE])
    services.answers["ListComplaints"] = complaints.ListComplaintsResponse(complaints=[A_COMPLAINT])
    services.answers["ListClientQueries"] = complaints.ListClientQueriesResponse(queries=[A_QUERY])
    services.answers["ListCircumstances"] = circumstances.ListCircumstancesResponse(vulnerabilities=[A_FLAG])
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])
    for words in (("disputes", "list", "REF-1"), ("complaints", "list", "REF-1"), ("queries", "list", "REF-1")):
        assert ID[:8] in acuerdo(*words).out
    assert acuerdo("circumstances", "list", "REF-1", "CALL_PREPARATION").exit_code == 0
    assert services.requests("ListCircumstances")[0].purpose == "CALL_PREPARATION"
    services.answers["ListAgents"] = lambda asked: work.ListAgentsResponse(
        agents=[AN_AGENT], next_page_token="" if asked.page_token else "more"
    )
    assert acuerdo("agents", "list", "--skill", "DEBT_ADVICE").out.count("ana") == 2


@pytest.mark.parametrize(
    ("enum", "prefix"),
    [
        (disputes.DisputeState, "DISPUTE_STATE_"),
        (disputes.DisputeResolution, "DISPUTE_RESOLUTION_"),
        (complaints.ComplaintOutcome, "COMPLAINT_OUTCOME_"),
        (complaints.ClientQuery.State, "STATE_"),
        (circumstances.Need, "NEED_"),
        (circumstances.HardshipMeasure, "HARDSHIP_MEASURE_"),
        (circumstances.CircumstanceKind, "CIRCUMSTANCE_KIND_"),
        (circumstances.CircumstanceStatus, "CIRCUMSTANCE_STATUS_"),
        (circumstances.VulnerabilityCategory, "VULNERABILITY_CATEGORY_"),
        (circumstances.Hardship.State, "STATE_"),
        (work.AgentKind, "AGENT_KIND_"),
    ],
)
def test_every_member_has_its_word_in_spanish(enum: Any, prefix: str) -> None:
    assert {name.removeprefix(prefix) for name, number in enum.items() if number} <= GRIEVANCE_WORDS["es"].codes.keys()
