"""Blocks of output for people: a portfolio, a proof (a case's are beside it). Each fits in 100 columns; no float comes near the money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.common.v1.types_pb2 import Money
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from clients.cli import money
from clients.cli.case_blocks import case_table
from clients.cli.frames import table_frame
from clients.cli.words import Words

__all__ = ["ProofRow", "case_table", "portfolio_block", "proof_block"]

BAR_CELLS = 12
HEAT = ("green", "yellow", "dark_orange", "red", "bright_red")
"""From the best bucket to the worst."""


@dataclass(frozen=True, slots=True)
class ProofRow:
    """What was proven of one service."""

    service: str
    stored: int
    published: int
    heard: Mapping[str, int]
    """By listener: facts of this service that it has heard."""
    streams: int
    broken_chains: Sequence[str] = ()
    differences: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Stored = published = heard by everyone, and nothing is broken."""
        counted = {self.stored, self.published, *self.heard.values()}
        return len(counted) == 1 and not self.broken_chains and not self.differences


# A portfolio -----------------------------------------------------------------------------------------------------------


def portfolio_block(report: cases.GetAgingReportResponse, title: str, words: Words) -> RenderableType:
    """Cases by bucket, against the date before, and how they rolled."""
    parts: list[RenderableType] = [Rule(Text(title, style="bold"), style="dim"), _by_bucket(report, words)]
    if report.rolls:
        parts += [Text(), Text(words.rolls, style="bold"), _roll_matrix(report, words)]
    return Group(*parts)


def _by_bucket(report: cases.GetAgingReportResponse, words: Words) -> Table:
    compared = any(row.count_before for row in report.rows)
    table = table_frame()
    currency = next((row.balance.currency_code for row in report.rows if row.balance.currency_code), "")
    table.caption = words.amounts_in.format(currency=currency) if currency else None
    table.add_column(words.bucket)
    for name in (words.cases, words.amount, words.share, ""):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    if compared:
        for name in (words.month_before, words.change, f"{words.amount} {words.month_before}"):
            table.add_column(name, justify="right", no_wrap=True)
    total = sum(row.count for row in report.rows)
    for place, row in enumerate(report.rows):
        style = _heat(place, len(report.rows))
        table.add_row(Text(words.bucket_name(row.bucket), style=style), *_figures(row, total, compared, style, words))
    if len(report.rows) > 1:
        table.add_section()
        summed = _summed(report.rows, currency)
        table.add_row(Text(words.total, style="bold"), *_figures(summed, total, compared, Style.null(), words, bar=False))
    return table


def _figures(row: cases.AgingRow, total: int, compared: bool, style: Style, words: Words, *, bar: bool = True) -> list[RenderableType]:
    tenths = 1000 * row.count // total if total else 0
    comma = "," if words.lang == "es" else "."
    figures: list[RenderableType] = [
        money.count(row.count, words.lang),
        money.whole(row.balance, words.lang),
        Text(f"{tenths // 10}{comma}{tenths % 10} %", style="dim"),
        Text(_bar(row.count, total) if bar else "", style=style),
    ]
    if compared:
        change = row.count - row.count_before
        sign = "+" if change > 0 else ""
        figures += [
            Text(money.count(row.count_before, words.lang), style="dim"),
            Text(f"{sign}{money.count(change, words.lang)}" if change else "=", style="bold" if change else "dim"),
            Text(money.whole(row.balance_before, words.lang), style="dim"),
        ]
    return figures


def _summed(rows: Sequence[cases.AgingRow], currency: str) -> cases.AgingRow:
    return cases.AgingRow(
        count=sum(row.count for row in rows),
        count_before=sum(row.count_before for row in rows),
        balance=Money(currency_code=currency, minor_units=sum(row.balance.minor_units for row in rows)),
        balance_before=Money(currency_code=currency, minor_units=sum(row.balance_before.minor_units for row in rows)),
    )


def _roll_matrix(report: cases.GetAgingReportResponse, words: Words) -> Table:
    """Rows: the bucket before; columns: the bucket now. The diagonal stayed, left of it got better, right of it got worse."""
    order = [row.bucket for row in report.rows]
    order += sorted({name for roll in report.rolls for name in (getattr(roll, "from"), roll.to)} - {*order, ""})
    found = {(getattr(roll, "from"), roll.to): roll.count for roll in report.rolls}
    befores = [name for name in ("", *order) if any(name == before for before, _ in found)]
    afters = [name for name in (*order, "") if name in order or any(name == after for _, after in found)]
    table = table_frame()
    table.add_column(words.from_to)
    for after in afters:
        table.add_column(words.bucket_name(after), justify="right")
    table.add_column(words.total, justify="right", style="bold")
    for before in befores:
        counts = [found.get((before, after), 0) for after in afters]
        cells = [_rolled(count, _place(order, before), _place(order, after), words) for count, after in zip(counts, afters, strict=True)]
        table.add_row(Text(words.bucket_name(before) if before else words.entry), *cells, money.count(sum(counts), words.lang))
    return table


def _place(order: Sequence[str], name: str) -> int | None:
    return order.index(name) if name in order else None


def _rolled(count: int, before: int | None, after: int | None, words: Words) -> Text:
    if not count:
        return Text("·", style="dim")
    if before is None or after is None:
        style = "cyan"
    elif before == after:
        style = "bold"
    else:
        style = "green" if after < before else "red"
    return Text(money.count(count, words.lang), style=style)


def _bar(count: int, total: int) -> str:
    """Eighths of a cell, so that small buckets are seen."""
    eighths = (BAR_CELLS * 8 * count + total - 1) // total if total else 0
    return "█" * (eighths // 8) + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[eighths % 8]


def _heat(place: int, places: int) -> Style:
    return Style.parse(HEAT[place * (len(HEAT) - 1) // max(places - 1, 1)])


# A proof ---------------------------------------------------------------------------------------------------------------


def proof_block(rows: Sequence[ProofRow], words: Words) -> RenderableType:
    """Stored = published = heard, and every chain intact: one line for each service, and what does not fit below."""
    table = table_frame()
    table.add_column(words.service)
    for name in (words.stored, words.published):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(words.heard)
    table.add_column(words.streams, justify="right", no_wrap=True)
    table.add_column(words.chains)
    table.add_column(words.verdict, no_wrap=True)
    for row in rows:
        table.add_row(*_proof_cells(row, words))
    findings = [Text(f"{row.service}: {what}", style="red") for row in rows for what in (*row.broken_chains[:5], *row.differences[:5])]
    return Group(table, *findings)


def _proof_cells(row: ProofRow, words: Words) -> list[RenderableType]:
    def agreed(count: int) -> str:
        return "green" if count == row.stored else "red"

    heard = Text("\n").join(
        Text(f"{name} ", style="dim") + Text(money.count(count, words.lang), style=agreed(count)) for name, count in row.heard.items()
    )
    broken = len(row.broken_chains)
    return [
        Text(row.service, style="bold"),
        money.count(row.stored, words.lang),
        Text(money.count(row.published, words.lang), style=agreed(row.published)),
        heard or Text("–", style="dim"),
        money.count(row.streams, words.lang),
        Text(f"{words.broken}: {money.count(broken, words.lang)}", style="red") if broken else Text(words.all_intact, style="green"),
        Text(f"✓ {words.holds}", style="bold green") if row.holds else Text(f"✗ {words.broken}", style="bold red"),
    ]
