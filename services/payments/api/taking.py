"""Taking payments in: one by one, or a whole chunk in one unit; what the source told before is told apart from what differs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.chassis.identity import Principal
from services.chassis.log.origins import Command
from services.chassis.log.units import ClaimedByAnother, Stored
from services.kernel.facts import Change
from services.kernel.refusal import Refusal
from services.payments.api.desk import Desk, may_see
from services.payments.application import receiving
from services.payments.application.receiving import PROVIDER_REF, reference_name
from services.payments.domain.ledger import AllocationLedger, stream_of
from services.payments.domain.noting import CaseBookIsUnknown
from services.payments.domain.payment import Payment, PaymentTerms, ReferenceIsOfAnotherPayment, suspense_of_reference, tells_the_same
from services.payments.domain.suspense import Suspense


@dataclass(frozen=True, slots=True)
class Taken:
    """A payment that is stored, now or before. `stored` is None where another request had stored it."""

    payment_id: UUID
    stored: Stored | None = None

    @property
    def is_repeated(self) -> bool:
        return self.stored is None or self.stored.is_repeated

    @property
    def position(self) -> int:
        return self.stored.position if self.stored else 0


class Taking(Desk):
    async def _take(self, who: Principal, origin: Command, terms: PaymentTerms) -> Taken:
        """One payment in a unit of its own."""
        case_id = await self._case_of(who, terms)
        try:
            stored = await self._log.run(origin, *receiving.record_payment(who.tenant_id, self._new_id(), terms, case_id))
        except ClaimedByAnother as claimed:
            return await self._told_before(who, claimed.holder, terms)
        return Taken(stored.streams[0].stream_id, stored)

    async def _take_all(self, who: Principal, origin: Command, all_terms: Sequence[PaymentTerms]) -> list[Taken | Refusal] | None:
        """All in one unit; what the source has told before is looked up. None where the unit as a whole was refused: take them singly."""
        names = [reference_name(terms.source_id, terms.provider_ref) for terms in all_terms]
        known = await self._log.claimed(who.tenant_id, PROVIDER_REF, names)
        if len(set(names)) < len(names):
            return None
        came: list[Taken | Refusal | None] = [None] * len(all_terms)
        new = [place for place, name in enumerate(names) if name not in known]
        case_ids = await self._cases_of(who, [all_terms[place] for place in new])
        changes: list[Change[Any]] = []
        in_unit = []
        for place, case_id in zip(new, case_ids, strict=True):
            if isinstance(case_id, Refusal):
                came[place] = case_id
                continue
            in_unit.append(place)
            changes += receiving.record_payment(who.tenant_id, self._new_id(), all_terms[place], case_id)
        if changes:
            try:
                stored = await self._log.run(origin, *changes)
            except (Refusal, ClaimedByAnother):
                return None
            for nth, place in enumerate(in_unit):
                came[place] = Taken(stored.streams[2 * nth].stream_id, stored)
        for place, name in enumerate(names):
            if name in known:
                came[place] = await self._told_before_or_refusal(who, known[name], all_terms[place])
        return [each for each in came if each is not None]

    async def _case_of(self, who: Principal, terms: PaymentTerms) -> UUID | None:
        """The case it names, or the one that its reference is known to be of."""
        case_id = terms.case_id
        if case_id is None and terms.client_id is not None and terms.external_ref:
            if not may_see(who, terms.client_id):
                raise CaseBookIsUnknown
            named = await self._log.recall(Suspense, suspense_of_reference(terms.client_id, terms.external_ref), who.tenant_id)
            case_id = named.case_id
        if case_id is not None and who.scope.client_ids is not None:
            ledger = await self._log.recall(AllocationLedger, stream_of(case_id), who.tenant_id)
            if ledger.book is None or not may_see(who, ledger.book.traits.client_id):
                raise CaseBookIsUnknown
        return case_id

    async def _cases_of(self, who: Principal, all_terms: Sequence[PaymentTerms]) -> Sequence[UUID | Refusal | None]:
        """Looked up together, where anything must be looked up."""
        if who.scope.client_ids is None and all(terms.case_id is not None for terms in all_terms):
            return [terms.case_id for terms in all_terms]
        return await asyncio.gather(*(self._case_or_refusal(who, terms) for terms in all_terms))

    async def _case_or_refusal(self, who: Principal, terms: PaymentTerms) -> UUID | Refusal | None:
        try:
            return await self._case_of(who, terms)
        except Refusal as refusal:
            return refusal

    async def _told_before(self, who: Principal, holder: UUID, terms: PaymentTerms) -> Taken:
        known = await self._log.load(Payment, holder, who.tenant_id)
        if not tells_the_same(known.terms, terms):
            raise ReferenceIsOfAnotherPayment(provider_ref=terms.provider_ref)
        return Taken(holder)

    async def _told_before_or_refusal(self, who: Principal, holder: UUID, terms: PaymentTerms) -> Taken | Refusal:
        try:
            return await self._told_before(who, holder, terms)
        except Refusal as refusal:
            return refusal
