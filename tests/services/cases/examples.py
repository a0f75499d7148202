"""Named examples that the tests of cases speak of: a client, a portfolio in cycles and one in days, a case that owes 1,000.00."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

import pytest

from services.cases.domain import client as clients
from services.cases.domain import portfolio as portfolios
from services.cases.domain.booking import DebtTerms
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.case import Case, open_case
from services.cases.domain.client import Client
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.parties import Liability, Party, PartyRole
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.registration import CaseTerms, register
from services.cases.domain.terms import Authority, PortfolioTerms
from services.kernel.facts import Fact, Stream, told
from services.kernel.ids import derived
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from services.kernel.sealed import Sealed

S = TypeVar("S", bound=Stream)

NOON = datetime(2026, 3, 31, 10, tzinfo=UTC)
TODAY = date(2026, 3, 31)
THE_CLIENT = UUID(int=1)
THE_PORTFOLIO = UUID(int=2)
THE_BATCH = UUID(int=3)
THE_CASE = UUID(int=4)
THE_DEBTOR = UUID(int=5)
A_GUARANTOR = UUID(int=6)
THE_DEBT = derived(THE_CASE, "debt", 0)

CYCLES = BucketSet(
    "cycles-1",
    BucketUnit.CYCLES,
    (Bucket("current", None, 0), Bucket("1", 1, 1), Bucket("2", 2, 2), Bucket("3", 3, 3), Bucket("4+", 4, None)),
)
DAYS = BucketSet(
    "days-1",
    BucketUnit.DAYS,
    (Bucket("current", None, 0), Bucket("1-30", 1, 30), Bucket("31-60", 31, 60), Bucket("61+", 61, None)),
)


def terms(bucket_set: BucketSet = CYCLES, **other: Any) -> PortfolioTerms:
    usual: dict[str, Any] = {
        "zone": "Europe/Madrid",
        "calendar": "ES",
        "currency_code": "EUR",
        "bucket_set": bucket_set,
        "balance_authority": Authority.CREDITOR,
        "delinquency_authority": Authority.CREDITOR,
        "jurisdiction": "ES",
    }
    return PortfolioTerms(**{**usual, **other})


def eur(amount: int) -> Money:
    """Whole euros."""
    return Money("EUR", amount * 100)


def principal(amount: int) -> ComponentAmount:
    return ComponentAmount(Component.PRINCIPAL, eur(amount))


def interest(amount: int) -> ComponentAmount:
    return ComponentAmount(Component.INTEREST, eur(amount))


def a_debt(*components: ComponentAmount, ref: str = "card-1", oldest_due_date: date | None = None) -> DebtTerms:
    return DebtTerms(ref, "credit_card", components or (principal(1_000),), oldest_due_date)


def the_debtor(role: PartyRole = PartyRole.DEBTOR) -> Party:
    return Party(THE_DEBTOR, role, Liability.FULL)


def a_row(**other: Any) -> CaseTerms:
    usual: dict[str, Any] = {
        "external_ref": "ref-1",
        "product": "credit_card",
        "parties": (the_debtor(),),
        "debts": (a_debt(),),
        "value_date": date(2026, 1, 1),
    }
    return CaseTerms(**{**usual, **other})


def sealed(words: str) -> Sealed:
    return Sealed(THE_DEBTOR, 1, bytes(12), words.encode())


def at(stream: S, now: datetime) -> S:
    """The stream, deciding at that instant."""
    stream.now = stream.happened_at = now
    return stream


def stored(stream: S) -> S:
    """The stream as if what it told had been stored: what is told from here on is what the test is about."""
    stream.pending_events.clear()
    return stream


def again(stream: S, facts: list[Fact]) -> S:
    """Another stream of the same kind, folded from the facts."""
    folded = type(stream).blank(stream.id)
    for fact in facts:
        fact.mutate(folded)
    return at(folded, stream.now)


def a_client() -> Client:
    client = at(Client.blank(THE_CLIENT), NOON)
    clients.register(client, "santa-clara", "Banco Santa Clara")
    return stored(client)


def a_portfolio(of: PortfolioTerms | None = None) -> Portfolio:
    portfolio = at(Portfolio.blank(THE_PORTFOLIO), NOON)
    portfolios.open_portfolio(portfolio, a_client(), "cards-2026", "Cards", of or terms())
    return stored(portfolio)


def a_registered_case(of: PortfolioTerms | None = None, now: datetime = NOON, **row: Any) -> Case:
    case = at(Case.blank(THE_CASE), now)
    register(case, a_portfolio(of), a_row(**row))
    return stored(case)


def an_open_case(of: PortfolioTerms | None = None, now: datetime = NOON, **row: Any) -> Case:
    case = a_registered_case(of, now, **row)
    open_case(case, "REGISTERED")
    return stored(case)


def names(stream: Stream) -> list[str]:
    """What was told, by name."""
    return [type(fact).__name__ for fact in told(stream)]


@contextmanager
def refused(rule: type[Refusal], **facts: object) -> Iterator[None]:
    """The rule refuses, and says these facts."""
    with pytest.raises(rule) as raised:
        yield
    assert type(raised.value) is rule
    assert raised.value.facts.items() >= {name: str(value) for name, value in facts.items()}.items()
