"""Blocks of output about who works the cases: a worklist, and who was given a case and why."""

from __future__ import annotations

from acuerdo.cases.v1 import workforce_pb2 as work
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, moment, table_frame
from clients.cli.region_words import REGION_WORDS
from clients.cli.words import Words


def worklist_block(found: work.GetWorklistResponse, words: Words) -> RenderableType:
    said = REGION_WORDS[words.lang]
    if not found.rows:
        return Text(words.no_cases, style="dim")
    table = table_frame()
    table.add_column(words.case, overflow="fold", ratio=1)
    table.add_column(words.bucket, max_width=12)
    table.add_column(words.balance, justify="right", no_wrap=True)
    table.add_column(words.segment, max_width=14, overflow="fold")
    table.add_column(said.lease, no_wrap=True)
    table.add_column(words.state, max_width=12)
    for row in found.rows:
        table.add_row(
            Text.assemble(row.external_ref, (f"\n{row.case_id}", "dim")),
            words.bucket_name(row.bucket) if row.bucket else NOTHING,
            money.amount(row.balance, words.lang),
            row.segment or NOTHING,
            moment(row.lease_until) if row.HasField("lease_until") else said.waits,
            Text(said.stopped, style="yellow") if row.is_on_hold else NOTHING,
        )
    return table


def assigned_block(answer: work.AssignCaseResponse, words: Words) -> RenderableType:
    said = REGION_WORDS[words.lang]
    until = moment(answer.lease_until) if answer.HasField("lease_until") else said.open_ended
    return Group(
        Text.assemble((answer.agent_id, "bold"), f"  {said.lease} {until} UTC"), Text(f"{answer.ground.rule}: {answer.ground.says}")
    )
