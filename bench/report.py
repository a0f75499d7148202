"""What a part of the bench found: medians with their range as a table, every aim beside its value, and everything as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

from bench.aims import Held

FOLDER = Path(__file__).resolve().parent.parent / ".run" / "bench"
SHOWN = ("server_version", "fsync", "synchronous_commit", "wal_level", "shared_buffers", "full_page_writes", "data_checksums")
LIBRARIES = ("psycopg", "grpcio", "protobuf", "aiokafka", "eventsourcing")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: who did it with how many callers, how fast. `round` tells which ones stood beside one another."""

    name: str
    callers: int
    per_second: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    round: int = 0


@dataclass
class Report:
    """Of one part."""

    part: str
    title: str
    settings: dict[str, Any]
    measured: list[Measured] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What else must be known of the figures: what was measured, what was left out."""
    gates: list[str] = field(default_factory=list)
    """What the correctness gate found after each run."""

    def ratios(self, of: tuple[str, int], to: tuple[str, int]) -> list[float]:
        """How many times the rate of `to` is that of `of`, round by round: the two stood beside one another."""
        theirs = {one.round: one.per_second for one in self.of(to) if one.per_second}
        return [one.per_second / theirs[one.round] for one in self.of(of) if one.per_second and one.round in theirs]

    def of(self, row: tuple[str, int]) -> list[Measured]:
        return [one for one in self.measured if (one.name, one.callers) == row]

    def as_json(self) -> dict[str, Any]:
        return {
            "part": self.part,
            "title": self.title,
            "settings": self.settings,
            "measured": [asdict(one) for one in self.measured],
            "aims": [one.as_json() for one in self.held],
            "said": self.said,
            "gates": self.gates,
        }


def measured(name: str, callers: int, seconds: float, took_seconds: Sequence[float], number: int = 0) -> Measured:
    """From the time that each operation took; `number` is the round."""
    p50, p99 = percentiles_ms(took_seconds)
    return Measured(name, callers, len(took_seconds) / seconds, p50, p99, number)


def percentiles_ms(took_seconds: Sequence[float]) -> tuple[float, float]:
    """The median and the 99th percentile."""
    if len(took_seconds) < 2:
        return 1000 * took_seconds[0], 1000 * took_seconds[0]
    cuts = quantiles(took_seconds, n=100, method="inclusive")
    return 1000 * cuts[49], 1000 * cuts[98]


def settings(dsn: str, **more: Any) -> dict[str, Any]:
    """What the figures depend on."""
    with psycopg.connect(dsn) as connection:
        server = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in SHOWN}
    return {
        **{name: row[0] if row else None for name, row in server.items()},
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
        "cpus": os.cpu_count(),
        "load_average_before": os.getloadavg()[0],
        **more,
    }


def show(report: Report) -> None:
    """For people."""
    print(f"\n{report.title}")
    print("  " + ", ".join(f"{name}={value}" for name, value in report.settings.items()))
    if report.measured:
        print(f"\n  {'':<58}{'callers':>8}{'per second':>12}{'range':>18}{'p50 ms':>9}{'p99 ms':>9}")
        for line in _lines(report.measured):
            print(f"  {line}")
    if report.held:
        print(f"\n  {'':<72}{'aim':>11}{'measured':>11}{'range':>18}")
    for one in report.held:
        aim, values = one.aim, f"{_figure(min(one.values))}–{_figure(max(one.values))}"
        wanted = f"{'≤' if aim.is_at_most else '≥'} {_figure(aim.floor)}"
        says = f"{aim.says}{'' if aim.unit == 'x' else f', {aim.unit}'}"
        print(f"  {says:<72}{wanted:>11}{_figure(one.value):>11}{values:>18}  {one.verdict}")
    print()
    for line in (*report.said, *(f"gate: {gate}" for gate in report.gates)):
        print(f"  {line}")


def keep(reports: Iterable[Report], file: Path | None = None) -> Path:
    """As JSON, for a later comparison."""
    kept = list(reports)
    if file is None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        file = FOLDER / f"{'-'.join(report.part for report in kept)[:60]}-{stamp}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([report.as_json() for report in kept], indent=1, default=str))
    return file


def _lines(found: Sequence[Measured]) -> Iterable[str]:
    by_row: defaultdict[tuple[str, int], list[Measured]] = defaultdict(list)
    for one in found:
        by_row[one.name, one.callers].append(one)
    for (name, callers), some in by_row.items():
        rates = [one.per_second for one in some if one.per_second is not None]
        p50, p99 = ([value for one in some if (value := getattr(one, name)) is not None] for name in ("p50_ms", "p99_ms"))
        ranged = f"{_figure(min(rates))}–{_figure(max(rates))}" if rates else ""
        yield (
            f"{name:<58}{callers or '':>8}{_figure(median(rates)) if rates else '':>12}{ranged:>18}"
            f"{f'{median(p50):.2f}' if p50 else '':>9}{f'{median(p99):.2f}' if p99 else '':>9}"
        )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
