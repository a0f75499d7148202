"""A tenant of a test's own in the running house: its portfolio and payment sources, people and cases in it, and what can happen to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.log_pb2 import HeadRequest, ReplayRequest
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1 import permit_service_pb2 as permits
from acuerdo.contacts.v1 import types_pb2 as words
from acuerdo.contacts.v1.events_pb2 import ContactEvent
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.payments.v1 import receipts_pb2 as receipts
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.strategy.v1.events_pb2 import StrategyEvent

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from clients.cli.stepping import advance, clocks, settle
from dev import play
from tests.acceptance.house import House
from tests.acceptance.portfolios import wire

CURRENCY = "EUR"
EVENTS: dict[str, Any] = {"contacts": ContactEvent, "payments": PaymentEvent, "strategy": StrategyEvent}


@dataclass
class World:
    """One tenant. `ids` makes its request ids."""

    house: House
    tenant: str
    doors: Doors
    country: str
    zone: ZoneInfo
    stack: AsyncExitStack
    portfolio_id: str = ""
    client_id: str = ""
    bank: str = ""
    file: str = ""
    ids: count[int] = field(default_factory=lambda: count(1))

    def next_id(self) -> str:
        return f"{self.tenant}/{next(self.ids)}"

    async def as_(self, subject: str, *roles: str, **said: Any) -> Doors:
        """The way in for somebody else of this tenant."""
        token = self.house.stack.issuer.token(subject, roles, tenant=self.tenant, **said)
        return await self.stack.enter_async_context(Doors(Endpoints(self.house.stack.addresses), token))

    # What is there ------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Two sources that must both have spoken before anybody calls a promise broken."""
        self.bank = await self.a_source("bank", receipts.SOURCE_KIND_BANK_STATEMENT)
        self.file = await self.a_source("file", receipts.SOURCE_KIND_CREDITOR_FILE)
        self.client_id, self.portfolio_id = await self.a_portfolio("first")
        for source_id in (self.bank, self.file):
            naming = payments.ChangeSourcePortfoliosRequest(
                request_id=self.next_id(), source_id=source_id, portfolio_ids=[self.portfolio_id]
            )
            await self.doors.payments.ChangeSourcePortfolios(naming)

    async def a_source(self, ref: str, kind: Any) -> str:
        registering = payments.RegisterPaymentSourceRequest(
            request_id=self.next_id(), external_ref=ref, name=ref, kind=kind, zone=self.zone.key
        )
        return str((await self.doors.payments.RegisterPaymentSource(registering)).source_id)

    async def a_portfolio(self, ref: str) -> tuple[str, str]:
        """Client and portfolio."""
        registering = cases.RegisterClientRequest(request_id=self.next_id(), external_ref=f"client-{ref}", name=f"Client {ref}")
        client_id = (await self.doors.cases.RegisterClient(registering)).client_id
        terms = play.terms((self.bank, self.file))
        terms.zone, terms.calendar, terms.jurisdiction, terms.currency_code = self.zone.key, self.country, self.country, CURRENCY
        terms.balance_authority = types.AUTHORITY_OURS
        opening = cases.OpenPortfolioRequest(
            request_id=self.next_id(), client_id=client_id, external_ref=f"portfolio-{ref}", name=f"Portfolio {ref}", terms=terms
        )
        return str(client_id), str((await self.doors.cases.OpenPortfolio(opening)).portfolio_id)

    async def a_person(self, ref: str = "somebody") -> str:
        person = people.NewPerson(
            name="Somebody Synthetic",
            points=[people.NewPoint(email=f"{ref}.{self.tenant}@example.org")],
            source="CREDITOR_FILE",
            residence_country=self.country,
            zones=[self.zone.key],
            is_synthetic=True,
        )
        return str(
            (await self.doors.people.RegisterPerson(people.RegisterPersonRequest(request_id=self.next_id(), person=person))).person_id
        )

    async def a_case(self, ref: str, person_id: str, portfolio_id: str = "", euros: int = 1000) -> str:
        """Known to all when this returns."""
        owed = [types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=eur(euros))]
        registering = cases.RegisterCaseRequest(
            request_id=self.next_id(),
            portfolio_id=portfolio_id or self.portfolio_id,
            external_ref=ref,
            product="card",
            parties=[types.Party(person_id=person_id, role=types.PARTY_ROLE_DEBTOR, liability=types.LIABILITY_FULL)],
            debts=[types.Debt(external_ref=f"debt-{ref}", product="card", components=owed)],
        )
        case_id = str((await self.doors.cases.RegisterCase(registering)).case_id)
        await settle(self.doors)
        return case_id

    async def use_pack(self, document: bytes, pack_id: str, version: str = "2026.11.0") -> None:
        await self.doors.permits.PublishPack(permits.PublishPackRequest(request_id=self.next_id(), document=document))
        activating = permits.ActivatePackRequest(request_id=self.next_id(), pack_id=pack_id, version=version, review_ref="a test")
        await self.doors.permits.ActivatePack(activating)

    # What happens -------------------------------------------------------------------------------------------------------

    async def now(self) -> datetime:
        """In the portfolio's zone."""
        return min(clock.now.ToDatetime(UTC) for clock in (await clocks(self.doors)).values()).astimezone(self.zone)

    async def next_weekday(self, iso: int) -> date:
        """The next Monday (1), Tuesday … that is not today."""
        today = (await self.now()).date()
        return today + timedelta(days=(iso - today.isoweekday() - 1) % 7 + 1)

    async def pass_until(self, day: date, at: time = time(0)) -> None:
        await advance(self.doors, datetime.combine(day, at, self.zone))

    async def promise(self, case_id: str, on: date, euros: int, by: Doors | None = None, **other: Any) -> str:
        making = promises.MakePromiseRequest(
            request_id=self.next_id(), case_id=case_id, parts=[promises.PromisePart(date=wire(on), amount=eur(euros))], **other
        )
        made = await (by or self.doors).promises.MakePromise(making)
        await settle(self.doors)
        return str(made.promise_id)

    async def pay(self, case_id: str, on: date, euros: int, source_id: str = "") -> str:
        paying = payments.RecordPaymentRequest(
            request_id=self.next_id(),
            source_id=source_id or self.bank,
            provider_ref=f"ref-{next(self.ids)}",
            amount=eur(euros),
            value_date=wire(on),
            case_id=case_id,
        )
        paid = await self.doors.payments.RecordPayment(paying)
        await settle(self.doors)
        return str(paid.payment_id)

    async def complete(self, source_id: str, through: date) -> None:
        completing = payments.CompletePaymentSourceRequest(
            request_id=self.next_id(), source_id=source_id, complete_through=wire(through), evidence_ref="statement"
        )
        await self.doors.payments.CompletePaymentSource(completing)
        await settle(self.doors)

    async def ask(self, contact: permits.ContactWanted, by: Doors | None = None) -> permits.RequestPermitResponse:
        request = permits.RequestPermitRequest(request_id=self.next_id(), contact=contact)
        answer: permits.RequestPermitResponse = await (by or self.doors).permits.RequestPermit(request)
        return answer

    async def contact_made(self, contact: permits.ContactWanted) -> permits.RequestPermitResponse:
        """Asked for, granted, and made by its permit."""
        granted = await self.ask(contact)
        assert granted.answer == permits.PERMIT_ANSWER_GRANTED, granted.decision.reasons
        consuming = permits.ConsumePermitRequest(request_id=self.next_id(), person_id=contact.person_id, permit_id=granted.permit_id)
        assert (await self.doors.permits.ConsumePermit(consuming)).is_consumed
        return granted

    # What came of it ----------------------------------------------------------------------------------------------------

    async def timeline(self, case_id: str, *types_: str) -> list[cases.TimelineRow]:
        request = cases.GetTimelineRequest(case_id=case_id, page_size=200, types=types_)
        return list((await self.doors.cases.GetTimeline(request)).rows)

    async def told_of_promises(self, case_id: str) -> list[str]:
        rows = await self.timeline(case_id)
        return [row.type.removeprefix("Promise") for row in rows if row.type.startswith("Promise")]

    async def told(self, service: str, stream_id: str) -> list[Any]:
        """Everything that a service told on a stream, in order."""
        chunks = self.doors.log(service).Replay(ReplayRequest(stream_id=stream_id))
        return [EVENTS[service].FromString(record.event) async for chunk in chunks for record in chunk.records]

    async def head_of_cases(self) -> int:
        return int((await self.doors.log("cases").Head(HeadRequest())).head.position)


