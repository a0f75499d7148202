"""Telemetry around a call: its span, child of the caller's, and how long it took to which status."""

from __future__ import annotations

import time
from types import TracebackType

import grpc
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from services.chassis.rpc.call import Call
from services.chassis.telemetry import tracing
from services.chassis.telemetry.metrics import RPCS

_OURS_TO_MEND = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS, grpc.StatusCode.UNAVAILABLE}


class Seen:
    """`with Seen(call):` stands outermost: it sees the status that the others have chosen."""

    __slots__ = ("_begun_at", "_call", "_span")

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        call = self._call
        self._begun_at = time.monotonic()
        self._span = tracing.begin(
            call.method[1:], traceparent=_traceparent(call), kind=SpanKind.SERVER, attributes={"method": call.method}
        )
        if self._span.get_span_context().is_valid:
            # Never detached: the call has a context of its own, and a stream may be closed from another one, where detaching fails.
            otel_context.attach(trace.set_span_in_context(self._span))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _end(self._span, self._call, is_done=kind is None, seconds=time.monotonic() - self._begun_at)


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
    given = call.given("traceparent")
    return given[0] if given and isinstance(given[0], str) else ""
