"""Asked: complaints about conduct, by reference to their interactions; and queries to the creditor. What is said is sealed first."""

from __future__ import annotations

from uuid import UUID

from acuerdo.cases.v1 import complaints_pb2 as pb

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.application import grievances
from services.cases.domain.case import Case
from services.cases.domain.client_queries import ClientQuery, Inquiry
from services.cases.domain.complaints import Complaint, ComplaintOutcome, Grievance
from services.chassis.rpc import Context, words
from services.chassis.seal.subjects import Subject
from services.kernel import ids


class Complaints(Desk):
    async def FileComplaint(self, request: pb.FileComplaintRequest, context: Context) -> pb.FileComplaintResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        origin = self._asked_by(context, request)
        complaint_id = ids.derived(origin.id, "complaint")
        hold_id = ids.derived(origin.id, "hold") if request.with_hold else None
        person_id = self._person(case, request.person_id)
        field = complaint_field(complaint_id)
        grievance = Grievance(
            person_id=person_id,
            category=request.category,
            statement=await self._seals.seal(Subject(who.tenant_id, person_id), case.id, field, request.statement),
            interaction_ids=tuple(words.uuid(each, f"interaction_ids[{place}]") for place, each in enumerate(request.interaction_ids)),
            answer_due=words.day_or_none(request, "answer_due"),
        )
        stored = await self._log.run(origin, grievances.file_complaint(self._key_of(case), complaint_id, hold_id, grievance))
        return pb.FileComplaintResponse(receipt=words.receipt(stored), complaint_id=str(complaint_id), hold_id=str(hold_id or ""))

    async def ResolveComplaint(self, request: pb.ResolveComplaintRequest, context: Context) -> pb.ResolveComplaintResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = grievances.resolve_complaint(
            key,
            words.uuid(request.complaint_id, "complaint_id"),
            wire.member(ComplaintOutcome, pb.ComplaintOutcome, request.outcome),
            request.reason_code,
            words.money(request.redress) if request.HasField("redress") else None,
            request.evidence_refs,
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ResolveComplaintResponse(receipt=words.receipt(stored))

    async def ListComplaints(self, request: pb.ListComplaintsRequest, context: Context) -> pb.ListComplaintsResponse:
        case = await self._case(words.caller(context), request.case_id)
        return pb.ListComplaintsResponse(complaints=[_wire_complaint(case, each) for each in case.complaints.by_id.values()])

    async def OpenClientQuery(self, request: pb.OpenClientQueryRequest, context: Context) -> pb.OpenClientQueryResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        origin = self._asked_by(context, request)
        query_id = ids.derived(origin.id, "query")
        hold_id = ids.derived(origin.id, "hold") if request.with_hold else None
        inquiry = Inquiry(
            subject=request.subject,
            debt_id=words.uuid_or_none(request.debt_id, "debt_id"),
            question=await self._sealed(who, case, self._person(case, ""), question_field(query_id), request.question),
            due=words.day_or_none(request, "due"),
        )
        stored = await self._log.run(origin, grievances.open_query(self._key_of(case), query_id, hold_id, inquiry))
        return pb.OpenClientQueryResponse(receipt=words.receipt(stored), query_id=str(query_id), hold_id=str(hold_id or ""))

    async def AnswerClientQuery(self, request: pb.AnswerClientQueryRequest, context: Context) -> pb.AnswerClientQueryResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        query_id = words.uuid(request.query_id, "query_id")
        said = await self._sealed(who, case, self._person(case, ""), answer_field(query_id), request.answer)
        change = grievances.answer_query(self._key_of(case), query_id, request.answer_code, said, request.evidence_refs)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.AnswerClientQueryResponse(receipt=words.receipt(stored))

    async def CancelClientQuery(self, request: pb.CancelClientQueryRequest, context: Context) -> pb.CancelClientQueryResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = grievances.cancel_query(key, words.uuid(request.query_id, "query_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.CancelClientQueryResponse(receipt=words.receipt(stored))

    async def ListClientQueries(self, request: pb.ListClientQueriesRequest, context: Context) -> pb.ListClientQueriesResponse:
        case = await self._case(words.caller(context), request.case_id)
        return pb.ListClientQueriesResponse(queries=[_wire_query(case, each) for each in case.client_queries.by_id.values()])


def complaint_field(complaint_id: UUID) -> str:
    """Where what was said belongs: it cannot be moved to another complaint."""
    return f"complaints.{complaint_id}.statement"


def question_field(query_id: UUID) -> str:
    return f"queries.{query_id}.question"


def answer_field(query_id: UUID) -> str:
    return f"queries.{query_id}.answer"


def _wire_complaint(case: Case, of: Complaint) -> pb.Complaint:
    return pb.Complaint(
        complaint_id=str(of.id),
        person_id=str(of.person_id),
        interaction_ids=[str(each) for each in of.interaction_ids],
        category=of.category,
        filed_on=words.wire_date(case.terms.today(of.filed_at)),
        answer_due=words.wire_date(of.answer_due),
        is_overdue=of.is_overdue,
        outcome=wire.wire_value(of.outcome, pb.ComplaintOutcome) if of.outcome else pb.COMPLAINT_OUTCOME_UNSPECIFIED,
        redress=words.wire_money(of.redress) if of.redress else None,
        hold_id=str(of.hold_id or ""),
    )


def _wire_query(case: Case, of: ClientQuery) -> pb.ClientQuery:
    return pb.ClientQuery(
        query_id=str(of.id),
        subject=of.subject,
        debt_id=str(of.debt_id or ""),
        opened_on=words.wire_date(case.terms.today(of.opened_at)),
        due=words.wire_date(of.due),
        state=wire.wire_value(of.state, pb.ClientQuery.State),
        answer_code=of.answer_code,
        hold_id=str(of.hold_id or ""),
        evidence_refs=of.evidence_refs,
    )
