"""`python -m proof.planted [names …] [--json FILE]`: plant every fault and see it caught. Exit code 0 only when all of them are."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.table import Table

from proof.planted.catching import CatcherIsBroken
from proof.planted.faults import FaultIsMalformed, named
from proof.planted.running import Result, Runner

WIDTH_IN_A_FILE = 150


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.planted", description="Plant faults and see them caught.")
    parser.add_argument("names", nargs="*", help="of faults (default: all)")
    parser.add_argument("--json", type=Path, help="write the results here too")
    parser.add_argument("--at-once", type=int, default=2)
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else WIDTH_IN_A_FILE)
    began = monotonic()
    try:
        results = Runner(at_once=options.at_once).run(named(options.names), lambda result: _tell(console, result))
    except (FaultIsMalformed, CatcherIsBroken) as error:
        console.print(f"[red]{type(error).__name__}[/]: {error}", markup=True, highlight=False)
        return 2
    console.print(_table(results))
    caught = sum(result.is_caught for result in results)
    console.print(f"{caught} of {len(results)} planted faults caught in {monotonic() - began:.0f} seconds", highlight=False)
    if options.json:
        options.json.write_text(json.dumps([_as_json(result) for result in results], indent=2) + "\n", encoding="utf-8")
    return 0 if caught == len(results) else 1


def _tell(console: Console, result: Result) -> None:
    """At once, for those who wait."""
    if not result.is_caught:
        console.print(
            f"NOT CAUGHT {result.fault.name}: {result.broken[:1_500] or 'a catcher noticed nothing'}", markup=False, highlight=False
        )


def _table(results: Sequence[Result]) -> Table:
    table = Table(title="Planted faults")
    for column in ("fault", "caught by", "what it said"):
        table.add_column(column, overflow="fold")
    table.add_column("seconds", justify="right")
    for result in results:
        by = ", ".join(each.rpartition("::")[2] for each in result.noticed.by) if result.is_caught else "[red]NOT CAUGHT[/]"
        table.add_row(result.fault.name, by, result.noticed.says.replace("[", r"\["), f"{result.seconds:.1f}")
    return table


def _as_json(result: Result) -> dict[str, object]:
    return {
        "fault": result.fault.name,
        "title": result.fault.title,
        "is_caught": result.is_caught,
        "by": list(result.noticed.by),
        "says": result.noticed.says,
        "seconds": round(result.seconds, 1),
        "broken": result.broken,
    }


if __name__ == "__main__":
    sys.exit(main())
