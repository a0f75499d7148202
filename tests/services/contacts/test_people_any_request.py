"""Whatever is asked of people: the answer is one of the statuses that are promised, and an error stores no event."""

from __future__ import annotations

from random import Random
from uuid import uuid4

import grpc
from acuerdo.common.v1.log_pb2 import HeadRequest
from acuerdo.contacts.v1 import people_pb2 as pb
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.contracts.any_request import PROMISED, any_message
from tests.services.contacts.people_service import Caller, Running, somebody

REQUESTS_PER_METHOD = 30
METHODS = list(pb.DESCRIPTOR.services_by_name["People"].methods)


async def test_no_request_is_answered_with_a_status_that_is_not_promised(people: Running) -> None:
    caller = people.as_("operator", "supervisor", "agent", "compliance", "auditor", "system")
    one = (await caller.RegisterPerson(person=somebody(number="11111111H", phone="+12025550123"))).person_id
    two = (await caller.RegisterPerson(person=somebody(name="Other", email="other@example.org"))).person_id
    real = (await caller.RegisterPerson(person=somebody(name="Real", is_synthetic=False))).person_id
    point = await caller.AddContactPoint(person_id=one, point=pb.NewPoint(email="marta@example.org"), source="DEBTOR")
    consent = await caller.GiveConsent(person_id=one, kind=1, instrument="CALL", evidence_ref="rec")
    cease = await caller.CeaseCommunication(person_id=one, medium="CALL", evidence_ref="rec")
    await caller.MarkContactPointThirdParty(person_id=one, point_id=point.point_id, reason_code="WRONG_PERSON")
    known = {
        "person_id": [one, two],
        "other_person_id": [two, real],
        "point_id": [point.point_id],
        "consent_id": [consent.consent_id],
        "cease_id": [cease.cease_id],
        "client_id": [str(uuid4())],
        "case_id": [str(uuid4())],
        "country": ["ES", "US", ""],
        "phone": ["+12025550123", "600 100 200", "12-34"],
        "email": ["marta@example.org", "a@b"],
        "zone": ["Europe/Madrid", "Nowhere"],
        "zones": ["Europe/Madrid", "Nowhere"],
        "source": ["DEBTOR"],
        "reason_code": ["CLIENT_ASKED"],
        "purpose": ["CALL_PREPARATION"],
        "etag": ["", "", "1"],
    }
    chance = Random(1)
    seen: set[grpc.StatusCode] = set()
    for method in METHODS:
        for _ in range(REQUESTS_PER_METHOD):
            request = any_message(GetMessageClass(method.input_type), chance, known)
            before = await _position(caller)
            status, said = await _status_of(caller, method.name, request, method.client_streaming)
            seen.add(status)
            assert status in PROMISED, f"{method.name}: {status} {said}\n{request}"
            if status is not grpc.StatusCode.OK and not method.client_streaming:
                assert await _position(caller) == before, f"{method.name} stored something and said {status}\n{request}"
    assert seen >= {grpc.StatusCode[name] for name in ("OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION")}


async def _status_of(caller: Caller, method: str, request: Message, is_stream: bool) -> tuple[grpc.StatusCode, str]:
    try:
        await (caller.send(method, request) if is_stream else getattr(caller, f"{method}_as_it_is")(request))
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    return grpc.StatusCode.OK, ""


async def _position(caller: Caller) -> int:
    return int((await caller.log.Head(HeadRequest(), metadata=caller.metadata)).head.position)
