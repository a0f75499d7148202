"""Around a call: what every interceptor is made of. It may look at each request message and stand around the whole call."""

from __future__ import annotations

from abc import ABC
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from services.chassis.identity.principal import NotAuthenticated, Principal

Context = grpc.aio.ServicerContext[Any, Any]
"""What a method of a servicer gets beside its request."""

OPEN_SERVICES = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Answer without a token, and without any of our interceptors. Reflection is served in development only."""


@dataclass(slots=True)
class Call:
    """One call in hand, from its first interceptor to its end."""

    method: str
    """gRPC path: /acuerdo.cases.v1.Cases/GetCase."""
    context: Context
    is_stream: bool
    who: Principal | None = None

    @property
    def principal(self) -> Principal:
        if self.who is None:
            raise NotAuthenticated("TOKEN_IS_MISSING")
        return self.who


_CALL: ContextVar[Call] = ContextVar("call")


def call_in_hand() -> Call:
    """The call that this task answers. grpc gives each call a context of its own."""
    return _CALL.get()


class Around(grpc.aio.ServerInterceptor, ABC):
    """One concern around every call. Subclasses override `around`, `check` or both; what they raise is worded by Refusals."""

    def __init__(self) -> None:
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def around(self, call: Call) -> AbstractAsyncContextManager[Any]:
        return nullcontext()

    def check(self, call: Call, request: Message) -> None:
        """Raise to refuse this request message."""

    def each(self, call: Call, responses: AsyncGenerator[Any, None]) -> AsyncGenerator[Any, None]:
        """Stand around the making of each response, but not around its sending, which waits for the client."""
        return responses

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = handler_call_details.method
        if method.startswith(OPEN_SERVICES):
            return await continuation(handler_call_details)
        # Only methods that are served get here more than once: the table is as long as the contracts.
        if method not in self._wrapped:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            self._wrapped[method] = _wrap(self, method, handler)
        return self._wrapped[method]


def _wrap(interceptor: Around, method: str, handler: grpc.RpcMethodHandler[Any, Any]) -> grpc.RpcMethodHandler[Any, Any]:
    is_stream = handler.request_streaming or handler.response_streaming
    make, inner = _parts_of(handler)

    def begin(context: Context) -> Call:
        call = _CALL.get(None)
        if call is None or call.context is not context:
            call = Call(method, context, is_stream)
            _CALL.set(call)
        return call

    def checked(call: Call, request: Any) -> Any:
        if not handler.request_streaming:
            interceptor.check(call, request)
            return request
        return _each_checked(interceptor, call, request)

    async def answer(request: Any, context: Context) -> Any:
        call = begin(context)
        async with interceptor.around(call):
            return await inner(checked(call, request), context)

    async def answers(request: Any, context: Context) -> AsyncIterator[Any]:
        call = begin(context)
        async with interceptor.around(call), aclosing(inner(checked(call, request), context)) as responses:
            async with aclosing(interceptor.each(call, responses)) as each:
                async for response in each:
                    yield response

    wrapped = answers if handler.response_streaming else answer
    return make(wrapped, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer)


async def _each_checked(interceptor: Around, call: Call, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for request in requests:
        interceptor.check(call, request)
        yield request


def _parts_of(handler: grpc.RpcMethodHandler[Any, Any]) -> tuple[Callable[..., grpc.RpcMethodHandler[Any, Any]], Callable[..., Any]]:
    inner: Any
    match handler.request_streaming, handler.response_streaming:
        case False, False:
            make, inner = grpc.unary_unary_rpc_method_handler, handler.unary_unary
        case False, True:
            make, inner = grpc.unary_stream_rpc_method_handler, handler.unary_stream
        case True, False:
            make, inner = grpc.stream_unary_rpc_method_handler, handler.stream_unary
        case _:
            make, inner = grpc.stream_stream_rpc_method_handler, handler.stream_stream
    return make, inner
