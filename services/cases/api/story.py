"""Asked of one case: its story, one row for each fact: when it happened, when we knew, and where the case stood after it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import service_pb2 as pb
from google.protobuf.message import Message

from services.cases.api import wire
from services.cases.api.desk import Desk, roles_of, seen
from services.cases.api.why import why
from services.cases.domain.balance import balance_at
from services.cases.domain.case import Case
from services.cases.domain.circumstances import Visibility, may_see
from services.cases.domain.delinquency import bucket_at
from services.chassis.identity import Principal
from services.chassis.log.units import Record
from services.chassis.rpc import Context, words


class Story(Desk):
    async def GetTimeline(self, request: pb.GetTimelineRequest, context: Context) -> pb.GetTimelineResponse:
        who = words.caller(context)
        case_id = words.uuid(request.case_id, "case_id")
        after, size = self._pages.after(request), self._pages.size(request)
        records = await self._log.read_stream(case_id, who.tenant_id, words.instant_or_none(request, "as_known_at"))
        rows = self._timeline(who, case_id, records, request, int(after[0]) if after else 0)
        for row in rows:
            withhold(who, row.event)
        more = len(rows) > size
        return pb.GetTimelineResponse(
            rows=rows[:size], next_page_token=self._pages.token((rows[size - 1].version,), request) if more else ""
        )

    def _timeline(
        self, who: Principal, case_id: UUID, records: Sequence[Record], request: pb.GetTimelineRequest, after: int
    ) -> list[pb.TimelineRow]:
        """Rows after that version, and whether they are wanted; one more than a page tells that there is another."""
        occurred_from, occurred_until = words.instant_or_none(request, "occurred_from"), words.instant_or_none(request, "occurred_until")
        case, rows = Case.blank(case_id), list[pb.TimelineRow]()
        for record in records:
            fact = self._log.service.mapper.decode(record.event)
            fact.mutate(case)
            is_wanted = (
                record.version > after
                and (not request.types or record.type_name.rpartition(".")[2] in request.types)
                and (occurred_from is None or fact.timestamp >= occurred_from)
                and (occurred_until is None or fact.timestamp < occurred_until)
            )
            if is_wanted and len(rows) <= self._pages.size(request):
                rows.append(_row(case, record))
        seen(who, case)
        return rows


def _row(case: Case, record: Record) -> pb.TimelineRow:
    """The fact, and where the case stood after it, as of the day it happened."""
    event = told.CaseEvent.FromString(record.event)
    happened_on = case.terms.today(case.modified_on)
    return pb.TimelineRow(
        version=record.version,
        occurred_at=event.meta.occurred_at,
        recorded_at=words.timestamp(record.recorded_at),
        position=record.position,
        actor=event.meta.actor,
        type=record.type_name.rpartition(".")[2],
        event=event,
        balance=words.wire_money(balance_at(case, happened_on)),
        bucket=bucket_at(case, happened_on),
        why=why(fact_of(event)),
    )


def withhold(who: Principal, event: told.CaseEvent) -> None:
    """What is special about a person, from who may not see it."""
    if event.WhichOneof("event") == "special_circumstance_recorded":
        fact = event.special_circumstance_recorded
        if not may_see(wire.member(Visibility, circumstances.Visibility, fact.visibility), roles_of(who)):
            for name in ("kind", "source", "evidence_refs"):
                fact.ClearField(name)


def fact_of(event: told.CaseEvent) -> Message:
    fact: Message = getattr(event, str(event.WhichOneof("event")))
    return fact
