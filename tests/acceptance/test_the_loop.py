"""One loop through four services: written to, paid through the link, promised, kept, what comes next; a hold that stops it all."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID

import httpx
from acuerdo.cases.v1 import heeding_pb2 as heeding
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import recorded_pb2 as recorded
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.log_pb2 import ReplayRequest
from acuerdo.common.v1.types_pb2 import Causation, Money
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import types_pb2 as words
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.payments.v1 import receipts_pb2 as receipts
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1 import treatments_pb2 as treatments
from acuerdo.strategy.v1.events_pb2 import StrategyEvent

from clients.cli.connection import Doors
from clients.cli.stepping import advance, clocks, settle
from dev.money import pay
from dev.play import CURRENCY, terms
from tests.acceptance.house import House
from tests.acceptance.portfolios import wire
from tests.acceptance.test_strategy_in_the_house import a_tenant, chosen, mails, treatment

TENANT = "loop"
OWED = 12_345
EVENTS: dict[str, Any] = {"cases": CaseEvent, "contacts": ContactEvent, "payments": PaymentEvent, "strategy": StrategyEvent}
ELSEWHERE = {
    "permit_recorded": {"contacts/contact_permit_granted"},
    "interaction_recorded": {"contacts/attempt_started"},
    "treatment_recorded": {"strategy/treatment_requested"},
    "payment_applied": {"payments/payment_allocated"},
}
"""What a case's history says of others' facts: by whom, and which fact it must be."""


async def test_what_is_paid_through_the_link_of_a_message_ends_on_the_case_which_knows_all_of_it(house: House) -> None:
    """Flows 1 and 4. The case's history is whole by itself, and every word of it has its origin in the log of whoever said it."""
    async with house.doors(TENANT) as doors:
        await a_source(doors, "sandbox", receipts.SOURCE_KIND_PSP)
        case_id = await a_tenant(house, doors, TENANT)
        await pay_by_mail(house, TENANT)
        await settle(doors)

        rows = {row.event.WhichOneof("event"): row.event for row in await timeline(doors, case_id)}
        applied = rows["payment_applied"].payment_applied
        assert (applied.amount.minor_units, applied.source) == (OWED, "PSP")
        treated, permitted, met = (
            rows["treatment_recorded"].treatment_recorded,
            rows["permit_recorded"].permit_recorded,
            rows["interaction_recorded"].interaction_recorded,
        )
        assert treated.request_id == permitted.request_id == met.request_id
        assert (permitted.verdict, permitted.permit_id, met.is_breach) == (recorded.PERMIT_VERDICT_GRANTED, met.permit_id, False)
        assert treated.person_id == permitted.person_id == met.person_id
        found = await origins(doors, case_id)
        assert {name: found[name] for name in ELSEWHERE} == ELSEWHERE
        received = (await fact_at(doors, "payments", applied.origin)).payment_allocated
        assert received.payment_id == applied.payment_id
        by_link = (await doors.payments.GetPayment(payments.GetPaymentRequest(payment_id=str(UUID(bytes=applied.payment_id))))).payment
        assert UUID(by_link.attempt_id).bytes == met.interaction_id
        assert (await doors.cases.GetBalance(cases.GetBalanceRequest(case_id=case_id))).balance.minor_units == 0
        assert (await chosen(doors, case_id))[-1][1:] == ("on_paid", "on_paid")
        assert (await treatment(doors, case_id)).position.step == "rest"


async def test_a_payment_keeps_a_promise_and_the_strategy_decides_what_comes_next(house: House) -> None:
    """Flow 2 across payments, cases and strategy: each fact names the one that caused it, back to the money."""
    tenant = f"{TENANT}-2"
    async with house.doors(tenant) as doors:
        bank = await a_source(doors, "bank", receipts.SOURCE_KIND_BANK_STATEMENT)
        case_id = await a_tenant(house, doors, tenant)
        today = await now(doors)
        promised = Money(currency_code=CURRENCY, minor_units=5_000)
        part = promises.PromisePart(date=wire((today + timedelta(days=5)).date()), amount=promised)
        promise_id = (
            await doors.promises.MakePromise(promises.MakePromiseRequest(request_id="p", case_id=case_id, parts=[part]))
        ).promise_id
        await settle(doors)
        assert (await treatment(doors, case_id)).position.step == "follow_promise"
        paying = payments.RecordPaymentRequest(
            request_id="paid", source_id=bank, provider_ref="ref", amount=promised, value_date=wire(today.date()), case_id=case_id
        )
        paid = await doors.payments.RecordPayment(paying)
        await settle(doors)

        [kept] = [row.event for row in await timeline(doors, case_id) if row.type == "PromiseKept"]
        assert kept.promise_kept.promise_id == UUID(promise_id).bytes
        allocated = await fact_at(doors, "payments", kept.meta.causation)
        assert allocated.payment_allocated.payment_id == UUID(paid.payment_id).bytes
        listed = (await doors.strategy.ListDecisions(treatments.ListDecisionsRequest(case_id=case_id))).decisions
        decided = listed[-1]
        assert (decided.step, decided.occasion, decided.leads_to) == ("follow_promise", "on_promise_kept", "rest")
        stream, _, version = decided.origin.partition(":")
        assert (UUID(stream).bytes, int(version)) == (kept.meta.stream_id, kept.meta.version)
        asked = treatments.ExplainDecisionRequest(case_id=case_id, decision_id=decided.decision_id)
        assert (await doors.strategy.ExplainDecision(asked)).is_reproduced
        assert (await treatment(doors, case_id)).position.step == "rest"


