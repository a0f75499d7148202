"""What the portfolio brought: money collected month by month, and promises kept as they were published and as they are known now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.common.v1 import log_pb2 as log
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from rich.console import RenderableType
from rich.table import Table

from clients.cli import money
from clients.cli.connection import Doors
from clients.cli.files import wire_date
from clients.cli.frames import table_frame
from clients.cli.words import Lang
from dev.says import SAYS

_PACKAGE = "acuerdo.payments.v1"


async def collected(doors: Doors) -> dict[str, int]:
    """Minor units by month of the value date (YYYY-MM), net of what was taken back; counted from what payments has told."""
    months: dict[str, int] = defaultdict(int)
    amounts: dict[bytes, int] = {}
    request = log.ReplayRequest(types=[f"{_PACKAGE}.PaymentReceived", f"{_PACKAGE}.PaymentReversed"])
    async for chunk in doors.log("payments").Replay(request):
        for record in chunk.records:
            event = PaymentEvent.FromString(record.event)
            if event.WhichOneof("event") == "payment_received":
                fact = event.payment_received
                amounts[fact.payment_id] = fact.amount.minor_units
                months[f"{fact.value_date.year}-{fact.value_date.month:02}"] += fact.amount.minor_units
            else:
                back = event.payment_reversed
                months[f"{back.value_date.year}-{back.value_date.month:02}"] -= amounts[back.payment_id]
    return dict(sorted(months.items()))


async def figures_block(doors: Doors, portfolio_id: str, months: Sequence[str], lang: Lang) -> RenderableType:
    """`months`: their last days."""
    says, sums, table = SAYS[lang], await collected(doors), table_frame()
    for name in (says.month, says.collected, says.promises, says.kept_as_published, says.kept_as_restated):
        table.add_column(name, justify="left" if name == says.month else "right")
    for last_day in [*months, _month_after(months[-1])]:
        first = date.fromisoformat(last_day).replace(day=1)
        found = await doors.promises.GetPromiseRates(
            promises.GetPromiseRatesRequest(
                portfolio_id=portfolio_id, **{"from": wire_date(first), "through": wire_date(date.fromisoformat(last_day))}
            )
        )
        _row(table, last_day[:7], sums.get(last_day[:7], 0), found.rates[-1] if found.rates else promises.PromiseRate(), lang)
    return table


def _row(table: Table, month: str, minor_units: int, rate: promises.PromiseRate, lang: Lang) -> None:
    table.add_row(
        month,
        money.grouped(minor_units // 100, lang, 0),
        str(_judged(rate.as_restated)),
        _kept(rate.as_reported),
        _kept(rate.as_restated),
    )


def _judged(outcomes: promises.PromiseOutcomes) -> int:
    return outcomes.kept + outcomes.partly_kept + outcomes.broken


def _kept(outcomes: promises.PromiseOutcomes) -> str:
    judged = _judged(outcomes)
    return f"{outcomes.kept} / {judged}  {outcomes.kept * 100 // judged} %" if judged else "–"


def _month_after(last_day: str) -> str:
    day = date.fromisoformat(last_day)
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    after = date(following.year + following.month // 12, following.month % 12 + 1, 1)
    return date.fromordinal(after.toordinal() - 1).isoformat()
