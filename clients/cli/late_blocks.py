"""Blocks of output about lateness: how late a case is and by what, and its buckets over time."""

from __future__ import annotations

from acuerdo.cases.v1 import instalments_pb2 as late
from acuerdo.cases.v1 import types_pb2 as types
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, day, moment, pairs_frame, table_frame
from clients.cli.region_words import REGION_WORDS
from clients.cli.words import Words


def delinquency_block(answer: late.GetDelinquencyResponse, words: Words) -> RenderableType:
    said = REGION_WORDS[words.lang]
    facts = pairs_frame()
    units = f", {answer.past_due_units}" if answer.HasField("past_due_units") else ""
    facts.add_row(words.bucket, Text(f"{words.bucket_name(answer.bucket)}{units}", style="bold"))
    authority = said.code(types.Authority.Name(answer.authority), "AUTHORITY_")
    facts.add_row(said.rule, f"{authority}, {answer.bucket_set_version}")
    if answer.HasField("oldest_unpaid_due_date"):
        facts.add_row(said.oldest, day(answer.oldest_unpaid_due_date))
        facts.add_row(said.days_gone_by, str(answer.past_due_days))
        facts.add_row(said.on_hold, str(answer.paused_days))
        facts.add_row(said.of_grace, str(answer.grace_days))
        facts.add_row(said.counted, Text(str(answer.delinquent_days), style="bold"))
    facts.add_row(said.past_due, money.shown(answer.past_due, words.lang))
    facts.add_row(said.next_boundary, day(answer.next_boundary) if answer.HasField("next_boundary") else NOTHING)
    known = words.answered.format(as_of=day(answer.as_of), known=f"{moment(answer.as_known_at)} UTC")
    unpaid: RenderableType = _unpaid(answer, words) if answer.unpaid else Text(said.nothing_unpaid, style="dim")
    return Group(facts, Text(), unpaid, Text(known, style="dim"))


def _unpaid(answer: late.GetDelinquencyResponse, words: Words) -> Table:
    said = REGION_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.instalment, justify="right", no_wrap=True)
    table.add_column(said.due, no_wrap=True)
    table.add_column(said.unpaid, overflow="fold", ratio=1)
    table.add_column(said.days, justify="right", no_wrap=True)
    for each in answer.unpaid:
        parts = ", ".join(
            f"{said.code(types.Component.Name(part.component), 'COMPONENT_')} {money.shown(part.amount, words.lang)}"
            for part in each.unpaid
        )
        table.add_row(str(each.number) if each.number else NOTHING, day(each.due_date), parts, str(each.past_due_days))
    return table


def history_block(answer: late.GetDelinquencyHistoryResponse, words: Words) -> RenderableType:
    """The buckets as they are known now, and every month-end as it was reported and as it was restated."""
    said = REGION_WORDS[words.lang]
    over_time = table_frame()
    for name in (said.from_, said.through, words.bucket, said.version):
        over_time.add_column(name, overflow="fold")
    for each in answer.intervals:
        until = f"< {day(each.to)}" if each.HasField("to") else said.open_ended
        over_time.add_row(day(getattr(each, "from")), until, words.bucket_name(each.bucket), each.bucket_set_version)
    ends = table_frame()
    for name in (said.month_end, said.reported, said.restated, said.restated_by):
        ends.add_column(name, overflow="fold")
    for end in answer.month_ends:
        is_other = end.reported != end.restated
        by = ", ".join(f"v{version}" for version in end.restated_by)
        restated = Text(words.bucket_name(end.restated), style="bold yellow" if is_other else "")
        ends.add_row(day(end.day), words.bucket_name(end.reported), restated, by or NOTHING)
    return Group(Text(said.buckets_over_time, style="bold"), over_time, Text(), ends)
