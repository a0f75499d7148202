"""Telemetry around a call: its span, child of the caller's, and how long it took to which status."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import grpc
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from services.chassis.rpc.around import Around, Call
from services.chassis.telemetry import tracing
from services.chassis.telemetry.metrics import RPCS

_OURS_TO_MEND = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS, grpc.StatusCode.UNAVAILABLE}


class Seen(Around):
    """The outermost interceptor: it sees the status that the others have chosen."""

    def around(self, call: Call) -> AbstractAsyncContextManager[None]:
        return self._seen(call)

    @asynccontextmanager
    async def _seen(self, call: Call) -> AsyncIterator[None]:
        begun_at = time.monotonic()
        span = tracing.begin(call.method[1:], traceparent=_traceparent(call), kind=SpanKind.SERVER, attributes={"method": call.method})
        # Never detached: the call has a context of its own, and a stream may be closed from another one, where detaching fails.
        otel_context.attach(trace.set_span_in_context(span))
        is_done = False
        try:
            yield
            is_done = True
        finally:
            _end(span, call, is_done=is_done, seconds=time.monotonic() - begun_at)


def _end(span: Span, call: Call, *, is_done: bool, seconds: float) -> None:
    code = grpc.StatusCode.OK if is_done else _code(call)
    span.set_attribute("code", code.name)
    if code in _OURS_TO_MEND:
        span.set_status(Status(StatusCode.ERROR, code.name))
    span.end()
    RPCS.record(seconds, {"method": call.method, "code": code.name})


def _code(call: Call) -> grpc.StatusCode:
    """The status set by `abort`; a call that ended without one was cancelled."""
    code = call.context.code()
    return code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.CANCELLED


def _traceparent(call: Call) -> str:
    given = next((value for name, value in call.context.invocation_metadata() or () if name == "traceparent"), "")
    return given if isinstance(given, str) else ""
