"""Served: a servicer, the contract it keeps, and how it is added to a server; found from the generated base class."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor import ServiceDescriptor

from services.chassis.runtime import StartRefused

_GENERATED = "_pb2_grpc"


@dataclass(frozen=True, slots=True)
class Served:
    servicer: Any
    contract: ServiceDescriptor
    _add: Callable[[Any, grpc.Server], None]

    @staticmethod
    def by(servicer: Any) -> Served:
        """The one contract that the servicer's class is generated for."""
        bases = [base for base in type(servicer).__mro__ if base.__module__.endswith(_GENERATED) and base.__name__.endswith("Servicer")]
        if len(bases) != 1:
            raise StartRefused(f"{type(servicer).__name__} must extend exactly one generated servicer")
        module = sys.modules[bases[0].__module__]
        contracts = sys.modules[module.__name__.removesuffix(_GENERATED) + "_pb2"]
        contract = contracts.DESCRIPTOR.services_by_name[bases[0].__name__.removesuffix("Servicer")]
        _refuse_what_is_missing(servicer, bases[0], contract)
        return Served(servicer, contract, getattr(module, f"add_{bases[0].__name__}_to_server"))

    @property
    def name(self) -> str:
        return self.contract.full_name

    def add_to(self, server: grpc.aio.Server) -> None:
        self._add(self.servicer, Unregistered(server))  # type: ignore[arg-type]  # the generated stubs know the synchronous server only


class Unregistered:
    """A server as generated code sees it, which is told no method by name: found by its path when it is called, a method works the same.

    For each method that it knows by name, grpc.aio keeps a task waiting for the next call, and looks at all of them twice for every call:
    with the hundred methods of a service that is a tenth of what a call costs.
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self.add_generic_rpc_handlers = server.add_generic_rpc_handlers

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]) -> None:
        """They are among the generic handlers too."""


def _refuse_what_is_missing(servicer: Any, base: type, contract: ServiceDescriptor) -> None:
    """Every promised method is written, and as the interceptors expect it."""
    for method in contract.methods:
        written = getattr(type(servicer), method.name, None)
        if written is None or written is getattr(base, method.name, None):
            raise StartRefused(f"{contract.full_name}/{method.name} is promised and not written")
        is_as_expected = inspect.isasyncgenfunction if method.server_streaming else inspect.iscoroutinefunction
        if not is_as_expected(written):
            raise StartRefused(f"{contract.full_name}/{method.name} must be {'an async generator' if method.server_streaming else 'async'}")
