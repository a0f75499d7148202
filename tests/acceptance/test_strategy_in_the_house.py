"""A strategy at work in the whole house: it asks, contacts permits and sends, a hold stops it, another version resets no limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.contacts.v1 import messages_pb2 as messages
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as words
from acuerdo.strategy.v1 import service_pb2 as service
from acuerdo.strategy.v1 import strategies_pb2 as strategies
from acuerdo.strategy.v1 import treatments_pb2 as treatments
from acuerdo.strategy.v1 import types_pb2 as types

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from clients.cli.stepping import settle
from tests.acceptance.house import House
from tests.acceptance.portfolios import MONTHS, a_case, open_portfolio, wire

TENANT = "bank-strategy"
STRATEGIES = Path(__file__).resolve().parents[2] / "data" / "strategies"
ONE_A_WEEK = b"""
schema: contact-policy/1
packs:
- pack: one-a-week
  title: "One message a week, whoever sends it"
  version: 2026.11.0
  status: draft
  valid: {from: 2000-01-01, to: null}
  jurisdiction: {country: TW}
  applies_when: {collector: [any], debtor: natural_person, debt: any}
  stacks_on: []
  sources:
  - {id: house, title: "House policy", read_on: "2026-11-24", confidence: house}
  data: {tzdata: "2026.6", holidays: {calendar: null}}
  clock: {basis: consumer_location, ambiguous: intersect_all, unknown: [Asia/Taipei], week: iso}
  rules:
  - id: WEEKLY
    primitive: count_limit
    effect: prohibit
    basis: house_policy
    cite: "house: messages"
    channels: [sms, email, chat]
    params: {unit: attempt, direction: [out], key: [person], max: 1, window: {kind: calendar_days, days: 7}}
  vectors:
  - name: a first message
    ask: {at: "2005-05-03T12:00:00+08:00", channel: email}
    expect: {verdict: allow}
"""
BODY = "{{ sender }} for {{ creditor }}: dear {{ name }}, you can pay {{ reference }} here: {{ link }}. No more of these: {{ opt_out }}"


async def a_tenant(house: House, doors: Doors, tenant: str) -> str:
    """Segments, a strategy and a policy in force, templates approved by somebody else than their author; a case one cycle late. Its id."""
    portfolio = await open_portfolio(doors, tenant, 1)
    await doors.permits.PublishPack(permits.PublishPackRequest(request_id="pack", document=ONE_A_WEEK))
    activating = permits.ActivatePackRequest(request_id="pack-1", pack_id="one-a-week", version="2026.11.0", review_ref="test")
    await doors.permits.ActivatePack(activating)
    approver = house.stack.issuer.token("another", ("supervisor", "compliance", "operator"), tenant=tenant)
    async with Doors(Endpoints(house.stack.addresses), approver) as others:
        for name in ("first-reminder", "second-reminder"):
            drafted = messages.DraftTemplateRequest(
                request_id=f"draft-{name}",
                name=name,
                channel=words.CHANNEL_EMAIL,
                purpose=words.PURPOSE_REMINDER,
                locale="en",
                jurisdiction="TW",
                subject="A reminder",
                body=BODY,
            )
            version = (await doors.messages.DraftTemplate(drafted)).version
            approving = messages.ApproveTemplateRequest(request_id=f"approve-{name}", name=name, version=version)
            await others.messages.ApproveTemplate(approving)
    await put_into_force(doors, 1)
    registered = await doors.people.RegisterPerson(people.RegisterPersonRequest(request_id="person", person=somebody(tenant)))
    request = a_case(portfolio)
    request.parties[0].person_id = registered.person_id
    case_id = (await doors.cases.RegisterCase(request)).case_id
    await settle(doors)
    await report_late(doors, portfolio.portfolio_id)
    return str(case_id)


def somebody(tenant: str) -> people.NewPerson:
    points = [people.NewPoint(email=f"{tenant}@example.org")]
    return people.NewPerson(name="Somebody Synthetic", points=points, source="CREDITOR_FILE", is_synthetic=True)


async def put_into_force(doors: Doors, version: int, migration: Any = types.MIGRATION_FINISH_STEP) -> None:
    document = (STRATEGIES / f"listen-first.v{version}.yaml").read_bytes()
    await doors.strategy.PublishStrategy(strategies.PublishStrategyRequest(request_id=f"publish-{version}", document=document))
    request = strategies.ActivateStrategyRequest(request_id=f"activate-{version}", version=version, migration=migration)
    await doors.strategy.ActivateStrategy(request)


async def report_late(doors: Doors, portfolio_id: str) -> None:
    row = cases.ArrearsRow(line=1, external_ref="CASE-1", cycles_past_due=1)

    async def sent() -> Any:
        yield cases.ReportArrearsRequest(
            request_id="late", portfolio_id=portfolio_id, as_of=wire(MONTHS[-1]), source_ref="late.csv", rows=[row]
        )

    async for answer in doors.cases.ReportArrears(sent()):
        assert [outcome.reason for outcome in answer.outcomes if outcome.reason] == []
    await settle(doors)


async def treatment(doors: Doors, case_id: str) -> service.Treatment:
    found: service.Treatment = (await doors.strategy.GetTreatment(service.GetTreatmentRequest(case_id=case_id))).treatment
    return found


async def chosen(doors: Doors, case_id: str) -> list[tuple[str, str, str]]:
    """(step, occasion, what was chosen) of every decision."""
    listed = await doors.strategy.ListDecisions(treatments.ListDecisionsRequest(case_id=case_id))
    return [(each.step, each.occasion, each.chosen) for each in listed.decisions]


def mails(house: House, tenant: str) -> list[bytes]:
    """What has arrived for the tenant's debtor."""
    found = [file.read_bytes() for file in sorted((house.stack.sink.home / "mail").glob("*.eml"))]
    return [mail for mail in found if f"X-Sink-To: {tenant}@example.org".encode() in mail]


