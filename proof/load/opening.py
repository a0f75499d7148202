"""What a tenant needs before anybody works in it: a client, a portfolio, segments; contact rules, a waterfall and a source of payments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acuerdo.payments.v1 import receipts_pb2 as receipts

from dev.play import ZONE, terms
from proof.load.asking import ask
from proof.load.calling import Caller
from proof.load.knowing import Book

DATA = Path(__file__).resolve().parents[2] / "data"
SEGMENTS = DATA / "segments.json"
WATERFALLS = (DATA / "waterfalls" / "es_legal.yaml", DATA / "waterfalls" / "oldest_first.yaml")
"""Of the tenants in turn: what is paid too much is a credit with the one, and waits with the other, which spreads again what came later."""
CONTACT_RULES = Path(__file__).resolve().parent / "contact_rules.yaml"


async def open_tenant(caller: Caller, book: Book, number: int, *, has_loop: bool) -> None:
    """The same request ids whenever it is done: a repeat changes nothing. `has_loop`: contacts and payments are there."""

    async def must(method: str, what: str, **fields: Any) -> Any:
        told = await ask(caller, book, method, request_id=f"{book.name}/{what}", **fields)
        if not told.is_ok:
            raise RuntimeError(f"{method} of {caller.who.tenant}: {told.status} {told.reason}")
        return told.reply

    book.client_id = (await must("Cases/RegisterClient", "client", external_ref=book.name, name="Sample bank")).client_id
    if has_loop:
        published = await must("Permits/PublishPack", "rules", document=CONTACT_RULES.read_bytes())
        pack = published.packs[0].ref
        await must("Permits/ActivatePack", "rules", pack_id=pack.pack_id, version=pack.version)
        waterfall = await must("Payments/PublishWaterfall", "waterfall", document=WATERFALLS[number % len(WATERFALLS)].read_bytes())
        await must("Payments/ActivateWaterfall", "waterfall", version=waterfall.version, client_id=book.client_id)
        source = {"external_ref": book.name, "name": "Bank", "kind": receipts.SOURCE_KIND_BANK_STATEMENT, "zone": ZONE.key}
        book.source_id = (await must("Payments/RegisterPaymentSource", "source", **source)).source_id
    known = {"client_id": book.client_id, "external_ref": book.name, "name": "Cards"}
    portfolio = await must("Cases/OpenPortfolio", "portfolio", **known, terms=terms([book.source_id] if has_loop else ()))
    book.portfolio_id = portfolio.portfolio_id
    table = await must("Strategy/PublishSegmentTable", "table", name="Cards", table=SEGMENTS.read_bytes())
    await must("Strategy/ActivateSegmentTable", "activate", version=table.version)
    book.answered.clear()  # they are asked again for themselves
