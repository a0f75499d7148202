"""What cases tells, as a listener gets it, taken in through a real log: one unit for each fact, with the position it moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1.holds_pb2 import HoldKind, HoldScope
from acuerdo.common.v1.types_pb2 import EventMeta, Money
from google.protobuf.message import Message
from google.type.date_pb2 import Date

from services.chassis.heard import Heard, Looking, Reactions
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardFact, HeardUpTo
from services.contacts.reactions import reactions
from services.kernel.ids import derived
from tests.services.contacts.people_service import TENANT

FOLLOWER = "contacts.cases"
OF_CASES = reactions(b"l" * 32)["cases"]
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
THE_CASE, THE_CLIENT, THE_PORTFOLIO, THE_DEBT = (UUID(int=10 + number) for number in range(4))


class Hearing:
    """The listener's position in one partition, moved with what came of the facts."""

    def __init__(self, log: Log, table: Reactions = OF_CASES, follower: str = FOLLOWER) -> None:
        self._log, self._table, self._follower, self.position = log, table, follower, 0
        self._versions: dict[UUID, int] = {}

    async def hear(self, *facts: Message, of: UUID = THE_CASE, at: datetime = NOON) -> None:
        """One after the other, as the next facts of a stream."""
        for fact in facts:
            self._versions[of] = self._versions.get(of, 0) + 1
            meta = EventMeta(tenant_id=TENANT, stream_id=of.bytes, version=self._versions[of])
            await self.take_in([Heard(fact, meta, self.position + 1, at)])

    async def take_in(self, heard: Sequence[Heard[Any]]) -> None:
        """The same facts may be heard again: what they told is told once."""
        decisions = []
        for one in heard:
            reaction = self._table[type(one.fact)]
            changes = await reaction.react(one, partial(_look, self._log)) if isinstance(reaction, Looking) else reaction(one)
            decisions.append((HeardFact(self._follower, one.tenant_id, one.origin, derived("correlation", 1), NOON), list(changes)))
        to = self.position + 1
        await self._log.run_heard(HeardUpTo(self._follower, "cases", 1, 0, self.position, to), decisions)
        self.position = to


async def _look(log: Log, stream: Any, stream_id: UUID) -> Any:
    return await log.load(stream, stream_id, TENANT)


# Facts of cases ---------------------------------------------------------------------------------------------------------


def on(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def terms(zone: str = "Europe/Madrid") -> types.PortfolioTerms:
    return types.PortfolioTerms(zone=zone, calendar="ES", currency_code="EUR", jurisdiction="ES")


def registered(client_id: UUID = THE_CLIENT, external_ref: str = "ref-1") -> cases.CaseRegistered:
    return cases.CaseRegistered(
        client_id=client_id.bytes, portfolio_id=THE_PORTFOLIO.bytes, external_ref=external_ref, terms=terms(), jurisdiction="ES"
    )


def party(person_id: UUID | str, role: types.PartyRole = types.PARTY_ROLE_DEBTOR) -> cases.PartyAdded:
    return cases.PartyAdded(person_id=UUID(str(person_id)).bytes, role=role, liability=types.LIABILITY_FULL)


def debt(debt_id: UUID = THE_DEBT) -> cases.DebtAttached:
    amount = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=Money(currency_code="EUR", minor_units=1))
    return cases.DebtAttached(debt_id=debt_id.bytes, external_ref="card", product="card", components=[amount])


def placed(hold_id: UUID, from_: date, through: date | None = None, scopes: Sequence[str] = ("CONTACT",), **of: Any) -> cases.HoldPlaced:
    return cases.HoldPlaced(
        hold_id=hold_id.bytes,
        kind=HoldKind.Value("HOLD_KIND_DISPUTE"),
        scopes=[HoldScope.Value(f"HOLD_SCOPE_{scope}") for scope in scopes],
        through=on(through) if through else None,
        reason_code="DISPUTED",
        **{"from": on(from_), **of},
    )
