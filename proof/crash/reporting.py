"""What a sweep came to: for people tables, for machines JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from proof.checker.showing import show as show_verdict

if TYPE_CHECKING:
    from proof.checker.findings import Verdict
    from proof.crash.sweep import Swept

LOST, TWICE = ("I1", "I4"), ("I2", "I3", "I6")


def show(swept: Swept, console: Console) -> None:
    deaths = Table("point", "passing", "service", "moment", "died", "s", "finding")
    for group in swept.groups:
        for fell in group.fell:
            point = fell.attack.point
            died = "yes" if fell.died else "NO"
            deaths.add_row(
                point.name, str(fell.attack.passing), point.service, point.moment.value, died, f"{fell.seconds:.1f}", fell.finding[:60]
            )
    console.print(deaths)
    table = Table("group", "deaths", "asked", "ok", "refused", "unknown", "asked again", "parked", "lost", "twice", "quiet s", "verdict")
    for group in swept.groups:
        tally = group.tally
        numbers = [len(group.fell), *(tally[name] for name in ("asked", "ok", "failed", "unknown", "retried")), group.unparked]
        numbers += [broken(group.verdict, LOST), broken(group.verdict, TWICE)]
        table.add_row(group.name, *map(str, numbers), f"{group.quiet.seconds:.1f}", "holds" if not group.wrong else "BROKEN")
    console.print(table)
    show_verdict(swept.verdict, console)
    for line in swept.wrong:
        console.print(f"WRONG: {line}", markup=False)
    deaths_told = sum(fell.died for group in swept.groups for fell in group.fell)
    console.print(f"{deaths_told} deaths at {len({attack.point.name for attack in swept.terms.attacks})} points in {swept.seconds:.0f} s")


def as_json(swept: Swept) -> dict[str, Any]:
    return {
        "seed": swept.terms.seed,
        "seconds": round(swept.seconds, 1),
        "holds": not swept.wrong,
        "wrong": swept.wrong,
        "groups": [
            {
                "name": group.name,
                "deaths": [
                    {
                        "point": fell.attack.point.name,
                        "passing": fell.attack.passing,
                        "service": fell.attack.point.service,
                        "died": fell.died,
                        "seconds": round(fell.seconds, 2),
                        "finding": fell.finding,
                    }
                    for fell in group.fell
                ],
                "load": group.tally,
                "parked_and_heard_later": group.unparked,
                "lost": broken(group.verdict, LOST),
                "twice": broken(group.verdict, TWICE),
                "seconds_to_quiet": round(group.quiet.seconds, 2),
                "verdict": group.verdict.as_json(),
            }
            for group in swept.groups
        ],
        "verdict": swept.verdict.as_json(),
    }


def broken(verdict: Verdict, invariants: tuple[str, ...]) -> int:
    return sum(found.broken_count for found in verdict.findings if found.invariant in invariants)