async def test_nobody_is_written_to_while_a_promise_is_only_unpaid_so_far(house: House) -> None:
    """Golden scenario 1 as the debtor sees it: silence until every source has spoken; then a few days, and a word about it."""
    tenant = f"{TENANT}-4"
    async with house.doors(tenant) as doors:
        bank = await a_source(doors, "bank", receipts.SOURCE_KIND_BANK_STATEMENT)
        case_id = await a_tenant(house, doors, tenant)
        await rest_on(doors, case_id, bank)
        due = (await now(doors)).date() + timedelta(days=8)
        part = promises.PromisePart(date=wire(due), amount=Money(currency_code=CURRENCY, minor_units=5_000))
        await doors.promises.MakePromise(promises.MakePromiseRequest(request_id="p", case_id=case_id, parts=[part]))
        await settle(doors)
        await advance(doors, await now(doors) + timedelta(days=10))
        assert await told_of_promises(doors, case_id) == ["PromiseMade", "PromiseUnpaidSoFar"]
        assert ((await treatment(doors, case_id)).position.step, len(mails(house, tenant))) == ("follow_promise", 1)

        completing = payments.CompletePaymentSourceRequest(
            request_id="complete", source_id=bank, complete_through=wire(due), evidence_ref="statement"
        )
        await doors.payments.CompletePaymentSource(completing)
        await settle(doors)
        assert await told_of_promises(doors, case_id) == ["PromiseMade", "PromiseUnpaidSoFar", "PromiseBroken"]
        assert ((await treatment(doors, case_id)).position.step, len(mails(house, tenant))) == ("wait_after_promise", 1)
        await advance(doors, await now(doors) + timedelta(days=4))
        assert len(mails(house, tenant)) == 2


async def test_one_command_stops_everybody_and_the_case_knows_that_they_stopped(house: House) -> None:
    """Flow 3: the hold is acknowledged by all three, the link in the mail pays no more, and nothing goes out while it holds."""
    tenant = f"{TENANT}-3"
    async with house.doors(tenant) as doors:
        await a_source(doors, "sandbox", receipts.SOURCE_KIND_PSP)
        case_id = await a_tenant(house, doors, tenant)
        [mail] = mails(house, tenant)
        placing = holds.PlaceHoldRequest(
            request_id="hold", case_id=case_id, kind=holds.HOLD_KIND_STATUTORY_BREATHING_SPACE, reason_code="ADVISER_ASKED"
        )
        hold_id = (await doors.cases.PlaceHold(placing)).hold_id
        await settle(doors)

        acknowledged = [row.event.hold_acknowledged for row in await timeline(doors, case_id) if row.type == "HoldAcknowledged"]
        assert {each.service for each in acknowledged} == {"contacts", "payments", "strategy"}
        assert len(acknowledged) == 3
        for each in acknowledged:
            assert (UUID(bytes=each.hold_id), list(each.contacts_between)) == (UUID(hold_id), [])
            told = await fact_at(doors, each.service, each.origin)
            assert told.hold_heeded.hold_id == each.hold_id
        request = heeding.GetHoldAcknowledgementsRequest(case_id=case_id, hold_id=hold_id)
        [heeded] = (await doors.cases.GetHoldAcknowledgements(request)).holds
        assert (list(heeded.awaited), list(heeded.missed)) == ([], [])
        assert [each.service for each in heeded.acknowledgements if not each.HasField("latency")] == []

        async with httpx.AsyncClient(follow_redirects=True, timeout=30) as browser:
            assert not await pay(browser, link_of(mail), "pays")
        person_id = (await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id))).case.parties[0].person_id
        sending = messages.SendMessageRequest(
            request_id="send",
            case_id=case_id,
            person_id=person_id,
            template="first-reminder",
            channel=words.CHANNEL_EMAIL,
            purpose=words.PURPOSE_REMINDER,
            wants_link=True,
        )
        refused = await doors.messages.SendMessage(sending)
        assert (refused.verdict, "HOLD_ACTIVE" in refused.reason_codes) == (messages.SendMessageResponse.VERDICT_DENIED, True)
        # The strategy would have written again after a week.
        await advance(doors, await now(doors) + timedelta(days=15))
        assert len(mails(house, tenant)) == 1
        assert [each for each in await chosen(doors, case_id) if each[1] == "ask"] == [("remind", "ask", "ask")]


