"""`acuerdo parked`: facts that a service could not apply; later facts of the same stream wait behind them."""

from __future__ import annotations

from acuerdo.common.v1 import operations_pb2 as operations
from cyclopts import App
from rich.console import RenderableType
from rich.text import Text

from clients.cli.asking import ASKING, Asking
from clients.cli.frames import moment, table_frame
from clients.cli.reading import new_id
from clients.cli.words import Words

app = App(name="parked", help="Facts that could not be applied.")

PAGE_ROWS = 200


@app.command(name="list")
async def list_(*, service: str | None = None, ask: Asking = ASKING) -> None:
    """What is parked, oldest first, and why.

    Parameters
    ----------
    service
        Of this service only, e.g. strategy.
    """
    found: dict[str, list[operations.ParkedFact]] = {}
    async with ask.doors() as doors:
        for name in [service] if service else doors.services:
            request = operations.ListParkedRequest(page_size=PAGE_ROWS)
            facts = found.setdefault(name, [])
            while True:
                page = await doors.operations(name).ListParked(request)
                facts.extend(page.parked)
                request.page_token = page.next_page_token
                if not page.next_page_token:
                    break
    ask.answer(dict(found), _table(found, ask.words))


@app.command
async def retry(*, service: str | None = None, follower: str = "", key: str = "", ask: Asking = ASKING) -> None:
    """Apply parked facts again, in order.

    Parameters
    ----------
    service
        Of this service only.
    follower
        Of this follower only.
    key
        Of this stream of the teller only (a UUID).
    """
    flagged: dict[str, int] = {}
    async with ask.doors() as doors:
        for name in [service] if service else doors.services:
            request = operations.RetryParkedRequest(request_id=new_id(), follower=follower, key=key)
            flagged[name] = (await doors.operations(name).RetryParked(request)).flagged
    ask.answer(dict(flagged), *(f"{name}: {count}" for name, count in flagged.items()))


def _table(found: dict[str, list[operations.ParkedFact]], words: Words) -> RenderableType:
    if not any(found.values()):
        return Text(words.nothing_parked, style="green")
    table = table_frame()
    for name in (words.service, words.what, words.reason):
        table.add_column(name, overflow="fold")
    table.add_column(words.since, no_wrap=True)
    for name in (words.tries, words.waiting):
        table.add_column(name, justify="right")
    for service, facts in found.items():
        for fact in facts:
            where = Text.assemble(f"{service} {fact.follower}", (f"\n{fact.key}", "dim"))
            what = Text.assemble(fact.type.rpartition(".")[2], (f"\n{fact.source} {fact.position}", "dim"))
            reason = f"{fact.reason} ({words.unheard})" if fact.is_unheard else fact.reason
            table.add_row(where, what, reason, moment(fact.parked_at), str(fact.attempts), str(fact.waiting))
    return table
