"""Whatever is asked of messages: the answer is one of the statuses that are promised, and an error stores no event."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import grpc
from acuerdo.contacts.v1 import messages_pb2 as pb
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.contracts.any_request import PROMISED, any_message
from tests.services.contacts.message_service import Caller, running

REQUESTS_PER_METHOD = 60
METHODS = list(pb.DESCRIPTOR.services_by_name["Messages"].methods)


async def test_no_request_is_answered_with_a_status_that_is_not_promised(database: str, tmp_path: Path) -> None:
    async with running(database, tmp_path, datetime(2026, 3, 3, 11, tzinfo=UTC), with_outbox=False) as messages:
        caller = messages.as_("operator", "supervisor", "agent", "compliance", "auditor", "system")
        person_id = await messages.a_person()
        case_id = await messages.a_case(person_id)
        await messages.a_template()
        sent = await messages.request(case_id, person_id)
        call = await caller.RecordInteraction(
            case_id=str(case_id), person_id=person_id, channel=1, direction=1, purpose=2, code="NO_ANSWER"
        )
        known = {
            "person_id": [person_id],
            "case_id": [str(case_id)],
            "interaction_id": [str(sent), call.interaction_id],
            "name": ["reminder", "second-reminder"],
            "template": ["reminder"],
            "code": ["PROMISE", "PTP", "NO_ANSWER"],
            "locale": ["es-ES", "en"],
            "jurisdiction": ["ES", "US"],
            "subject": ["Hola"],
            "body": ["{{ sender }} {{ creditor }}", "{{ sender }} {{ creditor }} {{ link }}", "{% if"],
            "reason_code": ["OLD"],
            "purpose": ["CALL_PREPARATION"],
            "status_code": ["5.1.1", ""],
            "provider_ref": [f"<{sent}@acuerdo.invalid>"],
            "etag": ["", "", "1"],
            "page_token": ["", "not-a-token"],
        }
        chance = Random(1)
        seen: set[grpc.StatusCode] = set()
        for method in METHODS:
            for _ in range(REQUESTS_PER_METHOD):
                request = any_message(GetMessageClass(method.input_type), chance, known)
                before = (await messages.log.head()).position
                status, said = await _status_of(caller, method.name, request)
                seen.add(status)
                assert status in PROMISED, f"{method.name}: {status} {said}\n{request}"
                if status is not grpc.StatusCode.OK:
                    assert (await messages.log.head()).position == before, f"{method.name} stored and said {status}\n{request}"
        assert seen >= {grpc.StatusCode[name] for name in ("OK", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION")}


async def _status_of(caller: Caller, method: str, request: Message) -> tuple[grpc.StatusCode, str]:
    try:
        await caller.as_it_is(method, request)
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details() or ""
    return grpc.StatusCode.OK, ""
