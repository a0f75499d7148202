"""The services' doors, for what SQL cannot tell: every call with the token of the tenant it is about."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

import grpc.aio
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from acuerdo.common.v1.log_pb2_grpc import LogStub
from acuerdo.common.v1.operations_pb2_grpc import OperationsStub
from acuerdo.strategy.v1.service_pb2_grpc import StrategyStub

ASKED_AT_ONCE_MAX = 16
ANSWER_WITHIN_SECONDS = 30.0
MESSAGE_BYTES_MAX = 16 * 1024 * 1024

T = TypeVar("T")
A = TypeVar("A")


class Tokens:
    """Whose token opens what."""

    def __init__(self, one: str, by_tenant: Mapping[str, str], made: Callable[[str], str] | None) -> None:
        """`one`: a token, whose tenant it says itself; `made`: makes one for any tenant."""
        self._found = {_tenant_of(one): one} if one else {}
        self._found |= by_tenant
        self._made = made

    def of(self, tenant_id: str) -> str | None:
        if tenant_id not in self._found and self._made is not None:
            self._found[tenant_id] = self._made(tenant_id)
        return self._found.get(tenant_id)

    def learn(self, tenants: Iterable[str]) -> None:
        """Whom there is to speak for."""
        for tenant_id in tenants:
            self.of(tenant_id)

    @property
    def any(self) -> str | None:
        """For what is nobody's: whichever there is."""
        return next(iter(self._found.values()), None)


class Doors:
    """Stubs by service; `async with`. Calls with `metadata=with_token(token)`."""

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        self._endpoints = endpoints
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def __aenter__(self) -> Doors:
        options = [("grpc.max_receive_message_length", MESSAGE_BYTES_MAX)]
        for service, address in self._endpoints.items():
            if _is_loopback(address):
                self._channels[service] = grpc.aio.insecure_channel(address, options=options)
            else:
                self._channels[service] = grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(), options=options)
        return self

    async def __aexit__(self, *_: object) -> None:
        for channel in self._channels.values():
            await channel.close()

    def __contains__(self, service: str) -> bool:
        return service in self._endpoints

    @cached_property
    def cases(self) -> Any:
        return CasesStub(self._channels["cases"])

    @cached_property
    def strategy(self) -> Any:
        return StrategyStub(self._channels["strategy"])

    def log(self, service: str) -> Any:
        return LogStub(self._channels[service])

    def operations(self, service: str) -> Any:
        return OperationsStub(self._channels[service])


def with_token(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


async def each(things: Iterable[T], ask: Callable[[T], Awaitable[A]]) -> list[A]:
    """A few at once, answers in order."""
    at_once = asyncio.Semaphore(ASKED_AT_ONCE_MAX)

    async def one(thing: T) -> A:
        async with at_once:
            return await ask(thing)

    return await asyncio.gather(*map(one, things))


def _tenant_of(token: str) -> str:
    """What a JWT says of itself; nobody here trusts it for anything but choosing it."""
    try:
        body = token.split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["tenant_id"])
    except (IndexError, ValueError, KeyError):
        return ""


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
