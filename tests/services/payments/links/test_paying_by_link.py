"""A link from its making to the money in the ledger, through the doors that a debtor, an agent and a provider use."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import grpc
import grpc.aio
import pytest
from acuerdo.payments.v1 import links_pb2 as pb

from services.payments.domain.link import PaymentLink
from tests.services.payments.links.house import BEGIN, CREDITOR, THE_CASE, House, amounts_in, another_door, eur, house


async def test_a_link_is_opened_paid_and_its_money_is_spread_over_the_debt(payments: House) -> None:
    issued = await payments.issue()
    page = await payments.get(issued.token)
    assert page.status_code == 200
    assert amounts_in(page.text) == ["10000"]
    await payments.pay(issued.token, 10_000)
    [initiated], [received] = await payments.events("PaymentInitiated"), await payments.events("PaymentReceived")
    assert (initiated.payment_id, initiated.amount) == (received.payment_id, received.amount)
    assert received.link_id == UUID(issued.link_id).bytes
    [allocated] = await payments.events("PaymentAllocated")
    assert (UUID(bytes=allocated.case_id), allocated.amount) == (THE_CASE, eur(10_000))
    link = await payments.link(issued.link_id)
    assert (link.state, link.paid, link.HasField("due")) == (pb.LINK_STATE_PAID, eur(10_000), False)
    assert "no hay nada más que pagar" in (await payments.get(issued.token)).text.lower()


async def test_the_page_says_to_whom_and_how_much_in_the_readers_language_and_escapes_names(payments: House) -> None:
    issued = await payments.issue()
    spanish = (await payments.get(issued.token)).text
    english = (await payments.get(issued.token, **{"accept-language": "en-GB,es;q=0.5"})).text
    for page in (spanish, english):
        assert "Banco &lt;Claro&gt; &amp; Hijos" in page
        assert CREDITOR not in page
        assert "CARD-1" in page
    assert "100,00 EUR" in spanish
    assert '<html lang="es">' in spanish
    assert "100.00 EUR" in english
    assert '<html lang="en">' in english


async def test_the_amount_is_worked_out_anew_at_each_opening(payments: House) -> None:
    issued = await payments.issue()
    await payments.get(issued.token)
    await payments.hear_of_a_debt(2_500)
    assert amounts_in((await payments.get(issued.token)).text) == ["12500"]
    await payments.get(issued.token)
    assert [opened.due.minor_units for opened in await payments.events("PaymentLinkOpened")] == [10_000, 12_500]


async def test_what_was_shown_and_has_changed_since_is_shown_again_and_not_charged(payments: House) -> None:
    issued = await payments.issue()
    await payments.get(issued.token)
    await payments.hear_of_a_debt(2_500)
    answer = await payments.post(issued.token, "10000")
    assert answer.status_code == 409
    assert amounts_in(answer.text) == ["12500"]
    assert await payments.events("PaymentInitiated") == []


@pytest.mark.parametrize("amount", ["0", "-5", "1999", "10001", "1e3", "", "another", "9" * 40])
async def test_no_other_amount_than_the_rule_takes_is_begun(payments: House, amount: str) -> None:
    issued = await payments.issue(least=eur(2_000))
    assert (await payments.post(issued.token, amount)).status_code == 409
    assert await payments.events("CheckoutStarted") == []


async def test_a_part_is_paid_and_then_the_rest(payments: House) -> None:
    issued = await payments.issue(least=eur(2_000))
    answer = await payments.post(issued.token, "another", "25,50")
    assert answer.status_code == 303
    checkout = payments.provider.checkouts[answer.headers["location"].rpartition("/")[2]]
    assert checkout.minor_units == 2_550
    payments.provider.pay(checkout, "pays")
    await payments.told()
    assert (await payments.link(issued.link_id)).state == pb.LINK_STATE_PARTIALLY_PAID
    await payments.pay(issued.token, 7_450)
    assert [paid.is_in_full for paid in await payments.events("PaymentLinkPaid")] == [False, True]
    assert sum(one.amount.minor_units for one in await payments.events("PaymentAllocated")) == 10_000


async def test_past_due_is_what_has_fallen_due(payments: House) -> None:
    await payments.hear_of_a_debt(3_000, due_on=date(2026, 2, 1))
    await payments.hear_of_a_debt(4_000, debt_id=UUID(int=5), due_on=date(2026, 9, 1))
    issued = await payments.issue(pb.AMOUNT_RULE_KIND_PAST_DUE)
    # The first debt of the case has no due date: it is due.
    assert amounts_in((await payments.get(issued.token)).text) == ["13000", "17000", "another"]


async def test_two_clicks_at_once_are_one_payment(payments: House) -> None:
    issued = await payments.issue(least=eur(1))
    answers = await asyncio.gather(*(payments.post(issued.token, str(amount)) for amount in (5_000, 5_000, 6_000, 7_000, 5_000)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["location"] for answer in answers}) == 1
    [initiated] = await payments.events("PaymentInitiated")
    [checkout] = payments.provider.checkouts.values()
    assert checkout.minor_units == initiated.amount.minor_units
    payments.provider.pay(checkout, "pays")
    await payments.told()
    assert len(await payments.events("PaymentReceived")) == 1


async def test_whoever_comes_back_finds_the_payment_under_way_and_goes_on(payments: House) -> None:
    issued = await payments.issue()
    first = await payments.checkout(issued.token, 10_000)
    page = (await payments.get(issued.token)).text
    assert amounts_in(page) == []
    assert "en curso" in page
    assert await payments.checkout(issued.token, "") is first
    assert (await payments.link(issued.link_id)).payment_id == first.reference


async def test_after_a_failure_it_can_be_tried_again(payments: House) -> None:
    issued = await payments.issue()
    failed = await payments.pay(issued.token, 10_000, "fails")
    [fact] = await payments.events("PaymentFailed")
    assert (str(UUID(bytes=fact.payment_id)), fact.cause) == (failed.reference, "CARD_DECLINED")
    await payments.pay(issued.token, 10_000)
    assert [ended.cause for ended in await payments.events("CheckoutEnded")] == ["CARD_DECLINED"]
    assert len(await payments.events("PaymentReceived")) == 1


async def test_a_payment_that_nobody_speaks_of_times_out_and_money_that_comes_later_is_money_all_the_same(payments: House) -> None:
    issued = await payments.issue()
    checkout = await payments.pay(issued.token, 10_000, "pays-too-late")
    assert await payments.events("PaymentReceived") == []
    await payments.wait(hours=49)
    [timed_out] = await payments.becomes("PaymentTimedOut")
    assert str(UUID(bytes=timed_out.payment_id)) == checkout.reference
    assert (await payments.link(issued.link_id)).payment_id == ""
    await payments.wait(days=3)
    await payments.told()
    [received] = await payments.events("PaymentReceived")
    assert received.payment_id == timed_out.payment_id
    assert (await payments.link(issued.link_id)).state == pb.LINK_STATE_PAID


async def test_a_debit_that_comes_back_reverses_exactly_what_it_paid(payments: House) -> None:
    issued = await payments.issue()
    await payments.pay(issued.token, 10_000, "comes-back")
    assert len(await payments.events("PaymentAllocated")) == 1
    await payments.wait(days=6)
    await payments.told()
    [reversed_], [back] = await payments.events("PaymentReversed"), await payments.events("AllocationReversed")
    assert (reversed_.payment_id, reversed_.amount) == (back.payment_id, back.amount)
    again = await payments.issue()
    assert amounts_in((await payments.get(again.token)).text) == ["10000"]


async def test_the_provider_settles_what_was_recorded(payments: House) -> None:
    for amount, card in ((1_000, "pays"), (2_000, "fails"), (3_000, "comes-back"), (1_500, "pays")):
        issued = await payments.issue(least=eur(1))
        await payments.pay(issued.token, amount, card)
    await payments.wait(days=6)
    await payments.told()
    received = {event.provider_ref: event.amount.minor_units for event in await payments.events("PaymentReceived")}
    settled = {one.provider_ref: one.minor_units for one in payments.provider.checkouts.values() if one.value_date}
    assert received == settled
    assert sum(received.values()) - sum(event.amount.minor_units for event in await payments.events("PaymentReversed")) == 2_500


async def test_a_link_ends_with_its_time_also_where_its_timer_is_late(payments: House) -> None:
    issued = await payments.issue(expires_at=BEGIN + timedelta(hours=2))
    await payments.wait(hours=3)
    assert (await payments.get(issued.token)).status_code == 404
    await payments.becomes("PaymentLinkExpired")
    assert (await payments.link(issued.link_id)).state == pb.LINK_STATE_EXPIRED


async def test_a_link_of_a_case_that_owes_nothing_is_not_made(payments: House) -> None:
    issued = await payments.issue()
    await payments.pay(issued.token, 10_000)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await payments.issue()
    assert refused.value.details() == "The case owes nothing that the link could let pay."


async def test_asked_twice_one_link_is_made_and_its_token_is_said_once(payments: House) -> None:
    first = await payments.issue(request_id="one")
    again = await payments.issue(request_id="one")
    assert (again.link_id, again.token, again.url) == (first.link_id, "", "")
    assert len(await payments.events("PaymentLinkIssued")) == 1
    assert (await payments.get(first.token)).status_code == 200
    link = await payments.log.load(PaymentLink, UUID(first.link_id), "demo")
    assert first.token.encode() not in link.token_hash


async def test_a_revoked_link_opens_nothing_and_its_payment_under_way_goes_on(payments: House) -> None:
    issued = await payments.issue()
    checkout = await payments.checkout(issued.token, 10_000)
    revoke = pb.RevokeLinkRequest(request_id="r", link_id=issued.link_id, reason_code="SENT_IN_ERROR")
    await payments.links.RevokeLink(revoke, metadata=payments.bearer("supervisor"))
    assert (await payments.get(issued.token)).status_code == 404
    assert (await payments.post(issued.token, "10000")).status_code == 404
    payments.provider.pay(checkout, "pays")
    await payments.told()
    assert len(await payments.events("PaymentReceived")) == 1


async def test_two_replicas_and_two_clicks_are_one_payment(database: str, tmp_path: Path) -> None:
    """Nothing that keeps them apart lives in one process: the log decides."""
    async with house(database, tmp_path) as payments, another_door(payments, database) as other:
        for _ in range(5):
            issued = await payments.issue(least=eur(1))
            asked = [
                door.post(f"/pay/{issued.token}", data={"amount": str(amount)})
                for amount in (100, 200, 300)
                for door in (payments.browser, other)
            ]
            answers = await asyncio.gather(*asked)
            assert {answer.status_code for answer in answers} == {303}
            assert len({answer.headers["location"] for answer in answers}) == 1
        assert len(await payments.events("PaymentInitiated")) == 5
