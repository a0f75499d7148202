"""`python -m bench [all|PART]`, PART being one of PARTS below: measure, check, print, keep.

Every part has its own server; every run ends with the correctness gate; every aim stands beside its value.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.place import Place, Size
from bench.report import Report, keep, show
from dev.kafka import HOME, Kafka, is_available
from dev.postgres import Postgres
from services.chassis.runtime import collect_seldom

PARTS = (
    "log",
    "unary",
    "register",
    "payments",
    "relay",
    "reaction",
    "loop",
    "permits",
    "replay",
    "disk",
    "case",
    "worklist",
    "night",
    "growth",
)
"""Each is a module here with `measure(place, size)`."""
NEEDS_KAFKA = frozenset({"relay", "reaction", "loop"})
USES_KAFKA = NEEDS_KAFKA | {"unary", "night"}


def main() -> None:
    collect_seldom()  # as a service's front door does; the rivals in this process have it too
    asked = _parser().parse_args()
    parts = PARTS if asked.which == "all" else (asked.which,)
    missing = is_available()
    if missing and NEEDS_KAFKA & set(parts):
        sys.exit(f"{', '.join(sorted(NEEDS_KAFKA & set(parts)))}: measured on real Kafka only. {missing}")
    given = {name: value for name, value in vars(asked).items() if name in {field.name for field in fields(Size)} and value is not None}
    reports = []
    for part in parts:
        began = time.monotonic()
        report = run(part, replace(Size(), **given), has_kafka=not missing)
        report.said.append(f"took {time.monotonic() - began:.0f} s in all")
        show(report)
        reports.append(report)
    print(f"\nkept: {keep(reports, asked.json)}")


def run(part: str, size: Size, *, has_kafka: bool) -> Report:
    """One part, on servers of its own."""
    print(f"\n{part} …", flush=True)
    HOME.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=HOME.parent, prefix=f"bench-{part}-", ignore_cleanup_errors=True) as folder, ExitStack() as servers:
        home = Path(folder)
        dsn = servers.enter_context(Postgres(home / "postgres")).dsn
        uses_kafka = part in USES_KAFKA and has_kafka
        kafka = servers.enter_context(Kafka(HOME, home / "kafka")).bootstrap if uses_kafka else ""
        report: Report = asyncio.run(importlib.import_module(f"bench.{part}").measure(Place(dsn, home, kafka), size))
        return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against peers in the same run, and check what was done.")
    parser.add_argument("which", nargs="?", choices=["all", *PARTS], default="all")
    parser.add_argument("--json", type=Path, help="where to keep everything (default: .run/bench/)")
    helps: Sequence[tuple[str, type, str]] = (
        ("runs", int, "interleaved rounds; the median counts"),
        ("seconds", float, "of each measurement of a rate"),
        ("events", int, "in a backlog, or in a log that is folded"),
        ("commands", int, "timed one by one in each round"),
        ("rows", int, "sent through RegisterCases in each round"),
        ("few-cases", int, "growth: the smaller log"),
        ("many-cases", int, "growth: the larger log; worklist: in the table"),
        ("case-events", int, "replay, case: in a long case"),
        ("night-cases", int, "night: that cross a boundary"),
    )
    defaults = Size()
    for name, kind, text in helps:
        parser.add_argument(f"--{name}", type=kind, help=f"{text} (default: {getattr(defaults, name.replace('-', '_'))})")
    return parser


if __name__ == "__main__":
    main()
