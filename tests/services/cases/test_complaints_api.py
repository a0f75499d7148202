"""Asked over gRPC: complaints by reference to their interactions; queries to the creditor, which the creditor itself may answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import grpc
from acuerdo.cases.v1 import complaints_pb2 as complaints

from tests.services.cases.service import Running, money, on
from tests.services.cases.test_cases_api import a_case, eventually, refused

A_CALL = str(UUID(int=799))


async def test_a_complaint_is_filed_goes_overdue_and_is_answered_with_redress(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    filed = await caller.FileComplaint(
        case_id=case_id, interaction_ids=[A_CALL], category="RUDENESS", statement="she shouted at my mother", with_hold=True
    )
    (found,) = (await caller.ListComplaints(case_id=case_id)).complaints
    assert (found.complaint_id, list(found.interaction_ids), found.hold_id) == (filed.complaint_id, [A_CALL], filed.hold_id)
    assert (found.filed_on, found.answer_due) == (on(date(2026, 1, 15)), on(date(2026, 2, 14)))
    await cases.clock.advance(datetime(2026, 2, 14, 23, tzinfo=UTC))

    async def is_overdue() -> bool:
        return (await caller.ListComplaints(case_id=case_id)).complaints[0].is_overdue

    await eventually(is_overdue)
    asked = {"case_id": case_id, "complaint_id": filed.complaint_id, "reason_code": "RECORDING_HEARD"}
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_IS_MISSING"):
        await cases.as_("agent").ResolveComplaint(**asked, outcome=complaints.COMPLAINT_OUTCOME_REJECTED)
    await caller.ResolveComplaint(**asked, outcome=complaints.COMPLAINT_OUTCOME_UPHELD, redress=money(3_000))
    (found,) = (await caller.ListComplaints(case_id=case_id)).complaints
    assert (found.outcome, found.redress.minor_units) == (complaints.COMPLAINT_OUTCOME_UPHELD, 3_000)
    assert (await caller.ListHolds(case_id=case_id)).holds == []
    rows = {row.type: row.why for row in (await caller.GetTimeline(case_id=case_id)).rows}
    assert rows["ComplaintFiled"] == "rudeness, about 1 interaction"
    assert rows["ComplaintResolved"] == "upheld (recording heard)"
    assert b"shouted" not in b"".join(record.event for record in await cases.log.read(0, 10_000))


async def test_a_query_is_answered_by_the_creditor_itself_after_its_last_day(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    opened = await caller.OpenClientQuery(case_id=case_id, subject="ALREADY_PAID", question="paid in cash?", with_hold=True)
    asked = {"case_id": case_id, "query_id": opened.query_id}
    await cases.clock.advance(datetime(2026, 1, 30, 23, tzinfo=UTC))

    async def state() -> int:
        return int((await caller.ListClientQueries(case_id=case_id)).queries[0].state)

    async def is_overdue() -> bool:
        return await state() == complaints.ClientQuery.STATE_OVERDUE

    await eventually(is_overdue)
    client_id = (await caller.GetCase(case_id=case_id)).case.client_id
    with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
        await cases.as_("client", client_ids=[str(UUID(int=99))]).AnswerClientQuery(**asked, answer_code="CONFIRMED")
    creditor = cases.as_("client", subject="bank", client_ids=[client_id])
    await creditor.AnswerClientQuery(**asked, answer_code="CONFIRMED", answer="in the branch", evidence_refs=["receipt"])
    (found,) = (await caller.ListClientQueries(case_id=case_id)).queries
    assert (found.state, found.answer_code, list(found.evidence_refs)) == (complaints.ClientQuery.STATE_ANSWERED, "CONFIRMED", ["receipt"])
    assert (await caller.ListHolds(case_id=case_id)).holds == []
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CLIENT_QUERY_IS_OVER"):
        await caller.CancelClientQuery(**asked, reason_code="FOUND_IT")
