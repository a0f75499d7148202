"""Clients entrust portfolios on terms, which change from a day on and never behind it."""

from datetime import date
from uuid import UUID

import pytest

from services.cases.domain import client as clients
from services.cases.domain import portfolio as portfolios
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.client import Client, ClientIsRegisteredAlready, ClientIsUnknown
from services.cases.domain.portfolio import (
    BucketSetVersionIsTaken,
    BucketUnitMayNotChange,
    CurrencyMayNotChange,
    Portfolio,
    PortfolioIsUnknown,
    PortfolioTermsChanged,
)
from services.cases.domain.terms import Authority, PortfolioTerms
from services.kernel.facts import told
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import CYCLES, DAYS, NOON, a_client, a_portfolio, at, names, refused, terms


def test_a_client_is_registered_once() -> None:
    client = a_client()
    clients.register(client, "santa-clara", "Banco Santa Clara")
    assert names(client) == []
    with refused(ClientIsRegisteredAlready):
        clients.register(client, "santa-clara", "Another bank")


def test_a_portfolio_needs_its_client() -> None:
    portfolio = at(Portfolio.blank(UUID(int=9)), NOON)
    with refused(ClientIsUnknown):
        portfolios.open_portfolio(portfolio, Client.blank(UUID(int=8)), "cards", "Cards", terms())


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (terms(zone="Europe/Atlantis"), "terms.zone"),
        (terms(currency_code="eur"), "terms.currency_code"),
        (terms(calendar="Spain"), "terms.calendar"),
        (terms(jurisdiction=""), "terms.jurisdiction"),
        (terms(BucketSet("", BucketUnit.DAYS, DAYS.buckets)), "terms.bucket_set.version"),
        (terms(CYCLES, delinquency_authority=Authority.OURS), "terms.delinquency_authority"),
    ],
)
def test_terms_that_nobody_could_work_on_are_refused_by_field(broken: PortfolioTerms, field: str) -> None:
    portfolio = at(Portfolio.blank(UUID(int=9)), NOON)
    with refused(IsInvalid, field=field):
        portfolios.open_portfolio(portfolio, a_client(), "cards", "Cards", broken)
    assert names(portfolio) == []


def test_changed_terms_are_in_force_from_their_day_on() -> None:
    portfolio = a_portfolio(terms(DAYS))
    stricter = terms(BucketSet("days-2", BucketUnit.DAYS, (Bucket("ok", None, 0), Bucket("late", 1, None))))
    portfolios.change_terms(portfolio, stricter, date(2026, 4, 1))
    portfolios.change_terms(portfolio, stricter, date(2026, 4, 1))
    (changed,) = told(portfolio)
    assert isinstance(changed, PortfolioTermsChanged)
    assert portfolio.terms.at(date(2026, 3, 31)) == terms(DAYS)
    assert portfolio.terms.at(date(2026, 4, 1)) == stricter


def test_a_version_of_a_bucket_set_means_one_set_for_ever() -> None:
    portfolio = a_portfolio(terms(DAYS))
    other = BucketSet(DAYS.version, BucketUnit.DAYS, (Bucket("all", None, None),))
    with refused(BucketSetVersionIsTaken, version="days-1"):
        portfolios.change_terms(portfolio, terms(other), date(2026, 4, 1))


def test_currency_and_unit_stay() -> None:
    portfolio = a_portfolio(terms(DAYS))
    with refused(CurrencyMayNotChange):
        portfolios.change_terms(portfolio, terms(DAYS, currency_code="USD"), date(2026, 4, 1))
    with refused(BucketUnitMayNotChange):
        portfolios.change_terms(portfolio, terms(CYCLES), date(2026, 4, 1))
    with refused(PortfolioIsUnknown):
        portfolios.change_terms(at(Portfolio.blank(UUID(int=9)), NOON), terms(), date(2026, 4, 1))
