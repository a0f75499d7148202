"""The verbs of clients, portfolios and batches: which stream decides, what it looks at, and which name it claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from services.cases.application.naming import batch_name, client_name, portfolio_name
from services.cases.domain import (
    batch,
    client,
    portfolio,
)
from services.cases.domain.batch import Batch, ControlTotals, ReceivedRow
from services.cases.domain.client import Client
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.terms import PortfolioTerms
from services.kernel.facts import Change


def register_client(client_id: UUID, external_ref: str, name: str) -> Change[Client]:
    return Change(
        Client,
        client_id,
        partial(client.register, external_ref=external_ref, name=name),
        claims=(client_name(external_ref),),
    )


def open_portfolio(portfolio_id: UUID, client_id: UUID, external_ref: str, name: str, terms: PortfolioTerms) -> Change[Portfolio]:
    return Change(
        Portfolio,
        portfolio_id,
        partial(portfolio.open_portfolio, external_ref=external_ref, name=name, terms=terms),
        given=((Client, client_id),),
        claims=(portfolio_name(client_id, external_ref),),
    )


def change_portfolio_terms(portfolio_id: UUID, terms: PortfolioTerms, effective_from: date) -> Change[Portfolio]:
    return Change(Portfolio, portfolio_id, partial(portfolio.change_terms, terms=terms, effective_from=effective_from))


def receive_batch(batch_id: UUID, portfolio_id: UUID, external_ref: str, declared: ControlTotals) -> Change[Batch]:
    return Change(
        Batch,
        batch_id,
        partial(batch.receive, external_ref=external_ref, declared=declared),
        given=((Portfolio, portfolio_id),),
        claims=(batch_name(portfolio_id, external_ref),),
    )


def record_batch_rows(batch_id: UUID, chunk: str, rows: Sequence[ReceivedRow]) -> Change[Batch]:
    return Change(Batch, batch_id, partial(batch.record_rows, chunk=chunk, rows=tuple(rows)))


def release_batch(batch_id: UUID) -> Change[Batch]:
    return Change(Batch, batch_id, batch.release)


def reject_batch(batch_id: UUID, reason_code: str) -> Change[Batch]:
    return Change(Batch, batch_id, partial(batch.reject, reason_code=reason_code))


def record_batch_opened(batch_id: UUID, done: int) -> Change[Batch]:
    return Change(Batch, batch_id, partial(batch.record_opened, done=done))
