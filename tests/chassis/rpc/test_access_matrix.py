"""Every promised method by every role: the matrix that the contracts say, asked of a real server. New services are added to SERVICES."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import service_pb2_grpc as cases_grpc
from acuerdo.common.v1 import access_pb2, log_pb2, log_pb2_grpc, operations_pb2, operations_pb2_grpc
from acuerdo.common.v1.access_pb2 import Role
from acuerdo.strategy.v1 import service_pb2 as strategy
from acuerdo.strategy.v1 import service_pb2_grpc as strategy_grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from services.chassis.identity.access import MethodHasNoRule, rule_of, rules_of
from services.chassis.settings import Settings

SERVICES: tuple[tuple[type, ServiceDescriptor], ...] = (
    (log_pb2_grpc.LogServicer, log_pb2.DESCRIPTOR.services_by_name["Log"]),
    (operations_pb2_grpc.OperationsServicer, operations_pb2.DESCRIPTOR.services_by_name["Operations"]),
    (cases_grpc.CasesServicer, cases.DESCRIPTOR.services_by_name["Cases"]),
    (strategy_grpc.StrategyServicer, strategy.DESCRIPTOR.services_by_name["Strategy"]),
)
METHODS = [method for _, contract in SERVICES for method in contract.methods]
ROLES = [name.removeprefix("ROLE_").lower() for name, _ in Role.items() if name != "ROLE_UNSPECIFIED"]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_every_promised_method_says_who_may_call_it(method: MethodDescriptor) -> None:
    rule = rule_of(method)
    assert rule.required_role
    if rule.reads_personal_data:
        assert "purpose" in method.input_type.fields_by_name
        assert "request_id" in method.input_type.fields_by_name, "the reading is recorded, once"


async def test_each_role_may_call_what_the_contract_says_and_nothing_else(
    toy: Any, serving: Any, settings: Settings, bearer: Callable[..., Any]
) -> None:
    """The method's own checks come after: whoever is admitted gets any answer but a refusal of identity."""
    served = [toy(generated, contract, _say_nothing) for generated, contract in SERVICES]
    async with serving(settings, *served) as (_, channel):
        found = {}
        expected = {}
        for role in ROLES:
            metadata = bearer(role)
            for method in METHODS:
                access = method.GetOptions().Extensions[access_pb2.access]
                expected[method.full_name, role] = Role.Value(f"ROLE_{role.upper()}") in access.required_role
                code = await _ask(channel, method, metadata)
                assert code != grpc.StatusCode.UNAUTHENTICATED
                found[method.full_name, role] = code != grpc.StatusCode.PERMISSION_DENIED
        assert found == expected


async def test_nothing_but_health_is_answered_without_a_token(toy: Any, serving: Any, settings: Settings) -> None:
    served = [toy(generated, contract, _say_nothing) for generated, contract in SERVICES]
    async with serving(settings, *served) as (_, channel):
        codes = {method.full_name: await _ask(channel, method, ()) for method in METHODS}
        assert set(codes.values()) == {grpc.StatusCode.UNAUTHENTICATED}


def test_a_method_without_a_rule_refuses_to_start() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="a_test/no_rule.proto", package="a_test")
    file.message_type.add(name="Nothing")
    service = file.service.add(name="Careless")
    service.method.add(name="Ask", input_type=".a_test.Nothing", output_type=".a_test.Nothing")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    with pytest.raises(MethodHasNoRule, match=r"a_test\.Careless\.Ask"):
        rules_of([pool.FindServiceByName("a_test.Careless")])


async def _say_nothing(*_: Any) -> None:
    return None


async def _ask(channel: grpc.aio.Channel, method: MethodDescriptor, metadata: Any) -> grpc.StatusCode:
    """The status of one call with an empty request."""
    service = method.containing_service
    assert service is not None
    path = f"/{service.full_name}/{method.name}"
    request, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    said: dict[str, Any] = {"request_serializer": request.SerializeToString, "response_deserializer": answer.FromString}
    try:
        if method.client_streaming and method.server_streaming:
            both = channel.stream_stream(path, **said)(iter([request()]), metadata=metadata, timeout=10)
            _ = [message async for message in both]
        elif method.client_streaming:
            await channel.stream_unary(path, **said)(iter([request()]), metadata=metadata, timeout=10)
        elif method.server_streaming:
            _ = [message async for message in channel.unary_stream(path, **said)(request(), metadata=metadata, timeout=10)]
        else:
            await channel.unary_unary(path, **said)(request(), metadata=metadata, timeout=10)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK
