"""Blocks of output about cases: one case, its story, and lists. Each fits in 100 columns."""

from __future__ import annotations

from collections.abc import Sequence

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Actor
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, day, moment, pairs_frame, table_frame, word_of
from clients.cli.words import Words

LATE_SECONDS = 3600
"""Known so much later than it happened is shown as known late."""


# The story -------------------------------------------------------------------------------------------------------------


def case_table(rows: Sequence[cases.TimelineRow], words: Words) -> RenderableType:
    """When it happened, when we knew, who, what and why, and where the case stood afterwards."""
    if not rows:
        return Text(words.nothing_happened, style="dim")
    table = table_frame()
    table.add_column(words.happened, no_wrap=True)
    table.add_column(words.known, no_wrap=True)
    table.add_column(words.who, max_width=10)
    table.add_column(f"{words.what}, {words.why}", overflow="fold", ratio=1)
    table.add_column(words.balance, justify="right", no_wrap=True)
    table.add_column(words.bucket, max_width=12)
    for row in rows:
        table.add_row(*_story(row, words))
    late = any(_is_known_late(row) for row in rows)
    return Group(table, Text(f"◆ {words.late_knowledge}", style="yellow")) if late else table


def _story(row: cases.TimelineRow, words: Words) -> list[RenderableType]:
    known = Text(moment(row.recorded_at))
    if _is_known_late(row):
        known.append(" ◆")
        known.stylize("yellow")
    kind = Actor.Kind.Name(row.actor.kind).removeprefix("KIND_") if row.actor.kind in Actor.Kind.values() else str(row.actor.kind)
    what = Text(words.fact(row.type), style="bold")
    if row.why:
        what = Text.assemble(what, ("\n" + row.why, "dim"))
    return [
        moment(row.occurred_at),
        known,
        Text(words.actor(kind), style="dim"),
        what,
        money.amount(row.balance, words.lang) if row.HasField("balance") else NOTHING,
        words.bucket_name(row.bucket) if row.bucket else NOTHING,
    ]


def _is_known_late(row: cases.TimelineRow) -> bool:
    return row.recorded_at.seconds - row.occurred_at.seconds > LATE_SECONDS


# One case --------------------------------------------------------------------------------------------------------------


def case_block(answer: cases.GetCaseResponse, words: Words) -> RenderableType:
    """What it is, and where it stands."""
    case = answer.case
    state = word_of(types.Lifecycle.Name(case.lifecycle), "LIFECYCLE_")
    if case.outcome:
        state += f": {word_of(types.CloseOutcome.Name(case.outcome), 'CLOSE_OUTCOME_')}"
    facts = pairs_frame()
    facts.add_row(words.case, Text.assemble((case.external_ref, "bold"), (f"  {case.case_id}", "dim")))
    facts.add_row(words.state, state)
    facts.add_row(words.balance, Text(money.shown(case.balance, words.lang), style="bold") if case.HasField("balance") else NOTHING)
    bucket = words.bucket_name(case.bucket)
    facts.add_row(words.bucket, f"{bucket}, {words.since} {day(case.bucket_since)}" if case.HasField("bucket_since") else bucket)
    facts.add_row(words.late, _lateness(case))
    facts.add_row(words.segment, case.segment or NOTHING)
    facts.add_row(words.debts, Text("\n").join(_debt(debt, words) for debt in case.debts) if case.debts else NOTHING)
    facts.add_row(words.parties, Text("\n").join(_party(party) for party in case.parties) if case.parties else NOTHING)
    said = words.answered.format(as_of=day(answer.as_of), known=f"{moment(answer.as_known_at)} UTC")
    return Group(facts, Text(said, style="dim"))


def _lateness(case: cases.Case) -> RenderableType:
    said = [f"{case.cycles_past_due} cycles"] if case.HasField("cycles_past_due") else []
    said += [f"{case.days_past_due} d"] if case.HasField("days_past_due") else []
    return Text(", ".join(said)) if said else NOTHING


def _debt(debt: cases.CaseDebt, words: Words) -> Text:
    parts = ", ".join(
        f"{word_of(types.Component.Name(part.component), 'COMPONENT_')} {money.shown(part.amount, words.lang)}" for part in debt.components
    )
    return Text(f"{debt.external_ref} ({debt.product}): {parts}", style="dim strike" if debt.is_detached else "")


def _party(party: cases.CaseParty) -> Text:
    role = word_of(types.PartyRole.Name(party.role), "PARTY_ROLE_")
    liability = word_of(types.Liability.Name(party.liability), "LIABILITY_")
    return Text.assemble(f"{role} ({liability})", (f"  {party.person_id}", "dim"))


# Lists ----------------------------------------------------------------------------------------------------------------


def cases_block(found: cases.ListCasesResponse, words: Words) -> RenderableType:
    if not found.cases:
        return Text(words.no_cases, style="dim")
    table = table_frame()
    table.add_column(words.case, no_wrap=True, overflow="ellipsis", max_width=20)
    table.add_column("id", no_wrap=True, style="dim")
    table.add_column(words.state)
    table.add_column(words.bucket)
    table.add_column(words.balance, justify="right", no_wrap=True)
    table.add_column(words.segment, overflow="fold")
    for case in found.cases:
        table.add_row(
            case.external_ref,
            case.case_id,
            word_of(types.Lifecycle.Name(case.lifecycle), "LIFECYCLE_"),
            words.bucket_name(case.bucket) if case.bucket else NOTHING,
            money.amount(case.balance, words.lang) if case.HasField("balance") else NOTHING,
            case.segment or NOTHING,
        )
    return table
