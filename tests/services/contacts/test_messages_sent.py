"""Messages, end to end: a permit, an attempt, a real SMTP server, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.chassis.log.units import HeardAlready
from services.contacts.domain import attempting
from services.contacts.outbox import queue
from tests.services.contacts.message_service import LINK_KEY, NAME, Running, running, until

NOON = datetime(2026, 3, 3, 11, tzinfo=UTC)


@pytest.fixture
async def messages(database: str, tmp_path: Path) -> AsyncIterator[Running]:
    async with running(database, tmp_path, NOON) as service:
        yield service


def text_of(service: Running, recipient: str) -> str:
    (kept,) = service.mails(recipient)
    mail = message_from_bytes(kept.file.read_bytes(), policy=default)
    return str(mail.get_content())


async def test_a_requested_message_is_permitted_sent_and_told(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    interaction_id = await messages.request(case_id, person_id)
    (dispatched,) = await messages.eventually("AttemptDispatched")

    names = await messages.names()
    at = names.index("ContactPermitGranted")
    assert names[at : at + 4] == ["ContactPermitGranted", "ContactPermitConsumed", "AttemptStarted", "AttemptDispatched"]
    assert UUID(bytes=dispatched.interaction_id) == interaction_id
    assert dispatched.tries == 1
    text = text_of(messages, "marta@sink.invalid")
    assert NAME in text
    assert "Banco Ejemplo" in text
    assert "EXP-1" in text
    assert "Gestora Ejemplo" in text
    (kept,) = messages.mails()
    assert kept.message_id == dispatched.provider_ref == f"<{interaction_id}@acuerdo.invalid>"


async def test_a_worker_that_was_overtaken_goes_on(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen past its lease, it finds the outbox's mark moved by another."""
    was_overtaken, raise_mark = asyncio.Event(), queue.raise_mark

    async def overtaken(*args: Any) -> None:
        if not was_overtaken.is_set():
            was_overtaken.set()
            raise HeardAlready("outbox:messages of contacts/1/0 is not at 0")
        await raise_mark(*args)

    monkeypatch.setattr(queue, "raise_mark", overtaken)
    async with running(database, tmp_path, NOON) as messages:
        await asyncio.wait_for(was_overtaken.wait(), 10)
        person_id = await messages.a_person()
        await messages.a_template()
        await messages.request(await messages.a_case(person_id), person_id)
        await messages.eventually("AttemptDispatched")


