"""`acuerdo portfolio`: what a client entrusts to us on the same terms, and how it stands."""

from __future__ import annotations

from typing import Literal

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from cyclopts import App

from clients.cli.asking import ASKING, Asking
from clients.cli.blocks import portfolio_block
from clients.cli.reading import day, day_or_none, id_of
from clients.cli.terms import AUTHORITIES, USUAL, bucket_set

app = App(name="portfolio", help="Portfolios: what a client entrusts to us on the same terms.")

BASES = {"restated": cases.BASIS_RESTATED, "reported": cases.BASIS_REPORTED}


@app.command(name="open")
async def open_(
    client: str,
    ref: str,
    name: str,
    *,
    currency: str,
    zone: str,
    country: str,
    unit: Literal["cycles", "days"] = "days",
    buckets: str | None = None,
    bucket_version: str = "1",
    balance: Literal["ours", "creditor"] = "ours",
    delinquency: Literal["ours", "creditor"] = "ours",
    ask: Asking = ASKING,
) -> None:
    """Open a portfolio. Asked twice, opened once.

    Parameters
    ----------
    client
        Id of the client.
    ref
        Your own reference of the portfolio.
    name
        What people call it.
    currency
        ISO 4217, e.g. EUR.
    zone
        IANA zone in which its days begin, e.g. Europe/Madrid.
    country
        ISO 3166, optionally with subdivision (ES, ES-MD): its holidays and its law.
    unit
        In what its buckets count.
    buckets
        From best to worst, e.g. "current=..0,1-30=1..30,30+=31.."; else the usual ones of the unit.
    bucket_version
        Name of this version of the set.
    balance
        Whose word counts on the balance.
    delinquency
        Whose word counts on how late a case is.
    """
    terms = types.PortfolioTerms(
        zone=zone,
        calendar=country,
        currency_code=currency,
        bucket_set=bucket_set(USUAL[unit] if buckets is None else buckets, unit, bucket_version),
        balance_authority=AUTHORITIES[balance],
        delinquency_authority=AUTHORITIES[delinquency],
        jurisdiction=country,
    )
    request = cases.OpenPortfolioRequest(client_id=client, external_ref=ref, name=name, terms=terms)
    request.request_id = id_of("portfolio", request.SerializeToString(deterministic=True))
    async with ask.doors() as doors:
        answer = await doors.cases.OpenPortfolio(request)
    ask.answer(answer, answer.portfolio_id)


@app.command
async def report(
    portfolio: str, *, as_of: str, since: str | None = None, basis: Literal["restated", "reported"] = "restated", ask: Asking = ASKING
) -> None:
    """Cases by bucket on a day, and how they rolled since another.

    Parameters
    ----------
    portfolio
        Id of the portfolio.
    as_of
        The day, e.g. 2005-09-30.
    since
        The day to compare with, e.g. 2005-08-31.
    basis
        With everything we know today, or with what was known when the day had ended.
    """
    request = cases.GetAgingReportRequest(
        portfolio_id=portfolio, as_of=day(as_of, "--as-of"), since=day_or_none(since, "--since"), basis=BASES[basis]
    )
    async with ask.doors() as doors:
        answer = await doors.cases.GetAgingReport(request)
        named = (await doors.cases.GetPortfolio(cases.GetPortfolioRequest(portfolio_id=portfolio))).portfolio.name
    ask.answer(answer, portfolio_block(answer, f"{named} · {as_of}", ask.words))
