"""Messages served in one process with a real outbox and a real SMTP sink, on real PostgreSQL; what others tell is heard directly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc.aio
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as case_types
from acuerdo.cases.v1.holds_pb2 import HOLD_KIND_DISPUTE, HOLD_SCOPE_CONTACT
from acuerdo.common.v1.types_pb2 import EventMeta
from acuerdo.contacts.v1 import events_pb2 as told
from acuerdo.contacts.v1 import messages_pb2 as pb
from acuerdo.contacts.v1 import people_pb2, types_pb2
from acuerdo.contacts.v1.messages_pb2_grpc import MessagesStub
from acuerdo.contacts.v1.people_pb2_grpc import PeopleStub
from acuerdo.payments.v1.events_pb2 import PaymentLinkIssued, PaymentLinkRefused
from acuerdo.strategy.v1.events_pb2 import TreatmentRequested
from acuerdo.strategy.v1.types_pb2 import REQUEST_KIND_MESSAGE
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from psycopg import AsyncConnection

from dev.issuer import Issuer
from dev.sink import Kept, Sink
from services.chassis.clock import DevelopmentClock
from services.chassis.follower.views import Views
from services.chassis.heard import Heard, Looking
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command, HeardFact, HeardUpTo
from services.chassis.logservice import LogService
from services.chassis.migrate import migrate
from services.chassis.part import Part
from services.chassis.rpc import Rpc
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.chassis.seal.seals import Seals
from services.chassis.seal.wrapping import FileKeyWrapper
from services.chassis.settings import Settings
from services.contacts.adapters import pack_store
from services.contacts.adapters.blind import BlindIndex
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.api import MessagesApi, PeopleApi
from services.contacts.card import CONTACTS
from services.contacts.domain import packs
from services.contacts.domain.packs import RulePacks
from services.contacts.outbox.mailbox import Mailbox
from services.contacts.outbox.queue import FOLLOWER
from services.contacts.outbox.sending import Sender
from services.contacts.reactions import reactions
from services.contacts.views import MessageTables, PeopleTables, views
from services.kernel.facts import Change
from services.kernel.ids import derived

TENANT = "demo"
NAME, NIF = "Marta Canaria Synthetic", "00000000T"
LINK_KEY = b"l" * 32
THE_CLIENT, THE_PORTFOLIO = UUID(int=1), UUID(int=2)
PACK = """
schema: contact-policy/1
packs:
- pack: test-es
  title: "For tests"
  version: 1.0.0
  status: in_force
  valid: {from: 2020-01-01, to: null}
  jurisdiction: {country: ES}
  applies_when: {collector: [any], debtor: natural_person, debt: any}
  stacks_on: []
  sources: [{id: house, title: "house", read_on: "2026-11-22"}]
  data: {tzdata: "2026.6", holidays: {calendar: null}}
  clock: {basis: fixed, tz: Europe/Madrid, week: iso}
  rules:
  - id: T.TIME
    primitive: time_windows
    effect: prohibit
    basis: house_policy
    cite: house
    channels: [call, sms, email]
    at: send_time
    params: {windows: {mon-sun: ["08:00-22:00"]}, holidays: open}
  - id: T.COUNT
    primitive: count_limit
    effect: prohibit
    basis: house_policy
    cite: house
    channels: [email]
    params: {unit: attempt, direction: [out], key: [person], max: 2, window: {kind: calendar_days, days: 7}}
  - id: T.CALLS
    primitive: count_limit
    effect: prohibit
    basis: house_policy
    cite: house
    channels: [call]
    params: {unit: attempt, direction: [out], key: [person], max: 1, window: {kind: calendar_days, days: 1}}
  - id: T.OPTOUT
    primitive: obligation
    effect: require
    basis: house_policy
    cite: house
    channels: [sms, email, chat]
    params: {code: INCLUDE_OPT_OUT}
  vectors:
  - name: by day
    given: {zones: [Europe/Madrid]}
    ask: {at: "2026-03-03T12:00:00+01:00", channel: email}
    expect: {verdict: allow}
"""
BODY = """Buenos días, {{ name }}:

{{ creditor }} nos ha encargado su expediente {{ reference }}.{% if link %}
Puede pagar aquí: {{ link }}{% endif %}

