"""RequestPermit: how long one takes on a person with a long history, and whether many who ask at once ever exceed a limit."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import grpc.aio
from acuerdo.contacts.v1 import permit_service_pb2 as pb
from acuerdo.contacts.v1 import types_pb2 as types
from acuerdo.contacts.v1.permit_service_pb2_grpc import PermitsStub

from bench.aims import held
from bench.gate import Gate, GateFailed
from bench.place import Place, Size
from bench.report import Measured, Report, measured, settings
from bench.serving import TENANT, House
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.migrate import migrate
from services.contacts.application import packs as pack_verbs
from services.contacts.card import CONTACTS
from services.contacts.domain import casefile, contact_reports, identity, noting
from services.contacts.domain.casefile import CaseFile, TermsNoted
from services.contacts.domain.channels import Channel, Direction
from services.contacts.domain.circumstances import Residence, record_residence
from services.contacts.domain.contact_reports import ContactReport
from services.contacts.domain.identity import Registration
from services.contacts.domain.permit_book import AttemptResult
from services.contacts.domain.person import Person
from services.kernel.facts import Causation, Change
from services.kernel.sealed import Sealed

if TYPE_CHECKING:  # the generated stubs name it for the type checker only
    from acuerdo.contacts.v1.permit_service_pb2_grpc import PermitsAsyncStub

PACKS = Path(__file__).resolve().parent.parent / "data" / "packs"
HISTORY = 500
"""Contacts of the one person."""
RATE = 200
PERSONS = 1_000
REQUESTS = 100_000
WORKERS = 64
CAP = 7
THE_CAP = f"""
schema: contact-policy/1
packs:
- pack: bench-cap
  version: "1.0"
  status: in_force
  valid: {{from: 2000-01-01, to: null}}
  jurisdiction: {{country: ES}}
  data: {{holidays: {{calendar: null}}}}
  clock: {{basis: consumer_location, ambiguous: intersect_all, unknown: [Europe/Madrid]}}
  rules:
  - {{id: BENCH.CAP, primitive: count_limit, effect: prohibit, basis: house_policy, cite: bench, channels: [any],
     params: {{unit: attempt, key: [person], max: {CAP}, window: {{kind: rolling_hours, hours: 168}}}}}}
  vectors:
  - {{name: one, ask: {{at: "2026-03-03T12:00:00+01:00", channel: call}}, expect: {{verdict: allow}}}}
