"""What a chaos run came to: for people a table, for machines JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from proof.chaos.running import Came
from proof.checker.showing import show as show_verdict

LOST = ("I1", "I4")
TWICE = ("I2", "I3", "I6")


def as_json(came: Came) -> dict[str, Any]:
    return {
        "seed": came.terms.seed,
        "load_seconds": came.terms.seconds,
        "seconds": round(came.seconds, 1),
        "layout": list(came.terms.layout),
        "holds": not came.wrong,
        "wrong": came.wrong,
        "load": came.tally,
        "faults": dict(came.faults),
        "faults_missed": dict(came.missed),
        "commit_answers_lost": came.answers_lost,
        "lost": _broken(came, LOST),
        "twice": _broken(came, TWICE),
        "seconds_to_quiet": round(came.quiet.seconds, 2),
        "exits": [asdict(each) for each in came.exits],
        "verdict": came.verdict.as_json(),
    }


def show(came: Came, console: Console) -> None:
    tally = came.tally
    table = Table(title=f"chaos, seed {came.terms.seed}, {came.terms.seconds:.0f} s of load", show_header=False)
    table.add_row("requests", f"{tally['asked']}: {tally['ok']} ok, {tally['failed']} refused, {tally['unknown']} never known")
    table.add_row("attempts after the first", str(tally["retried"]))
    table.add_row("statuses", _counts(tally["statuses"]))
    table.add_row("answers", f"median {tally['answer_p50_ms']} ms, slowest hundredth {tally['answer_p99_ms']} ms")
    table.add_row("faults", f"{sum(came.faults.values())}: {_counts(came.faults)}")
    table.add_row("not made", _counts(came.missed) or "none")
    table.add_row("commits whose answer was lost", str(came.answers_lost))
    table.add_row("ended by themselves", str(len(came.exits)))
    table.add_row("lost", f"{_broken(came, LOST)} ({', '.join(LOST)})")
    table.add_row("twice", f"{_broken(came, TWICE)} ({', '.join(TWICE)})")
    table.add_row("quiet after", f"{came.quiet.seconds:.1f} s" if came.quiet.is_quiet else f"NOT after {came.quiet.seconds:.1f} s")
    console.print(table)
    for each in came.exits:
        asked = " though asked to stop" if each.was_asked else ""
        console.print(f"{each.name} ended with code {each.code}{asked}: {each.said[:300]}", markup=False)
    show_verdict(came.verdict, console)
    for line in came.wrong:
        console.print(f"WRONG: {line}", markup=False)


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counted.items(), key=lambda each: -each[1]))


def _broken(came: Came, invariants: tuple[str, ...]) -> int:
    return sum(finding.broken_count for finding in came.verdict.findings if finding.invariant in invariants)
