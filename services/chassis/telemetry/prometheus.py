"""Prometheus: the instruments in its text format, read from the same provider that feeds OTLP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.sdk.metrics.export import Gauge, Histogram, HistogramDataPoint, InMemoryMetricReader, Metric, Sum
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from services.chassis.telemetry.fields import dropped


class Scraped(Collector):
    """What a scrape gets: the reader's present state."""

    def __init__(self, reader: InMemoryMetricReader) -> None:
        self._reader = reader

    def describe(self) -> Iterable[Any]:
        return ()

    def collect(self) -> Iterable[Any]:
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    yield from _family(metric)
        family = CounterMetricFamily("acuerdo_telemetry_dropped", "Log fields dropped and values redacted", labels=["name"])
        for name, count in dropped.items():
            family.add_metric([name], count)
        yield family


def _family(metric: Metric) -> Iterable[Any]:
    name = metric.name.replace(".", "_") + ("_seconds" if metric.unit == "s" else "")
    labels = sorted({label for point in metric.data.data_points for label in (point.attributes or {})})
    if isinstance(metric.data, Histogram):
        histogram = HistogramMetricFamily(name, metric.description or "", labels=labels)
        for bars in metric.data.data_points:
            histogram.add_metric(_values(labels, bars.attributes), _buckets(bars), bars.sum)
        yield histogram
    elif isinstance(metric.data, Sum | Gauge):
        is_counter = isinstance(metric.data, Sum) and metric.data.is_monotonic
        simple = (CounterMetricFamily if is_counter else GaugeMetricFamily)(name, metric.description or "", labels=labels)
        for point in metric.data.data_points:
            simple.add_metric(_values(labels, point.attributes), point.value)
        yield simple


def _values(labels: list[str], attributes: Mapping[str, Any] | None) -> list[str]:
    return [str((attributes or {}).get(label, "")) for label in labels]


def _buckets(bars: HistogramDataPoint) -> list[tuple[str, float]]:
    """Prometheus counts what lies at or below each bound."""
    so_far, buckets = 0, []
    for bound, count in zip([*map(str, bars.explicit_bounds), "+Inf"], bars.bucket_counts, strict=True):
        so_far += count
        buckets.append((bound, float(so_far)))
    return buckets
