"""`acuerdo pay waterfall`: in which order money is applied."""

from __future__ import annotations

from pathlib import Path

from acuerdo.payments.v1 import payments_pb2 as pay
from cyclopts import App
from rich.text import Text

from clients.cli.asking import ASKING, Asking
from clients.cli.frames import pairs_frame
from clients.cli.pay_words import PAY_WORDS
from clients.cli.reading import content_of, new_id

app = App(name="waterfall", help="The order in which money is applied (cascada de imputación).")


@app.command
async def publish(
    file: Path,
    *,
    activate: bool = False,
    client: str = "",
    product: str = "",
    jurisdiction: str = "",
    ask: Asking = ASKING,
) -> None:
    """Check an order and store it as the next version.

    Parameters
    ----------
    file
        A document as data/waterfalls/README.md describes it.
    activate
        Payments are applied by it from now on: all, or those of …
    client
        … this client,
    product
        … this product,
    jurisdiction
        … this law.
    """
    said = PAY_WORDS[ask.lang]
    async with ask.doors() as doors:
        answer = await doors.payments.PublishWaterfall(pay.PublishWaterfallRequest(request_id=new_id(), document=content_of(file)))
        if activate:
            request = pay.ActivateWaterfallRequest(
                request_id=new_id(), version=answer.version, client_id=client, product=product, jurisdiction=jurisdiction
            )
            await doors.payments.ActivateWaterfall(request)
    shown = said.activated if activate else said.published
    ask.answer({"version": answer.version, "is_active": activate}, shown.format(version=answer.version))


@app.command
async def show(*, version: str = "", client: str = "", product: str = "", jurisdiction: str = "", ask: Asking = ASKING) -> None:
    """The order in force, or another version of it.

    Parameters
    ----------
    version
        As an allocation keeps it; else the one in force for …
    client
        … this client,
    product
        … this product,
    jurisdiction
        … this law.
    """
    request = pay.GetWaterfallRequest(version=version, client_id=client, product=product, jurisdiction=jurisdiction)
    async with ask.doors() as doors:
        answer = await doors.payments.GetWaterfall(request)
    steps = pairs_frame()
    for number, step in enumerate(answer.steps, start=1):
        cited = f"  [{step.cite}]" if step.cite else ""
        steps.add_row(f"{number}. {step.rule}", Text.assemble(step.words, (cited, "dim")))
    ask.answer(answer, Text.assemble((answer.name, "bold"), f"  {answer.version}"), steps)
