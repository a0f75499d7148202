"""People enter through contacts and nowhere else: in no byte outside its seals, one human being for all clients, and holds reach them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1 import log_pb2
from acuerdo.common.v1.types_pb2 import EventMeta
from acuerdo.contacts.v1 import people_pb2 as people
from acuerdo.contacts.v1.events_pb2 import ContactEvent

from clients.cli.connection import Doors
from clients.cli.endpoints import Endpoints
from clients.cli.stepping import settle
from services.contacts.domain import casefile
from tests.acceptance.house import House
from tests.acceptance.portfolios import a_case, open_portfolio
from tests.acceptance.searching import assert_nowhere_in_clear, every_row
from tests.acceptance.topics import every_record

TENANT = "bank-people"
NAME, PHONE, EMAIL, NUMBER, STREET = "Kanarina Quijotesca", "+12025550187", "kanarina.7315@example.org", "K7315731Z", "Calle Kanarina 7315"
CANARIES = ("Kanarina", "Quijotesca", "2025550187", "kanarina.7315", NUMBER, "Calle Kanarina")


def somebody(**other: Any) -> people.NewPerson:
    points = [people.NewPoint(phone=PHONE), people.NewPoint(email=EMAIL), people.NewPoint(postal=STREET, country="ES")]
    number = people.NationalId(kind="NIF", country="ES", value=NUMBER)
    return people.NewPerson(name=NAME, national_id=number, points=points, source="CREDITOR_FILE", is_synthetic=True, **other)


async def test_a_person_s_data_is_nowhere_in_clear_and_is_found_all_the_same(house: House) -> None:
    async with house.doors(TENANT) as doors:
        registered = await doors.people.RegisterPerson(people.RegisterPersonRequest(request_id="p-1", person=somebody()))
        request = a_case(await open_portfolio(doors, TENANT, 1))
        request.parties[0].person_id = registered.person_id
        case_id = (await doors.cases.RegisterCase(request)).case_id
        refusals = [text async for text in texts_of_refusals(doors, registered.person_id)]
        await settle(doors)
        at = registered.receipt.position
        found = await doors.people.FindPersons(people.FindPersonsRequest(request_id="f-1", purpose="CALL", phone=PHONE, min_position=at))
        assert [(each.name, [case.case_id for case in each.cases]) for each in found.persons] == [(NAME, [case_id])]

    for canary in CANARIES:
        assert_nowhere_in_clear(canary, "what a caller is told when it is refused", refusals)
        assert_nowhere_in_clear(canary, "the database", every_row(house.dsn))
        assert_nowhere_in_clear(canary, "the logs of the services", [house.logs().encode()])
    records = [part async for part in every_record(house.stack.kafka)]
    for canary in CANARIES:
        assert_nowhere_in_clear(canary, "Kafka", records)
        assert_nowhere_in_clear(canary, "what leaves as telemetry", house.collector.bytes_seen)


async def test_one_person_of_two_clients_is_one_and_neither_client_sees_the_other_s_case(house: House) -> None:
    async with house.doors(f"{TENANT}-2") as doors:
        portfolios = [await open_portfolio(doors, f"{TENANT}-{name}", 1) for name in ("bank", "telco")]
        ids, registered = [], []
        for i, portfolio in enumerate(portfolios):
            came = await doors.people.RegisterPerson(people.RegisterPersonRequest(request_id=f"p-{i}", person=somebody()))
            request = a_case(portfolio)
            request.parties[0].person_id = came.person_id
            request.request_id = f"case-{i}"
            ids.append((await doors.cases.RegisterCase(request)).case_id)
            registered.append(came)
        await settle(doors)
        assert registered[0].person_id == registered[1].person_id
        found = await doors.people.FindPersons(people.FindPersonsRequest(request_id="f", purpose="CALL", email=EMAIL))
        assert {case.case_id for each in found.persons for case in each.cases} == set(ids)
        clients = {case.case_id: case.client_id for each in found.persons for case in each.cases}
    token = house.stack.issuer.token("client", ("client",), tenant=f"{TENANT}-2", client_ids=[clients[ids[0]]])
    async with Doors(Endpoints(house.stack.addresses), token) as theirs:
        assert (await theirs.cases.GetCase(cases.GetCaseRequest(case_id=ids[0]))).case.case_id == ids[0]
        assert await status_of(theirs.cases.GetCase(cases.GetCaseRequest(case_id=ids[1]))) is grpc.StatusCode.NOT_FOUND
        asked = people.FindPersonsRequest(request_id="f-2", purpose="CALL", email=EMAIL)
        assert await status_of(theirs.people.FindPersons(asked)) is grpc.StatusCode.PERMISSION_DENIED
        stream = log_pb2.ReplayRequest(stream_id=registered[0].person_id)
        assert [record async for chunk in theirs.log("contacts").Replay(stream) for record in chunk.records] == []


async def test_a_hold_placed_at_cases_is_heeded_by_contacts(house: House) -> None:
    async with house.doors(f"{TENANT}-3") as doors:
        registered = await doors.people.RegisterPerson(people.RegisterPersonRequest(request_id="p", person=somebody()))
        request = a_case(await open_portfolio(doors, f"{TENANT}-3", 1))
        request.parties[0].person_id = registered.person_id
        case_id = (await doors.cases.RegisterCase(request)).case_id
        await settle(doors)
        placed = holds.PlaceHoldRequest(
            request_id="h", case_id=case_id, kind=holds.HOLD_KIND_STATUTORY_BREATHING_SPACE, reason_code="ADVISER_ASKED"
        )
        hold_id = (await doors.cases.PlaceHold(placed)).hold_id
        await settle(doors)

        file = await doors.people.GetCaseFile(people.GetCaseFileRequest(case_id=case_id))
        assert [(hold.hold_id, hold.is_heeded) for hold in file.holds] == [(hold_id, True)]
        assert file.is_stopped
        heeded = await told(doors, casefile.stream_of(UUID(case_id)))
        assert heeded.hold_heeded.origin.stream_id == UUID(case_id).bytes
        assert meta_of(heeded).causation == heeded.hold_heeded.origin


async def told(doors: Doors, stream_id: UUID) -> ContactEvent:
    """The last fact of a stream."""
    chunks = doors.log("contacts").Replay(log_pb2.ReplayRequest(stream_id=str(stream_id)))
    records = [record async for chunk in chunks for record in chunk.records]
    return ContactEvent.FromString(records[-1].event)


def meta_of(event: ContactEvent) -> EventMeta:
    return event.meta


async def status_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await asyncio.wait_for(call, 10)
    return refused.value.code()


async def texts_of_refusals(doors: Doors, person_id: str) -> AsyncIterator[bytes]:
    """Every way of being refused with a canary in the request; all the bytes that come back."""
    other = somebody()
    other.points[0].phone = f"{PHONE}{PHONE}"[:32]
    wrong_email = somebody()
    wrong_email.points[1].email = EMAIL.replace("@", "(at)")
    unknown = people.FindPersonsRequest(request_id="r4", purpose="CALL", phone=PHONE.replace("+", "00 "))
    refused = {
        "a number that is none": doors.people.RegisterPerson(people.RegisterPersonRequest(request_id="r1", person=other)),
        "an address that is none": doors.people.RegisterPerson(people.RegisterPersonRequest(request_id="r2", person=wrong_email)),
        "a request id used before": doors.people.RegisterPerson(
            people.RegisterPersonRequest(request_id="p-1", person=people.NewPerson(name=f"{NAME} again", source="DEBTOR"))
        ),
        "a number that is looked for": doors.people.FindPersons(unknown),
        "a national id of somebody else": doors.people.RecordIdentifier(
            people.RecordIdentifierRequest(
                request_id="r5", person_id=str(uuid4()), national_id=people.NationalId(kind="NIF", country="ES", value=NUMBER), source="X"
            )
        ),
        "a made-up person for a real one": doors.people.RegisterPerson(
            people.RegisterPersonRequest(
                request_id="r6", person=people.NewPerson(name=NAME, source="D", national_id=somebody().national_id)
            )
        ),
        "an old etag": doors.people.CorrectIdentity(
            people.CorrectIdentityRequest(request_id="r7", person_id=person_id, name=NAME, source="DEBTOR", etag="1")
        ),
    }
    for what, call in refused.items():
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call
        assert refusal.value.code() is not grpc.StatusCode.INTERNAL, what
        yield (refusal.value.details() or "").encode()
        for _, value in refusal.value.trailing_metadata():
            yield value if isinstance(value, bytes) else str(value).encode()
