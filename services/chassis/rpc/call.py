"""The call in hand: what a method of a servicer, and whatever it asks, may know of who has asked."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import grpc.aio

from services.chassis.identity.principal import NotAuthenticated, Principal

Context = grpc.aio.ServicerContext[Any, Any]
"""What a method of a servicer gets beside its request."""


@dataclass(slots=True)
class Call:
    """One call in hand, from its first message to its end."""

    method: str
    """gRPC path: /acuerdo.cases.v1.Cases/GetCase."""
    context: Context
    is_stream: bool
    metadata: tuple[tuple[str, str | bytes], ...]
    """What came with the call; grpc makes it anew each time it is asked."""
    who: Principal | None = None

    @property
    def principal(self) -> Principal:
        if self.who is None:
            raise NotAuthenticated("TOKEN_IS_MISSING")
        return self.who

    def given(self, name: str) -> list[str | bytes]:
        """The values of one metadata key, mostly none or one."""
        return [value for key, value in self.metadata if key == name]


_CALL: ContextVar[Call] = ContextVar("call")


def begin(method: str, context: Context, *, is_stream: bool) -> Call:
    """From now on it is the call that this task answers."""
    call = Call(method, context, is_stream, tuple(context.invocation_metadata() or ()))
    _CALL.set(call)
    return call


def call_in_hand() -> Call:
    """The call that this task answers. grpc gives each call a context of its own."""
    return _CALL.get()
