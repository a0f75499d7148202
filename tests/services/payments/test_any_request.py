"""Whatever is asked of payments: the answer is one of the statuses that are promised, an error stores no event, and money adds up."""

from __future__ import annotations

from random import Random

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

from tests.contracts.any_request import PROMISED, any_message
from tests.services.payments.service import METHODS, THE_CLIENT, THE_PORTFOLIO, Running, a_debt, debt_id

REQUESTS_PER_METHOD = 60


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_request_is_answered_with_a_status_that_is_not_promised(payments: Running, seed: int) -> None:
    caller = payments.as_("operator", "supervisor", "agent", "system")
    source_id = await caller.a_source(client_id=str(THE_CLIENT))
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000, interest=10)))
    known = {
        "source_id": ["", source_id],
        "case_id": ["", case_id],
        "client_id": ["", str(THE_CLIENT)],
        "portfolio_id": ["", str(THE_PORTFOLIO)],
        "designated_debt_ids": [str(debt_id("card"))],
        "currency_code": ["EUR", "EUR", "USD"],
        "external_ref": ["", "c-1", "c-2"],
        "provider_ref": ["p-1", "p-2", "p 3"],
        "etag": ["", "", "1"],
    }
    chance = Random(seed)
    seen: set[grpc.StatusCode] = set()
    for name, method in METHODS.items():
        for _ in range(REQUESTS_PER_METHOD):
            request = any_message(GetMessageClass(method.input_type), chance, known)
            before = (await payments.log.head()).position
            status = grpc.StatusCode.OK
            try:
                if method.client_streaming:
                    await caller.send(name, request)
                else:
                    await getattr(caller.stub, name)(request, metadata=caller.metadata)
            except grpc.aio.AioRpcError as error:
                status = error.code()
            seen.add(status)
            assert status in PROMISED, f"{name}: {status}\n{request}"
            if status is not grpc.StatusCode.OK and not method.client_streaming:
                assert (await payments.log.head()).position == before, f"{name} stored something and said {status}\n{request}"
    assert seen >= {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
