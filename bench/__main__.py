"""`python -m bench [log] [--runs 5] [--seconds 3]`: measure, print a table, keep the figures in .run/bench/.

`python -m bench.relay` measures the relay; it needs a real Kafka.
"""

from __future__ import annotations

import argparse
import asyncio

from bench import log

BENCHES = {"log": log.bench}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure against peers in the same run.")
    parser.add_argument("which", nargs="?", choices=sorted(BENCHES), default="log")
    parser.add_argument("--runs", type=int, default=3, help="interleaved rounds; the median counts")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    asked = parser.parse_args()
    asyncio.run(BENCHES[asked.which](asked.runs, asked.seconds))


if __name__ == "__main__":
    main()
