"""`acuerdo clock`: the development clock, which moves only when it is told to."""

from __future__ import annotations

from datetime import UTC, timedelta

from acuerdo.common.v1 import operations_pb2 as operations
from cyclopts import App
from rich.console import RenderableType

from clients.cli import stepping
from clients.cli.asking import ASKING, Asking, console
from clients.cli.failures import usage
from clients.cli.frames import NOTHING, moment, table_frame
from clients.cli.reading import instant
from clients.cli.words import Words

app = App(name="clock", help="The development clock: it moves only when it is told to.")


@app.command
async def show(*, ask: Asking = ASKING) -> None:
    """What time it is for each service, and when something falls due next."""
    async with ask.doors() as doors:
        found = await stepping.clocks(doors)
    ask.answer(dict(found), _table(found, ask.words))


@app.command
async def advance(*, to: str | None = None, days: int | None = None, ask: Asking = ASKING) -> None:
    """Move the clocks of all services forward, through everything that falls due on the way.

    Parameters
    ----------
    to
        An instant, e.g. 2005-05-31T22:00:00Z, or a day: its beginning in UTC.
    days
        So many days on, instead.
    """
    if (to is None) == (days is None):
        raise usage("Say either --to or --days.")
    async with ask.doors() as doors:
        if to is not None:
            goal = instant(to, "--to").ToDatetime(UTC)
        else:
            now = max(clock.now.ToDatetime(UTC) for clock in (await stepping.clocks(doors)).values())
            goal = now + timedelta(days=days or 0)
        with console(is_error=True).status("") as status:
            await stepping.advance(doors, goal, lambda step: status.update(f"{step:%Y-%m-%d %H:%M}"))
        found = await stepping.clocks(doors)
    ask.answer(dict(found), _table(found, ask.words))


def _table(found: dict[str, operations.GetClockResponse], words: Words) -> RenderableType:
    table = table_frame()
    for name in (words.service, words.now, words.next_due, words.quiet):
        table.add_column(name, no_wrap=True)
    for service, clock in found.items():
        kind = "" if clock.is_development else f" ({words.real_time})"
        due = moment(clock.next_due_at) if clock.HasField("next_due_at") else NOTHING
        table.add_row(service, f"{moment(clock.now)} UTC{kind}", due, "✓" if clock.is_quiet else "…")
    return table
