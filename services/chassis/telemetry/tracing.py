"""Tracing: one trace from command through log and topic to reaction, carried as W3C traceparent. Span names and attributes are declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.chassis.telemetry.fields import allowed

_W3C = TraceContextTextMapPropagator()


class _Tracing:
    """The tracer of this process: one that records nothing until telemetry has started."""

    tracer: Tracer = NoOpTracer()


def use(tracer: Tracer | None) -> None:
    """From now on spans go to `tracer`; None: nowhere. Called by the Telemetry part only."""
    _Tracing.tracer = tracer or NoOpTracer()


def current_traceparent() -> str:
    """The W3C traceparent of the span we are in; empty outside of any trace."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier)
    return carrier.get("traceparent", "")


def begin(name: str, *, traceparent: str = "", kind: SpanKind = SpanKind.INTERNAL, attributes: Mapping[str, Any]) -> Span:
    """A span that the caller makes current and ends itself; child of `traceparent`, else of the current span."""
    tracer = _Tracing.tracer
    kept = None if isinstance(tracer, NoOpTracer) else allowed(attributes)
    return tracer.start_span(name, context=_parent(traceparent), kind=kind, attributes=kept)


@contextmanager
def span(name: str, traceparent: str = "", *, kind: SpanKind = SpanKind.INTERNAL, **attributes: Any) -> Iterator[Span]:
    """A span around a block of code: child of `traceparent` where one is given (a stored or heard fact), else of the current span.

    `name` is a constant of the code; attributes outside the allow-list are dropped. Not for the body of an async generator.
    """
    begun = begin(name, traceparent=traceparent, kind=kind, attributes=attributes)
    token = otel_context.attach(trace.set_span_in_context(begun))
    try:
        yield begun
    except BaseException as failed:
        fail(begun, failed)
        raise
    finally:
        otel_context.detach(token)
        begun.end()


def fail(begun: Span, failed: BaseException) -> None:
    """Mark the span as failed by the error's type; its text stays here."""
    begun.set_status(Status(StatusCode.ERROR, type(failed).__name__))


def _parent(traceparent: str) -> Context | None:
    return _W3C.extract({"traceparent": traceparent}) if traceparent else None
