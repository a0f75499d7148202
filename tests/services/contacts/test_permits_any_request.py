"""Whatever is asked of permits: the answer is one of the statuses that are promised, and an error stores no event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import uuid4

import grpc
import pytest
from acuerdo.contacts.v1 import permit_service_pb2 as pb
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.contracts.any_request import PROMISED, any_message
from tests.services.contacts.permits_service import PACKS, Caller, Running

REQUESTS_PER_METHOD = 25
METHODS = list(pb.DESCRIPTOR.services_by_name["Permits"].methods)


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_request_is_answered_with_a_status_that_is_not_promised(permits: Running, seed: int) -> None:
    await permits.use("es-house")
    person = await permits.a_person()
    case, point = await permits.a_case(person), await permits.a_point(person)
    caller = permits.as_("operator", "supervisor", "agent", "compliance", "auditor", "system")
    granted = await caller.ask(person, case, "EMAIL")
    known = {
        "person_id": [str(person), str(person), str(uuid4())],
        "case_id": [str(case), str(case), str(uuid4())],
        "point_id": ["", str(point), str(uuid4())],
        "permit_id": ["", granted.permit_id, str(uuid4())],
        "attempt_id": ["", str(uuid4())],
        "in_reply_to": [""],
        "party": ["", "relative", "nobody"],
        "mode": ["", "predictive"],
        "cli_type": ["", "900", "mobile"],
        "override_ground": ["", "active_litigation"],
        "pack_id": ["es-house", "xx-none"],
        "version": ["2026.11.0", "1"],
        "document": [(PACKS / "us-ma.yaml").read_bytes(), b"schema: contact-policy/1", b"{"],
        "reason_code": ["ENOUGH"],
        "etag": ["", "", "1"],
    }
    chance, seen = Random(seed), set[grpc.StatusCode]()
    for method in METHODS:
        for _ in range(REQUESTS_PER_METHOD):
            request = any_message(GetMessageClass(method.input_type), chance, known)
            _recent(request, chance)
            before = (await permits.log.head()).position
            status, said = await _status_of(caller, method.name, request, method.client_streaming)
            seen.add(status)
            assert status in PROMISED, f"{method.name}: {status} {said}\n{request}"
            if status is not grpc.StatusCode.OK and not method.client_streaming:
                assert (await permits.log.head()).position == before, f"{method.name} stored something and said {status}\n{request}"
    assert seen >= {grpc.StatusCode[name] for name in ("OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION")}


def _recent(request: Message, chance: Random) -> None:
    """Now and then the instants are ones at which something can have happened."""
    if isinstance(request, pb.ReportAttemptRequest) and chance.random() < 0.7:
        request.attempt.at.FromDatetime(datetime(2026, 3, 3, 10, tzinfo=UTC) - timedelta(minutes=chance.randrange(10_000)))
        request.attempt.ClearField("ended_at")


async def _status_of(caller: Caller, method: str, request: Message, is_stream: bool) -> tuple[grpc.StatusCode, str]:
    try:
        if is_stream:
            await caller.send(method, [request])
        else:
            await caller.as_it_is(method, request)
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    return grpc.StatusCode.OK, ""
