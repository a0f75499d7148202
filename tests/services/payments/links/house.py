"""Payments in one process with its HTTP door, beside the sandbox provider: real PostgreSQL, HTTP and signatures, a development clock."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import grpc.aio
import httpx
import uvicorn
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import EventMeta, Money
from acuerdo.payments.v1 import links_pb2 as pb
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.payments.v1.links_pb2_grpc import LinksStub
from google.protobuf.message import Message
from google.type.date_pb2 import Date

from dev import provider as sandbox
from dev.issuer import Issuer
from dev.ports import free_port
from dev.sandbox import Checkout, Ledger
from services.chassis.clock import DevelopmentClock
from services.chassis.follower.timers import TimerRunner
from services.chassis.heard import Heard
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command, HeardFact, HeardUpTo
from services.chassis.part import Part
from services.chassis.rpc.server import Rpc
from services.chassis.rpc.words import AskedBy
from services.chassis.settings import Settings
from services.kernel.facts import Change
from services.kernel.ids import derived
from services.payments.api import LinksApi, new_token
from services.payments.application import sources
from services.payments.card import PAYMENTS
from services.payments.domain.source import SourceKind
from services.payments.reactions import REACTIONS
from services.payments.timers import TIMERS
from services.payments.web import DoorSettings, opened

TENANT = "demo"
BEGIN = datetime(2026, 3, 10, 10, tzinfo=UTC)
SECRET = b"shared with the provider, 32 byte"
THE_CLIENT, THE_PORTFOLIO = UUID(int=0xC11E), UUID(int=0xF0110)
THE_CASE, ANOTHER_CASE = UUID(int=0xCA5E), UUID(int=0xCA5F)
THE_DEBT, THE_PERSON = UUID(int=0xDEB7), UUID(int=0xBE5)
CREDITOR = "Banco <Claro> & Hijos"
FOLLOWER = "reactions"


def eur(minor_units: int) -> Money:
    return Money(currency_code="EUR", minor_units=minor_units)


def wire(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


async def eventually(is_so: Any, seconds_max: float = 20.0) -> None:
    """Until it is so: what others do in their own time."""
    async with asyncio.timeout(seconds_max):
        while not await is_so():  # noqa: ASYNC110  # others do it: there is no event to wait for
            await asyncio.sleep(0.02)


@dataclass
class House:
    """What a test sees of it."""

    log: Log
    clock: DevelopmentClock
    links: Any
    issuer: Issuer
    browser: httpx.AsyncClient
    provider: Ledger
    door_settings: DoorSettings
    case_versions: dict[UUID, int] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)

    # Asked ----------------------------------------------------------------------------------------------------------------

    def bearer(self, *roles: str, **said: Any) -> Any:
        return (("authorization", f"Bearer {self.issuer.token('ana', roles or ('agent',), **said)}"),)

    async def issue(self, kind: int = pb.AMOUNT_RULE_KIND_BALANCE, case_id: UUID = THE_CASE, **fields: Any) -> pb.IssueLinkResponse:
        expires_at = fields.pop("expires_at", None)
        request = pb.IssueLinkRequest(
            request_id=fields.pop("request_id", str(new_id())),
            case_id=str(case_id),
            person_id=str(THE_PERSON),
            amount=pb.AmountAsked(kind=kind, **fields),
        )
        if expires_at is not None:
            request.expires_at.FromDatetime(expires_at)
        answer: pb.IssueLinkResponse = await self.links.IssueLink(request, metadata=self.bearer())
        return answer

    async def link(self, link_id: str) -> pb.Link:
        answer = await self.links.GetLink(pb.GetLinkRequest(link_id=link_id), metadata=self.bearer())
        found: pb.Link = answer.link
        return found

    # Told by cases --------------------------------------------------------------------------------------------------------

    async def hear(self, fact: Message, stream_id: UUID = THE_CASE, source: str = "cases") -> int:
        """The next fact of a stream of another service; its version."""
        version = self.case_versions[stream_id] = self.case_versions.get(stream_id, 0) + 1
        position = self.heard[source] = self.heard.get(source, 0) + 1
        meta = EventMeta(tenant_id=TENANT, stream_id=stream_id.bytes, version=version)
        now = self.clock.now()
        heard = Heard(fact, meta, position, now)
        origin = HeardFact(FOLLOWER, TENANT, heard.origin, derived("correlation", position), now)
        changes = list(REACTIONS[source][type(fact)](heard))
        await self.log.run_heard(HeardUpTo(FOLLOWER, source, 1, 0, position - 1, position), [(origin, changes)])
        return version

    async def hear_of_a_case(
        self, case_id: UUID = THE_CASE, owed: int = 10_000, reference: str = "CARD-1", due_on: date | None = None
    ) -> None:
        terms = types.PortfolioTerms(currency_code="EUR", zone="Europe/Madrid")
        registered = cases.CaseRegistered(
            client_id=THE_CLIENT.bytes, portfolio_id=THE_PORTFOLIO.bytes, external_ref=reference, product="card", terms=terms
        )
        await self.hear(registered, case_id)
        await self.hear_of_a_debt(owed, case_id=case_id, debt_id=derived("debt", case_id), due_on=due_on)
        await self.hear(cases.CaseOpened(reason="RELEASED"), case_id)

    async def hear_of_a_debt(self, owed: int, *, case_id: UUID = THE_CASE, debt_id: UUID = THE_DEBT, due_on: date | None = None) -> None:
        component = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=eur(owed))
        due_date = wire(due_on) if due_on else None
        attached = cases.DebtAttached(
            debt_id=debt_id.bytes, external_ref="d", components=[component], value_date=wire(date(2026, 1, 1)), oldest_due_date=due_date
        )
        await self.hear(attached, case_id)

    async def hear_of_a_promise(self, promise_id: UUID, amount: int) -> None:
        """Made today, to be paid in a week."""
        part = promises.PromisePart(date=wire(self.today + timedelta(days=7)), amount=eur(amount))
        made = promises.PromiseMade(promise_id=promise_id.bytes, parts=[part], zone="Europe/Madrid", made_on=wire(self.today))
        await self.hear(made)

    async def hear_of_a_hold(
        self, hold_id: UUID, *scopes: int, kind: int = holds.HOLD_KIND_COMPLAINT, from_: date | None = None, through: date | None = None
    ) -> int:
        """Placed; the version of the case that says so."""
        placed = cases.HoldPlaced(
            hold_id=hold_id.bytes,
            kind=kind,
            scopes=scopes or (holds.HOLD_SCOPE_CONTACT,),
            reason_code="ASKED",
            through=wire(through) if through else None,
            **{"from": wire(from_ or self.today)},
        )
        return await self.hear(placed)

    # The world ------------------------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(ZoneInfo("Europe/Madrid")).date()

    async def wait(self, **time: float) -> None:
        """Let time go by, for the provider too."""
        now = await self.clock.advance(self.clock.now() + timedelta(**time))
        self.provider.learn(now)

    async def get(self, token: str, **headers: str) -> httpx.Response:
        return await self.browser.get(f"/pay/{token}", headers=headers)

    async def post(self, token: str, amount: str, other: str = "") -> httpx.Response:
        return await self.browser.post(f"/pay/{token}", data={"amount": amount, "other": other})

    async def checkout(self, token: str, minor_units: int | str) -> Checkout:
        """Choose an amount and go to the provider; the checkout there."""
        answer = await self.post(token, str(minor_units))
        assert answer.status_code == 303, answer.text
        return self.provider.checkouts[answer.headers["location"].rpartition("/")[2]]

    async def pay(self, token: str, minor_units: int | str, card: str = "pays") -> Checkout:
        """All the way; returns when everything that the provider tells now is acknowledged."""
        checkout = await self.checkout(token, minor_units)
        self.provider.pay(checkout, card)
        await self.told()
        return checkout

    async def told(self) -> None:
        async def is_told() -> bool:
            return not self.provider.unacknowledged

        await eventually(is_told)

    async def register_source(self, name: str) -> None:
        source = sources.register_source(derived("source", name), name, name, SourceKind.PSP, (), "Europe/Madrid", None)
        await run(self.log, source)

    # What came of it ------------------------------------------------------------------------------------------------------

    async def events(self, name: str = "") -> list[Any]:
        """Facts in the log's order, by their message's name (all of them without one)."""
        records = await self.log.read(0, 10_000)
        found = [PaymentEvent.FromString(record.event) for record in records if record.type_name.endswith(f".{name}" if name else "")]
        return [getattr(event, event.WhichOneof("event")) for event in found]

    async def names(self) -> list[str]:
        return [record.type_name.rpartition(".")[2] for record in await self.log.read(0, 10_000)]

    async def becomes(self, name: str, count: int = 1) -> list[Any]:
        """Those facts, once there are so many."""

        async def are_there() -> bool:
            return len(await self.events(name)) >= count

        await eventually(are_there)
        return await self.events(name)


@asynccontextmanager
async def house(database: str, home: Path, **settings: Any) -> AsyncIterator[House]:
    """On a migrated database: all started, the provider registered as a source, a creditor and a case heard of, which owes 100.00 EUR."""
    secret_file = home / "provider"
    secret_file.write_bytes(SECRET)
    port, provider_port = free_port(), free_port()
    public = f"http://127.0.0.1:{port}"
    door_settings = DoorSettings(
        **{
            "web_listen": f"127.0.0.1:{port}",
            "web_public_url": public,
            "web_requests_per_minute": 100_000,
            "provider_url": f"http://127.0.0.1:{provider_port}",
            "provider_secret_file": secret_file,
            **settings,
        }
    )
    webhook = f"{public}/webhooks/sandbox"
    ledger = Ledger(SECRET, webhook, ZoneInfo("Europe/Madrid"))
    clock = DevelopmentClock(database, "payments", BEGIN)
    log = Log(database, PAYMENTS, b"c" * 32, partitions=4, development_clock=clock)
    issuer = Issuer(home / "issuer")
    api = LinksApi(log, AskedBy(clock, b"p" * 32), new_token, public)
    rpc = Rpc(Settings(jwks=str(issuer.jwks), drain_seconds=0), api)
    parts: list[Part] = [clock, log, TimerRunner(log, TIMERS), rpc, *opened(log, door_settings, b"p" * 32)]
    async with AsyncExitStack() as stack:
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        await stack.enter_async_context(serving(ledger, provider_port))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(rpc.address))
        browser = await stack.enter_async_context(httpx.AsyncClient(base_url=public))
        found = House(log, clock, LinksStub(channel), issuer, browser, ledger, door_settings)
        await _furnish(found)
        yield found


@asynccontextmanager
async def another_door(payments: House, database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A second replica on the same database, with a cache of its own."""
    clock = DevelopmentClock(database, "payments")
    log = Log(database, PAYMENTS, b"c" * 32, partitions=4, development_clock=clock)
    port = free_port()
    settings = payments.door_settings.model_copy(update={"web_listen": f"127.0.0.1:{port}"})
    async with AsyncExitStack() as stack:
        for part in (clock, log, *opened(log, settings, b"p" * 32)):
            await part.start()
            stack.push_async_callback(part.stop)
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}"))


@asynccontextmanager
async def serving(ledger: Ledger, port: int) -> AsyncIterator[None]:
    """The sandbox provider in this process: a test looks into it, and makes it do things."""
    server = uvicorn.Server(uvicorn.Config(sandbox.application(ledger), port=port, log_config=None, access_log=False))
    server.capture_signals = nothing  # type: ignore[assignment,method-assign]  # pytest's signals stay pytest's
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


class nothing:  # in the place of a function
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


async def _furnish(found: House) -> None:
    await found.register_source("sandbox")
    await found.hear(cases.ClientRegistered(external_ref="c", name=CREDITOR), THE_CLIENT)
    await found.hear_of_a_case()


async def run(log: Log, *changes: Change[Any]) -> Any:
    return await log.run(Command(TENANT, "tester", "Test", str(new_id()), bytes(32), Actor("SYSTEM", "tester")), *changes)


def amounts_in(page: str) -> list[str]:
    """The values that a page offers."""
    return re.findall(r'name="amount" value="([^"]*)"', page)


def headers_of(answer: httpx.Response) -> Mapping[str, str]:
    return dict(answer.headers)
