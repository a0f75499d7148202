"""Blocks of output about holds: those of a case, and what they stop on a day."""

from __future__ import annotations

from acuerdo.cases.v1 import holds_pb2 as holds
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, day, moment, table_frame
from clients.cli.region_words import REGION_WORDS, RegionWords
from clients.cli.words import Words

ID_CHARACTERS = 8


def holds_block(found: holds.ListHoldsResponse, words: Words) -> RenderableType:
    said = REGION_WORDS[words.lang]
    if not found.holds:
        return Text(said.no_holds, style="dim")
    table = table_frame()
    table.add_column(said.hold, overflow="fold", ratio=1)
    table.add_column(said.stops, overflow="fold", ratio=1)
    table.add_column(said.from_, no_wrap=True)
    table.add_column(said.through, max_width=12)
    table.add_column(words.state)
    for hold in found.holds:
        table.add_row(
            _kind(hold, words),
            ", ".join(_scope(scope, said) for scope in hold.scopes),
            day(getattr(hold, "from")),
            day(hold.through) if hold.HasField("through") else said.open_ended,
            said.code(holds.Hold.State.Name(hold.state), "STATE_"),
        )
    return table


def _kind(hold: holds.Hold, words: Words) -> Text:
    said = REGION_WORDS[words.lang]
    reason = hold.reason_code.lower().replace("_", " ")
    text = Text.assemble((said.code(holds.HoldKind.Name(hold.kind), "HOLD_KIND_"), "bold"), f" ({reason})")
    if hold.HasField("subject"):
        part = f" {money.shown(hold.subject.amount, words.lang)}" if hold.subject.HasField("amount") else ""
        text.append(f"\n{said.of_a_part if part else said.of_a_debt}{part}")
    text.append(f"\n{hold.hold_id}", style="dim")
    return text


def effect_block(answer: holds.GetHoldEffectResponse, words: Words) -> RenderableType:
    """One line for each scope: whether it is stopped on that day, until when, and by which holds."""
    said = REGION_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.scope)
    table.add_column(words.state, overflow="fold", ratio=1)
    table.add_column(said.hold, style="dim", overflow="fold")
    for each in answer.scopes:
        ids = ", ".join(hold_id[:ID_CHARACTERS] for hold_id in each.hold_ids)
        table.add_row(_scope(each.scope, said), _state(each, words), ids or NOTHING)
    known = words.answered.format(as_of=day(answer.as_of), known=f"{moment(answer.as_known_at)} UTC")
    return Group(table, Text(known, style="dim"))


def _state(each: holds.ScopeEffect, words: Words) -> Text:
    said = REGION_WORDS[words.lang]
    if each.is_stopped:
        until = f"{said.until_before} {day(each.stopped_until)}" if each.HasField("stopped_until") else said.open_ended
        text = Text.assemble((said.stopped, "bold yellow"), f" {until}")
    else:
        text = Text(said.not_stopped)
    if each.debt_ids:
        text.append(f"; {said.of_a_debt}: {len(each.debt_ids)}")
    for part in each.parts:
        text.append(f"; {said.of_a_part}: {money.shown(part.amount, words.lang)}")
    return text


def _scope(scope: holds.HoldScope, said: RegionWords) -> str:
    return said.code(holds.HoldScope.Name(scope), "HOLD_SCOPE_")
