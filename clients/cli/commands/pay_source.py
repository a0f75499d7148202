"""`acuerdo pay source`: who tells of money, through which day nothing is missing, and how files are read."""

from __future__ import annotations

from pathlib import Path

from acuerdo.payments.v1 import payments_pb2 as pay
from acuerdo.payments.v1 import receipts_pb2 as receipts
from cyclopts import App
from rich.text import Text

from clients.cli.asking import ASKING, Asking
from clients.cli.pay_blocks import sources_block
from clients.cli.pay_lookup import source_of
from clients.cli.pay_words import PAY_WORDS
from clients.cli.reading import content_of, day, day_or_none, member, new_id

app = App(name="source", help="Sources of payments: PSPs, creditors' files, bank statements; and their watermarks.")


@app.command
async def register(
    ref: str,
    kind: str,
    *,
    name: str = "",
    portfolios: list[str] | None = None,
    zone: str = "Europe/Madrid",
    client: str = "",
    ask: Asking = ASKING,
) -> None:
    """Register a source.

    Parameters
    ----------
    ref
        Your own reference of it.
    kind
        psp, creditor-file, bank-statement or manual.
    name
        What people call it; else its reference.
    portfolios
        Ids of portfolios whose payments it tells; else any.
    zone
        IANA zone in which its value dates are days.
    client
        Id of the creditor by whose references it names cases.
    """
    request = pay.RegisterPaymentSourceRequest(
        request_id=new_id(),
        external_ref=ref,
        name=name or ref,
        kind=member(receipts.SourceKind, kind, "KIND"),
        portfolio_ids=portfolios or (),
        zone=zone,
        client_id=client,
    )
    async with ask.doors() as doors:
        answer = await doors.payments.RegisterPaymentSource(request)
    ask.answer(answer, PAY_WORDS[ask.lang].registered.format(source=answer.source_id))


@app.command
async def portfolios(source: str, portfolio: list[str] | None = None, *, ask: Asking = ASKING) -> None:
    """Of which portfolios a source tells payments, in the place of what was said before.

    Parameters
    ----------
    source
        Its id, or your reference of it.
    portfolio
        Ids of all of them; none: any.
    """
    async with ask.doors() as doors:
        source_id = await source_of(doors, source)
        request = pay.ChangeSourcePortfoliosRequest(request_id=new_id(), source_id=source_id, portfolio_ids=portfolio or ())
        answer = await doors.payments.ChangeSourcePortfolios(request)
    said = PAY_WORDS[ask.lang]
    ask.answer(answer, said.tells.format(portfolios=", ".join(portfolio or ()) or said.any_portfolio))


@app.command(name="list")
async def list_(*, portfolio: str = "", ask: Asking = ASKING) -> None:
    """Sources, and through which day each is complete.

    Parameters
    ----------
    portfolio
        Only those that tell payments of this portfolio.
    """
    async with ask.doors() as doors:
        answer = await doors.payments.ListPaymentSources(pay.ListPaymentSourcesRequest(portfolio_id=portfolio, page_size=200))
    ask.answer(answer, sources_block(answer.sources, ask.words))


@app.command
async def complete(source: str, through: str, *, evidence: str, ask: Asking = ASKING) -> None:
    """Nothing with a value date through that day is missing.

    Parameters
    ----------
    source
        Its id, or your reference of it.
    through
        The last such day, e.g. 2005-05-31.
    evidence
        The file or report behind it.
    """
    async with ask.doors() as doors:
        request = pay.CompletePaymentSourceRequest(
            request_id=new_id(),
            source_id=await source_of(doors, source),
            complete_through=day(through, "THROUGH"),
            evidence_ref=evidence,
        )
        answer = await doors.payments.CompletePaymentSource(request)
    ask.answer(answer, PAY_WORDS[ask.lang].completed.format(day=through))


@app.command
async def correct(source: str, reason: str, *, through: str | None = None, evidence: str = "", ask: Asking = ASKING) -> None:
    """It was told complete in error: take that back, to an earlier day or to none.

    Parameters
    ----------
    source
        Its id, or your reference of it.
    reason
        Code of the reason, e.g. FILE_WAS_CUT.
    through
        It is complete through this earlier day; else through none.
    evidence
        Reference of what proves it.
    """
    async with ask.doors() as doors:
        request = pay.CorrectPaymentSourceRequest(
            request_id=new_id(),
            source_id=await source_of(doors, source),
            complete_through=day_or_none(through, "--through"),
            reason_code=reason,
            evidence_ref=evidence,
        )
        answer = await doors.payments.CorrectPaymentSource(request)
    said = PAY_WORDS[ask.lang]
    ask.answer(answer, said.corrected.format(day=f"{said.complete_through} {through}" if through else said.complete_through_none))


@app.command
async def mapping(source: str, file: Path | None = None, *, version: int = 0, ask: Asking = ASKING) -> None:
    """How the columns of the creditor's file are read; with FILE: from now on.

    Parameters
    ----------
    source
        Its id, or your reference of it.
    file
        A mapping as data/cobros/README.md describes it.
    version
        Of the mapping to show; 0 is the newest.
    """
    said = PAY_WORDS[ask.lang]
    async with ask.doors() as doors:
        source_id = await source_of(doors, source)
        if file is not None:
            request = pay.PublishCobrosMappingRequest(request_id=new_id(), source_id=source_id, mapping=content_of(file))
            published = await doors.payments.PublishCobrosMapping(request)
            ask.answer(published, said.published.format(version=published.version))
            return
        answer = await doors.payments.GetCobrosMapping(pay.GetCobrosMappingRequest(source_id=source_id, version=version))
    heading = Text(said.mapping.format(version=answer.version), style="bold")
    ask.answer(answer, heading, Text(answer.mapping.decode("utf-8", errors="replace")))
