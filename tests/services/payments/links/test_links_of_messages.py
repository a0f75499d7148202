"""Links that messages carry: contacts tells of an attempt with the hash of a token, payments answers with a link or a refusal."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.contacts.v1.message_events_pb2 import AttemptStarted
from acuerdo.payments.v1 import links_pb2 as pb

from tests.services.payments.links.house import ANOTHER_CASE, THE_CASE, THE_PERSON, House, amounts_in

TOKEN = "t" * 43
INTERACTION = UUID(int=0x1417)
PROMISE = UUID(int=0x9803)


def attempt(token: str = TOKEN, case_id: UUID = THE_CASE, **other: Any) -> AttemptStarted:
    return AttemptStarted(
        interaction_id=INTERACTION.bytes,
        case_id=case_id.bytes,
        person_id=THE_PERSON.bytes,
        link_token_hash=hashlib.sha256(token.encode()).digest() if token else b"",
        currency_code="EUR",
        **other,
    )


async def test_the_link_of_a_message_is_paid_and_the_payment_is_owed_to_the_attempt(payments: House) -> None:
    await payments.hear(attempt(), INTERACTION, "contacts")
    [issued] = await payments.events("PaymentLinkIssued")
    assert (issued.interaction_id, issued.person_id) == (INTERACTION.bytes, THE_PERSON.bytes)
    assert issued.amount_rule.kind == pb.AMOUNT_RULE_KIND_PAST_DUE
    await payments.pay(TOKEN, 10_000)
    [initiated], [received] = await payments.events("PaymentInitiated"), await payments.events("PaymentReceived")
    assert initiated.attempt_id == received.attempt_id == INTERACTION.bytes
    assert initiated.link_id == received.link_id == issued.link_id


async def test_a_message_without_a_link_needs_none(payments: House) -> None:
    before = await payments.names()
    await payments.hear(attempt(token=""), INTERACTION, "contacts")
    assert await payments.names() == before


async def test_heard_twice_one_link_is_made(payments: House) -> None:
    for _ in range(2):
        await payments.hear(attempt(), INTERACTION, "contacts")
    assert len(await payments.events("PaymentLinkIssued")) == 1
    assert len(await payments.events("CaseLinkNoted")) == 1


async def test_before_anything_is_past_due_all_that_is_owed_may_be_paid(payments: House) -> None:
    await payments.hear_of_a_case(ANOTHER_CASE, reference="CARD-2", due_on=date(2026, 9, 1))
    await payments.hear(attempt(case_id=ANOTHER_CASE), INTERACTION, "contacts")
    assert amounts_in((await payments.get(TOKEN)).text) == ["10000"]
    [issued] = await payments.events("PaymentLinkIssued")
    assert issued.amount_rule.kind == pb.AMOUNT_RULE_KIND_BALANCE


async def _on_hold(payments: House) -> AttemptStarted:
    await payments.hear_of_a_hold(UUID(int=1))
    return attempt()


async def _closed(payments: House) -> AttemptStarted:
    await payments.hear(cases.CaseClosed())
    return attempt()


async def _paid(payments: House) -> AttemptStarted:
    await payments.pay((await payments.issue()).token, 10_000)
    return attempt()


async def _unknown(payments: House) -> AttemptStarted:
    return attempt(case_id=ANOTHER_CASE)


@pytest.mark.parametrize(
    ("given", "reason_code"),
    [
        (_on_hold, "LINKS_OF_THE_CASE_ARE_FROZEN"),
        (_closed, "CASE_IS_NOT_OPEN"),
        (_paid, "NOTHING_IS_TO_BE_PAID"),
        (_unknown, "CASE_IS_NOT_KNOWN_YET"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_a_link_that_must_not_be_is_refused_in_words_and_opens_nothing(payments: House, given: Any, reason_code: str) -> None:
    await payments.hear(await given(payments), INTERACTION, "contacts")
    [refused] = await payments.events("PaymentLinkRefused")
    assert (refused.interaction_id, refused.reason_code) == (INTERACTION.bytes, reason_code)
    assert (await payments.get(TOKEN)).status_code == 404


async def test_a_refused_link_is_shown_with_its_reason_and_is_not_frozen_later(payments: House) -> None:
    await payments.hear_of_a_hold(UUID(int=1))
    await payments.hear(attempt(), INTERACTION, "contacts")
    [refused] = await payments.events("PaymentLinkRefused")
    link = await payments.link(str(UUID(bytes=refused.link_id)))
    assert (link.state, link.reason_code) == (pb.LINK_STATE_REFUSED, "LINKS_OF_THE_CASE_ARE_FROZEN")
    await payments.hear_of_a_hold(UUID(int=2))
    for heeded in await payments.becomes("HoldHeeded", 2):
        assert list(heeded.links_frozen) == []


async def test_the_link_of_a_promise_proposes_what_is_left_of_it(payments: House) -> None:
    await payments.hear_of_a_promise(PROMISE, 4_000)
    await payments.hear(attempt(promise_id=PROMISE.bytes), INTERACTION, "contacts")
    assert amounts_in((await payments.get(TOKEN)).text) == ["4000", "10000", "another"]
    await payments.pay(TOKEN, 4_000)
    [allocated] = await payments.events("PaymentAllocated")
    assert {line.commitment_id for line in allocated.lines} == {PROMISE.bytes}
    link = await payments.link(str(UUID(bytes=(await payments.events("PaymentLinkIssued"))[0].link_id)))
    assert link.state == pb.LINK_STATE_PAID
