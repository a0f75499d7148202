"""Telemetry: one trace across processes, and nothing of a person in logs, spans or metrics."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc.aio
import psycopg
import pytest
import structlog
from acuerdo.common.v1 import log_pb2, log_pb2_grpc
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from dev.issuer import Issuer
from dev.ports import free_port
from services.chassis.rpc.server import Rpc
from services.chassis.settings import Settings
from services.chassis.telemetry import current_traceparent, fields, logs, span
from services.chassis.telemetry.part import Telemetry

CALLERS_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLERS_SPAN = "00f067aa0ba902b7"


class Collector(trace_service_pb2_grpc.TraceServiceServicer, metrics_service_pb2_grpc.MetricsServiceServicer):
    """An OTLP receiver."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.metrics: set[str] = set()
        self.raw = b""

    async def Export(self, request: Any, context: Any) -> Any:
        self.raw += request.SerializeToString()
        if isinstance(request, trace_service_pb2.ExportTraceServiceRequest):
            self.spans += [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]
            return trace_service_pb2.ExportTraceServiceResponse()
        self.metrics |= {
            metric.name for resource in request.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics
        }
        return metrics_service_pb2.ExportMetricsServiceResponse()


@pytest.fixture
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    received = Collector()
    server = grpc.aio.server()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(received, server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(received, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield received, f"http://127.0.0.1:{port}"
    await server.stop(0)


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    before, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = before
    logging.root.setLevel(level)
    structlog.reset_defaults()


class Heard(log_pb2_grpc.LogServicer):
    """Remembers the traceparent a command would be stored with."""

    traceparent = ""

    async def Head(self, request: Any, context: Any) -> log_pb2.HeadResponse:
        self.traceparent = current_traceparent()
        return log_pb2.HeadResponse()

    async def VerifyStream(self, request: Any, context: Any) -> log_pb2.VerifyStreamResponse:
        raise ValueError("María Pérez, 600 123 456")

    async def Replay(self, request: Any, context: Any) -> AsyncIterator[log_pb2.ReplayResponse]:
        yield log_pb2.ReplayResponse()


@pytest.mark.usefixtures("_logging_as_before")
async def test_one_trace_from_the_caller_through_the_call_to_the_reaction(collector: tuple[Collector, str], tmp_path: Path) -> None:
    received, endpoint = collector
    issuer = Issuer(tmp_path)
    port = free_port()
    settings = Settings(jwks=str(issuer.jwks), otlp_endpoint=endpoint, metrics_listen=f"127.0.0.1:{port}", drain_seconds=0)
    telemetry, servicer = Telemetry("cases", settings), Heard()
    rpc = Rpc(settings, servicer)
    await telemetry.start()
    await rpc.start()
    caller = (("authorization", f"Bearer {issuer.token('ana', ['auditor'])}"), ("traceparent", f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"))
    async with grpc.aio.insecure_channel(rpc.address) as channel:
        stub = log_pb2_grpc.LogStub(channel)
        await stub.Head(log_pb2.HeadRequest(), metadata=caller)
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.VerifyStream(log_pb2.VerifyStreamRequest(stream_id="0190a000-0000-7000-8000-000000000001"), metadata=caller)
        assert len([chunk async for chunk in stub.Replay(log_pb2.ReplayRequest(), metadata=caller)]) == 1
    with span("reaction", traceparent=servicer.traceparent, follower="strategy", name_of_the_debtor="María Pérez"):
        reactions = current_traceparent()
    scraped = await asyncio.to_thread(_scrape, port)
    await rpc.stop()
    await telemetry.stop()

    spans = {span.name: span for span in received.spans}
    call, reaction = spans["acuerdo.common.v1.Log/Head"], spans["reaction"]
    assert call.trace_id.hex() == reaction.trace_id.hex() == CALLERS_TRACE
    assert call.parent_span_id.hex() == CALLERS_SPAN
    assert reaction.parent_span_id == call.span_id
    assert servicer.traceparent == f"00-{CALLERS_TRACE}-{call.span_id.hex()}-01"
    assert reactions.split("-")[2] == reaction.span_id.hex()
    codes = {span.name.rsplit("/")[-1]: _attribute(span, "code") for span in received.spans if "/" in span.name}
    assert codes == {"Head": "OK", "VerifyStream": "INTERNAL", "Replay": "OK"}
    assert "acuerdo.rpc.duration" in received.metrics
    assert 'acuerdo_rpc_duration_seconds_count{code="INTERNAL",method="/acuerdo.common.v1.Log/VerifyStream"} 1.0' in scraped
    assert 'acuerdo_telemetry_dropped_total{name="name_of_the_debtor"}' in scraped
    for secret in ("María", "600 123 456"):
        assert secret.encode() not in received.raw
        assert secret not in scraped


def _scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        body: bytes = answer.read()
    return body.decode()


def _attribute(of: Span, key: str) -> str:
    return next(attribute.value.string_value for attribute in of.attributes if attribute.key == key)


def test_outside_of_a_trace_there_is_no_traceparent_and_one_passes_through_without_telemetry() -> None:
    assert current_traceparent() == ""
    with span("reaction", traceparent=f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"):
        assert current_traceparent() == f"00-{CALLERS_TRACE}-{CALLERS_SPAN}-01"
    with span("reaction", traceparent="not one"):
        assert current_traceparent() == ""


# Logs ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def lines(_logging_as_before: None, capsys: pytest.CaptureFixture[str]) -> Any:
    """What our process writes, as parsed JSON."""
    logs.configure("DEBUG")
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_only_declared_fields_leave(lines: Any) -> None:
    structlog.get_logger("test").info("case_closed", stream_id="0190a000-0000-7000-8000-000000000001", name="María", phone="600123456")
    [line] = lines()
    assert line["event"] == "case_closed"
    assert line["stream_id"] == "0190a000-0000-7000-8000-000000000001"
    assert line["fields_dropped"] == 2
    assert "María" not in json.dumps(line)


def test_an_exception_is_its_type_its_code_and_its_place(lines: Any) -> None:
    try:
        raise psycopg.errors.UniqueViolation("Key (national_id)=(12345678Z) already exists.")
    except psycopg.Error:
        structlog.get_logger("test").exception("append_failed")
    [line] = lines()
    assert (line["error_type"], line["error_code"]) == ("UniqueViolation", "23505")
    assert any("test_telemetry.py" in place for place in line["error_at"])
    assert "12345678Z" not in json.dumps(line)


def test_what_libraries_say_leaves_without_its_arguments(lines: Any) -> None:
    # A logger of our own: one that a library has would carry what other tests, or the library itself, set on it.
    logging.getLogger("a.library.of.this.test").warning("error connecting in %r: %s", "pool-1", "user maria.perez")
    said = lines()  # a pool of another test may speak too
    assert ("error connecting in %r: %s", "a.library.of.this.test") in [(line["event"], line["logger"]) for line in said]
    assert "maria" not in json.dumps(said)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to maria.perez@example.es", "email"),
        ("call 600 123 456", "phone"),
        ("call +34 600-123-456 now", "phone"),
        ("account ES91 2100 0418 4502 0005 1332", "iban"),
        ("account ES9121000418450200051332", "iban"),
        ("card 4111 1111 1111 1111", "pan"),
        ("dni 12345678Z", "national_id"),
        ("nie X1234567L", "national_id"),
    ],
)
def test_the_second_net_catches_what_looks_like_a_person(text: str, kind: str) -> None:
    before = fields.dropped[f"redacted:{kind}"]
    assert f"[redacted:{kind}]" in fields.redacted(text)
    assert fields.dropped[f"redacted:{kind}"] == before + 1


@given(st.uuids(), st.datetimes(), st.binary(min_size=24, max_size=24), st.integers(0, 2**63))
def test_ids_instants_traces_and_numbers_pass_the_net(stream_id: Any, at: Any, trace: bytes, position: int) -> None:
    traceparent = f"00-{trace[:16].hex()}-{trace[16:].hex()}-01"
    for value in (str(stream_id), at.isoformat(), f"{at.isoformat(timespec='microseconds')}Z", traceparent, position):
        assert fields.redacted(value) == value


SERVICES = Path(fields.__file__).resolve().parents[2]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def test_what_our_code_logs_is_declared() -> None:
    """A field that would be dropped is a line that says less than its writer meant."""
    assert [found for file in sorted(SERVICES.rglob("*.py")) for found in _undeclared(file)] == []


def _undeclared(file: Path) -> list[str]:
    return [
        f"{file.relative_to(SERVICES)}:{node.lineno} {keyword.arg}"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log.") and ast.unparse(node.func)[5:] in LEVELS
        for keyword in node.keywords
        if keyword.arg is not None and keyword.arg not in fields.ALLOWED | {"exc_info"}
    ]
