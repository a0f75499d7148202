"""Holds of cases and what payments does about them: links freeze before the word is given, and open again when nothing stops them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import grpc
import grpc.aio
import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.payments.v1 import links_pb2 as pb

from services.payments.domain import case_links
from services.payments.domain.case_links import CaseLinks
from tests.services.payments.links.house import THE_CASE, House, eur, wire

HOLD, ANOTHER = UUID(int=0xA01D), UUID(int=0xB01D)


async def test_every_link_of_the_case_is_frozen_in_the_unit_that_says_so(payments: House) -> None:
    links = {(await payments.issue()).link_id for _ in range(3)}
    version = await payments.hear_of_a_hold(HOLD)
    [heeded] = await payments.becomes("HoldHeeded")
    assert {str(UUID(bytes=link_id)) for link_id in heeded.links_frozen} == links
    assert (UUID(bytes=heeded.hold_id), heeded.is_acting) == (HOLD, True)
    assert (UUID(bytes=heeded.origin.stream_id), heeded.origin.version) == (THE_CASE, version)
    records = await payments.log.read(0, 10_000)
    unit = {record.recorded_at for record in records if record.type_name.endswith(("PaymentLinkFrozen", "HoldHeeded"))}
    assert len(unit) == 1, "one unit: the freezing and the word that it is done"


async def test_a_hold_between_opening_and_paying_stops_the_payment(payments: House) -> None:
    issued = await payments.issue()
    assert (await payments.get(issued.token)).status_code == 200
    await payments.hear_of_a_hold(HOLD)
    assert (await payments.post(issued.token, "10000")).status_code == 404
    assert await payments.events("PaymentInitiated") == []


async def test_a_link_is_stopped_from_the_moment_the_hold_is_heard_before_any_timer_has_run(payments: House) -> None:
    """What the link itself has been told does not matter: the case's holds are looked at, at each step."""
    issued = await payments.issue()
    link_id = UUID(issued.link_id)
    await payments.hear_of_a_hold(HOLD)
    links = await payments.log.load(CaseLinks, case_links.stream_of(THE_CASE), "demo")
    assert links.stopped_by(payments.clock.now()) == [HOLD]
    assert (await payments.get(issued.token)).status_code == 404
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await payments.issue()
    assert refused.value.details() == "A hold stops the payment links of the case."
    await payments.becomes("PaymentLinkFrozen")
    assert (await payments.link(str(link_id))).state == pb.LINK_STATE_FROZEN


@pytest.mark.parametrize(
    ("scopes", "kind", "is_stopped"),
    [
        ((holds.HOLD_SCOPE_CONTACT,), holds.HOLD_KIND_LEGAL, True),
        ((holds.HOLD_SCOPE_TREATMENT,), holds.HOLD_KIND_LEGAL, True),
        ((holds.HOLD_SCOPE_REPORTING,), holds.HOLD_KIND_DISPUTE, True),
        ((holds.HOLD_SCOPE_INTEREST, holds.HOLD_SCOPE_DPD), holds.HOLD_KIND_LEGAL, False),
    ],
    ids=["contact", "treatment", "a dispute, whatever it says", "interest and days alone"],
)
async def test_contact_treatment_and_disputes_stop_links_and_other_holds_are_heeded_without(
    payments: House, scopes: tuple[int, ...], kind: int, is_stopped: bool
) -> None:
    issued = await payments.issue()
    await payments.hear_of_a_hold(HOLD, *scopes, kind=kind)
    [heeded] = await payments.becomes("HoldHeeded")
    assert (heeded.is_acting, len(heeded.links_frozen)) == (is_stopped, int(is_stopped))
    assert (await payments.get(issued.token)).status_code == (404 if is_stopped else 200)


async def test_a_hold_on_a_case_without_links_is_heeded_too(payments: House) -> None:
    await payments.hear_of_a_hold(HOLD)
    [heeded] = await payments.becomes("HoldHeeded")
    assert list(heeded.links_frozen) == []


async def test_lifted_the_link_opens_again_and_the_lift_is_heeded(payments: House) -> None:
    issued = await payments.issue()
    await payments.hear_of_a_hold(HOLD)
    await payments.becomes("HoldHeeded")
    await payments.hear(cases.HoldLifted(hold_id=HOLD.bytes, effective_on=wire(payments.today), reason_code="DONE"))
    heeded = (await payments.becomes("HoldHeeded", 2))[1]
    assert (heeded.is_acting, list(heeded.links_frozen)) == (False, [])
    assert (await payments.get(issued.token)).status_code == 200
    await payments.pay(issued.token, 10_000)