{{ sender }}"""


class Caller:
    """Somebody with a token. Request ids are given where a test says none."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._stubs = {"Messages": MessagesStub(channel), "People": PeopleStub(channel)}
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def as_it_is(self, method: str, request: Message) -> Any:
        return await getattr(self._stubs["Messages"], method)(request, metadata=self._metadata)

    def __getattr__(self, method: str) -> Any:
        file, name = (pb, "Messages") if method in pb.DESCRIPTOR.services_by_name["Messages"].methods_by_name else (people_pb2, "People")
        kind = GetMessageClass(file.DESCRIPTOR.services_by_name[name].methods_by_name[method].input_type)

        async def ask(**fields: Any) -> Any:
            if "request_id" in kind.DESCRIPTOR.fields_by_name:
                fields.setdefault("request_id", f"{method}-{uuid4()}")
            if "purpose" in kind.DESCRIPTOR.fields_by_name and kind.DESCRIPTOR.fields_by_name["purpose"].enum_type is None:
                fields.setdefault("purpose", "CASEWORK")
            return await getattr(self._stubs[name], method)(kind(**fields), metadata=self._metadata)

        return ask


@dataclass
class Running:
    """What a test sees of a running service, and how it tells it things."""

    log: Log
    seals: Seals
    clock: DevelopmentClock
    channel: grpc.aio.Channel
    issuer: Issuer
    sink: Sink
    settings: MailSettings
    heard_up_to: dict[str, int] = field(default_factory=dict)

    def as_(self, *roles: str, subject: str = "ana", **said: Any) -> Caller:
        return Caller(self.channel, self.issuer.token(subject, roles or ("supervisor", "compliance", "operator", "agent"), **said))

    # What others tell -------------------------------------------------------------------------------------------------

    async def hear(self, source: str, stream_id: UUID, version: int, fact: Message, at: datetime | None = None) -> None:
        """As the follower of that source would: the reaction, and its effects with the position in one unit."""
        position = self.heard_up_to.get(source, 0) + 1
        meta = EventMeta(
            tenant_id=TENANT, stream_id=stream_id.bytes, version=version, correlation_id=derived("correlation", stream_id).bytes
        )
        now = at or self.clock.now()
        heard = Heard(fact, meta, position, now)
        reaction = reactions(LINK_KEY)[source][type(fact)]
        if isinstance(reaction, Looking):
            changes = tuple(await reaction.react(heard, partial(_looked_at, self.log)))
        else:
            changes = tuple(reaction(heard))
        if changes:
            up_to = HeardUpTo(f"contacts.{source}", source, 1, 0, position - 1, position)
            origin = HeardFact(up_to.follower, TENANT, heard.origin, derived("correlation", stream_id), now)
            await self.log.run_heard(up_to, [(origin, changes)])
            self.heard_up_to[source] = position

    async def a_case(self, *person_ids: str, number: int = 1) -> UUID:
        """Of one debt, heard from cases, with these persons as parties."""
        case_id = derived("case", number)
        terms = case_types.PortfolioTerms(zone="Europe/Madrid", currency_code="EUR", jurisdiction="ES", calendar="ES")
        await self.hear("cases", THE_CLIENT, 1, cases.ClientRegistered(external_ref="bank", name="Banco Ejemplo"))
        registered = cases.CaseRegistered(
            client_id=THE_CLIENT.bytes, portfolio_id=THE_PORTFOLIO.bytes, external_ref=f"EXP-{number}", terms=terms
        )
        await self.hear("cases", case_id, 1, registered)
        for version, person_id in enumerate(person_ids, 2):
            party = cases.PartyAdded(person_id=UUID(person_id).bytes, role=case_types.PARTY_ROLE_DEBTOR)
            await self.hear("cases", case_id, version, party)
        return case_id

    async def hold(self, case_id: UUID, version: int) -> None:
        today = self.clock.now().date()
        placed = cases.HoldPlaced(
            hold_id=derived("hold", case_id).bytes, kind=HOLD_KIND_DISPUTE, scopes=[HOLD_SCOPE_CONTACT], reason_code="DISPUTED",
            **{"from": wire_day(today)},
        )  # fmt: skip
        await self.hear("cases", case_id, version, placed)

    async def request(self, case_id: UUID, person_id: str, number: int = 1, **said: Any) -> UUID:
        """Strategy asks for a message; the id that its attempt has, if there is one."""
        request_id = derived("request", case_id, number)
        fact = TreatmentRequested(
            request_id=request_id.bytes,
            case_id=case_id.bytes,
            kind=REQUEST_KIND_MESSAGE,
            person_id=UUID(person_id).bytes,
            channel=types_pb2.CHANNEL_EMAIL,
            purpose=types_pb2.PURPOSE_REMINDER,
            template=said.pop("template", "reminder"),
            **said,
        )
        await self.hear("strategy", derived("treatment", case_id), number, fact)
        return derived("message", request_id)

    async def link_issued(self, started: Any) -> None:
        fact = PaymentLinkIssued(
            link_id=derived("link", started.interaction_id).bytes,
            case_id=started.case_id,
            interaction_id=started.interaction_id,
            token_hash=started.link_token_hash,
            expires_at=stamp(self.clock.now() + timedelta(days=30)),
        )
        await self.hear("payments", UUID(bytes=fact.link_id), 1, fact)

    async def link_refused(self, started: Any) -> None:
        fact = PaymentLinkRefused(
            link_id=derived("link", started.interaction_id).bytes,
            case_id=started.case_id,
            interaction_id=started.interaction_id,
            reason_code="NOTHING_IS_OWED",
        )
        await self.hear("payments", UUID(bytes=fact.link_id), 1, fact)

    # What it needs --------------------------------------------------------------------------------------------------------

    async def a_person(self, email: str = "marta@sink.invalid", number: str = NIF) -> str:
        points = [people_pb2.NewPoint(email=email)] if email else []
        new = people_pb2.NewPerson(
            name=NAME,
            national_id=people_pb2.NationalId(kind="NIF", country="ES", value=number),
            points=points,
            source="CREDITOR_FILE",
            is_synthetic=True,
            language="es",
        )
        return str((await self.as_().RegisterPerson(person=new)).person_id)

    async def a_template(self, name: str = "reminder", body: str = BODY, **said: Any) -> str:
        drafted = await self.as_(subject="author").DraftTemplate(
            name=name,
            channel=types_pb2.CHANNEL_EMAIL,
            purpose=types_pb2.PURPOSE_REMINDER,
            locale="es-ES",
            jurisdiction="ES",
            subject="Su expediente {{ reference }}",
            body=body,
            **said,
        )
        await self.as_(subject="approver").ApproveTemplate(name=name, version=drafted.version)
        return str(drafted.template_id)

    # What was told and sent ---------------------------------------------------------------------------------------------------

    async def facts(self, *names: str) -> list[Any]:
        """Of our log, in order; of these kinds alone where some are named."""
        events = [told.ContactEvent.FromString(record.event) for record in await self.log.read(0, 10_000)]
        facts = [getattr(event, str(event.WhichOneof("event"))) for event in events]
        return [fact for fact in facts if not names or fact.DESCRIPTOR.name in names]

    async def names(self) -> list[str]:
        return [fact.DESCRIPTOR.name for fact in await self.facts()]

    async def eventually(self, *names: str, count: int = 1) -> list[Any]:
        """The outbox works beside us: wait until it has told so many of these."""
        return await until(lambda: self.facts(*names), lambda found: len(found) >= count)

    async def quiet(self) -> None:
        """The view has seen everything, and the outbox has nothing to do."""

        async def at() -> tuple[int, int]:
            async with await AsyncConnection.connect(self.log.dsn, autocommit=True) as connection:
                found = await (
                    await connection.execute("SELECT position FROM contacts.positions WHERE follower = %s", (FOLLOWER,))
                ).fetchone()
            return (await self.log.head()).position, found[0] if found else 0

        await until(at, lambda pair: pair[0] == pair[1])

    async def everything_in_tables(self) -> bytes:
        """Every row of every table of the service, as text."""
        async with await AsyncConnection.connect(self.log.dsn, autocommit=True) as connection:
            names = await (
                await connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'contacts'")
            ).fetchall()
            assert names
            found = [await (await connection.execute(f"SELECT t::text FROM contacts.{name} t")).fetchall() for (name,) in names]
        return repr(found).encode()

    async def copies(self) -> int:
        """How often a message was handed over, repeats and all."""
        return sum(kept.times for kept in self.mails())

    def answer(self, to: str, text: str) -> None:
        """A person writes to one of our addresses."""
        returned = self.sink.home / "returned"
        name = f"{sum(1 for _ in returned.rglob('*.mail')):06}.mail"
        (returned / "tmp" / name).write_text(f"Delivered-To: {to}\nFrom: somebody@sink.invalid\nTo: {to}\nSubject: Re\n\n{text}\n")
        (returned / "tmp" / name).rename(returned / "new" / name)

    async def until_mailbox_is_read(self) -> None:
        async def new() -> list[Path]:
            return list((self.sink.home / "returned" / "new").iterdir())

        await until(new, lambda files: not files)

    def mails(self, recipient: str = "") -> list[Kept]:
        return self.sink.messages(recipient)