""".encode()

SubjectAndCase = tuple[UUID, UUID]


async def measure(place: Place, size: Size) -> Report:
    """A round: so many requests each second on the one person. Then everybody at once on a thousand."""
    title = (
        f"RequestPermit, {RATE}/s on a person of {HISTORY} contacts with two stacked packs; then {WORKERS} workers on {PERSONS:,} persons"
    )
    report = Report("permits", title, settings(place.server))
    dsn = place.database()
    migrate(dsn, "contacts")
    requests = min(REQUESTS, size.events)
    persons = max(1, PERSONS * requests // REQUESTS)
    one, many = await _seed(dsn, persons)
    gate = Gate(dsn, "contacts")
    gate.begin()
    with House(place) as house:
        served = house.serve("contacts", dsn, service="contacts")
        async with grpc.aio.insecure_channel(served.address) as channel:
            ask = _Asking(PermitsStub(channel), house.token)
            await ask.at_a_rate([one], 1.0)
            for number in range(size.runs):
                took = await ask.at_a_rate([one], size.seconds)
                report.measured.append(measured("RequestPermit, one person", RATE, size.seconds, took, number))
            began = time.monotonic()
            granted = await ask.all_at_once(many, requests)
            seconds = time.monotonic() - began
    report.measured.append(Measured("RequestPermit, many persons at once", WORKERS, requests / seconds))
    report.gates.append(await _nobody_exceeds(dsn, [person for person, _ in many], granted))
    gate.begin()
    report.held = [held("permits/asked", [one.p99_ms for one in report.measured if one.p99_ms is not None])]
    report.said.append(f"{requests:,} requests for {persons:,} persons: {granted['GRANTED']:,} granted, {granted['DENIED']:,} denied")
    return report


class _Asking:
    def __init__(self, stub: PermitsAsyncStub, token: str) -> None:
        self._stub, self._metadata = stub, (("authorization", f"Bearer {token}"),)

    async def request(self, of: SubjectAndCase) -> tuple[str, float]:
        """What was answered, and how long it took."""
        contact = pb.ContactWanted(person_id=str(of[0]), case_id=str(of[1]), channel=types.CHANNEL_CALL, purpose=types.PURPOSE_COLLECTION)
        request = pb.RequestPermitRequest(request_id=str(uuid4()), contact=contact)
        began = time.perf_counter()
        answer = await self._stub.RequestPermit(request, metadata=self._metadata)
        return pb.PermitAnswer.Name(answer.answer).removeprefix("PERMIT_ANSWER_"), time.perf_counter() - began

    async def at_a_rate(self, of: Sequence[SubjectAndCase], seconds: float) -> list[float]:
        """Open loop: each begins at its time, whatever becomes of those before."""
        loop, tasks = asyncio.get_running_loop(), []
        begin = loop.time()
        for number in range(int(RATE * seconds)):
            await asyncio.sleep(max(0.0, begin + number / RATE - loop.time()))
            tasks.append(asyncio.create_task(self.request(of[number % len(of)])))
        return [took for _, took in await asyncio.gather(*tasks)]

    async def all_at_once(self, of: Sequence[SubjectAndCase], requests: int) -> Counter[str]:
        """Neighbouring workers ask for the same persons."""
        found: Counter[str] = Counter()
        left = iter(range(requests))

        async def work() -> None:
            for number in left:
                found[(await self.request(of[number // WORKERS % len(of)]))[0]] += 1

        await asyncio.gather(*(work() for _ in range(WORKERS)))
        return found


async def _nobody_exceeds(dsn: str, persons: Sequence[UUID], granted: Counter[str]) -> str:
    """By the stored history: of nobody more than the cap, and as many as were told."""
    stored = 0
    log = await _log(dsn)
    try:
        for person in persons:
            records = await log.read_stream(person, TENANT)
            count = sum(record.type_name.endswith(".ContactPermitGranted") for record in records)
            if count > CAP:
                raise GateFailed(f"{count} permits of one person, and the limit is {CAP}")
            stored += count
    finally:
        await log.stop()
    if stored != granted["GRANTED"]:
        raise GateFailed(f"{granted['GRANTED']:,} permits were told and {stored:,} are stored")
    return f"{stored:,} permits stored = told, of nobody more than {CAP}"


# What is there before -----------------------------------------------------------------------------------------------------


async def _seed(dsn: str, persons: int) -> tuple[SubjectAndCase, list[SubjectAndCase]]:
    log = await _log(dsn)
    try:
        documents = [(PACKS / name).read_bytes() for name in ("us-fed-regf.yaml", "us-ma.yaml")]
        for document in (*documents, THE_CAP):
            for candidate in pack_verbs.read_packs(document):
                await _run(log, pack_verbs.publish_packs(TENANT, [candidate]))
                await _run(log, pack_verbs.activate_pack(TENANT, candidate.pack.id, candidate.pack.version, None, False, "a bench"))
        one = await _somebody(log, "America/New_York", "US-MA")
        now = datetime.now(UTC)
        await _run(log, *(_a_contact(*one, now - timedelta(hours=number)) for number in range(HISTORY, 0, -1)))
        return one, await asyncio.gather(*(_somebody(log, "Europe/Madrid", "ES") for _ in range(persons)))
    finally:
        await log.stop()


def _a_contact(person_id: UUID, case_id: UUID, at: datetime) -> Change[Person]:
    said = ContactReport(uuid4(), case_id, Channel.CALL, Direction.OUT, AttemptResult(at), "bench")

    def decide(person: Person) -> None:
        contact_reports.report(person, CaseFile.blank(casefile.stream_of(case_id)), said)

    return Change(Person, person_id, decide)


async def _somebody(log: Log, zone: str, jurisdiction: str) -> SubjectAndCase:
    person_id, case_id = uuid4(), uuid4()
    country, _, subdivision = jurisdiction.partition("-")
    registration = Registration(Sealed(person_id, 1, bytes(12), bytes(32)), None, "BENCH", True)
    residence = Residence(person_id, country, subdivision, (zone,), "ADDRESS", datetime.now(UTC))

    def register(person: Person) -> None:
        identity.register(person, registration)
        record_residence(person, residence)

    def note(file: CaseFile) -> None:
        terms = TermsNoted(date.min, jurisdiction, zone, "")
        noting.note_case(file, Causation(case_id, 1), uuid4(), uuid4(), "ref", terms, "EUR")
        noting.note_party(file, Causation(case_id, 2), person_id, "DEBTOR")
        noting.note_debt(file, Causation(case_id, 3), uuid4(), "debt", "loan")

    await _run(log, Change(Person, person_id, register), Change(CaseFile, casefile.stream_of(case_id), note))
    return person_id, case_id


async def _run(log: Log, *changes: Change) -> None:  # type: ignore[type-arg]
    await log.run(Command(TENANT, "bench", "seed", str(uuid4()), bytes(32), Actor("SYSTEM", "bench")), *changes, deadline_seconds=60)


async def _log(dsn: str) -> Log:
    log = Log(dsn, CONTACTS, b"c" * 32, partitions=12)
    await log.start()
    return log
