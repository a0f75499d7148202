"""Messages and contacts on the command line: what is asked of contacts, and what a person reads in two languages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import types_pb2 as types

from clients.cli.message_blocks import interactions_block, template_block
from clients.cli.words import WORDS, Words
from tests.clients.conftest import Acuerdo
from tests.clients.fake_services import FakeServices
from tests.clients.histories import STREAM, stamp
from tests.clients.test_cli_blocks import widest, written

CASE, PERSON, INTERACTION = str(STREAM), "019340c1-3a5e-7f0e-9d5b-0000000000aa", "019340c1-3a5e-7f0e-9d5b-0000000000bb"
NOW = stamp(datetime(2026, 3, 10, 9, tzinfo=UTC))


def test_a_draft_is_read_from_a_file_and_asked_once_for_the_same_text(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["DraftTemplate"] = messages.DraftTemplateResponse(version=2, sample_subject="Hola", sample_body="Buenos días\n")
    (started / "reminder.txt").write_text("Su expediente {{ reference }}\nHola {{ name }}\n{{ sender }}\n")

    ran = acuerdo("message", "draft", "first-reminder", "reminder.txt", "--purpose", "promise-follow-up", "--jurisdiction", "CO")
    acuerdo("message", "draft", "first-reminder", "reminder.txt", "--purpose", "promise-follow-up", "--jurisdiction", "CO")

    assert ran.exit_code == 0, ran.err
    first, second = services.requests("DraftTemplate")
    assert first == second
    assert (first.subject, first.body) == ("Su expediente {{ reference }}", "Hola {{ name }}\n{{ sender }}")
    assert (first.purpose, first.channel, first.jurisdiction) == (types.PURPOSE_PROMISE_FOLLOW_UP, types.CHANNEL_EMAIL, "CO")
    assert "message approve first-reminder 2" in " ".join(ran.out.split())


def test_a_file_that_is_not_there_is_an_error_of_the_command(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    ran = acuerdo("message", "draft", "first-reminder", "nothing.txt")

    assert ran.exit_code == 2
    assert not services.requests("DraftTemplate")


def test_a_template_is_approved_and_retired(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["ApproveTemplate"] = messages.ApproveTemplateResponse()
    services.answers["RetireTemplate"] = messages.RetireTemplateResponse()

    assert acuerdo("message", "approve", "first-reminder", "2").exit_code == 0
    assert "ya no se envía" in acuerdo("message", "retire", "first-reminder", "1", "OLD", "--lang", "es").out

    assert services.requests("ApproveTemplate")[0].version == 2
    assert services.requests("RetireTemplate")[0].reason_code == "OLD"


def test_a_denial_is_an_answer_that_says_why_and_until_when(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["SendMessage"] = messages.SendMessageResponse(
        verdict=messages.SendMessageResponse.VERDICT_DENIED, reason_codes=["COUNT_EXCEEDED", "OUTSIDE_HOURS"], next_allowed_at=NOW
    )

    ran = acuerdo("message", "send", CASE, PERSON, "first-reminder", "--link")

    assert ran.exit_code == 0, ran.err
    assert "count exceeded, outside hours" in ran.out
    assert "2026-03-10 09:00" in ran.out
    (asked,) = services.requests("SendMessage")
    assert (asked.case_id, asked.person_id, asked.template, asked.wants_link) == (CASE, PERSON, "first-reminder", True)


def test_what_was_sent_is_shown_with_its_proof(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["GetInteractionText"] = messages.GetInteractionTextResponse(
        subject="Hola", body="Buenos días\n", rendered_hash=b"\x01" * 32, is_proven=True
    )

    ran = acuerdo("message", "show", INTERACTION, "--purpose", "COMPLAINT")

    assert "Buenos días" in ran.out
    assert "This is what was sent" in ran.out
    assert "01" * 32 in ran.out
    assert services.requests("GetInteractionText")[0].purpose == "COMPLAINT"


def test_a_contact_is_recorded_as_it_is_said(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["RecordInteraction"] = messages.RecordInteractionResponse(interaction_id=INTERACTION, is_breach=True)

    ran = acuerdo(
        *("interaction", "record", CASE, PERSON, "no-answer", "--channel", "in-person", "--direction", "out", "--seconds", "5"),
        *("--at", "2026-03-10T09:00:00Z", "--reported-by", "agency-1"),
    )

    assert ran.exit_code == 0, ran.err
    assert "breach" in ran.out
    (asked,) = services.requests("RecordInteraction")
    assert (asked.channel, asked.direction, asked.code) == (types.CHANNEL_IN_PERSON, types.DIRECTION_OUT, "NO_ANSWER")
    assert (asked.duration_seconds, asked.reported_by, asked.occurred_at) == (5, "agency-1", NOW)


@pytest.mark.parametrize("said", [[], ["--case", CASE, "--person", PERSON]])
def test_contacts_are_listed_of_a_case_or_of_a_person(started: Path, services: FakeServices, acuerdo: Acuerdo, said: list[str]) -> None:
    services.answers["ListInteractions"] = messages.ListInteractionsResponse()

    assert acuerdo("interaction", "list", *said).exit_code == 2
    assert "Nobody was contacted." in acuerdo("interaction", "list", "--case", CASE).out

    assert len(services.requests("ListInteractions")) == 1


def test_an_outcome_is_corrected(started: Path, services: FakeServices, acuerdo: Acuerdo) -> None:
    services.answers["CorrectOutcome"] = messages.CorrectOutcomeResponse()

    assert acuerdo("interaction", "correct", INTERACTION, "third-party", "LISTENED_AGAIN").exit_code == 0

    assert services.requests("CorrectOutcome")[0].code == "THIRD_PARTY"


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_blocks_keep_to_the_width(words: Words) -> None:
    contact = messages.Interaction(
        interaction_id=INTERACTION,
        channel=types.CHANNEL_MESSAGING_APP,
        direction=types.DIRECTION_OUT,
        state=messages.INTERACTION_STATE_CANCELLED,
        started_at=NOW,
        reason_code="TEMPLATE_IS_FOR_ANOTHER_PURPOSE",
        code="MESSAGE_LEFT_ON_MACHINE",
        is_breach=True,
    )
    version = messages.TemplateVersion(
        version=1,
        state=messages.TemplateVersion.STATE_APPROVED,
        locale="es-ES",
        jurisdiction="ES",
        author="https://issuer.example.invalid#" + "a" * 40,
        approver="https://issuer.example.invalid#" + "b" * 40,
        checks=[messages.ContentCheck(rule_id=f"ANY.RULE{number}") for number in range(12)],
        sample_subject="Su expediente " * 9,
        sample_body="Buenos días. " * 30,
    )

    contacts = written(interactions_block(messages.ListInteractionsResponse(interactions=[contact]), words))
    template = written(template_block(messages.GetTemplateResponse(versions=[version]), words))

    assert widest(contacts) <= 100
    assert widest(template) <= 100
    assert INTERACTION in contacts
    assert all(word in contacts for word in ("template", "another", "purpose"))
