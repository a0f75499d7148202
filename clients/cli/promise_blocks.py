"""Blocks of output about promises: those of a case or a portfolio, why one stands where it does, kept rates; and who heeded a hold."""

from __future__ import annotations

from collections.abc import Iterable

from acuerdo.cases.v1 import heeding_pb2 as heeding
from acuerdo.cases.v1 import promises_pb2 as pb
from acuerdo.common.v1.types_pb2 import Money
from rich.console import Group, RenderableType
from rich.text import Text

from clients.cli import money
from clients.cli.frames import NOTHING, day, moment, table_frame
from clients.cli.promise_words import PROMISE_WORDS, PromiseWords
from clients.cli.region_words import REGION_WORDS
from clients.cli.words import Words

ID_CHARACTERS = 8
STATE = "PROMISE_STATE_"


def promises_block(answer: pb.GetPromisesResponse, words: Words) -> RenderableType:
    said = PROMISE_WORDS[words.lang]
    if not answer.promises:
        return Text(said.none, style="dim")
    table = table_frame()
    table.add_column(said.promise, overflow="fold", ratio=1)
    table.add_column(words.state, overflow="fold", ratio=1)
    table.add_column(said.promised, justify="right", no_wrap=True)
    table.add_column(said.paid, justify="right", no_wrap=True)
    for promise in answer.promises:
        table.add_row(_parts(promise, words), _state(promise, said), *(_amount(each, words) for each in (promise.promised, promise.paid)))
    known = words.answered.format(as_of=day(answer.as_of), known=f"{moment(answer.as_known_at)} UTC")
    return Group(table, Text(known, style="dim"))


def rows_block(promises: Iterable[pb.PromiseRow], words: Words) -> RenderableType:
    """Those of many cases: a line each, and what was first published where that is another word now."""
    said = PROMISE_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.promise, overflow="fold", min_width=41)
    table.add_column(words.state, overflow="fold", ratio=1)
    table.add_column(said.last_day, no_wrap=True)
    table.add_column(f"{said.promised}\n{said.paid}", justify="right", no_wrap=True)
    for row in promises:
        named = Text.assemble(
            row.promise_id, (f"\n{words.case} {row.case_id}", "dim"), (f"\n{row.taken_by}" if row.taken_by else "", "dim")
        )
        state = Text(said.code(pb.PromiseState.Name(row.state), STATE), style="bold")
        if row.is_suspended:
            state.append(f"\n{said.suspended}", style="yellow")
        if row.first_published not in (pb.PROMISE_STATE_UNSPECIFIED, row.state):
            state.append(f"\n{said.published}: {said.code(pb.PromiseState.Name(row.first_published), STATE)}", style="dim")
        table.add_row(named, state, day(row.last_day), f"{money.shown(row.promised, words.lang)}\n{_amount(row.paid, words)}")
    return table if table.row_count else Text(said.none, style="dim")


def _parts(promise: pb.Promise, words: Words) -> Text:
    said = PROMISE_WORDS[words.lang]
    text = Text()
    for part in promise.parts:
        text.append(f"{money.shown(part.amount, words.lang)} {said.by} {day(part.date)}\n")
    text.append(promise.promise_id, style="dim")
    return text


def _state(promise: pb.Promise, said: PromiseWords) -> Text:
    text = Text(said.code(pb.PromiseState.Name(promise.state), STATE), style="bold")
    if promise.is_suspended:
        text.append(f"\n{said.suspended}", style="yellow")
    if promise.HasField("deadline"):
        text.append(f"\n{said.judged} {moment(promise.deadline)} UTC", style="dim")
    waits = [
        *([f"{len(promise.waiting_for)} {said.sources}"] if promise.waiting_for else []),
        *([said.on_its_way] if promise.money_ids else []),
    ]
    if waits:
        text.append(f"\n{said.waits_for} {', '.join(waits)}", style="dim")
    return text


def explanation_block(answer: pb.ExplainPromiseResponse, words: Words) -> RenderableType:
    """The sentence, the payments beside it, the sources that were waited for, and everything that happened to it."""
    said = PROMISE_WORDS[words.lang]
    payments = table_frame()
    payments.add_column(said.payment, no_wrap=True)
    payments.add_column(said.value_date, no_wrap=True)
    payments.add_column(said.counts, justify="right", no_wrap=True)
    payments.add_column(said.why_not, overflow="fold", ratio=1)
    for each in answer.payments:
        reason = said.code(each.reason) if each.reason else NOTHING
        payments.add_row(each.payment_id[:ID_CHARACTERS], day(each.value_date), _amount(each.counted, words), reason)
    sources = table_frame()
    sources.add_column(said.source, no_wrap=True)
    sources.add_column(said.complete_through)
    for source in answer.sources:
        through = day(source.complete_through) if source.HasField("complete_through") else NOTHING
        sources.add_row(source.source_id[:ID_CHARACTERS], f"{through} {'✓' if source.is_complete else '…'}")
    grounds = table_frame()
    grounds.add_column(said.happened, overflow="fold", ratio=1)
    grounds.add_column(words.known, no_wrap=True)
    for ground in answer.grounds:
        what = Text.assemble((words.fact(ground.type), "bold"), (f"\n{ground.says}", "dim"))
        grounds.add_row(what, moment(ground.recorded_at))
    blocks = [block for block, rows in ((payments, answer.payments), (sources, answer.sources), (grounds, answer.grounds)) if rows]
    return Group(Text(answer.sentence, style="bold"), *blocks)


def rates_block(answer: pb.GetPromiseRatesResponse, words: Words) -> RenderableType:
    said = PROMISE_WORDS[words.lang]
    table = table_frame()
    table.add_column(said.taken_by, overflow="fold", ratio=1)
    for basis in (said.published, said.restated):
        table.add_column(f"{said.kept_rate}\n{basis}", justify="right")
        table.add_column(said.paid, justify="right", no_wrap=True)
    for rate in answer.rates:
        cells = [cell for of in (rate.as_reported, rate.as_restated) for cell in (_rate(of), _amount(of.paid, words))]
        table.add_row(rate.taken_by or said.everybody, *cells)
    return table


def _rate(of: pb.PromiseOutcomes) -> RenderableType:
    judged = of.kept + of.partly_kept + of.broken
    return f"{of.kept} / {judged}" if judged else NOTHING


def acknowledgements_block(answer: heeding.GetHoldAcknowledgementsResponse, words: Words) -> RenderableType:
    said = PROMISE_WORDS[words.lang]
    table = table_frame()
    table.add_column(REGION_WORDS[words.lang].hold, no_wrap=True)
    table.add_column(said.service)
    table.add_column(said.heeded, no_wrap=True)
    table.add_column(said.latency, justify="right")
    table.add_column(said.stopped, justify="right")
    table.add_column(said.contacts_between, justify="right")
    for hold in answer.holds:
        for each in hold.acknowledgements:
            seconds, thousandths = divmod(each.latency.ToMilliseconds(), 1000)
            cells = (moment(each.heeded_at), f"{seconds}.{thousandths:03} s", str(each.stopped), str(len(each.contacts_between)))
            table.add_row(hold.hold_id[:ID_CHARACTERS], each.service, *cells)
        for service in hold.awaited:
            late = said.missed if service in hold.missed else said.awaited
            table.add_row(hold.hold_id[:ID_CHARACTERS], service, Text(late, style="bold yellow"), NOTHING, NOTHING, NOTHING)
    return table


def _amount(of: Money, words: Words) -> RenderableType:
    return money.amount(of, words.lang)
