"""Messages, asked over gRPC: templates with four eyes, messages by hand, contacts made elsewhere, what came of them, what was said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.contacts.v1 import messages_pb2 as pb
from acuerdo.contacts.v1 import types_pb2 as types

from services.chassis.log.origins import Actor, Command
from services.chassis.seal.subjects import Subject
from services.contacts.application import permits
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.permitting import PermitAsked
from tests.services.contacts.message_service import BODY, NAME, NIF, TENANT, Running, running

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)
EMAIL = {"channel": types.CHANNEL_EMAIL, "purpose": types.PURPOSE_REMINDER}
CALL = {"channel": types.CHANNEL_CALL, "direction": types.DIRECTION_OUT, "purpose": types.PURPOSE_COLLECTION}
TEMPLATE: dict[str, Any] = {"name": "reminder", "locale": "es-ES", "jurisdiction": "ES", "subject": "Hola", "body": BODY, **EMAIL}


@pytest.fixture
async def messages(database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(database, tmp_path, NOON) as service:
        yield service


async def refused(call: Any, status: str, reason: str = "") -> str:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    assert error.value.code() is grpc.StatusCode[status], error.value.details()
    said = f"{error.value.details()} {error.value.trailing_metadata()}"
    assert reason in said, said
    return said


# Templates ------------------------------------------------------------------------------------------------------------------


async def test_a_template_is_approved_by_another_than_its_author(messages: Running) -> None:
    author, other = messages.as_(subject="ana"), messages.as_(subject="bea")
    drafted = await author.DraftTemplate(**TEMPLATE)

    await refused(author.ApproveTemplate(name="reminder", version=1), "FAILED_PRECONDITION", "AUTHOR_MAY_NOT_APPROVE")
    await other.ApproveTemplate(name="reminder", version=1)

    (version,) = (await other.GetTemplate(name="reminder")).versions
    assert version.state == pb.TemplateVersion.STATE_APPROVED
    assert version.author.endswith("#ana")
    assert version.approver.endswith("#bea")
    assert "María Ejemplo" in drafted.sample_body
    assert [check.rule_id for check in drafted.checks] == ["ANY.SENDER", "ANY.CREDITOR", "ANY.THREATS"]


async def test_the_same_text_drafted_again_is_the_same_version(messages: Running) -> None:
    caller = messages.as_()
    first = await caller.DraftTemplate(**TEMPLATE)

    again = await caller.DraftTemplate(**TEMPLATE)
    changed = await caller.DraftTemplate(**{**TEMPLATE, "subject": "Hola otra vez"})

    assert (first.version, again.version, changed.version) == (1, 1, 2)
    assert first.template_id == changed.template_id


async def test_what_may_not_be_said_is_refused_when_it_is_drafted(messages: Running) -> None:
    """Which texts may not be is asked in test_templates.py."""
    threat = {**TEMPLATE, "body": "{{ sender }} {{ creditor }}: irá a la CÁRCEL"}

    await refused(messages.as_().DraftTemplate(**threat), "INVALID_ARGUMENT", "ANY.THREATS")

    assert await messages.facts("TemplateDrafted") == []


async def test_the_language_of_the_person_chooses_the_text(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    author, approver = messages.as_(subject="ana"), messages.as_(subject="bea")
    english = await author.DraftTemplate(**{**TEMPLATE, "locale": "en-GB", "body": "Dear {{ name }}, {{ creditor }}, {{ sender }}"})
    await approver.ApproveTemplate(name="reminder", version=english.version)

    await messages.request(case_id, person_id)

    (started,) = await messages.facts("AttemptStarted")
    assert (started.template_version, started.locale) == (1, "es-ES")


# Messages by hand --------------------------------------------------------------------------------------------------------------


async def test_an_agent_sends_a_message_and_hears_at_once_whether_it_may(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    agent = messages.as_("agent")
    asked = {"case_id": str(case_id), "person_id": person_id, "template": "reminder", **EMAIL}

    first = await agent.SendMessage(**asked, request_id="one")
    again = await agent.SendMessage(**asked, request_id="one")
    await agent.SendMessage(**asked)
    third = await agent.SendMessage(**asked)
    await messages.eventually("AttemptDispatched", count=2)

    assert first.verdict == pb.SendMessageResponse.VERDICT_GRANTED
    assert again == first
    assert third.verdict == pb.SendMessageResponse.VERDICT_DENIED
    assert list(third.reason_codes) == ["COUNT_EXCEEDED"]
    assert third.HasField("next_allowed_at")
    assert not third.interaction_id
    assert len(messages.mails()) == 2


async def test_what_cannot_be_sent_is_refused_by_name(messages: Running) -> None:
    person_id = await messages.a_person(email="")
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    asked = {"case_id": str(case_id), "person_id": person_id, **EMAIL}

    await refused(messages.as_().SendMessage(template="reminder", **asked), "FAILED_PRECONDITION", "PERSON_HAS_NO_POINT")
    await refused(messages.as_().SendMessage(template="other", **asked), "FAILED_PRECONDITION", "TEMPLATE_IS_UNKNOWN")
    unknown = {**asked, "case_id": str(uuid4())}
    await refused(messages.as_().SendMessage(template="reminder", **unknown), "NOT_FOUND", "CASE_IS_NOT_HEARD_YET")


async def test_a_provider_says_twice_what_is_told_once(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.request(case_id, person_id)
    (dispatched,) = await messages.eventually("AttemptDispatched")
    system = messages.as_("system", subject="provider")

    for _ in range(2):
        await system.ReportDelivery(provider_ref=dispatched.provider_ref, kind=pb.DELIVERY_KIND_DELIVERED)
        await system.ReportDelivery(
            provider_ref=dispatched.provider_ref,
            kind=pb.DELIVERY_KIND_BOUNCED,
            is_permanent=True,
            cause=pb.DELIVERY_CAUSE_ADDRESS_UNKNOWN,
            status_code="5.1.1",
        )

    assert len(await messages.facts("AttemptDelivered")) == 1
    assert len(await messages.facts("AttemptBounced")) == 1
    await refused(
        system.ReportDelivery(provider_ref="<nobody@elsewhere>", kind=pb.DELIVERY_KIND_DELIVERED), "NOT_FOUND", "INTERACTION_IS_UNKNOWN"
    )


# Contacts made elsewhere ----------------------------------------------------------------------------------------------------------


async def a_permit(messages: Running, person_id: str, case_id: UUID) -> str:
    """To call, granted."""
    asked = PermitAsked(uuid4(), case_id, Channel.CALL, Purpose.COLLECTION)
    origin = Command(TENANT, "test", "permit", str(asked.permit_id), b"\0" * 32, Actor("SYSTEM", "test"))
    await messages.log.run(origin, permits.request_permit(TENANT, UUID(person_id), asked))
    assert (await messages.facts("ContactPermitGranted"))[-1].permit_id == asked.permit_id.bytes
    return str(asked.permit_id)


async def test_a_call_with_its_permit_uses_it_up(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    permit_id = await a_permit(messages, person_id, case_id)

    recorded = await messages.as_("agent").RecordInteraction(
        case_id=str(case_id), person_id=person_id, permit_id=permit_id, code="PROMISE", duration_seconds=90, notes="pagará", **CALL
    )

    (consumed,) = await messages.facts("ContactPermitConsumed")
    assert str(UUID(bytes=consumed.attempt_id)) == recorded.interaction_id
    (outcome,) = await messages.facts("OutcomeRecorded")
    assert not recorded.is_breach
    assert str(UUID(bytes=outcome.permit_id)) == permit_id
    assert list(outcome.flags) == [pb.OUTCOME_FLAG_HUMAN, pb.OUTCOME_FLAG_RIGHT_PARTY, pb.OUTCOME_FLAG_PROMISE]
    (result,) = await messages.facts("AttemptResultRecorded")
    assert result.result.is_conversation


async def test_a_call_outside_any_permit_is_a_breach_that_is_counted_and_never_refused(messages: Running) -> None:
    """Golden scenario 23: an agency reports a call made outside any permit; the next permit is denied because of it."""
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    agency = messages.as_("agency", subject="agency", client_ids=[str(UUID(int=1))], agency_id="a1")

    recorded = await agency.RecordInteraction(
        case_id=str(case_id), person_id=person_id, code="NO_ANSWER", reported_by="agency-dialer", **CALL
    )
    asked = PermitAsked(uuid4(), case_id, Channel.CALL, Purpose.COLLECTION)
    origin = Command(TENANT, "test", "permit", "next", b"\0" * 32, Actor("SYSTEM", "test"))
    await messages.log.run(origin, permits.request_permit(TENANT, UUID(person_id), asked))

    assert recorded.is_breach
    (breach,) = await messages.facts("AttemptOutsidePermitRecorded")
    assert (breach.reported_by, breach.reason_code) == ("agency-dialer", "NO_PERMIT")
    (denied,) = await messages.facts("ContactPermitDenied")
    assert [reason.code for reason in denied.decision.reasons] == ["COUNT_EXCEEDED"]


async def test_an_agency_reports_nothing_of_other_clients_cases(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    agency = messages.as_("agency", subject="agency", client_ids=[str(uuid4())], agency_id="a1")

    await refused(
        agency.RecordInteraction(case_id=str(case_id), person_id=person_id, code="NO_ANSWER", **CALL), "NOT_FOUND", "CASE_IS_NOT_HEARD_YET"
    )


async def test_an_inbound_call_is_no_breach(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)

    recorded = await messages.as_("agent").RecordInteraction(
        case_id=str(case_id), person_id=person_id, code="SAYS_PAID", **{**CALL, "direction": types.DIRECTION_IN}
    )

    assert not recorded.is_breach
    assert len(await messages.facts("ContactReceived")) == 1


async def test_who_does_not_want_to_be_called_is_not_called_again(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.as_("agent").RecordInteraction(
        case_id=str(case_id), person_id=person_id, code="DO_NOT_CONTACT", **{**CALL, "direction": types.DIRECTION_IN}
    )

    (cease,) = await messages.facts("CeaseCommunicationReceived")

    assert list(cease.cease.channels) == [types.CHANNEL_CALL]


async def test_a_point_that_is_somebody_elses_is_never_used_again(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    (point,) = (await messages.as_("agent").GetPerson(person_id=person_id)).person.points

    await messages.as_("agent").RecordInteraction(
        case_id=str(case_id), person_id=person_id, code="WRONG_PARTY", point_id=point.point_id, **CALL
    )

    (marked,) = await messages.facts("ContactPointMarkedThirdParty")
    assert str(UUID(bytes=marked.point_id)) == point.point_id


# Outcomes --------------------------------------------------------------------------------------------------------------------------


async def test_a_tenants_own_code_stands_for_a_core_outcome(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    operator = messages.as_()
    await operator.MapOutcomeCode(code="PTP", outcome=pb.OUTCOME_PROMISE, flags=[pb.OUTCOME_FLAG_CALLBACK], label="Promise to pay")

    await messages.as_("agent").RecordInteraction(case_id=str(case_id), person_id=person_id, code="PTP", **CALL)
    await operator.WithdrawOutcomeCode(code="PTP")

    (outcome,) = await messages.facts("OutcomeRecorded")
    assert (outcome.code, outcome.outcome) == ("PTP", pb.OUTCOME_PROMISE)
    assert pb.OUTCOME_FLAG_CALLBACK in outcome.flags
    unknown = messages.as_("agent").RecordInteraction(case_id=str(case_id), person_id=person_id, code="PTP", **CALL)
    await refused(unknown, "FAILED_PRECONDITION", "OUTCOME_CODE_IS_UNKNOWN")
    assert len((await operator.ListOutcomeCodes()).codes) == len(pb.Outcome.values()) - 1


async def test_what_is_refused_counts_nothing(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    before = (await messages.log.head()).position
    agent = messages.as_("agent")
    call = {"case_id": str(case_id), "person_id": person_id, **CALL}

    await refused(agent.RecordInteraction(code="NO_SUCH", **call), "FAILED_PRECONDITION", "OUTCOME_CODE_IS_UNKNOWN")
    contradiction = agent.RecordInteraction(code="RIGHT_PARTY", flags=[pb.OUTCOME_FLAG_THIRD_PARTY], **call)
    await refused(contradiction, "FAILED_PRECONDITION", "OUTCOMES_CONTRADICT")
    await refused(agent.RecordInteraction(code="BUSY", point_id=str(uuid4()), **call), "NOT_FOUND", "POINT_IS_UNKNOWN")

    assert (await messages.log.head()).position == before


async def test_an_outcome_is_recorded_once_and_corrected_by_name(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    agent, supervisor = messages.as_("agent"), messages.as_("supervisor")
    recorded = await agent.RecordInteraction(case_id=str(case_id), person_id=person_id, code="PROMISE", **CALL)
    again = agent.RecordOutcome(interaction_id=recorded.interaction_id, code="REFUSAL")

    await refused(again, "FAILED_PRECONDITION", "OUTCOME_IS_RECORDED_ALREADY")
    await supervisor.CorrectOutcome(interaction_id=recorded.interaction_id, code="THIRD_PARTY", reason_code="LISTENED_AGAIN")

    (corrected,) = await messages.facts("OutcomeCorrected")
    assert (corrected.code_before, corrected.code) == ("PROMISE", "THIRD_PARTY")
    results = await messages.facts("AttemptResultRecorded")
    assert (results[-1].result.is_conversation, results[-1].result.party) == (False, "consumer")


async def test_a_reply_to_a_message_is_its_outcome(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    interaction_id = await messages.request(case_id, person_id)
    await messages.eventually("AttemptDispatched")

    await messages.as_("agent").RecordOutcome(interaction_id=str(interaction_id), code="DISPUTE")

    (outcome,) = await messages.facts("OutcomeRecorded")
    assert (outcome.channel, outcome.is_breach) == (types.CHANNEL_EMAIL, False)
    assert outcome.request_ref


# What was said ----------------------------------------------------------------------------------------------------------------------


async def test_an_auditor_is_shown_what_was_sent_and_that_it_is_that(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    interaction_id = await messages.request(case_id, person_id, wants_link=True)
    (started,) = await messages.facts("AttemptStarted")
    await messages.link_issued(started)
    (dispatched,) = await messages.eventually("AttemptDispatched")

    shown = await messages.as_("auditor").GetInteractionText(interaction_id=str(interaction_id))

    assert NAME in shown.body
    assert "https://pay.example.invalid/…" in shown.body
    assert shown.is_proven
    assert shown.rendered_hash == dispatched.rendered_hash
    (reading,) = await messages.facts("PersonFileAccessed")
    assert (reading.reader, reading.purpose) == ("ana", "CASEWORK")
    assert f"interactions.{interaction_id}.rendered" in reading.fields


async def test_what_was_said_to_somebody_who_was_erased_is_gone_and_its_hash_stays(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    interaction_id = await messages.request(case_id, person_id)
    (dispatched,) = await messages.eventually("AttemptDispatched")

    await messages.seals.destroy(Subject(TENANT, UUID(person_id)))
    shown = await messages.as_("auditor").GetInteractionText(interaction_id=str(interaction_id))

    assert (shown.body, shown.is_erased, shown.is_proven) == ("", True, False)
    assert shown.rendered_hash == dispatched.rendered_hash


async def test_contacts_are_listed_newest_first_by_case_and_by_person(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    agent = messages.as_("agent")
    made = [(await agent.RecordInteraction(case_id=str(case_id), person_id=person_id, code="NO_ANSWER", **CALL)) for _ in range(5)]
    newest_first = [each.interaction_id for each in reversed(made)]

    first = await agent.ListInteractions(person_id=person_id, page_size=3, min_position=made[-1].receipt.position)
    second = await agent.ListInteractions(person_id=person_id, page_size=3, page_token=first.next_page_token)
    of_case = await agent.ListInteractions(case_id=str(case_id))

    assert [each.interaction_id for each in (*first.interactions, *second.interactions)] == newest_first
    assert [each.interaction_id for each in of_case.interactions] == newest_first
    assert not second.next_page_token
    await refused(agent.ListInteractions(), "INVALID_ARGUMENT", "person_id")


async def test_no_name_address_or_number_of_a_person_is_anywhere_in_clear(messages: Running, capfd: pytest.CaptureFixture[str]) -> None:
    """Canaries in events, in tables, in logs."""
    address = "canaria.marta@sink.invalid"
    person_id = await messages.a_person(address)
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.request(case_id, person_id)
    await messages.eventually("AttemptDispatched")
    await messages.as_("agent").RecordInteraction(case_id=str(case_id), person_id=person_id, code="PROMISE", notes="nota canaria", **CALL)

    stored = b"".join(record.event for record in await messages.log.read(0, 10_000)) + await messages.everything_in_tables()
    logged = "".join(capfd.readouterr())

    for canary in (address, NAME, NIF, "nota canaria", "canaria.marta"):
        assert canary.encode() not in stored
        assert canary not in logged
