"""`python -m proof.chaos --minutes N --seed S [--json FILE]`: exit code 0 only if everything holds; what failed keeps its evidence."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from proof.chaos.reporting import as_json, show
from proof.chaos.running import Came, Terms, run

HOME = Path(".run/chaos")


def main(arguments: Sequence[str] | None = None) -> int:
    said = _parser().parse_args(arguments)
    terms = Terms(seed=said.seed, seconds=said.minutes * 60, home=HOME / str(said.seed), callers=said.callers, every_seconds=said.every)
    shutil.rmtree(terms.home, ignore_errors=True)
    # Ctrl-C and a supervisor's SIGTERM end it alike: in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # our own clients' troubles are what we make
    began = time.monotonic()
    print(f"chaos of {said.minutes:g} minutes, seed {said.seed}", flush=True)
    came = run(terms, lambda line: print(f"[{time.monotonic() - began:6.1f}] {line}", flush=True))
    show(came, Console(width=None if sys.stdout.isatty() else 160))
    if said.json is not None:
        said.json.write_text(json.dumps(as_json(came), indent=2) + "\n", encoding="utf-8")
    return end(came, keep=said.keep)


def end(came: Came, *, keep: bool = False) -> int:
    """The exit code; evidence is kept where it is needed."""
    if came.wrong or keep:
        (came.terms.home / "report.json").write_text(json.dumps(as_json(came), indent=2) + "\n", encoding="utf-8")
        print(f"evidence: {came.terms.home} (logs, load/, databases, report.json)", flush=True)
    else:
        shutil.rmtree(came.terms.home, ignore_errors=True)
    return 1 if came.wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m proof.chaos", description="The whole house under load and random faults, then judged.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--every", type=float, default=1.5, metavar="SECONDS", help="a fault about so often")
    parser.add_argument("--keep", action="store_true", help="keep logs and data also when all holds")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
