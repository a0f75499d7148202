"""Cases whose days late we count ourselves, made straight at the log: for what days going by, or late facts, bring about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from bench.calls import CURRENCY
from bench.serving import TENANT
from bench.writing import PRINCIPAL
from services.cases import application as verbs
from services.cases.application import CaseKey
from services.cases.domain.booking import DebtTerms
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.parties import Liability, Party, PartyRole
from services.cases.domain.registration import CaseTerms
from services.cases.domain.terms import Authority, PortfolioTerms
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.kernel.facts import Change
from services.kernel.money import Money


async def command(log: Log, request_id: str, change: Change[Any]) -> None:
    method = "acuerdo.cases.v1.Cases/RegisterCase"
    await log.run(Command(TENANT, PRINCIPAL, method, request_id, bytes(32), Actor("AGENT", "bench")), change)


async def a_portfolio(log: Log, ref: str, late: Sequence[Bucket]) -> tuple[UUID, UUID]:
    """Client and portfolio; `late`: its buckets after the first, which lasts until they begin."""
    client_id, portfolio_id = new_id(), new_id()
    await command(log, f"{ref}/client", verbs.register_client(client_id, ref, "Bench Bank"))
    first = late[0].from_
    assert first is not None
    terms = PortfolioTerms(
        zone="Europe/Madrid",
        calendar="ES",
        currency_code=CURRENCY,
        bucket_set=BucketSet("days-1", BucketUnit.DAYS, (Bucket("current", None, first - 1), *late)),
        balance_authority=Authority.OURS,
        delinquency_authority=Authority.OURS,
        jurisdiction="ES",
    )
    await command(log, f"{ref}/portfolio", verbs.open_portfolio(portfolio_id, client_id, ref, "Portfolio", terms))
    return client_id, portfolio_id


async def a_case(
    log: Log, of: tuple[UUID, UUID], ref: str, owed: Money, *, began_on: date | None = None, oldest_due_date: date | None = None
) -> CaseKey:
    """Open, with one debt. `of`: client and portfolio."""
    client_id, portfolio_id = of
    case_id = new_id()
    debt = DebtTerms("loan", "loan", (ComponentAmount(Component.PRINCIPAL, owed),), oldest_due_date)
    debtor = Party(case_id, PartyRole.DEBTOR, Liability.FULL)
    await command(log, ref, verbs.register_case(case_id, portfolio_id, client_id, CaseTerms(ref, "loan", (debtor,), (debt,), began_on)))
    return CaseKey(case_id, portfolio_id)
