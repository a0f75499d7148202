"""The desk that every part of the api works at: the log, who asks, and how what is asked for is found within what the caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from acuerdo.common.v1.access_pb2 import Role

from services.cases.application import CaseKey
from services.cases.domain.batch import Batch, BatchIsUnknown
from services.cases.domain.case import Case, CaseIsUnknown
from services.cases.domain.client import Client, ClientIsUnknown
from services.cases.domain.portfolio import Portfolio, PortfolioIsUnknown
from services.cases.views import CaseTables
from services.chassis.clock import Clock
from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.rpc import words
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.chassis.seal.seals import Seals
from services.chassis.seal.subjects import Subject
from services.kernel.ids import NewId
from services.kernel.refusal import IsInvalid
from services.kernel.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Moment:
    """A case as it was known at an instant, and the day that is asked about."""

    case: Case
    as_of: date
    known_at: datetime


class Desk:
    def __init__(self, log: Log, tables: CaseTables, seals: Seals, clock: Clock, new_id: NewId, asked_by: AskedBy, pages: Pages) -> None:
        self._log, self._tables, self._seals = log, tables, seals
        self._clock, self._new_id = clock, new_id
        self._asked_by, self._pages = asked_by, pages

    async def _client(self, who: Principal, client_id: str) -> Client:
        client = await self._log.load(Client, words.uuid(client_id, "client_id"), who.tenant_id)
        if not client.exists or not who.may_see_client(client.id):
            raise ClientIsUnknown
        return client

    async def _portfolio(self, who: Principal, portfolio_id: str) -> Portfolio:
        portfolio = await self._log.load(Portfolio, words.uuid(portfolio_id, "portfolio_id"), who.tenant_id)
        if not portfolio.exists or not who.may_see_client(portfolio.client_id):
            raise PortfolioIsUnknown
        return portfolio

    async def _batch(self, who: Principal, batch_id: str) -> Batch:
        batch = await self._log.load(Batch, words.uuid(batch_id, "batch_id"), who.tenant_id)
        if not batch.exists or not who.may_see_client(batch.client_id):
            raise BatchIsUnknown
        return batch

    async def _case(self, who: Principal, case_id: str) -> Case:
        case = await self._log.load(Case, words.uuid(case_id, "case_id"), who.tenant_id)
        return seen(who, case)

    async def _key(self, who: Principal, case_id: str) -> CaseKey:
        """Of a case that the caller may see: whose terms it decides on."""
        case = seen(who, await self._log.recall(Case, words.uuid(case_id, "case_id"), who.tenant_id))
        return CaseKey(case.id, case.portfolio_id)

    async def _portfolio_key(self, who: Principal, portfolio_id: str) -> Portfolio:
        """For whose it is, and nothing else: its terms may be older than those in force."""
        portfolio = await self._log.recall(Portfolio, words.uuid(portfolio_id, "portfolio_id"), who.tenant_id)
        if not portfolio.exists or not who.may_see_client(portfolio.client_id):
            raise PortfolioIsUnknown
        return portfolio

    def _key_of(self, case: Case) -> CaseKey:
        return CaseKey(case.id, case.portfolio_id)

    def _person(self, case: Case, person_id: str) -> UUID:
        """Whom it is about; where nobody is named, the case's debtor."""
        return words.uuid_or_none(person_id, "person_id") or case.parties.debtors()[0].person_id

    async def _sealed(self, who: Principal, case: Case, person_id: UUID, field: str, text: str) -> Sealed | None:
        """Under the person's key, bound to its place on the case; None where nothing was said."""
        return await self._seals.seal(Subject(who.tenant_id, person_id), case.id, field, text) if text else None

    async def _moment(self, who: Principal, request: Any) -> Moment:
        now, known_at = self._clock.now(), words.instant_or_none(request, "as_known_at")
        if known_at is None:
            case = await self._case(who, request.case_id)
        else:
            case = seen(who, await self._log.fold(Case, words.uuid(request.case_id, "case_id"), who.tenant_id, known_at))
        return self._at(case, request, now)

    def _at(self, case: Case, request: Any, now: datetime) -> Moment:
        """The day and the instant that the request speaks of; `now`: when the case was looked up."""
        known_at = words.instant_or_none(request, "as_known_at")
        instant = now if known_at is None else min(known_at, now)
        asked = words.day_or_none(request, "as_of") if "as_of" in request.DESCRIPTOR.fields_by_name else None
        return Moment(case, asked or case.terms.today(instant), instant)

    async def _portfolio_of(self, who: Principal, portfolio_id: UUID) -> Portfolio:
        return await self._log.load(Portfolio, portfolio_id, who.tenant_id)

    async def _portfolio_as_known(self, who: Principal, portfolio_id: UUID, known_at: datetime | None) -> Portfolio:
        if known_at is None:
            return await self._portfolio_of(who, portfolio_id)
        return await self._log.fold(Portfolio, portfolio_id, who.tenant_id, known_at)

    async def _must_be_reached(self, min_position: int) -> None:
        """A caller has it from a receipt: what lies beyond the log will not come."""
        if min_position > await self._tables.known_position() and min_position > (await self._log.head()).position:
            raise IsInvalid("min_position", "is a position that the log has not reached")


def roles_of(who: Principal) -> frozenset[str]:
    """As the domain's rules name them."""
    return frozenset(Role.Name(role).removeprefix("ROLE_").lower() for role in who.roles)


def seen(who: Principal, case: Case) -> Case:
    if not case.exists or not who.may_see_client(case.client_id):
        raise CaseIsUnknown
    return case
