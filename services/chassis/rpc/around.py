"""Around a call: everything that stands between the wire and a method, in one place and in order, outermost first.

It is seen (span, duration), what it raises is worded, it is counted and has a deadline, its caller is known and admitted, its requests are
checked. One interceptor, because each one more costs a call two coroutines and a context manager.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from services.chassis.identity.admitting import Identity
from services.chassis.rpc import validation
from services.chassis.rpc.call import Call, Context, begin
from services.chassis.rpc.limits import Limits
from services.chassis.rpc.refusals import refuse
from services.chassis.rpc.seen import Seen

OPEN_SERVICES = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Answer without a token, and without anything of ours around them. Reflection is served in development only."""

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]


class Around(grpc.aio.ServerInterceptor):
    def __init__(self, limits: Limits, identity: Identity) -> None:
        self._limits, self._identity = limits, identity
        self._wrapped: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method = handler_call_details.method
        # Only methods that are served are kept: the table is as long as the contracts.
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None or method.startswith(OPEN_SERVICES):
                return handler
            wrapped = self._wrapped[method] = self._wrap(method, handler)
        return wrapped

    def _wrap(self, method: str, handler: Handler) -> Handler:
        make, inner = _parts_of(handler)
        is_stream = handler.request_streaming or handler.response_streaming
        checked = self._each_checked if handler.request_streaming else self._checked

        async def answer(request: Any, context: Context) -> Any:
            call = begin(method, context, is_stream=is_stream)
            with Seen(call):
                try:
                    with self._limits:
                        async with self._limits.deadline(call):
                            self._limits.check(call, request)
                            with await self._identity.admitted(call):
                                return await inner(checked(call, request), context)
                except Exception as raised:  # noqa: BLE001  # the last resort of a call: nothing leaves as UNKNOWN
                    await refuse(call, raised)

        async def answers(request: Any, context: Context) -> AsyncIterator[Any]:
            call = begin(method, context, is_stream=is_stream)
            with Seen(call):
                try:
                    with self._limits, await self._identity.admitted(call):
                        async with aclosing(inner(checked(call, request), context)) as responses:
                            async with aclosing(self._limits.each(responses)) as each:
                                async for response in each:
                                    yield response
                except Exception as raised:  # noqa: BLE001  # as above
                    await refuse(call, raised)

        wrapped = answers if handler.response_streaming else answer
        return make(wrapped, request_deserializer=handler.request_deserializer, response_serializer=handler.response_serializer)

    def _checked(self, call: Call, request: Message) -> Message:
        self._identity.check(call, request)
        validation.check(call, request)
        return request

    async def _each_checked(self, call: Call, requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
        async for request in requests:
            yield self._checked(call, request)


def _parts_of(handler: Handler) -> tuple[Callable[..., Handler], Callable[..., Any]]:
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
