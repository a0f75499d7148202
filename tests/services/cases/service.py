"""The cases service in one process, on real PostgreSQL and loopback gRPC, with a development clock; and a caller's way in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc.aio
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1.promises_pb2_grpc import PromisesStub
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from acuerdo.common.v1 import types_pb2 as common
from acuerdo.common.v1.log_pb2_grpc import LogStub
from google.protobuf.message_factory import GetMessageClass
from google.type.date_pb2 import Date
from psycopg import AsyncConnection

from dev.issuer import Issuer
from services.cases.api import CasesApi, PromisesApi, Sight
from services.cases.card import CASES
from services.cases.timers import TIMERS
from services.cases.views import VIEWS, CaseTables
from services.chassis.clock import DevelopmentClock
from services.chassis.follower.timers import TimerRunner
from services.chassis.follower.views import Views
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.logservice import LogService
from services.chassis.migrate import migrate
from services.chassis.part import Part
from services.chassis.rpc import Rpc
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.chassis.seal.seals import Seals
from services.chassis.seal.wrapping import FileKeyWrapper
from services.chassis.settings import Settings

METHODS = {
    **pb.DESCRIPTOR.services_by_name["Cases"].methods_by_name,
    **promises.DESCRIPTOR.services_by_name["Promises"].methods_by_name,
}


@dataclass
class Running:
    """What a test sees of a running service."""

    log: Log
    views: Views
    clock: DevelopmentClock
    channel: grpc.aio.Channel
    issuer: Issuer

    async def rebuild_views(self) -> None:
        """Empties every view, to be written again from the first fact; returns once it is begun."""
        await self.views.rebuild()
        async with await AsyncConnection.connect(self.log.dsn, autocommit=True) as connection:
            # It is a task of the views that begins it: there is no event to wait for.
            while await (await connection.execute("SELECT FROM cases.rebuilds")).fetchone() is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def as_(self, *roles: str, **said: Any) -> Caller:
        return Caller(self.channel, self.issuer.token(said.pop("subject", "ana"), roles or ("supervisor", "operator"), **said))


@asynccontextmanager
async def running(database: str, home: Path, begin: datetime) -> AsyncIterator[Running]:
    """Started in order, stopped in reverse. Migrates first: run twice on one database, it is a restart."""
    migrate(database, "cases")
    issuer = Issuer(home)
    settings = Settings(postgres=database, jwks=str(issuer.jwks), drain_seconds=0)
    clock = DevelopmentClock(database, "cases", begin)
    log = Log(database, CASES, b"c" * 32, development_clock=clock)
    views, tables = Views(log, VIEWS), CaseTables(database)
    seals = Seals(database, "cases", FileKeyWrapper(b"k" * 32))
    desk = (log, tables, seals, clock, new_id, AskedBy(clock, b"p" * 32), Pages(b"s" * 32))
    rpc = Rpc(settings, CasesApi(*desk), PromisesApi(*desk), LogService(log, Sight(log)))
    parts: list[Part] = [clock, log, seals, tables, views, TimerRunner(log, TIMERS), rpc]
    async with AsyncExitStack() as stack:
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(rpc.address))
        yield Running(log, views, clock, channel, issuer)


class Caller:
    """Somebody with a token. Request ids are given where a test says none."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._cases, self._promises, self._log = CasesStub(channel), PromisesStub(channel), LogStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    def __getattr__(self, method: str) -> Any:
        """`await caller.GetCase(case_id=…)`: the method, with the request's fields; `GetCase_as_it_is(request)`: the request itself."""
        if method.endswith("_as_it_is"):
            whole = self._method(method.removesuffix("_as_it_is"))
            return lambda request: whole(request, metadata=self._metadata)
        call = self._method(method)
        kind = GetMessageClass(METHODS[method].input_type)

        async def ask(**fields: Any) -> Any:
            if "request_id" in kind.DESCRIPTOR.fields_by_name:
                fields.setdefault("request_id", f"{method}-{uuid4()}")
            return await call(kind(**fields), metadata=self._metadata)

        return ask

    def _method(self, name: str) -> Any:
        stub = self._promises if name in promises.DESCRIPTOR.services_by_name["Promises"].methods_by_name else self._cases
        return getattr(stub, name)

    async def send(self, method: str, *chunks: Any) -> list[Any]:
        """Chunks up a stream, their answers down."""
        return [answer async for answer in getattr(self._cases, method)(iter(chunks), metadata=self._metadata)]

    @property
    def log(self) -> LogStub:
        return self._log

    @property
    def metadata(self) -> Any:
        return self._metadata


# Words ---------------------------------------------------------------------------------------------------------------


def on(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def money(minor_units: int, currency_code: str = "EUR") -> common.Money:
    return common.Money(currency_code=currency_code, minor_units=minor_units)


def cycles_terms(currency_code: str = "EUR", zone: str = "Europe/Madrid", country: str = "ES") -> types.PortfolioTerms:
    ends: list[tuple[str, dict[str, int]]] = [
        ("current", {"to": 0}),
        ("1", {"from": 1, "to": 1}),
        ("2", {"from": 2, "to": 2}),
        ("3", {"from": 3, "to": 3}),
        ("4+", {"from": 4}),
    ]
    return types.PortfolioTerms(
        zone=zone,
        calendar=country,
        currency_code=currency_code,
        bucket_set=types.BucketSet(
            version="cycles-1", unit=types.BUCKET_UNIT_CYCLES, buckets=[types.Bucket(name=name, **of) for name, of in ends]
        ),
        balance_authority=types.AUTHORITY_CREDITOR,
        delinquency_authority=types.AUTHORITY_CREDITOR,
        jurisdiction=country,
    )


def days_terms() -> types.PortfolioTerms:
    terms = cycles_terms()
    terms.bucket_set.CopyFrom(
        types.BucketSet(
            version="days-1",
            unit=types.BUCKET_UNIT_DAYS,
            buckets=[
                types.Bucket(name="current", to=0),
                types.Bucket(**{"name": "1-30", "from": 1, "to": 30}),
                types.Bucket(**{"name": "31+", "from": 31}),
            ],
        )
    )
    return terms


def a_row(line: int, external_ref: str, minor_units: int, person: str, currency_code: str = "EUR", **other: Any) -> pb.CaseRow:
    return pb.CaseRow(
        line=line,
        external_ref=external_ref,
        product="credit_card",
        parties=[types.Party(person_id=person, role=types.PARTY_ROLE_DEBTOR, liability=types.LIABILITY_FULL)],
        debts=[a_debt(minor_units, currency_code)],
        **other,
    )


def a_debt(minor_units: int, currency_code: str = "EUR", ref: str = "card") -> types.Debt:
    principal = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=money(minor_units, currency_code))
    return types.Debt(external_ref=ref, product="credit_card", components=[principal])
