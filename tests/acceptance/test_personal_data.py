"""What a debtor has told us is in no byte that leaves the seals, and is gone everywhere when its key is destroyed."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as words
from acuerdo.common.v1 import log_pb2

from clients.cli.connection import Doors
from clients.cli.stepping import settle
from services.chassis.seal.seals import Seals
from services.chassis.seal.subjects import Subject
from services.chassis.seal.wrapping import FileKeyWrapper
from tests.acceptance.house import House
from tests.acceptance.portfolios import a_case, open_portfolio
from tests.acceptance.searching import assert_nowhere_in_clear, every_row
from tests.acceptance.topics import every_record

CANARY = "Kanarienvogel-Quijote-7315"
TENANT = "bank-sealed"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def recorded(case_id: str, **said: Any) -> cases.RecordFactRequest:
    fields = {"key": "employment", "value": f"{CANARY} lost her work", "source": "debtor", "confidence": words.CONFIDENCE_STATED}
    return cases.RecordFactRequest(case_id=case_id, **{"request_id": "fact", **fields, **said})


async def test_what_a_debtor_told_is_nowhere_in_clear_and_is_erased_with_its_key(house: House) -> None:
    async with house.doors(TENANT) as doors:
        request = a_case(await open_portfolio(doors, TENANT, 1))
        person_id = request.parties[0].person_id
        case_id = (await doors.cases.RegisterCase(request)).case_id
        await doors.cases.RecordFact(recorded(case_id), metadata=(("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"),))
        note = recorded(case_id, request_id="note", key="note", value=f"She asked to be called {CANARY}", subject_id=person_id)
        await doors.cases.RecordFact(note)
        refusals = [text async for text in texts_of_refusals(doors, case_id)]
        await settle(doors)
        assert [fact.value for fact in await facts_in_clear(doors, case_id, "before")] == [
            f"{CANARY} lost her work",
            f"She asked to be called {CANARY}",
        ]

        assert_nowhere_in_clear(CANARY, "what a caller is told when it is refused", refusals)
        assert_nowhere_in_clear(CANARY, "the database", every_row(house.dsn))
        assert_nowhere_in_clear(CANARY, "Kafka", [part async for part in every_record(house.stack.kafka)])
        assert_nowhere_in_clear(CANARY, "the logs of the services", [house.logs().encode()])
        assert house.collector.wait_for(bool, TRACE)
        assert_nowhere_in_clear(CANARY, "what leaves as telemetry", house.collector.bytes_seen)

        assert await destroy_key(house, person_id) == 1
    house.restart()  # a process may use a key that it has in hand for a minute longer
    async with house.doors(TENANT) as doors:
        erased = await facts_in_clear(doors, case_id, "after")
        assert [(fact.key, fact.value, fact.is_erased) for fact in erased] == [("employment", "", True), ("note", "", True)]
        verified = await doors.log("cases").VerifyStream(log_pb2.VerifyStreamRequest(stream_id=case_id))
        assert (verified.intact, verified.finding) == (True, "")


@pytest.mark.parametrize("leak", [CANARY, CANARY.lower(), CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode()])
def test_the_search_would_find_a_leak(leak: str) -> None:
    with pytest.raises(AssertionError, match="here"):
        assert_nowhere_in_clear(CANARY, "here", [b"nothing", f'{{"value": "{leak}"}}'.encode()])


async def facts_in_clear(doors: Doors, case_id: str, request_id: str) -> list[cases.FactInClear]:
    answer = await doors.cases.ListFacts(cases.ListFactsRequest(case_id=case_id, purpose="CALL_PREPARATION", request_id=request_id))
    return list(answer.facts)


async def texts_of_refusals(doors: Doors, case_id: str) -> Any:
    """Every way of being refused with the canary in the request; all the bytes that come back."""
    refused = {
        "a key that is none": (grpc.StatusCode.INVALID_ARGUMENT, recorded(case_id, request_id="r1", key=CANARY)),
        "a subject that is none": (grpc.StatusCode.INVALID_ARGUMENT, recorded(case_id, request_id="r2", subject_id=CANARY)),
        "a source that is none": (grpc.StatusCode.INVALID_ARGUMENT, recorded(case_id, request_id="r3", source=CANARY)),
        "a value too long": (grpc.StatusCode.INVALID_ARGUMENT, recorded(case_id, request_id="r4", value=CANARY * 200)),
        "a card number": (grpc.StatusCode.INVALID_ARGUMENT, recorded(case_id, request_id="r5", value=f"{CANARY} 4111 1111 1111 1111")),
        "a request id used before": (grpc.StatusCode.INVALID_ARGUMENT, recorded(case_id, value=f"{CANARY} is somebody else")),
        "a fact there is not": (grpc.StatusCode.NOT_FOUND, recorded(case_id, request_id="r6", supersedes_fact_id=str(uuid4()))),
        "a case there is not": (grpc.StatusCode.NOT_FOUND, recorded(str(uuid4()), request_id="r7")),
        "a case that is none": (grpc.StatusCode.INVALID_ARGUMENT, recorded(CANARY, request_id="r8")),
        "an old etag": (grpc.StatusCode.ABORTED, recorded(case_id, request_id="r9", etag="1")),
    }
    for what, (code, request) in refused.items():
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await doors.cases.RecordFact(request)
        assert refusal.value.code() == code, what
        yield (refusal.value.details() or "").encode()
        for _, value in refusal.value.trailing_metadata():
            yield value if isinstance(value, bytes) else value.encode()


async def destroy_key(house: House, person_id: str) -> int:
    seals = Seals(house.dsn, "cases", FileKeyWrapper((house.home / "keys" / "kek").read_bytes()))
    await seals.start()
    try:
        return await seals.destroy(Subject(TENANT, UUID(person_id)))
    finally:
        await seals.stop()