async def a_source(doors: Doors, ref: str, kind: Any) -> str:
    registering = payments.RegisterPaymentSourceRequest(
        request_id=f"source-{ref}", external_ref=ref, name=ref, kind=kind, zone="Asia/Taipei"
    )
    return str((await doors.payments.RegisterPaymentSource(registering)).source_id)


async def rest_on(doors: Doors, case_id: str, source_id: str) -> None:
    """From now on, what is promised to the case's portfolio is broken only when that source has spoken."""
    portfolio_id = (await doors.cases.GetCase(cases.GetCaseRequest(case_id=case_id))).case.portfolio_id
    naming = payments.ChangeSourcePortfoliosRequest(request_id="names", source_id=source_id, portfolio_ids=[portfolio_id])
    await doors.payments.ChangeSourcePortfolios(naming)
    changing = cases.ChangePortfolioTermsRequest(
        request_id="terms", portfolio_id=portfolio_id, terms=terms((source_id,)), effective_from=wire((await now(doors)).date())
    )
    await doors.cases.ChangePortfolioTerms(changing)
    await settle(doors)


async def told_of_promises(doors: Doors, case_id: str) -> list[str]:
    return [row.type for row in await timeline(doors, case_id) if row.type.startswith("Promise")]


async def pay_by_mail(house: House, tenant: str) -> None:
    """The debtor reads the mail, follows its link, and pays all that is asked at the provider."""
    [mail] = mails(house, tenant)
    async with httpx.AsyncClient(follow_redirects=True, timeout=30) as browser:
        assert await pay(browser, link_of(mail), "pays")
        while (await browser.get(f"{house.stack.provider.url}/control/quiet")).json()["unacknowledged"]:
            pass


def link_of(mail: bytes) -> str:
    body = email.message_from_bytes(mail, policy=email.policy.default).get_body(("plain",))
    assert body is not None
    found = re.search(r"https?://[\w.:]+/pay/[\w-]+", body.get_content())
    assert found is not None
    return found[0]


async def now(doors: Doors) -> Any:
    return min(clock.now.ToDatetime(UTC) for clock in (await clocks(doors)).values())


async def timeline(doors: Doors, case_id: str) -> list[cases.TimelineRow]:
    return list((await doors.cases.GetTimeline(cases.GetTimelineRequest(case_id=case_id, page_size=200))).rows)


async def origins(doors: Doors, case_id: str) -> dict[str, set[str]]:
    """Facts on a case that speak of others' facts, each with those, as they are in the log of whoever told them; and that caused it."""
    told = {}
    for service in ("contacts", "payments", "strategy"):
        async for chunk in doors.log(service).Replay(ReplayRequest()):
            for fact in (EVENTS[service].FromString(record.event) for record in chunk.records):
                told[fact.meta.stream_id, fact.meta.version] = f"{service}/{fact.WhichOneof('event')}"
    found: dict[str, set[str]] = {}
    for event in (row.event for row in await timeline(doors, case_id)):
        name = event.WhichOneof("event")
        origin = getattr(getattr(event, name), "origin", None)
        if isinstance(origin, Causation):
            assert event.meta.causation == origin
            found.setdefault(name, set()).add(told[origin.stream_id, origin.version])
    return found


async def fact_at(doors: Doors, service: str, origin: Causation) -> Any:
    """The fact that an origin names, from the log of whoever told it."""
    chunks = doors.log(service).Replay(ReplayRequest(stream_id=str(UUID(bytes=origin.stream_id))))
    facts = [EVENTS[service].FromString(record.event) async for chunk in chunks for record in chunk.records]
    [found] = [fact for fact in facts if fact.meta.version == origin.version]
    return found
