"""`python -m bench [all|log|relay] [--runs 5] [--seconds 3]`: measure, print a table, keep the log's figures in .run/bench/."""

from __future__ import annotations

import argparse
import asyncio
import sys

from bench import log, relay
from dev.kafka import HOME, is_available


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against peers in the same run, and check what was done.")
    parser.add_argument("which", nargs="?", choices=["all", "log", "relay"], default="all")
    parser.add_argument("--runs", type=int, default=3, help="log: interleaved rounds; the median counts")
    parser.add_argument("--seconds", type=float, default=3.0, help="log: of each measurement")
    parser.add_argument("--events", type=int, default=300_000, help="relay: facts in the backlog")
    parser.add_argument("--commands", type=int, default=400, help="relay: commands whose way to a listener is timed")
    asked = parser.parse_args()
    HOME.parent.mkdir(exist_ok=True)
    if asked.which in ("all", "log"):
        asyncio.run(log.bench(asked.runs, asked.seconds))
    if asked.which in ("all", "relay"):
        if missing := is_available():
            sys.exit(f"The relay is measured on real Kafka only: {missing}")
        asyncio.run(relay.bench(asked.events, asked.commands))


if __name__ == "__main__":
    main()
