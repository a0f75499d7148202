"""Asked: a case's dossier, opened for a reader who says why after that is recorded; and who has read what, for auditors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from acuerdo.cases.v1 import dossier_pb2 as pb
from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import types_pb2 as types

from services.cases import application
from services.cases.api import wire
from services.cases.api.complaints import answer_field, complaint_field, question_field
from services.cases.api.desk import Desk
from services.cases.api.disputes import statement_field
from services.cases.api.dossiers import sealed_field
from services.cases.domain import access
from services.cases.domain.case import Case
from services.cases.domain.dossier import Confidence, Entry, KnownFact
from services.chassis.rpc import Context, words
from services.kernel.sealed import Sealed


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said in a dispute, a complaint or a query: read as a fact of the dossier is."""

    key: str
    id: UUID
    field: str
    value: Sealed
    source: str
    at: datetime


class Readings(Desk):
    async def GetDossier(self, request: pb.GetDossierRequest, context: Context) -> pb.GetDossierResponse:
        who = words.caller(context)
        at = await self._moment(who, request)
        entries, said = at.case.dossier.entries(at.as_of), list(_said(at.case))
        shown = [entry for entry in entries if entry.valid or request.with_history]
        fields = sorted({*(entry.key for entry in shown), *(each.key for each in said)})
        reading = application.record_access(at.case.id, who.subject, request.purpose, fields)
        await self._log.run(self._asked_by(context, request), reading)
        opened = [self._entry(who.tenant_id, at.case.id, entry, request.with_history) for entry in shown]
        return pb.GetDossierResponse(
            entries=[
                *await asyncio.gather(*opened),
                *await asyncio.gather(*(self._said(who.tenant_id, at.case.id, each) for each in said)),
            ],
            as_known_at=words.timestamp(at.known_at),
        )

    async def ListReadings(self, request: pb.ListReadingsRequest, context: Context) -> pb.ListReadingsResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        cursor, size = self._pages.after(request), self._pages.size(request)
        after = int(cursor[0]) if cursor else 0
        records = await self._log.read_stream(access.stream_of(case.id), who.tenant_id)
        found = [record for record in records if record.version > after][: size + 1]
        return pb.ListReadingsResponse(
            readings=[_wire_reading(told.CaseEvent.FromString(record.event)) for record in found[:size]],
            next_page_token=self._pages.token((found[size - 1].version,), request) if len(found) > size else "",
        )

    async def _entry(self, tenant_id: str, case_id: UUID, entry: Entry, with_history: bool) -> pb.DossierEntry:
        valid = await asyncio.gather(*(self._opened(tenant_id, case_id, fact) for fact in entry.valid))
        past = await asyncio.gather(*(self._opened(tenant_id, case_id, fact) for fact in entry.past if with_history))
        return pb.DossierEntry(
            key=entry.key,
            counts=valid[0] if valid else None,
            # What says the same does not contradict, and of what was erased nobody can tell.
            contradictions=[fact for fact in valid[1:] if fact.value != valid[0].value and not fact.is_erased],
            history=past,
            person_id=str(entry.person_id),
        )

    async def _opened(self, tenant_id: str, case_id: UUID, fact: KnownFact) -> pb.DossierFact:
        value = await self._seals.open(tenant_id, case_id, sealed_field(fact.id), fact.value)
        return pb.DossierFact(
            fact_id=str(fact.id),
            value=value or "",
            is_erased=value is None,
            source=fact.source,
            confidence=wire.wire_value(fact.confidence, types.Confidence),
            occurred_at=words.timestamp(fact.occurred_at),
            valid_through=words.wire_date(fact.valid_through) if fact.valid_through else None,
            questionnaire_id=str(fact.questionnaire_id or ""),
            questionnaire_number=fact.questionnaire_number,
            interaction_id=str(fact.interaction_id or ""),
            superseded_by=str(fact.superseded_by or ""),
            is_retracted=fact.is_retracted,
        )

    async def _said(self, tenant_id: str, case_id: UUID, said: Said) -> pb.DossierEntry:
        value = await self._seals.open(tenant_id, case_id, said.field, said.value)
        fact = pb.DossierFact(
            fact_id=str(said.id),
            value=value or "",
            is_erased=value is None,
            source=said.source,
            confidence=wire.wire_value(Confidence.STATED, types.Confidence),
            occurred_at=words.timestamp(said.at),
        )
        return pb.DossierEntry(key=said.key, counts=fact, person_id=str(said.value.subject_id))


def _said(case: Case) -> Iterator[Said]:
    for dispute in case.disputes.by_id.values():
        for statement in dispute.statements:
            if statement.said is not None:
                field = statement_field(statement.id)
                yield Said("dispute.statement", dispute.id, field, statement.said, _source(case, dispute.person_id), statement.at)
    for complaint in case.complaints.by_id.values():
        source, field = _source(case, complaint.person_id), complaint_field(complaint.id)
        yield Said("complaint.statement", complaint.id, field, complaint.statement, source, complaint.filed_at)
    for query in case.client_queries.by_id.values():
        if query.question is not None:
            yield Said("query.question", query.id, question_field(query.id), query.question, "us", query.opened_at)
        if query.answer is not None and query.answered_at is not None:
            yield Said("query.answer", query.id, answer_field(query.id), query.answer, "creditor", query.answered_at)


def _source(case: Case, person_id: UUID) -> str:
    """How the person stands to the case; empty where it is no party any more."""
    party = case.parties.by_person.get(person_id)
    return party.role.name.lower() if party else ""


def _wire_reading(event: told.CaseEvent) -> pb.Reading:
    fact = event.case_file_accessed
    return pb.Reading(occurred_at=event.meta.occurred_at, reader=fact.reader, purpose=fact.purpose, fields=fact.fields)
