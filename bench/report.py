"""What a bench found: medians with their range as a table, and everything as JSON under .run/bench/."""

from __future__ import annotations

import json
import os
import platform
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg

FOLDER = Path(__file__).resolve().parent.parent / ".run" / "bench"
SHOWN = ("server_version", "fsync", "synchronous_commit", "wal_level", "shared_buffers", "full_page_writes", "data_checksums")


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement: who did it with how many callers, how fast."""

    name: str
    callers: int
    per_second: float
    p50_ms: float | None = None
    p99_ms: float | None = None


def measured(name: str, callers: int, seconds: float, took_seconds: list[float]) -> Measured:
    """From the time that each operation took."""
    cuts = quantiles(took_seconds, n=100)
    return Measured(name, callers, len(took_seconds) / seconds, 1000 * cuts[49], 1000 * cuts[98])


def settings(dsn: str) -> dict[str, Any]:
    """What the figures depend on."""
    with psycopg.connect(dsn) as connection:
        server = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in SHOWN}
    return {
        **{name: row[0] if row else None for name, row in server.items()},
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load_average_before": os.getloadavg()[0],
    }


def tell(title: str, found: list[Measured], known: dict[str, Any], claims: list[str]) -> None:
    """Print, and keep."""
    by_row: defaultdict[tuple[str, int], list[Measured]] = defaultdict(list)
    for one in found:
        by_row[one.name, one.callers].append(one)
    print(f"\n{title}")
    print("  " + ", ".join(f"{name}={value}" for name, value in known.items()))
    print(f"\n  {'':<44}{'callers':>8}{'per second':>12}{'range':>18}{'p50 ms':>9}{'p99 ms':>9}")
    for (name, callers), some in by_row.items():
        rates = [one.per_second for one in some]
        p50, p99 = ([getattr(one, field) for one in some if getattr(one, field) is not None] for field in ("p50_ms", "p99_ms"))
        print(
            f"  {name:<44}{callers:>8}{median(rates):>12,.0f}{f'{min(rates):,.0f}–{max(rates):,.0f}':>18}"
            f"{f'{median(p50):.2f}' if p50 else '':>9}{f'{median(p99):.2f}' if p99 else '':>9}"
        )
    print()
    for claim in claims:
        print(f"  {claim}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    file = FOLDER / f"{title.split(':', maxsplit=1)[0].lower()}-{stamp}.json"
    file.write_text(json.dumps({"settings": known, "measured": [asdict(one) for one in found], "claims": claims}, indent=1))
    print(f"\n  kept: {file.relative_to(FOLDER.parent.parent)}")


def rate(found: list[Measured], name: str, callers: int) -> float:
    """The median."""
    return median(one.per_second for one in found if (one.name, one.callers) == (name, callers))
