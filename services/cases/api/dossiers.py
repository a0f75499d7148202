"""Asked: what is known of a debtor. Sealed before the case is asked, opened for a reader only after the reading is recorded."""

from __future__ import annotations

import asyncio
from uuid import UUID

from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases import application
from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.domain.dossier import Confidence, KnownFact, Learnt
from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.chassis.seal.subjects import Subject
from services.kernel import ids


class Dossiers(Desk):
    async def RecordFact(self, request: pb.RecordFactRequest, context: Context) -> pb.RecordFactResponse:
        who = words.caller(context)
        key = await self._key(who, request.case_id)
        origin = self._asked_by(context, request)
        fact_id = ids.derived(origin.id, "fact")
        subject_id = words.uuid_or_none(request.subject_id, "subject_id") or await self._debtor(who, request.case_id)
        value = await self._seals.seal(Subject(who.tenant_id, subject_id), key.case_id, sealed_field(fact_id), request.value)
        change = application.record_fact(
            key,
            fact_id,
            request.key,
            value,
            request.source,
            wire.member(Confidence, types.Confidence, request.confidence),
            words.uuid_or_none(request.supersedes_fact_id, "supersedes_fact_id"),
            Learnt(
                interaction_id=words.uuid_or_none(request.interaction_id, "interaction_id"),
                valid_through=words.day_or_none(request, "valid_through"),
            ),
        )
        stored = await self._log.run(origin, change)
        return pb.RecordFactResponse(receipt=words.receipt(stored), fact_id=str(fact_id))

    async def _debtor(self, who: Principal, case_id: str) -> UUID:
        return (await self._case(who, case_id)).parties.debtors()[0].person_id

    async def RetractFact(self, request: pb.RetractFactRequest, context: Context) -> pb.RetractFactResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = application.retract_fact(key, words.uuid(request.fact_id, "fact_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RetractFactResponse(receipt=words.receipt(stored))

    async def ListFacts(self, request: pb.ListFactsRequest, context: Context) -> pb.ListFactsResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        facts = [fact for fact in case.dossier.facts.values() if (request.with_history or fact.stands) and request.key in ("", fact.key)]
        fields = sorted({fact.key for fact in facts})
        reading = application.record_access(case.id, who.subject, request.purpose, fields)
        await self._log.run(self._asked_by(context, request), reading)
        return pb.ListFactsResponse(facts=await asyncio.gather(*(self._in_clear(who.tenant_id, case.id, fact) for fact in facts)))

    async def _in_clear(self, tenant_id: str, case_id: UUID, fact: KnownFact) -> pb.FactInClear:
        value = await self._seals.open(tenant_id, case_id, sealed_field(fact.id), fact.value)
        return pb.FactInClear(
            fact_id=str(fact.id),
            key=fact.key,
            value=value or "",
            is_erased=value is None,
            source=fact.source,
            confidence=wire.wire_value(fact.confidence, types.Confidence),
            occurred_at=words.timestamp(fact.occurred_at),
            superseded_by=str(fact.superseded_by) if fact.superseded_by else "",
            is_retracted=fact.is_retracted,
        )


def sealed_field(fact_id: UUID) -> str:
    """Where the value belongs: it cannot be moved to another fact."""
    return f"facts.{fact_id}"
