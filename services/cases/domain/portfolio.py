"""Portfolios (carteras): what a client entrusts, and the versions of the terms on which it does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from services.cases.domain import evidence
from services.cases.domain import terms as words
from services.cases.domain.client import Client, ClientIsUnknown
from services.cases.domain.evidence import Evidence
from services.cases.domain.terms import PortfolioTerms, TermsInForce
from services.kernel.facts import Due, Fact, Stream
from services.kernel.refusal import AlreadyExists, IsInvalid, IsUnknown, Refusal

TERMS_VERSIONS_MAX = 200

# What happened ---------------------------------------------------------------


class PortfolioOpened(Fact):
    client_id: UUID
    external_ref: str
    name: str
    terms: PortfolioTerms

    def apply(self, portfolio: Portfolio) -> None:
        portfolio.client_id = self.client_id
        portfolio.external_ref = self.external_ref
        portfolio.name = self.name
        portfolio.terms.versions.append((date.min, self.terms))


class PortfolioTermsChanged(Fact):
    terms: PortfolioTerms
    effective_from: date

    def apply(self, portfolio: Portfolio) -> None:
        portfolio.terms.versions.append((self.effective_from, self.terms))


# Where it stands -------------------------------------------------------------


class Portfolio(Stream):
    begins_with = ("PortfolioOpened",)

    def __init__(self) -> None:
        self.client_id = UUID(int=0)
        self.external_ref = ""
        self.name = ""
        self.terms = TermsInForce()
        self.evidence = Evidence()

    def due(self) -> Iterable[Due]:
        return evidence.due(self) if self.exists else ()

    def must_exist(self) -> None:
        if not self.exists:
            raise PortfolioIsUnknown


# What may be decided ---------------------------------------------------------


class PortfolioIsUnknown(IsUnknown):
    """There is no such portfolio, or none that the caller may see."""


class PortfolioIsOpenAlready(AlreadyExists):
    """The portfolio is open already, under another reference or on other terms."""


class BucketSetVersionIsTaken(Refusal):
    """A bucket set of this version with other buckets has been in force before: a changed set needs a new version."""


class CurrencyMayNotChange(Refusal):
    """The debts of a portfolio keep their currency: another currency is another portfolio."""


class BucketUnitMayNotChange(Refusal):
    """What was declared in days cannot be read in cycles, nor the other way round: another unit is another portfolio."""


class PortfolioHasTooManyTerms(Refusal):
    """The portfolio's terms have changed as often as they may."""


def open_portfolio(portfolio: Portfolio, client: Client, external_ref: str, name: str, terms: PortfolioTerms) -> None:
    if not client.exists:
        raise ClientIsUnknown
    if portfolio.exists:
        opened_as = (portfolio.client_id, portfolio.external_ref, portfolio.name, portfolio.terms.versions[0][1])
        if opened_as == (client.id, external_ref, name, terms):
            return
        raise PortfolioIsOpenAlready(external_ref=portfolio.external_ref)
    for field, value in (("external_ref", external_ref), ("name", name)):
        if not value.strip():
            raise IsInvalid(field, "must not be empty")
    words.check(terms)
    portfolio.tell(PortfolioOpened(**portfolio.next(), client_id=client.id, external_ref=external_ref, name=name, terms=terms))


def change_terms(portfolio: Portfolio, terms: PortfolioTerms, effective_from: date) -> None:
    """What came before `effective_from` keeps the terms it had. The same terms again: told once."""
    portfolio.must_exist()
    words.check(terms)
    versions = portfolio.terms.versions
    if versions[-1] == (effective_from, terms) or (versions[-1][0] <= effective_from and versions[-1][1] == terms):
        return
    if terms.currency_code != versions[0][1].currency_code:
        raise CurrencyMayNotChange(currency_code=versions[0][1].currency_code)
    if terms.bucket_set.unit is not versions[0][1].bucket_set.unit:
        raise BucketUnitMayNotChange(unit=versions[0][1].bucket_set.unit.name)
    for _, earlier in versions:
        if earlier.bucket_set.version == terms.bucket_set.version and earlier.bucket_set != terms.bucket_set:
            raise BucketSetVersionIsTaken(version=terms.bucket_set.version)
    if len(versions) >= TERMS_VERSIONS_MAX:
        raise PortfolioHasTooManyTerms(versions=len(versions))
    portfolio.tell(PortfolioTermsChanged(**portfolio.next(), terms=terms, effective_from=effective_from))
