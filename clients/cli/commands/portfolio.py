"""`acuerdo portfolio`: what a client entrusts to us on the same terms, and how it stands."""

from __future__ import annotations

from typing import Annotated, Literal

from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from cyclopts import App, Parameter

from clients.cli.asking import ASKING, Asking
from clients.cli.blocks import portfolio_block
from clients.cli.failures import usage
from clients.cli.lookup import amount_of
from clients.cli.reading import day, day_or_none, id_of, new_id
from clients.cli.terms import AUTHORITIES, CHANGED, UNITS, USUAL, bucket_set

app = App(name="portfolio", help="Portfolios: what a client entrusts to us on the same terms.")

BASES = {"restated": cases.BASIS_RESTATED, "reported": cases.BASIS_REPORTED}
GRACE_DAYS_MAX = 366
"""As the contract says; a negative number could not even be sent."""


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
async def terms(
    portfolio: str,
    *,
    from_: Annotated[str, Parameter(name="--from")],
    zone: str = "",
    calendar: str = "",
    jurisdiction: str = "",
    buckets: str | None = None,
    bucket_version: str = "",
    balance: Literal["ours", "creditor"] | None = None,
    delinquency: Literal["ours", "creditor"] | None = None,
    grace_days: int | None = None,
    tolerance: str = "",
    source: Annotated[list[str] | None, Parameter(negative="")] = None,
    ask: Asking = ASKING,
) -> None:
    """Change the terms of a portfolio from a day on. What is not said stays as it is today; before that day the terms are what they were.

    Parameters
    ----------
    portfolio
        Id of the portfolio.
    from_
        The first day of these terms, e.g. 2026-04-01.
    zone
        IANA zone in which its days begin.
    calendar
        Holidays: ISO 3166, optionally with subdivision (ES, ES-MD).
    jurisdiction
        Law that governs the debts: ISO 3166, optionally with subdivision.
    buckets
        From best to worst, e.g. "current=..0,1-30=1..30,30+=31..", in the unit it always had; with --bucket-version.
    bucket_version
        Name of this version of the set, one that it never had.
    balance
        Whose word counts on the balance.
    delinquency
        Whose word counts on how late a case is.
    grace_days
        Days after the due date that never count.
    tolerance
        An unpaid amount up to which nobody is late, e.g. 5.00.
    source
        Ids of all sources through which its payments come; a promise is broken only when all have told everything.
    """
    if (buckets is None) != (not bucket_version):
        raise usage("Say --buckets and --bucket-version together.")
    if grace_days is not None and not 0 <= grace_days <= GRACE_DAYS_MAX:
        raise usage(f"--grace-days is not from 0 to {GRACE_DAYS_MAX}: {grace_days}")
    request = cases.ChangePortfolioTermsRequest(request_id=new_id(), portfolio_id=portfolio, effective_from=day(from_, "--from"))
    async with ask.doors() as doors:
        known = (await doors.cases.GetPortfolio(cases.GetPortfolioRequest(portfolio_id=portfolio))).portfolio
        # Whoever changed them since then is not undone: the version that was read is said.
        request.terms.CopyFrom(known.terms)
        request.etag = known.etag
        changed = request.terms
        changed.zone, changed.calendar = zone or changed.zone, calendar or changed.calendar
        changed.jurisdiction = jurisdiction or changed.jurisdiction
        if buckets is not None:
            unit = next(name for name, wire in UNITS.items() if wire == changed.bucket_set.unit)
            changed.bucket_set.CopyFrom(bucket_set(buckets, unit, bucket_version))
        if balance is not None:
            changed.balance_authority = AUTHORITIES[balance]
        if delinquency is not None:
            changed.delinquency_authority = AUTHORITIES[delinquency]
        if grace_days is not None:
            changed.delinquency_policy.grace_days = grace_days
        if tolerance:
            changed.delinquency_policy.tolerance_minor_units = amount_of(tolerance, changed.currency_code, "--tolerance").minor_units
        if source is not None:
            changed.payment_source_ids[:] = source
        if changed == known.terms:
            raise usage("Say what is another than it was, e.g. --grace-days.")
        answer = await doors.cases.ChangePortfolioTerms(request)
    ask.answer(answer, CHANGED[ask.lang].format(portfolio=known.name, day=from_))


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
