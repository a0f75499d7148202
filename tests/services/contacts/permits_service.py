"""Permits served in one process, on real PostgreSQL and loopback gRPC, on a clock that a test sets; people and cases to ask about."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc.aio
from acuerdo.contacts.v1 import permit_service_pb2 as pb
from acuerdo.contacts.v1.permit_service_pb2_grpc import PermitsStub
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp

from dev.issuer import Issuer
from services.chassis.clock import Clock
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command, TimerFired
from services.chassis.migrate import migrate
from services.chassis.part import Part
from services.chassis.rpc import Rpc
from services.chassis.rpc.words import AskedBy
from services.chassis.settings import Settings
from services.contacts.api import PermitsApi
from services.contacts.application import packs as pack_verbs
from services.contacts.card import CONTACTS
from services.contacts.domain import casefile, identity, noting, packs, points
from services.contacts.domain.casefile import CaseFile, TermsNoted
from services.contacts.domain.circumstances import Residence, record_residence
from services.contacts.domain.identity import Registration
from services.contacts.domain.packs import Candidate, RulePacks
from services.contacts.domain.person import Person
from services.contacts.domain.points import ContactPoint, LineType, PointKind, PointState
from services.contacts.timers import TIMERS
from services.kernel.facts import Causation, Change
from services.kernel.sealed import Sealed

METHODS = pb.DESCRIPTOR.services_by_name["Permits"].methods_by_name
TENANT = "demo"
PACKS = Path(__file__).parents[3] / "data" / "packs"


@cache
def ours(name: str) -> Candidate:
    """A pack that comes with the project."""
    path = next(path for path in PACKS.glob("*.yaml") if f"- pack: {name}\n" in path.read_text())
    return next(candidate for candidate in pack_verbs.read_packs(path.read_bytes()) if candidate.pack.id == name)


class SetClock(Clock):
    """Stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass
class Running:
    log: Log
    clock: SetClock
    channel: grpc.aio.Channel
    issuer: Issuer

    def as_(self, *roles: str, **said: Any) -> Caller:
        return Caller(self.channel, self.issuer.token(said.pop("subject", "ana"), roles or ("supervisor", "operator"), **said))

    async def run(self, *changes: Change[Any], at: datetime | None = None) -> None:
        """As if somebody had asked."""
        request_id = str(uuid4())
        command = Command(TENANT, "test", "test", request_id, bytes(32), Actor("SYSTEM", "test"), occurred_at=at)
        await self.log.run(command, *changes)

    async def use(self, *names: str, version: str = "2026.11.0", from_: datetime | None = None) -> None:
        """Packs of ours, in force from now on."""
        for name in names:
            await self.run(pack_verbs.publish_packs(TENANT, [ours(name)]))
            await self.run(pack_verbs.activate_pack(TENANT, name, version, from_, False, "a test"))

    async def a_person(self, zone: str = "Europe/Madrid", country: str = "ES", subdivision: str = "MD") -> UUID:
        person_id = uuid4()
        sealed = Sealed(person_id, 1, b"n" * 12, b"c" * 20)
        registration = Registration(name=sealed, birth_date=None, source="CREDITOR_FILE", is_synthetic=True)
        await self.run(Change(Person, person_id, lambda person: identity.register(person, registration)))
        if zone:
            residence = Residence(person_id, country, subdivision, (zone,), "ADDRESS", self.clock.at)
            await self.run(Change(Person, person_id, lambda person: record_residence(person, residence)))
        return person_id

    async def a_point(self, person_id: UUID, kind: PointKind = PointKind.PHONE, line: LineType = LineType.MOBILE) -> UUID:
        point_id = uuid4()
        value = Sealed(person_id, 1, b"n" * 12, b"c" * 20)
        point = ContactPoint(point_id, person_id, kind, value, PointState.UNVERIFIED, "DEBTOR", line, "ES", (), False, self.clock.at)
        await self.run(Change(Person, person_id, lambda person: points.add(person, point)))
        return point_id

    async def a_case(self, *person_ids: UUID, client: UUID | None = None, jurisdiction: str = "ES", zone: str = "Europe/Madrid") -> UUID:
        case_id, client_id = uuid4(), client or uuid4()
        terms = TermsNoted(date.min, jurisdiction, zone, "ES")

        def note(file: CaseFile) -> None:
            noting.note_case(file, Causation(case_id, 1), client_id, uuid4(), "ref", terms, "EUR")
            for person_id in person_ids:
                noting.note_party(file, Causation(case_id, 2), person_id, "DEBTOR")
            noting.note_debt(file, Causation(case_id, 3), uuid4(), "debt", "loan")

        await self.run(Change(CaseFile, casefile.stream_of(case_id), note))
        return case_id

    async def person(self, person_id: UUID) -> Person:
        return await self.log.load(Person, person_id, TENANT)

    async def names(self, person_id: UUID) -> list[str]:
        """What was told of a person, by name."""
        return [record.type_name.rpartition(".")[2] for record in await self.log.read_stream(person_id, TENANT)]

    async def fire(self, person_id: UUID) -> None:
        """What has fallen due of a person by now."""
        person = await self.person(person_id)
        for due in list(person.due()):
            if due.at <= self.clock.at:
                fired = TimerFired(TENANT, person_id, person.version, due.key, due.at)
                await self.log.run(fired, *TIMERS[due.key.partition("/")[0]].wake(person, fired))

    async def packs(self) -> RulePacks:
        return await self.log.load(RulePacks, packs.stream_of(TENANT), TENANT)