async def test_a_link_that_two_holds_stop_waits_for_both(payments: House) -> None:
    issued = await payments.issue()
    for hold_id in (HOLD, ANOTHER):
        await payments.hear_of_a_hold(hold_id)
    await payments.becomes("HoldHeeded", 2)
    await payments.hear(cases.HoldLifted(hold_id=HOLD.bytes, effective_on=wire(payments.today), reason_code="DONE"))
    await payments.becomes("PaymentLinkUnfrozen")
    link = await payments.link(issued.link_id)
    assert (link.state, list(link.hold_ids)) == (pb.LINK_STATE_FROZEN, [str(ANOTHER)])
    assert (await payments.get(issued.token)).status_code == 404


async def test_a_hold_that_lies_ahead_is_heeded_now_and_freezes_on_its_first_day(payments: House) -> None:
    issued = await payments.issue()
    await payments.hear_of_a_hold(HOLD, from_=payments.today + timedelta(days=2), through=payments.today + timedelta(days=3))
    [now] = await payments.becomes("HoldHeeded")
    assert (now.is_acting, list(now.links_frozen)) == (False, [])
    assert (await payments.get(issued.token)).status_code == 200
    await payments.wait(days=1, hours=14)  # past midnight in Madrid
    then = (await payments.becomes("HoldHeeded", 2))[1]
    assert (then.is_acting, [str(UUID(bytes=one)) for one in then.links_frozen]) == (True, [issued.link_id])
    assert (await payments.get(issued.token)).status_code == 404
    await payments.wait(days=2)
    await payments.becomes("CaseHoldEnded")
    assert (await payments.get(issued.token)).status_code == 200


async def test_an_extension_is_heeded_and_the_link_stays_frozen(payments: House) -> None:
    issued = await payments.issue()
    await payments.hear_of_a_hold(HOLD, through=payments.today)
    await payments.becomes("HoldHeeded")
    longer = payments.today + timedelta(days=3)
    version = await payments.hear(cases.HoldExtended(hold_id=HOLD.bytes, through=wire(longer), reason_code="MORE"))
    heeded = (await payments.becomes("HoldHeeded", 2))[1]
    assert (heeded.origin.version, len(heeded.links_frozen)) == (version, 1)
    await payments.wait(days=1)
    assert (await payments.get(issued.token)).status_code == 404
    await payments.wait(days=3)
    await payments.becomes("PaymentLinkUnfrozen")
    assert (await payments.get(issued.token)).status_code == 200


async def test_the_word_that_a_hold_has_expired_changes_nothing_that_its_last_day_has_not(payments: House) -> None:
    await payments.hear_of_a_hold(HOLD, through=payments.today)
    await payments.becomes("HoldHeeded")
    await payments.wait(days=1)
    await payments.becomes("CaseHoldEnded")
    told = await payments.names()
    await payments.hear(cases.HoldExpired(hold_id=HOLD.bytes, through=wire(payments.today - timedelta(days=1))))
    assert await payments.names() == told


async def test_a_hold_that_was_over_before_it_could_be_heeded_is_heeded_and_has_stopped_nothing(payments: House) -> None:
    issued = await payments.issue()
    yesterday = payments.today - timedelta(days=1)
    await payments.hear_of_a_hold(HOLD, from_=yesterday, through=yesterday)
    [heeded] = await payments.becomes("HoldHeeded")
    assert (heeded.is_acting, list(heeded.links_frozen)) == (False, [])
    assert (await payments.get(issued.token)).status_code == 200


async def test_what_was_said_of_a_hold_before_is_passed_over_when_it_comes_late(payments: House) -> None:
    await payments.hear_of_a_hold(HOLD)
    await payments.hear(cases.HoldLifted(hold_id=HOLD.bytes, effective_on=wire(payments.today), reason_code="DONE"))
    await payments.becomes("HoldHeeded")
    told = await payments.names()
    payments.case_versions[THE_CASE] = 1  # a fact that was heard late has an older version
    await payments.hear(cases.HoldExtended(hold_id=HOLD.bytes, through=wire(payments.today + timedelta(days=9)), reason_code="LATE"))
    assert await payments.names() == told


async def test_money_under_way_when_the_hold_comes_is_received(payments: House) -> None:
    issued = await payments.issue()
    checkout = await payments.checkout(issued.token, 10_000)
    await payments.hear_of_a_hold(HOLD)
    await payments.becomes("PaymentLinkFrozen")
    payments.provider.pay(checkout, "pays")
    await payments.told()
    [received] = await payments.events("PaymentReceived")
    assert received.amount == eur(10_000)


async def test_links_that_are_over_are_not_frozen(payments: House) -> None:
    issued: Any = await payments.issue()
    await payments.links.RevokeLink(
        pb.RevokeLinkRequest(request_id="r", link_id=issued.link_id, reason_code="WRONG"), metadata=payments.bearer("supervisor")
    )
    await payments.hear_of_a_hold(HOLD)
    [heeded] = await payments.becomes("HoldHeeded")
    assert list(heeded.links_frozen) == []