async def test_whoever_is_written_to_is_told_how_to_stop_it_where_the_permit_obliges(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    interaction_id = await messages.request(case_id, person_id)
    await messages.eventually("AttemptDispatched")

    (kept,) = messages.mails()
    address = f"optout+{interaction_id.hex}@acuerdo.invalid"
    assert f"<mailto:{address}?subject=optout>" in kept.file.read_text()
    assert address in text_of(messages, "marta@sink.invalid")
    (started,) = await messages.facts("AttemptStarted")
    assert list(started.obligations) == ["INCLUDE_OPT_OUT"]


# Links ------------------------------------------------------------------------------------------------------------------


async def test_a_message_with_a_link_waits_for_it_and_carries_a_token_that_nobody_is_told(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    interaction_id = await messages.request(case_id, person_id, wants_link=True)
    await messages.quiet()
    assert messages.mails() == []
    (started,) = await messages.facts("AttemptStarted")
    await messages.link_issued(started)
    await messages.eventually("AttemptDispatched")

    token = attempting.link_token(LINK_KEY, interaction_id)
    assert f"https://pay.example.invalid/{token}" in text_of(messages, "marta@sink.invalid")
    assert started.link_token_hash == attempting.token_hash(token)
    assert all(token.encode() not in record.event for record in await messages.log.read(0, 10_000))


async def test_a_link_that_is_refused_ends_the_attempt_and_gives_the_permit_back(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.request(case_id, person_id, wants_link=True)
    (started,) = await messages.facts("AttemptStarted")

    await messages.link_refused(started)

    (cancelled,) = await messages.facts("AttemptCancelled")
    assert cancelled.reason_code == "LINK_REFUSED"
    assert cancelled.request_ref == started.request_ref
    (released,) = await messages.facts("ContactPermitReleased")
    assert released.attempt_id == started.interaction_id
    await messages.quiet()
    assert messages.mails() == []


async def test_what_a_template_needs_is_asked_for(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template("pay-now", "{{ creditor }} {{ sender }} {{ link }}")

    await messages.request(case_id, person_id, template="pay-now")

    (cancelled,) = await messages.facts("AttemptCancelled")
    assert cancelled.reason_code == "TEMPLATE_NEEDS_A_LINK"


# What stands in the way ----------------------------------------------------------------------------------------------------


async def test_no_more_than_the_limit_is_sent_and_the_next_is_put_off(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    for number in (1, 2, 3):
        await messages.request(case_id, person_id, number)
    await messages.eventually("AttemptDispatched", count=2)

    (deferred,) = await messages.facts("ContactPermitDeferred")
    assert [reason.code for reason in deferred.decision.reasons] == ["COUNT_EXCEEDED"]
    await messages.quiet()
    assert len(messages.mails()) == 2


async def test_at_night_nothing_is_sent(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.clock.advance(datetime(2026, 3, 3, 22, 30, tzinfo=UTC))

    await messages.request(case_id, person_id)

    (deferred,) = await messages.facts("ContactPermitDeferred")
    assert deferred.until.ToDatetime(UTC) == datetime(2026, 3, 4, 7, tzinfo=UTC)
    await messages.quiet()
    assert messages.mails() == []


async def test_a_message_that_waited_into_the_night_is_not_sent_then(messages: Running) -> None:
    """The permit was given by day, and is good for longer than the day."""
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.request(case_id, person_id, wants_link=True)
    (started,) = await messages.facts("AttemptStarted")
    await messages.clock.advance(datetime(2026, 3, 3, 22, 30, tzinfo=UTC))

    await messages.link_issued(started)
    await asyncio.sleep(0.5)
    assert messages.mails() == []
    await messages.clock.advance(datetime(2026, 3, 4, 8, 30, tzinfo=UTC))
    await messages.eventually("AttemptDispatched")

    assert len(messages.mails()) == 1


async def test_what_was_not_sent_by_the_permits_end_is_not_sent(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.request(case_id, person_id, wants_link=True)

    await messages.clock.advance(NOON + timedelta(hours=25))
    (cancelled,) = await messages.eventually("AttemptCancelled")

    assert cancelled.reason_code == "PERMIT_EXPIRED"
    assert len(await messages.facts("ContactPermitReleased")) == 1


async def test_a_person_without_an_address_is_told_of_and_not_forgotten(messages: Running) -> None:
    person_id = await messages.a_person(email="")
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    await messages.request(case_id, person_id)

    (cancelled,) = await messages.facts("AttemptCancelled")
    assert (cancelled.reason_code, cancelled.case_id) == ("PERSON_HAS_NO_POINT", case_id.bytes)
    assert cancelled.request_ref


@pytest.mark.parametrize(
    ("person", "template", "reason"),
    [("nobody", "reminder", "PERSON_IS_UNKNOWN"), ("somebody", "no-such", "TEMPLATE_IS_UNKNOWN")],
)
async def test_what_nobody_can_send_is_told_of(messages: Running, person: str, template: str, reason: str) -> None:
    person_id = await messages.a_person() if person == "somebody" else str(UUID(int=9))
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    await messages.request(case_id, person_id, template=template)

    (cancelled,) = await messages.facts("AttemptCancelled")
    assert cancelled.reason_code == reason


async def test_a_template_that_nobody_approved_is_not_sent(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.as_().RetireTemplate(name="reminder", version=1, reason_code="OLD")

    await messages.request(case_id, person_id)

    (cancelled,) = await messages.facts("AttemptCancelled")
    assert cancelled.reason_code == "TEMPLATE_IS_NOT_APPROVED"


async def test_after_a_hold_nothing_is_sent(messages: Running) -> None:
    """Begun before the hold, ready after it."""
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    await messages.request(case_id, person_id, wants_link=True)
    (started,) = await messages.facts("AttemptStarted")

    await messages.hold(case_id, version=5)
    await messages.link_issued(started)
    (cancelled,) = await messages.eventually("AttemptCancelled")
    await messages.request(case_id, person_id, 2)

    assert cancelled.reason_code == "CONTACT_IS_ON_HOLD"
    assert [fact.attempt_id for fact in await messages.facts("ContactPermitReleased")] == [started.interaction_id]
    assert len(await messages.facts("ContactPermitDenied")) == 1
    await messages.quiet()
    assert messages.mails() == []


async def test_a_message_that_may_be_out_is_counted_also_where_it_is_cancelled(messages: Running) -> None:
    """The answer to every try is lost; then a hold comes. Nobody knows whether the person has it: limits count it as if."""
    person_id = await messages.a_person("lost.marta@sink.invalid")
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    messages.sink.loses_every_answer = True

    interaction_id = await messages.request(case_id, person_id)
    await until(messages.copies, lambda copies: copies >= 2)
    await messages.hold(case_id, version=5)
    (cancelled,) = await messages.eventually("AttemptCancelled")
    system = messages.as_("system", subject="provider")
    await system.ReportDelivery(provider_ref=f"<{interaction_id}@acuerdo.invalid>", kind=1)

    assert (cancelled.reason_code, cancelled.may_have_been_sent) == ("CONTACT_IS_ON_HOLD", True)
    assert await messages.facts("ContactPermitReleased") == []
    assert len(await messages.facts("AttemptDelivered")) == 1


# What mail servers say ------------------------------------------------------------------------------------------------------


async def test_an_address_that_is_unknown_bounces_and_is_not_used_again(messages: Running) -> None:
    person_id = await messages.a_person("unknown.marta@sink.invalid")
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    await messages.request(case_id, person_id)
    (bounced,) = await messages.eventually("AttemptBounced")
    await messages.request(case_id, person_id, 2)

    assert (bounced.is_permanent, bounced.status_code) == (True, "5.1.1")
    (invalidated,) = await messages.facts("ContactPointInvalidated")
    assert invalidated.point_id == bounced.point_id
    (cancelled,) = await messages.facts("AttemptCancelled")
    assert cancelled.reason_code == "PERSON_HAS_NO_POINT"


async def test_a_full_mailbox_bounces_and_its_address_stays(messages: Running) -> None:
    person_id = await messages.a_person("full.marta@sink.invalid")
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    await messages.request(case_id, person_id)
    await messages.eventually("AttemptBounced")

    assert await messages.facts("ContactPointInvalidated") == []


async def test_a_server_that_is_busy_is_tried_again(messages: Running) -> None:
    person_id = await messages.a_person("later.marta@sink.invalid")
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    await messages.request(case_id, person_id)
    (dispatched,) = await messages.eventually("AttemptDispatched")

    assert dispatched.tries == 3
    assert [kept.times for kept in messages.mails()] == [1]


async def test_a_lost_answer_sends_the_same_message_again_and_says_so(messages: Running) -> None:
    """SMTP is at-least-once. Both copies have one Message-ID and the same bytes."""
    person_id = await messages.a_person("lost.marta@sink.invalid")
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    await messages.request(case_id, person_id)
    (dispatched,) = await messages.eventually("AttemptDispatched")

    (kept,) = messages.mails()
    assert (kept.times, dispatched.tries) == (2, 2)
    assert kept.file.read_bytes().endswith(kept.file.with_suffix(".repeat2.eml").read_bytes())


async def test_a_bounce_that_comes_later_marks_the_address(messages: Running) -> None:
    person_id = await messages.a_person("bounce.marta@sink.invalid")
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    await messages.request(case_id, person_id)
    (bounced,) = await messages.eventually("AttemptBounced")

    assert (bounced.is_permanent, bounced.status_code) == (True, "5.1.1")
    assert len(await messages.facts("ContactPointInvalidated")) == 1
    assert (await messages.names()).index("AttemptDispatched") < (await messages.names()).index("AttemptBounced")


async def test_a_receipt_says_that_it_arrived(messages: Running) -> None:
    person_id = await messages.a_person("receipt.marta@sink.invalid")
    case_id = await messages.a_case(person_id)
    await messages.a_template()

    interaction_id = await messages.request(case_id, person_id)
    await messages.eventually("AttemptDelivered")

    shown = (await messages.as_("agent").GetInteraction(interaction_id=str(interaction_id))).interaction
    assert shown.HasField("delivered_at")


async def test_who_answers_that_no_more_is_wanted_gets_no_more(messages: Running) -> None:
    person_id = await messages.a_person()
    case_id = await messages.a_case(person_id)
    await messages.a_template()
    interaction_id = await messages.request(case_id, person_id)
    await messages.eventually("AttemptDispatched")

    messages.answer(f"optout+{interaction_id.hex}@acuerdo.invalid", "Basta.")
    await messages.eventually("CeaseCommunicationReceived")
    await messages.request(case_id, person_id, 2)

    (outcome,) = await messages.facts("OutcomeRecorded")
    assert outcome.code == "DO_NOT_CONTACT"
    (denied,) = await messages.facts("ContactPermitDenied")
    assert "MEDIUM_STOPPED" in [reason.code for reason in denied.decision.reasons]


async def test_mail_that_nobody_can_read_is_left_for_a_person(messages: Running) -> None:
    messages.answer("somebody@acuerdo.invalid", "Hola.")
    await messages.until_mailbox_is_read()

    (file,) = (messages.sink.home / "returned" / "cur").iterdir()
    assert file.name.endswith(":2,F")
    assert await messages.facts("CeaseCommunicationReceived") == []
