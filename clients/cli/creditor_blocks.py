"""Blocks of output about what is owed: by whose word, and what the creditor's word and ours differ by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from acuerdo.cases.v1 import creditor_pb2 as creditor
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.creditor_words import CREDITOR_WORDS, CreditorWords
from clients.cli.frames import NOTHING, day, moment, pairs_frame, table_frame
from clients.cli.words import Words


def balance_block(answer: cases.GetBalanceResponse, words: Words) -> RenderableType:
    """What counts, and both words behind it; debt by debt of what it is made."""
    said = CREDITOR_WORDS[words.lang]
    authority = said.code(types.Authority.Name(answer.authority), "AUTHORITY_")
    facts = pairs_frame()
    counts = Text.assemble((money.shown(answer.balance, words.lang), "bold"), (f"  {said.by_word_of} {authority}", "dim"))
    facts.add_row(words.balance, counts)
    facts.add_row(said.our_ledger, money.shown(answer.ledger_balance, words.lang))
    reported: RenderableType = NOTHING
    if answer.HasField("reported_balance"):
        amount = money.shown(answer.reported_balance, words.lang)
        reported = said.on_day.format(amount=amount, day=day(answer.reported_as_of))
    facts.add_row(said.creditor_says, reported)
    for debt in answer.debts:
        facts.add_row(said.debt, Text.assemble(_parts(debt.components, said, words), (f"  {debt.debt_id}", "dim")))
    known = words.answered.format(as_of=day(answer.as_of), known=f"{moment(answer.as_known_at)} UTC")
    return Group(facts, Text(known, style="dim"))


def differences_block(found: Sequence[creditor.BalanceDifference], words: Words) -> RenderableType:
    """Both balances, the causes that explain a part of what lies between, and what nothing explains."""
    said = CREDITOR_WORDS[words.lang]
    if not found:
        return Text(said.no_differences, style="dim")
    table = table_frame()
    table.add_column(words.case, overflow="fold", max_width=18)
    table.add_column(said.as_of, no_wrap=True)
    table.add_column(said.ours, justify="right", overflow="fold")
    table.add_column(said.theirs, justify="right", overflow="fold")
    table.add_column(said.explained_by, overflow="fold", ratio=1)
    table.add_column(said.unexplained, overflow="fold", max_width=20)
    for each in found:
        causes = "\n".join(
            f"{money.amount(cause.amount, words.lang)} {said.code(creditor.DifferenceKind.Name(cause.kind), 'DIFFERENCE_KIND_')}"
            for cause in each.causes
        )
        table.add_row(
            each.external_ref,
            day(each.as_of),
            money.amount(each.ours, words.lang),
            money.amount(each.theirs, words.lang),
            causes or NOTHING,
            _unexplained(each, said, words),
        )
    table.caption = ", ".join(sorted({each.ours.currency_code for each in found}))
    return table


def _unexplained(each: creditor.BalanceDifference, said: CreditorWords, words: Words) -> Text:
    if not each.unexplained.minor_units:
        return NOTHING
    shown = Text(money.amount(each.unexplained, words.lang), style="dim" if each.is_resolved else "bold yellow")
    if each.is_resolved:
        return shown.append(f" {said.resolved}")
    return shown.append(f"\n{said.days_old.format(days=each.age_days)}", style="dim") if each.HasField("unexplained_since") else shown


def _parts(components: Iterable[types.ComponentAmount], said: CreditorWords, words: Words) -> str:
    return ", ".join(
        f"{said.code(types.Component.Name(part.component), 'COMPONENT_')} {money.shown(part.amount, words.lang)}" for part in components
    )
