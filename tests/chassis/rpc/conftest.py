"""A real server on loopback, real tokens, and servicers that do what a test says."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from dev.issuer import Issuer
from services.chassis.rpc.server import Rpc
from services.chassis.settings import Settings

Behave = Callable[[str, Any, Any], Awaitable[Any]]
"""(method name, request, context) -> response, or None for an empty one."""


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
def settings(issuer: Issuer, tmp_path: Path) -> Settings:
    return Settings(jwks=str(issuer.jwks), drain_seconds=0)


@pytest.fixture
def toy() -> Callable[[type, ServiceDescriptor, Behave], Any]:
    return a_toy


@pytest.fixture
def serving() -> Callable[..., AbstractAsyncContextManager[tuple[Rpc, grpc.aio.Channel]]]:
    return _serving


@asynccontextmanager
async def _serving(settings: Settings, *servicers: Any) -> AsyncIterator[tuple[Rpc, grpc.aio.Channel]]:
    rpc = Rpc(settings, *servicers)
    await rpc.start()
    try:
        async with grpc.aio.insecure_channel(rpc.address) as channel:
            yield rpc, channel
    finally:
        await rpc.stop()


@pytest.fixture
def bearer(issuer: Issuer) -> Callable[..., tuple[tuple[str, str], ...]]:
    """Metadata of a call by someone with these roles."""

    def metadata(*roles: str, **said: Any) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {issuer.token('ana', roles, **said)}"),)

    return metadata


def a_toy(generated: type, contract: ServiceDescriptor, behave: Behave) -> Any:
    """A servicer of any contract whose every method asks `behave`; streams answer each message they get."""

    def written(name: str, answer: type, *, takes_stream: bool, gives_stream: bool) -> Any:
        async def one(self: Any, request: Any, context: Any) -> Any:
            if takes_stream:
                request = [message async for message in request]
            return await behave(name, request, context) or answer()

        async def many(self: Any, request: Any, context: Any) -> AsyncIterator[Any]:
            if takes_stream:
                async for message in request:
                    yield await behave(name, message, context) or answer()
            else:
                yield await behave(name, request, context) or answer()

        return many if gives_stream else one

    methods = {
        method.name: written(
            method.name,
            GetMessageClass(method.output_type),
            takes_stream=method.client_streaming,
            gives_stream=method.server_streaming,
        )
        for method in contract.methods
    }
    assert all(inspect.isfunction(method) for method in methods.values())
    return type("Toy", (generated,), methods)()
