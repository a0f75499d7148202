"""Outcomes and their codes, reported contacts, permits and case files on the command line: the whole request, and two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as types
from google.protobuf.message import Message
from google.type.date_pb2 import Date

from clients.cli.interaction_blocks import case_file_block, codes_block, interaction_block, permit_block
from clients.cli.permit_words import PERMIT_WORDS
from clients.cli.words import WORDS, Words
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written
from tests.clients.test_cli_workforce import refusing, without_id

CASE, PERSON, OTHER = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000aa", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
AT, NOW, DAY = "2026-03-10T09:00:00Z", stamp(datetime(2026, 3, 10, 9, tzinfo=UTC)), Date(year=2026, month=3, day=10)
CONTACT = messages.Interaction(
    interaction_id=OTHER,
    case_id=CASE,
    person_id=PERSON,
    channel=types.CHANNEL_CALL,
    direction=types.DIRECTION_OUT,
    state=messages.INTERACTION_STATE_RECORDED,
    started_at=NOW,
    code="RIGHT_PARTY",
    flags=[messages.OUTCOME_FLAG_HUMAN],
    duration_seconds=61,
    reported_by="agency-1",
    rendered_hash=b"\x01" * 32,
    permit_id=PERSON,
    is_breach=True,
)
FILE = people.GetCaseFileResponse(
    case_id=CASE,
    external_ref="R" * 40,
    jurisdiction="ES",
    zone="Europe/Madrid",
    calendar="ES-MD",
    parties=[people.FileParty(person_id=OTHER, living_person_id=PERSON, role="DEBTOR")],
    holds=[
        people.FileHold(hold_id=OTHER, kind="DISPUTE", is_heeded=True, ended_on=DAY, **{"from": DAY}),
        people.FileHold(hold_id=OTHER, kind="STATUTORY_BREATHING_SPACE", **{"from": DAY}),
    ],
    is_stopped=True,
)
CODES = [messages.OutcomeCode(code="PTP_WEB", outcome=messages.OUTCOME_PROMISE, flags=[messages.OUTCOME_FLAG_PROMISE], label="Web")]

SAID: list[tuple[tuple[str, ...], str, Message, Message, str, str]] = [
    (
        ("interaction", "codes", "map", "ptp-web", "promise", "--flag", "right-party", "--label", "Web"),
        "MapOutcomeCode",
        messages.MapOutcomeCodeResponse(),
        messages.MapOutcomeCodeRequest(
            code="PTP_WEB", outcome=messages.OUTCOME_PROMISE, flags=[messages.OUTCOME_FLAG_RIGHT_PARTY], label="Web"
        ),
        "from now on: PTP_WEB",
        "desde ahora: PTP_WEB",
    ),
    (
        ("interaction", "codes", "withdraw", "ptp-web"),
        "WithdrawOutcomeCode",
        messages.WithdrawOutcomeCodeResponse(),
        messages.WithdrawOutcomeCodeRequest(code="PTP_WEB"),
        "Refused from now on: PTP_WEB",
        "Ya no se admite: PTP_WEB",
    ),
    (
        ("interaction", "outcome", OTHER, "right-party", "--flag", "human", "--seconds", "61", "--notes", "calls back", "--at", AT),
        "RecordOutcome",
        messages.RecordOutcomeResponse(),
        messages.RecordOutcomeRequest(
            interaction_id=OTHER,
            code="RIGHT_PARTY",
            flags=[messages.OUTCOME_FLAG_HUMAN],
            duration_seconds=61,
            notes="calls back",
            occurred_at=NOW,
        ),
        f"Recorded: {OTHER}",
        f"Registrado: {OTHER}",
    ),
    (
        (
            *(
                "permit",
                "report",
                PERSON,
                "R-1",
                "call",
                "--at",
                AT,
                "--until",
                AT,
                "--direction",
                "in",
                "--permit",
                OTHER,
                "--attempt",
                OTHER,
            ),
            *("--point", OTHER, "--conversation", "--direct", "--flag", "TRANSFER_NOTICE_SENT", "--campaign", "c", "--reported-by", "me"),
        ),
        "ReportAttempt",
        permits.ReportAttemptResponse(attempt_id=OTHER),
        permits.ReportAttemptRequest(
            attempt=permits.AttemptReport(
                person_id=PERSON,
                case_id=CASE,
                channel=types.CHANNEL_CALL,
                direction=types.DIRECTION_IN,
                at=NOW,
                ended_at=NOW,
                permit_id=OTHER,
                attempt_id=OTHER,
                point_id=OTHER,
                is_conversation=True,
                is_direct=True,
                flags=["TRANSFER_NOTICE_SENT"],
                campaign="c",
                reported_by="me",
            )
        ),
        f"Recorded: {OTHER}",
        f"Registrado: {OTHER}",
    ),
    (
        ("permit", "report", PERSON, CASE, "call", "--at", AT, "--not-connected"),
        "ReportAttempt",
        permits.ReportAttemptResponse(attempt_id=OTHER, is_breach=True),
        permits.ReportAttemptRequest(
            attempt=permits.AttemptReport(
                person_id=PERSON, case_id=CASE, channel=types.CHANNEL_CALL, direction=types.DIRECTION_OUT, at=NOW, is_not_connected=True
            )
        ),
        "recorded as a breach",
        "consta como infracción",
    ),
]


@pytest.mark.parametrize(("said", "method", "answer", "expected", "english", "spanish"), SAID, ids=lambda value: str(value)[:40])
def test_what_is_said_is_what_is_asked(
    said: tuple[str, ...],
    method: str,
    answer: Message,
    expected: Message,
    english: str,
    spanish: str,
    started: Path,
    services: FakeServices,
    acuerdo: Acuerdo,
) -> None:
    services.answers["ListCases"] = cases.ListCasesResponse(cases=[cases.CaseSummary(case_id=CASE)])
    services.answers[method] = answer
    ran = acuerdo(*said)
    assert ran.exit_code == 0, ran.err
    assert english in " ".join(ran.out.split())
    assert spanish in " ".join(acuerdo(*said, "--lang", "es").out.split())
    assert [without_id(each) for each in services.requests(method)] == [expected, expected]
    services.answers[method] = refusing("IT_IS_FORBIDDEN")
    refused = acuerdo(*said)
    assert (refused.exit_code, "IT_IS_FORBIDDEN" in refused.err) == (1, True)


@pytest.mark.parametrize(
    "said",
    [
        ("interaction", "codes", "map", "X", "happiness"),
        ("interaction", "codes", "map", "X", "promise", "--flag", "happy"),
        ("interaction", "outcome", OTHER, "PROMISE", "--seconds", "-1"),
        ("interaction", "outcome", OTHER, "PROMISE", "--flag", "happy"),
        ("permit", "report", PERSON, CASE, "call"),
        ("permit", "report", PERSON, CASE, "pigeon", "--at", AT),
        ("permit", "report", PERSON, CASE, "call", "--at", "noon"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_command(started: Path, services: FakeServices, acuerdo: Acuerdo, said: tuple[str, ...]) -> None:
    assert acuerdo(*said).exit_code == 2
    assert services.asked == []


def test_what_is_asked_for_is_shown(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers |= {
        "GetInteraction": messages.GetInteractionResponse(interaction=CONTACT),
        "ListOutcomeCodes": messages.ListOutcomeCodesResponse(codes=CODES),
        "GetPermit": permits.GetPermitResponse(permit=permits.ContactPermit(permit_id=OTHER, state=permits.ContactPermit.STATE_REVOKED)),
        "GetCaseFile": FILE,
    }
    shown = acuerdo("interaction", "show", OTHER, "--lang", "es").out
    for said in ("llamada saliente", "persona correcta", CASE, PERSON, "61", "agency-1", "01" * 32, "consta como infracción"):
        assert said in shown
    assert services.requests("GetInteraction")[0].interaction_id == OTHER
    codes = acuerdo("interaction", "codes", "list").out
    assert all(said in codes for said in ("PTP_WEB", "Web", "promise"))
    assert "revoked" in acuerdo("permit", "show", PERSON, OTHER).out
    assert services.requests("GetPermit") == [permits.GetPermitRequest(person_id=PERSON, permit_id=OTHER)]
    file = acuerdo("person", "case-file", CASE).out
    for said in ("nobody is contacted", PERSON, "was also", "dispute", "not heeded yet", "Europe/Madrid"):
        assert said in file
    assert services.requests("GetCaseFile")[0].case_id == CASE


def test_every_state_of_a_permit_has_its_words() -> None:
    names = {name.removeprefix("STATE_") for name, _ in permits.ContactPermit.State.items()}
    assert all(words.states.keys() == names for words in PERMIT_WORDS.values())


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_blocks_fit(words: Words) -> None:
    permit = permits.ContactPermit(
        permit_id=OTHER,
        state=permits.ContactPermit.STATE_OPEN,
        case_id=CASE,
        channel=types.CHANNEL_MESSAGING_APP,
        granted_at=NOW,
        expires_at=NOW,
        obligations=["INCLUDE_OPT_OUT", "SAY_WHO_CALLS"],
    )
    for block in (interaction_block(CONTACT, words), codes_block(CODES, words), permit_block(permit, words), case_file_block(FILE, words)):
        assert widest(written(block)) <= 100
    assert "INCLUDE_OPT_OUT" in written(permit_block(permit, words))
