"""What cases tells, as a listener gets it, taken in through a real log: one batch for each call, with the position it moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import EventMeta, Money
from google.protobuf.message import Message
from google.type.date_pb2 import Date

from services.chassis.heard import Heard
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardFact, HeardUpTo
from services.kernel.ids import derived
from services.strategy.reactions import REACTIONS
from tests.services.strategy.examples import NOON, THE_CASE, THE_CLIENT, THE_DEBT, THE_PORTFOLIO, THE_TENANT

FOLLOWER = "strategy.cases"


def twd(minor_units: int) -> Money:
    return Money(currency_code="TWD", minor_units=minor_units)


def principal(minor_units: int) -> types.ComponentAmount:
    return types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=twd(minor_units))


def terms(authority: types.Authority = types.AUTHORITY_CREDITOR) -> types.PortfolioTerms:
    return types.PortfolioTerms(zone="Asia/Taipei", currency_code="TWD", balance_authority=authority)


def day(day_of_march: int) -> Date:
    return Date(year=2026, month=3, day=day_of_march)


def registered(authority: types.Authority = types.AUTHORITY_CREDITOR) -> cases.CaseRegistered:
    return cases.CaseRegistered(client_id=THE_CLIENT.bytes, portfolio_id=THE_PORTFOLIO.bytes, external_ref="c-1", terms=terms(authority))


def attached(minor_units: int, debt_id: UUID = THE_DEBT) -> cases.DebtAttached:
    return cases.DebtAttached(debt_id=debt_id.bytes, external_ref="card", components=[principal(minor_units)], value_date=day(1))


def adjusted(minor_units: int) -> cases.DebtBalanceAdjusted:
    return cases.DebtBalanceAdjusted(debt_id=THE_DEBT.bytes, deltas=[principal(minor_units)], value_date=day(2))


def bucket(from_: str, to: str) -> cases.BucketChanged:
    return cases.BucketChanged(**{"from": from_, "to": to})


def reported(minor_units: int, day_of_march: int) -> cases.BalanceReported:
    return cases.BalanceReported(as_of=day(day_of_march), theirs=twd(minor_units), ours=twd(0))


def paid(minor_units: int, debt_id: UUID = THE_DEBT) -> cases.PaymentLine:
    return cases.PaymentLine(debt_id=debt_id.bytes, component=types.COMPONENT_PRINCIPAL, amount=twd(minor_units))


class Hearing:
    """The listener's position in one partition, moved with what came of the facts."""

    def __init__(self, log: Log) -> None:
        self._log, self.position = log, 0

    async def hear(
        self, *facts: tuple[int, Message], case_id: UUID = THE_CASE, occurred_at: datetime = NOON, is_history: bool = False
    ) -> None:
        """(version of the case, its fact) …"""
        heard = [self._heard(case_id, version, fact, place, occurred_at) for place, (version, fact) in enumerate(facts, start=1)]
        await self.take_in([replace(one, is_history=is_history) for one in heard])

    async def take_in(self, heard: Sequence[Heard[Any]]) -> None:
        decisions = [
            (
                HeardFact(FOLLOWER, one.tenant_id, one.origin, derived("correlation", 1), NOON),
                list(REACTIONS["cases"][type(one.fact)](one)),
            )
            for one in heard
        ]
        to = heard[-1].position
        await self._log.run_heard(HeardUpTo(FOLLOWER, "cases", 1, 0, self.position, to), decisions)
        self.position = to

    def _heard(self, case_id: UUID, version: int, fact: Message, place: int, occurred_at: datetime) -> Heard[Any]:
        meta = EventMeta(tenant_id=THE_TENANT, stream_id=case_id.bytes, version=version)
        return Heard(fact, meta, self.position + place, occurred_at)
