"""The payments service in one process, on real PostgreSQL and loopback gRPC; a caller's way in, and what cases tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc.aio
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1 import types_pb2 as common
from acuerdo.common.v1.types_pb2 import EventMeta
from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts
from acuerdo.payments.v1.payments_pb2_grpc import PaymentsStub
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from google.type.date_pb2 import Date

from dev.issuer import Issuer
from services.chassis.clock import DevelopmentClock
from services.chassis.follower.timers import TimerRunner
from services.chassis.follower.views import Views
from services.chassis.heard import Heard
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardFact, HeardUpTo
from services.chassis.migrate import migrate
from services.chassis.part import Part
from services.chassis.rpc import Rpc
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.chassis.settings import Settings
from services.kernel.ids import derived
from services.payments.api.payments import PaymentsApi
from services.payments.card import PAYMENTS
from services.payments.reactions import REACTIONS
from services.payments.timers import TIMERS
from services.payments.views import VIEWS, PaymentTables

TENANT = "demo"
NOON = datetime(2026, 3, 31, 10, tzinfo=UTC)
TODAY = date(2026, 3, 31)
THE_CLIENT, THE_PORTFOLIO = derived("client", "bank"), derived("portfolio", "cards")
METHODS = pb.DESCRIPTOR.services_by_name["Payments"].methods_by_name


@dataclass
class Running:
    """What a test sees of a running service."""

    log: Log
    clock: DevelopmentClock
    channel: grpc.aio.Channel
    issuer: Issuer
    versions: dict[UUID, int] = field(default_factory=dict)
    position: int = 0
    hearing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def as_(self, *roles: str, **said: Any) -> Caller:
        return Caller(self.channel, self.issuer.token(said.pop("subject", "ana"), roles or ("supervisor", "operator", "agent"), **said))

    async def hear(self, case_id: UUID, *facts: Message) -> None:
        """What cases tells of a case, in order, as a listener gets it."""
        async with self.hearing:
            heard = []
            for fact in facts:
                self.versions[case_id] = self.versions.get(case_id, 0) + 1
                meta = EventMeta(tenant_id=TENANT, stream_id=case_id.bytes, version=self.versions[case_id])
                heard.append(Heard(fact, meta, self.position + len(heard) + 1, NOON))
            await self.take_in(heard)

    async def take_in(self, heard: list[Heard[Any]]) -> None:
        decisions = [
            (
                HeardFact("payments.cases", one.tenant_id, one.origin, derived("correlation", 1), NOON),
                list(REACTIONS["cases"][type(one.fact)](one)),
            )
            for one in heard
        ]
        to = heard[-1].position
        await self.log.run_heard(HeardUpTo("payments.cases", "cases", 1, 0, self.position, to), decisions)
        self.position = to

    async def a_case(self, name: str, *debts: cases.DebtAttached, is_open: bool = True, currency_code: str = "EUR") -> UUID:
        case_id = derived("case", name)
        opened = [cases.CaseOpened(reason="REGISTERED")] if is_open else []
        await self.hear(case_id, registered(name, currency_code), *debts, *opened)
        return case_id


@asynccontextmanager
async def running(database: str, home: Path, begin: datetime = NOON) -> AsyncIterator[Running]:
    """Started in order, stopped in reverse."""
    migrate(database, "payments")
    issuer = Issuer(home)
    settings = Settings(postgres=database, jwks=str(issuer.jwks), drain_seconds=0)
    clock = DevelopmentClock(database, "payments", begin)
    log = Log(database, PAYMENTS, b"c" * 32, development_clock=clock)
    tables = PaymentTables(database)
    api = PaymentsApi(log, tables, clock, new_id, AskedBy(clock, b"p" * 32), Pages(b"s" * 32))
    rpc = Rpc(settings, api)
    parts: list[Part] = [clock, log, tables, Views(log, VIEWS), TimerRunner(log, TIMERS), rpc]
    async with AsyncExitStack() as stack:
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(rpc.address))
        yield Running(log, clock, channel, issuer)


class Caller:
    """Somebody with a token. Request ids are given where a test says none."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self.stub = PaymentsStub(channel)
        self.metadata = (("authorization", f"Bearer {token}"),)

    def __getattr__(self, method: str) -> Any:
        """`await caller.GetPayment(payment_id=…)`: the method, with the request's fields."""
        call = getattr(self.stub, method)
        kind = GetMessageClass(METHODS[method].input_type)

        async def ask(**fields: Any) -> Any:
            if "request_id" in kind.DESCRIPTOR.fields_by_name:
                fields.setdefault("request_id", f"{method}-{uuid4()}")
            return await call(kind(**fields), metadata=self.metadata)

        return ask

    async def send(self, method: str, *chunks: Any) -> list[Any]:
        """Chunks up a stream, their answers down."""
        return [answer async for answer in getattr(self.stub, method)(iter(chunks), metadata=self.metadata)]

    async def a_source(self, ref: str = "psp", **other: Any) -> str:
        said: dict[str, Any] = {"name": "A source", "kind": receipts.SOURCE_KIND_PSP, "zone": "Europe/Madrid", "external_ref": ref, **other}
        return str((await self.RegisterPaymentSource(**said)).source_id)


async def eventually(is_so: Callable[[], Awaitable[bool]], seconds: float = 20.0) -> None:
    """Timers and views bring things about in their own time."""
    async with asyncio.timeout(seconds):
        while not await is_so():  # noqa: ASYNC110 - other tasks bring it about: there is no event to wait for
            await asyncio.sleep(0.02)


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The refusal's name, as the status says it."""
    status = Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    info = ErrorInfo()
    for detail in status.details:
        if detail.Is(ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
    return str(info.reason)


# Words ---------------------------------------------------------------------------------------------------------------


def on(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def eur(minor_units: int, currency_code: str = "EUR") -> common.Money:
    return common.Money(currency_code=currency_code, minor_units=minor_units)


def registered(name: str, currency_code: str = "EUR") -> cases.CaseRegistered:
    terms = types.PortfolioTerms(zone="Europe/Madrid", currency_code=currency_code, jurisdiction="ES")
    return cases.CaseRegistered(
        client_id=THE_CLIENT.bytes,
        portfolio_id=THE_PORTFOLIO.bytes,
        external_ref=name,
        product="credit_card",
        jurisdiction="ES",
        terms=terms,
    )


def a_debt(name: str, since: date | None = None, product: str = "credit_card", from_: date = date(2026, 1, 1), **owed: int) -> Any:
    """`a_debt("card", principal=10_000, interest=500)`; `since`: its oldest due date."""
    return cases.DebtAttached(
        debt_id=derived("debt", name).bytes,
        external_ref=name,
        product=product,
        components=components(**owed),
        oldest_due_date=on(since) if since else None,
        value_date=on(from_),
    )


def components(currency_code: str = "EUR", **owed: int) -> Iterable[types.ComponentAmount]:
    return [
        types.ComponentAmount(component=types.Component.Value(f"COMPONENT_{name.upper()}"), amount=eur(minor_units, currency_code))
        for name, minor_units in owed.items()
    ]


def debt_id(name: str) -> UUID:
    return derived("debt", name)


def lines(allocation: pb.LedgerAllocation) -> list[tuple[UUID, str, int, str]]:
    """(debt, component, minor units, rule) of each."""
    return [
        (UUID(bytes=line.debt_id), types.Component.Name(line.component).removeprefix("COMPONENT_"), line.amount.minor_units, line.rule)
        for line in allocation.lines
    ]
