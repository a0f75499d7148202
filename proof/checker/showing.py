"""The verdict as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from proof.checker.findings import STATEMENTS, Finding, Verdict

MARKS = {True: "[green]holds[/]", False: "[red bold]broken[/]", None: "[yellow]not judged[/]"}


def show(verdict: Verdict, console: Console) -> None:
    table = Table("", "invariant", "", "looked at", "finding", title="Verdict", title_justify="left", show_lines=False)
    table.columns[3].justify = "right"
    for finding in verdict.findings:
        table.add_row(
            finding.invariant, STATEMENTS[finding.invariant], MARKS[finding.holds], f"{finding.counted:,}", escape(_says(finding))
        )
    console.print(table)
    quiet = "never quiet" if verdict.quiet_seconds is None else f"quiet after {verdict.quiet_seconds:.1f} s"
    console.print(f"{'All that was judged holds' if verdict.holds else 'BROKEN'}; {quiet}; judged in {verdict.seconds:.1f} s")


def _says(finding: Finding) -> str:
    more = finding.broken_count - len(finding.broken)
    return "\n".join([*finding.broken, *([f"… and {more} more"] if more else []), *([finding.reason] if finding.reason else [])])