@asynccontextmanager
async def running(database: str, home: Path, begin: datetime) -> AsyncIterator[Running]:
    migrate(database, "contacts")
    issuer = Issuer(home)
    settings = Settings(postgres=database, jwks=str(issuer.jwks), drain_seconds=0)
    clock = SetClock(begin)
    log = Log(database, CONTACTS, b"c" * 32, partitions=4)
    log.clock = clock
    rpc = Rpc(settings, PermitsApi(log, clock, AskedBy(clock, b"p" * 32)))
    parts: list[Part] = [log, rpc]
    async with AsyncExitStack() as stack:
        for part in parts:
            await part.start()
            stack.push_async_callback(part.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(rpc.address))
        yield Running(log, clock, channel, issuer)


class Caller:
    """Somebody with a token. Request ids are given where a test says none."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._permits = PermitsStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)

    def __getattr__(self, method: str) -> Any:
        call, kind = getattr(self._permits, method), GetMessageClass(METHODS[method].input_type)

        async def ask(**fields: Any) -> Any:
            if "request_id" in kind.DESCRIPTOR.fields_by_name:
                fields.setdefault("request_id", f"{method}-{uuid4()}")
            return await call(kind(**fields), metadata=self._metadata)

        return ask

    async def as_it_is(self, method: str, request: Any) -> Any:
        return await getattr(self._permits, method)(request, metadata=self._metadata)

    async def send(self, method: str, chunks: Iterable[Any]) -> list[Any]:
        return [answer async for answer in getattr(self._permits, method)(iter(chunks), metadata=self._metadata)]

    async def ask(self, person_id: UUID, case_id: UUID, channel: str = "CALL", **fields: Any) -> Any:
        """A permit for a contact."""
        waits = {name: fields.pop(name) for name in ("ready_to_wait", "valid_for", "request_id") if name in fields}
        return await self.RequestPermit(contact=wanted(person_id, case_id, channel, **fields), **waits)

    async def report(
        self, person_id: UUID, case_id: UUID, at: datetime, channel: str = "CALL", direction: str = "OUT", **fields: Any
    ) -> Any:
        made = pb.AttemptReport(
            person_id=str(person_id),
            case_id=str(case_id),
            channel=f"CHANNEL_{channel}",  # type: ignore[arg-type]
            direction=f"DIRECTION_{direction}",  # type: ignore[arg-type]
            at=stamp(at),
            **fields,
        )
        return await self.ReportAttempt(attempt=made)


def wanted(person_id: UUID, case_id: UUID, channel: str = "CALL", **fields: Any) -> pb.ContactWanted:
    fields.setdefault("purpose", "PURPOSE_COLLECTION")
    return pb.ContactWanted(person_id=str(person_id), case_id=str(case_id), channel=f"CHANNEL_{channel}", **fields)  # type: ignore[arg-type]


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at)
    return wire


def granted(answer: Any) -> bool:
    return bool(answer.answer == pb.PERMIT_ANSWER_GRANTED)


def codes(answer: Any) -> list[str]:
    return [reason.code for reason in answer.decision.reasons]


__all__ = ["Caller", "Running", "codes", "granted", "running", "stamp", "timedelta", "wanted"]