async def test_a_case_that_falls_behind_is_written_to_with_a_way_to_pay(house: House) -> None:
    """Flow 4: decided, requested, permitted, sent."""
    async with house.doors(TENANT) as doors:
        case_id = await a_tenant(house, doors, TENANT)
        position = (await treatment(doors, case_id)).position
        assert (position.step, position.waits_for) == ("remind", "ANSWER")
        came_late = "on_segment:friendly_reminder"
        assert await chosen(doors, case_id) == [("", "begin", "otherwise"), ("rest", came_late, came_late), ("remind", "ask", "ask")]
        assert len(mails(house, TENANT)) == 1
        listed = await doors.strategy.ListDecisions(treatments.ListDecisionsRequest(case_id=case_id))
        request = treatments.ExplainDecisionRequest(case_id=case_id, decision_id=listed.decisions[-1].decision_id)
        assert (await doors.strategy.ExplainDecision(request)).is_reproduced


async def test_another_version_in_the_middle_of_the_week_resets_no_limit(house: House) -> None:
    """Golden scenario 6 (Lago). What is asked by the new version is put off by what was sent under the old one."""
    tenant = f"{TENANT}-2"
    async with house.doors(tenant) as doors:
        case_id = await a_tenant(house, doors, tenant)
        await put_into_force(doors, 2, types.MIGRATION_RESTART)
        overriding = treatments.OverrideTreatmentRequest(request_id="again", case_id=case_id, step="remind_again", reason_code="ASKED_FOR")
        await doors.strategy.OverrideTreatment(overriding)
        await settle(doors)
        position = (await treatment(doors, case_id)).position
        assert (position.strategy_version, position.step, position.waits_for) == (2, "remind_again", "TIME")
        assert position.until.seconds > position.entered_at.seconds
        assert len(mails(house, tenant)) == 1


async def test_nothing_is_asked_while_a_hold_is_on_and_cases_knows_that_it_is_heeded(house: House) -> None:
    """Flow 3, as far as strategy has a part in it."""
    tenant = f"{TENANT}-3"
    async with house.doors(tenant) as doors:
        case_id = await a_tenant(house, doors, tenant)
        placing = holds.PlaceHoldRequest(request_id="hold", case_id=case_id, kind=holds.HOLD_KIND_LEGAL, reason_code="COURT")
        hold_id = (await doors.cases.PlaceHold(placing)).hold_id
        await settle(doors)
        overriding = treatments.OverrideTreatmentRequest(request_id="again", case_id=case_id, step="call", reason_code="ASKED_FOR")
        await doors.strategy.OverrideTreatment(overriding)
        await settle(doors)
        assert ((await treatment(doors, case_id)).position.waits_for, len(mails(house, tenant))) == ("HOLD", 1)
        lifting = holds.LiftHoldRequest(request_id="lift", case_id=case_id, hold_id=hold_id, reason_code="DONE")
        await doors.cases.LiftHold(lifting)
        await settle(doors)
        assert ("call", "ask", "ask") in await chosen(doors, case_id)
