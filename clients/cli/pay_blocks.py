"""Blocks of output about payments. Each fits in 100 columns."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import payments_pb2 as pay
from acuerdo.payments.v1 import receipts_pb2 as receipts
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, day, moment, pairs_frame, table_frame, word_of
from clients.cli.pay_words import PAY_WORDS
from clients.cli.words import Words

ID_CHARACTERS = 8


def payment_block(payment: pay.PaymentView, words: Words) -> RenderableType:
    said = PAY_WORDS[words.lang]
    facts = pairs_frame()
    facts.add_row(said.payment, Text.assemble((money.shown(payment.amount, words.lang), "bold"), (f"  {payment.payment_id}", "dim")))
    facts.add_row(said.value_date, day(payment.value_date))
    kind = word_of(receipts.SourceKind.Name(payment.source), "SOURCE_KIND_")
    facts.add_row(said.source, Text.assemble(kind, (f"  {payment.source_id}", "dim")))
    facts.add_row(said.reference, payment.provider_ref)
    if payment.HasField("reversed_on"):
        cause = word_of(receipts.PaymentReversalCause.Name(payment.reversed_because), "PAYMENT_REVERSAL_CAUSE_")
        facts.add_row(said.reversed_on, Text(f"{day(payment.reversed_on)}  {cause}", style="yellow"))
    for place in payment.placements:
        facts.add_row(said.where, placement(place, words))
    return facts


def placement(place: pay.Placement, words: Words) -> Text:
    said = PAY_WORDS[words.lang]
    text = Text(place.case_id or said.in_suspense)
    if place.allocated.minor_units:
        text.append(f"  {said.allocated} {money.shown(place.allocated, words.lang)}", style="green")
    if place.waiting.minor_units:
        reason = word_of(receipts.SuspenseReason.Name(place.reason), "SUSPENSE_REASON_")
        text.append(f"  {said.waiting} {money.shown(place.waiting, words.lang)} ({reason})", style="yellow")
    return text


def payments_block(payments: Iterable[pay.PaymentSummary], words: Words) -> RenderableType:
    said = PAY_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.value_date, no_wrap=True)
    table.add_column(said.amount, justify="right", no_wrap=True)
    table.add_column(said.reference, overflow="fold", ratio=1)
    table.add_column(said.payment, style="dim", no_wrap=True)
    for each in payments:
        of = Text.assemble(each.provider_ref, (f"\n{each.case_id}" if each.case_id else "", "dim"))
        if each.is_reversed:
            of.append(f"\n{said.taken_back}", style="yellow")
        elif each.waiting.minor_units:
            of.append(f"\n{said.waiting} {money.shown(each.waiting, words.lang)}", style="yellow")
        table.add_row(day(each.value_date), money.shown(each.amount, words.lang), of, each.payment_id)
    return table if table.row_count else Text(said.no_payments, style="dim")


def ledger_block(answer: pay.GetLedgerResponse, words: Words) -> RenderableType:
    said = PAY_WORDS[words.lang]
    known = words.answered.format(as_of=day(answer.as_of), known=f"{moment(answer.as_known_at)} UTC")
    if not answer.allocations and not answer.waiting.minor_units:
        return Group(Text(said.nothing, style="dim"), Text(known, style="dim"))
    table = table_frame()
    table.add_column(said.value_date, no_wrap=True)
    table.add_column(said.amount, justify="right", no_wrap=True)
    table.add_column(said.allocated, overflow="fold", ratio=1)
    table.add_column("", style="dim", no_wrap=True)
    for each in answer.allocations:
        style = "strike dim" if each.HasField("reversed_on") else ""
        gone = f"\n{said.reversed_on} {day(each.reversed_on)}" if each.HasField("reversed_on") else ""
        credit = f"\n{said.credit} {money.shown(each.credit, words.lang)}" if each.HasField("credit") else ""
        table.add_row(
            day(each.value_date),
            Text(money.shown(each.amount, words.lang), style=style),
            Text("\n".join(_line(line, words) for line in each.lines) + gone + credit),
            each.allocation_id[:ID_CHARACTERS],
        )
    total = f"{said.allocated} {money.shown(answer.allocated, words.lang)}, {said.waiting} {money.shown(answer.waiting, words.lang)}"
    return Group(table, Text(total, style="bold"), Text(known, style="dim"))


def reasons_block(reasons: Iterable[pay.AllocationReason], words: Words) -> RenderableType:
    """Why each part went where it went."""
    said = PAY_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.amount, justify="right", no_wrap=True)
    table.add_column(said.component, no_wrap=True)
    table.add_column(said.debt, style="dim", no_wrap=True)
    table.add_column(said.owed, justify="right", no_wrap=True)
    table.add_column(said.why, overflow="fold", ratio=1)
    for each in reasons:
        cited = f" [{each.cite}]" if each.cite else ""
        shared = f" ({said.shared.format(count=each.shared_with)})" if each.shared_with > 1 else ""
        dueness = f" {each.dueness.lower().replace('_', ' ')}:" if each.dueness else ""
        table.add_row(
            money.shown(each.amount, words.lang),
            word_of(types.Component.Name(each.component), "COMPONENT_"),
            each.debt_id[:ID_CHARACTERS],
            money.shown(each.owed_before, words.lang),
            Text.assemble((each.rule, "bold"), f"{dueness} {each.words}", (f"{cited}{shared}", "dim")),
        )
    return table


def explained_block(answer: pay.ExplainAllocationResponse, words: Words) -> RenderableType:
    said = PAY_WORDS[words.lang]
    heading = Text.assemble(
        (money.shown(answer.allocation.amount, words.lang), "bold"),
        f"  {said.value_date} {day(answer.allocation.value_date)}  {said.in_force} {answer.allocation.waterfall_version}",
        (f"  {answer.waterfall_name}", "dim"),
    )
    verdict = Text(said.reproduced, style="green") if answer.is_reproduced else Text(said.not_reproduced, style="bold red")
    return Group(heading, reasons_block(answer.reasons, words), verdict)


def suspense_block(items: Iterable[pay.SuspenseItem], words: Words) -> RenderableType:
    said = PAY_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.since, no_wrap=True)
    table.add_column(said.amount, justify="right", no_wrap=True)
    table.add_column(said.reference, overflow="fold", ratio=1)
    table.add_column(said.why, overflow="fold")
    table.add_column(said.payment, style="dim", no_wrap=True)
    for item in items:
        reason = word_of(receipts.SuspenseReason.Name(item.reason), "SUSPENSE_REASON_")
        reference = item.external_ref or ", ".join(item.candidate_case_ids) or item.provider_ref
        table.add_row(moment(item.since), money.shown(item.amount, words.lang), reference, reason, item.payment_id)
    return table if table.row_count else Text(said.nothing_waits, style="dim")


def sources_block(sources: Iterable[pay.PaymentSourceView], words: Words) -> RenderableType:
    said = PAY_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.source, overflow="fold", ratio=1)
    table.add_column(said.complete_through, no_wrap=True)
    table.add_column(said.zone)
    table.add_column("", style="dim", no_wrap=True)
    for source in sources:
        kind = word_of(receipts.SourceKind.Name(source.kind), "SOURCE_KIND_")
        name = Text.assemble((source.name, "bold"), f"  {source.external_ref}, {kind}")
        through: RenderableType = day(source.complete_through) if source.HasField("complete_through") else NOTHING
        table.add_row(name, through, source.zone, source.source_id)
    return table


def _line(line: told.AllocationLine, words: Words) -> str:
    component = word_of(types.Component.Name(line.component), "COMPONENT_")
    debt_id = str(UUID(bytes=line.debt_id))[:ID_CHARACTERS]
    return f"{money.shown(line.amount, words.lang)}  {component}  {debt_id}  {line.rule}"
