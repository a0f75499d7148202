"""Whatever is asked of strategy: the answer is one of the statuses that are promised, and an error stores no event."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import grpc
import pytest
from acuerdo.strategy.v1 import service_pb2 as pb
from google.protobuf.message_factory import GetMessageClass

from services.chassis.log.log import Log
from tests.contracts.any_request import PROMISED, any_message

REQUESTS_PER_METHOD = 150
METHODS = list(pb.DESCRIPTOR.services_by_name["Strategy"].methods)


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_request_is_answered_with_a_status_that_is_not_promised(
    strategy: Any, log: Log, bearer: Callable[..., tuple[tuple[str, str], ...]], seed: int
) -> None:
    chance = Random(seed)
    seen: set[grpc.StatusCode] = set()
    for method in METHODS:
        for _ in range(REQUESTS_PER_METHOD):
            request = any_message(GetMessageClass(method.input_type), chance, {"etag": ["", "", "1"]})
            before = (await log.head()).position
            status = grpc.StatusCode.OK
            try:
                await getattr(strategy, method.name)(request, metadata=bearer("operator", "supervisor"))
            except grpc.aio.AioRpcError as error:
                status = error.code()
            seen.add(status)
            assert status in PROMISED, f"{method.name}: {status}\n{request}"
            if status is not grpc.StatusCode.OK:
                assert (await log.head()).position == before, f"{method.name} stored something and said {status}\n{request}"
    assert seen >= {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}
