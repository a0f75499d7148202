"""A collector of spans in the test's own process: what services export by OTLP over gRPC."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

ARRIVE_WITHIN_SECONDS = 15.0


@dataclass(frozen=True)
class SpanSeen:
    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self) -> None:
        self.endpoint = ""
        self.spans: list[SpanSeen] = []
        self.bytes_seen: list[bytes] = []
        """Every request as it came, for a search of what may not be in it."""

    def Export(self, request: trace_service_pb2.ExportTraceServiceRequest, context: Any) -> Any:
        self.bytes_seen.append(request.SerializeToString())
        for of_resource in request.resource_spans:
            service = _texts(of_resource.resource.attributes).get("service.name", "")
            for of_scope in of_resource.scope_spans:
                self.spans += [_seen(service, span) for span in of_scope.spans]
        return trace_service_pb2.ExportTraceServiceResponse()

    def wait_for(self, is_complete: Callable[[list[SpanSeen]], bool], trace_id: str) -> list[SpanSeen]:
        """The spans of a trace, once they are as expected; what there is when the time is over."""
        give_up_at = time.monotonic() + ARRIVE_WITHIN_SECONDS
        while True:
            found = [span for span in list(self.spans) if span.trace_id == trace_id]
            if is_complete(found) or time.monotonic() > give_up_at:
                return found
            time.sleep(0.1)


class _Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def Export(self, request: Any, context: Any) -> Any:
        return metrics_service_pb2.ExportMetricsServiceResponse()


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(max_workers=2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # generated
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(_Metrics(), server)  # type: ignore[no-untyped-call]  # generated
    port = server.add_insecure_port("127.0.0.1:0")
    collector.endpoint = f"http://127.0.0.1:{port}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(grace=1).wait()


def _seen(service: str, span: Any) -> SpanSeen:
    return SpanSeen(service, span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), _texts(span.attributes))


def _texts(attributes: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in attributes}
