"""Blocks of output that explain: the sentence, the facts it rests on with what each adds, and the rules that were in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from acuerdo.cases.v1 import explain_pb2 as explained
from google.protobuf.message import Message
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clients.cli import money
from clients.cli.frames import day, moment, table_frame
from clients.cli.region_words import REGION_WORDS
from clients.cli.words import Words

Grounds = Sequence[Any]
"""Ground or BucketGround: they have the same fields."""


def explanation_block(answer: Any, words: Words) -> RenderableType:
    """Of any Explain…Response: they have the same parts."""
    said = REGION_WORDS[words.lang]
    parts: list[RenderableType] = [Text(answer.sentence, style="bold"), Text(_answered(answer, words), style="dim")]
    if answer.grounds:
        parts += [Text(), Text(words.grounds), _grounds(answer.grounds, words)]
    differences = getattr(answer, "differences", ())
    if differences:
        parts += [Text(), Text(said.differs), _grounds(differences, words)]
    if answer.rules:
        parts += [Text(), Text(said.rules_in_force), _rules(answer.rules, words)]
    return Group(*parts)


def _answered(answer: Message, words: Words) -> str:
    known = moment(answer.as_known_at)  # type: ignore[attr-defined]  # every explanation says it
    on = day(answer.as_of) if "as_of" in answer.DESCRIPTOR.fields_by_name else known[:10]  # type: ignore[attr-defined]
    return words.answered.format(as_of=on, known=f"{known} UTC")


def _grounds(grounds: Grounds, words: Words) -> Table:
    said = REGION_WORDS[words.lang]
    has_amounts, has_days = any(each.HasField("amount") for each in grounds), any(each.days for each in grounds)
    table = table_frame()
    table.add_column(words.happened, no_wrap=True)
    table.add_column(words.known, no_wrap=True)
    table.add_column(words.what, overflow="fold", ratio=1)
    if has_amounts:
        table.add_column(said.adds, justify="right", no_wrap=True)
    if has_days:
        table.add_column(said.days, justify="right", no_wrap=True)
    for each in grounds:
        what = Text.assemble((words.fact(each.type), "bold"), f"  {each.says}", (f"  v{each.version}", "dim"))
        row: list[RenderableType] = [moment(each.occurred_at), moment(each.recorded_at), what]
        if has_amounts:
            row.append(money.amount(each.amount, words.lang) if each.HasField("amount") else "")
        if has_days:
            row.append(f"−{each.days}" if each.days else "")
        table.add_row(*row)
    return table


def _rules(rules: Sequence[explained.RuleInForce], words: Words) -> Table:
    said = REGION_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.rule)
    table.add_column(said.version, no_wrap=True)
    table.add_column(words.what, overflow="fold", ratio=1)
    for rule in rules:
        table.add_row(said.code(rule.kind), rule.version, rule.says)
    return table