async def until(look: Callable[[], Awaitable[Any]], is_so: Callable[[Any], bool], within_seconds: float = 60.0) -> Any:
    async with asyncio.timeout(within_seconds):
        # It is another task, or another process, that works: there is no event to wait for.
        while not is_so(found := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at)
    return wire


def wire_day(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


async def _looked_at(log: Log, stream: type[Any], stream_id: UUID) -> Any:
    return await log.load(stream, stream_id, TENANT)


def mail_settings(port: int, **said: Any) -> MailSettings:
    said.setdefault("retry_seconds_min", 0.05)
    said.setdefault("retry_seconds_max", 0.2)
    said.setdefault("links_url", "https://pay.example.invalid/")
    return MailSettings.read(smtp_port=port, mail_sender_name="Gestora Ejemplo", **said)


@asynccontextmanager
async def running(database: str, home: Path, begin: datetime, *, with_outbox: bool = True) -> AsyncIterator[Running]:
    """Started in order, stopped in reverse."""
    await asyncio.to_thread(migrate, database, "contacts")
    issuer = Issuer(home / "issuer")
    settings = Settings(postgres=database, jwks=str(issuer.jwks), drain_seconds=0)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(Sink(home / "sink", 0))
        mail = mail_settings(sink.port, mailbox=home / "sink" / "returned")
        clock = DevelopmentClock(database, "contacts", begin)
        log = Log(database, CONTACTS, b"c" * 32, partitions=4, development_clock=clock)
        seals, index = Seals(database, "contacts", FileKeyWrapper(b"k" * 32)), BlindIndex(b"c" * 32)
        people_tables, tables, asked_by = PeopleTables(database), MessageTables(database), AskedBy(clock, b"p" * 32)
        people = PeopleApi(log, people_tables, seals, index, clock, new_id, asked_by)
        messages = MessagesApi(log, tables, seals, mail, LINK_KEY, clock, asked_by, Pages(b"g" * 32))
        rpc = Rpc(settings, people, messages, LogService(log))
        shown = Views(log, views(seals, index), poll_seconds_max=0.02)
        outbox: Sequence[Part] = (Sender(log, seals, mail, LINK_KEY, poll_seconds=0.02), Mailbox(log, mail, home / "sink" / "returned"))
        for part in (clock, log, seals, people_tables, tables, shown, *(outbox if with_outbox else ()), rpc):
            await part.start()
            stack.push_async_callback(part.stop)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(rpc.address))
        service = Running(log, seals, clock, channel, issuer, sink, mail)
        await _a_pack(log, begin)
        yield service


async def _a_pack(log: Log, at: datetime) -> None:
    """In force from the beginning."""
    (candidate,) = pack_store.candidates(PACK.encode())

    def decide(rules: RulePacks) -> None:
        packs.publish(rules, candidate)
        packs.activate(rules, "test-es", candidate.pack.version, None, False, "", pack_store.read)

    origin = Command(TENANT, "test", "publish", "pack", b"\0" * 32, Actor("SYSTEM", "test"))
    await log.run(origin, Change(RulePacks, packs.stream_of(TENANT), decide))