@asynccontextmanager
async def a_world(house: House, tenant: str, country: str = "ES", zone: str = "Europe/Madrid") -> AsyncIterator[World]:
    async with house.doors(tenant) as doors, AsyncExitStack() as stack:
        world = World(house, tenant, doors, country, ZoneInfo(zone), stack)
        await world.open()
        yield world


def wanted(person_id: str, case_id: str, channel: Any = words.CHANNEL_CALL, **other: Any) -> permits.ContactWanted:
    return permits.ContactWanted(person_id=person_id, case_id=case_id, channel=channel, purpose=words.PURPOSE_COLLECTION, **other)


def codes(answer: permits.RequestPermitResponse) -> list[str]:
    return [reason.code for reason in answer.decision.reasons]


def rules(answer: permits.RequestPermitResponse) -> list[str]:
    return [reason.rule_id for reason in answer.decision.reasons]


def eur(euros: int) -> Money:
    return Money(currency_code=CURRENCY, minor_units=euros * 100)


def a_pack(pack_id: str, country: str, *rules_: str, vector: str, version: str = "2026.11.0") -> bytes:
    """A house's own policy with these rules, in force since long ago. `vector`: what it must say of a call, as the pack's example."""
    return PACK.format(
        pack=pack_id, country=country, version=version, rules="".join(f"\n  - {rule}" for rule in rules_), vector=vector
    ).encode()


def a_limit(rule_id: str, days: int, most: int = 1, unit: str = "attempt", channels: str = "any") -> str:
    """So many contacts with a person in so many days, whoever asks for whom."""
    params = f"{{unit: {unit}, direction: [out], key: [person], max: {most}, window: {{kind: calendar_days, days: {days}}}}}"
    head = f"id: {rule_id}, primitive: count_limit, effect: prohibit, basis: house_policy, cite: 'house: {rule_id}'"
    return f"{{{head}, channels: [{channels}], params: {params}}}"


PACK = """
schema: contact-policy/1
packs:
- pack: {pack}
  title: "A house's own policy"
  version: {version}
  status: draft
  valid: {{from: 2000-01-01, to: null}}
  jurisdiction: {{country: {country}}}
  applies_when: {{collector: [any], debtor: natural_person, debt: any}}
  stacks_on: []
  sources:
  - {{id: house, title: "House policy", read_on: "2026-11-24", confidence: house}}
  data: {{tzdata: "2026.6", holidays: {{calendar: null}}}}
  clock: {{basis: consumer_location, ambiguous: intersect_all, unknown: [Europe/Madrid], week: iso}}
  rules:{rules}
  vectors:
  - {vector}
"""
