"""People served in one process, on real PostgreSQL and loopback gRPC, with a development clock; and a caller's way in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc.aio
from acuerdo.common.v1.log_pb2_grpc import LogStub
from acuerdo.contacts.v1 import people_pb2 as pb
from acuerdo.contacts.v1.people_pb2_grpc import PeopleStub
from google.protobuf.message_factory import GetMessageClass
from psycopg import AsyncConnection

from dev.issuer import Issuer
from services.chassis.clock import DevelopmentClock
from services.chassis.follower.views import Views
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.logservice import LogService
from services.chassis.migrate import migrate
from services.chassis.part import Part
from services.chassis.rpc import Rpc
from services.chassis.rpc.words import AskedBy
from services.chassis.seal.seals import Seals
from services.chassis.seal.wrapping import FileKeyWrapper
from services.chassis.settings import Settings
from services.contacts.adapters.blind import BlindIndex
from services.contacts.api import PeopleApi
from services.contacts.card import CONTACTS
from services.contacts.views import PeopleTables, views

METHODS = pb.DESCRIPTOR.services_by_name["People"].methods_by_name
TENANT = "demo"


@dataclass
class Running:
    """What a test sees of a running service."""

    log: Log
    seals: Seals
    views: Views
    clock: DevelopmentClock
    channel: grpc.aio.Channel
    issuer: Issuer

    async def rebuild_views(self) -> None:
        """Empties every view, to be written again from the first fact; returns once it is begun."""
        await self.views.rebuild()
        async with await AsyncConnection.connect(self.log.dsn, autocommit=True) as connection:
            # It is a task of the views that begins it: there is no event to wait for.
            while await (await connection.execute("SELECT FROM contacts.rebuilds")).fetchone() is not None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def as_(self, *roles: str, **said: Any) -> Caller:
        return Caller(self.channel, self.issuer.token(said.pop("subject", "ana"), roles or ("supervisor", "operator"), **said))


@asynccontextmanager
async def running(database: str, home: Path, begin: datetime) -> AsyncIterator[Running]:
    """Started in order, stopped in reverse."""
    migrate(database, "contacts")
    issuer = Issuer(home)
    settings = Settings(postgres=database, jwks=str(issuer.jwks), drain_seconds=0)
    clock = DevelopmentClock(database, "contacts", begin)
    log = Log(database, CONTACTS, b"c" * 32, partitions=4, development_clock=clock)
    seals, index, tables = Seals(database, "contacts", FileKeyWrapper(b"k" * 32)), BlindIndex(b"c" * 32), PeopleTables(database)
    shown = Views(log, views(seals, index))
    api = PeopleApi(log, tables, seals, index, clock, new_id, AskedBy(clock, b"p" * 32))
    rpc = Rpc(settings, api, LogService(log))
    parts: list[Part] = [clock, log, seals, tables, shown, rpc]
    async with AsyncExitStack() as stack:
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(rpc.address))
        yield Running(log, seals, shown, clock, channel, issuer)


class Caller:
    """Somebody with a token. Request ids are given where a test says none."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._people, self._log = PeopleStub(channel), LogStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    def __getattr__(self, method: str) -> Any:
        """`await caller.GetPerson(person_id=…)`: the method, with the request's fields; `GetPerson_as_it_is(request)`: as it is."""
        if method.endswith("_as_it_is"):
            whole = getattr(self._people, method.removesuffix("_as_it_is"))
            return lambda request: whole(request, metadata=self._metadata)
        call = getattr(self._people, method)
        kind = GetMessageClass(METHODS[method].input_type)

        async def ask(**fields: Any) -> Any:
            if "request_id" in kind.DESCRIPTOR.fields_by_name:
                fields.setdefault("request_id", f"{method}-{uuid4()}")
            if "purpose" in kind.DESCRIPTOR.fields_by_name:
                fields.setdefault("purpose", "CASEWORK")
            return await call(kind(**fields), metadata=self._metadata)

        return ask

    async def send(self, method: str, *chunks: Any) -> list[Any]:
        """Chunks up a stream, their answers down."""
        return [answer async for answer in getattr(self._people, method)(iter(chunks), metadata=self._metadata)]

    @property
    def log(self) -> LogStub:
        return self._log

    @property
    def metadata(self) -> Any:
        return self._metadata


# Words ---------------------------------------------------------------------------------------------------------------


def nif(value: str) -> pb.NationalId:
    return pb.NationalId(kind="NIF", country="ES", value=value)


def somebody(name: str = "Marta Synthetic", number: str = "", phone: str = "", email: str = "", **other: Any) -> pb.NewPerson:
    """A made-up person."""
    points = [pb.NewPoint(phone=phone)] if phone else []
    points += [pb.NewPoint(email=email)] if email else []
    other.setdefault("source", "CREDITOR_FILE")
    other.setdefault("is_synthetic", True)
    return pb.NewPerson(name=name, national_id=nif(number) if number else None, points=points, **other)
