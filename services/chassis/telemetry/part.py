"""The Telemetry part: connects spans and instruments to OTLP and Prometheus, where the settings say so."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIServer

from opentelemetry import metrics
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from prometheus_client import CollectorRegistry, start_http_server

from services.chassis.runtime import SettingsAreWrong
from services.chassis.telemetry import logs, tracing
from services.chassis.telemetry.prometheus import Scraped

if TYPE_CHECKING:
    from services.chassis.settings import Settings

EXPORT_EVERY_SECONDS = 10.0
FLUSH_WITHIN_SECONDS = 3.0


class Telemetry:
    """First of a process's parts: what the others do is seen, and the last spans leave after they have stopped."""

    name = "telemetry"

    def __init__(self, service: str, settings: Settings) -> None:
        self._service = service
        self._settings = settings
        self._traces: TracerProvider | None = None
        self._meters: MeterProvider | None = None
        self._scrapes: tuple[WSGIServer, threading.Thread] | None = None
        self._stopped = asyncio.Event()

    async def start(self) -> None:
        logs.configure(self._settings.log_level)
        resource = Resource.create({"service.name": f"acuerdo.{self._service}", "service.namespace": "acuerdo"})
        readers: list[MetricReader] = []
        endpoint = self._settings.otlp_endpoint
        if endpoint is not None:
            insecure = endpoint.startswith("http://")
            sampler = ParentBased(TraceIdRatioBased(self._settings.trace_ratio))
            self._traces = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False)
            self._traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, insecure=insecure), schedule_delay_millis=1000))
            tracing.use(self._traces.get_tracer("acuerdo"))
            exporter = OTLPMetricExporter(endpoint, insecure=insecure)
            readers.append(PeriodicExportingMetricReader(exporter, export_interval_millis=EXPORT_EVERY_SECONDS * 1000))
        if self._settings.metrics_listen is not None:
            readers.append(self._serve_scrapes(self._settings.metrics_listen))
        if readers:
            self._meters = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
            metrics.set_meter_provider(self._meters)

    def _serve_scrapes(self, listen: str) -> MetricReader:
        reader = InMemoryMetricReader()
        registry = CollectorRegistry()
        registry.register(Scraped(reader))
        host, _, port = listen.rpartition(":")
        try:
            self._scrapes = start_http_server(int(port), str(ipaddress.ip_address(host.strip("[]"))), registry)
        except (ValueError, OSError) as wrong:
            raise SettingsAreWrong(f"metrics_listen: {type(wrong).__name__}") from None
        return reader

    async def stop(self) -> None:
        tracing.use(None)
        if self._scrapes is not None:
            server, thread = self._scrapes
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            thread.join(FLUSH_WITHIN_SECONDS)
        # The exporters wait for the network: in threads, and bounded, because a lost collector must not hold up the end.
        if self._traces is not None:
            await asyncio.to_thread(self._traces.force_flush, int(FLUSH_WITHIN_SECONDS * 1000))
            await asyncio.to_thread(self._traces.shutdown)
        if self._meters is not None:
            await asyncio.to_thread(self._meters.shutdown, FLUSH_WITHIN_SECONDS * 1000)
        self._stopped.set()

    async def wait(self) -> None:
        await self._stopped.wait()
