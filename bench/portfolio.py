"""A portfolio with cases to measure on, put in through the API of a running service."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import grpc.aio
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1.service_pb2_grpc import CasesStub
from acuerdo.common.v1.types_pb2 import Money

from bench.calls import CURRENCY, Target

AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Portfolio:
    portfolio_id: str
    targets: Sequence[Target]


async def portfolio(address: str, token: str, cases: int, authority: types.Authority = types.AUTHORITY_OURS) -> Portfolio:
    """A client, its portfolio, and open cases in it, each owing on one debt."""
    metadata = (("authorization", f"Bearer {token}"),)
    key = uuid4().hex[:8]
    async with grpc.aio.insecure_channel(address) as channel:
        stub = CasesStub(channel)
        client = await stub.RegisterClient(
            pb.RegisterClientRequest(request_id=f"{key}/client", external_ref=key, name="Bench Bank"), metadata=metadata
        )
        opened = await stub.OpenPortfolio(
            pb.OpenPortfolioRequest(
                request_id=f"{key}/portfolio", client_id=client.client_id, external_ref=key, name="Portfolio", terms=terms(authority)
            ),
            metadata=metadata,
        )
        one_of_few = asyncio.Semaphore(AT_ONCE)

        async def register(number: int) -> Target:
            ref = f"{key}-{number}"
            request = pb.RegisterCaseRequest(request_id=ref, portfolio_id=opened.portfolio_id, external_ref=ref, product="credit_card")
            request.parties.append(party())
            request.debts.append(debt(ref))
            async with one_of_few:
                answer = await stub.RegisterCase(request, metadata=metadata)
                found = await stub.GetCase(pb.GetCaseRequest(case_id=answer.case_id), metadata=metadata)
            return Target(answer.case_id, found.case.debts[0].debt_id, opened.portfolio_id)

        return Portfolio(opened.portfolio_id, await asyncio.gather(*(register(number) for number in range(cases))))


def terms(authority: types.Authority = types.AUTHORITY_OURS) -> types.PortfolioTerms:
    """Balances by `authority`, cycles as the creditor declares them."""
    late = types.Bucket(name="1+")
    setattr(late, "from", 1)  # a word of Python's own
    buckets = types.BucketSet(version="cycles-1", unit=types.BUCKET_UNIT_CYCLES, buckets=[types.Bucket(name="current", to=0), late])
    return types.PortfolioTerms(
        zone="Europe/Madrid",
        calendar="ES",
        currency_code=CURRENCY,
        bucket_set=buckets,
        balance_authority=authority,
        delinquency_authority=types.AUTHORITY_CREDITOR,
        jurisdiction="ES",
    )


def party() -> types.Party:
    return types.Party(person_id=str(uuid4()), role=types.PARTY_ROLE_DEBTOR, liability=types.LIABILITY_FULL)


def debt(external_ref: str) -> types.Debt:
    principal = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=Money(currency_code=CURRENCY, minor_units=100_000))
    return types.Debt(external_ref=external_ref, product="credit_card", components=[principal])
