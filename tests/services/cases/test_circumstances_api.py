"""Asked over gRPC: people's circumstances, opened as far as the reader may see them; every reading recorded; looked at again in time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import grpc
from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import holds_pb2 as holds

from tests.services.cases.service import Caller, Running, on
from tests.services.cases.test_cases_api import ANA, LUIS, a_case, eventually, refused

IN_FEBRUARY = on(date(2026, 2, 1))


def a_flag(**other: Any) -> dict[str, Any]:
    usual = {
        "category": circumstances.VULNERABILITY_CATEGORY_HEALTH,
        "severity": circumstances.SEVERITY_HIGH,
        "needs": [circumstances.NEED_NO_CALLS],
        "details": "in treatment until spring",
        "visibility": circumstances.VISIBILITY_RESTRICTED,
        "source": "debtor",
        "review_on": IN_FEBRUARY,
        "with_hold": True,
    }
    return {**usual, **other}


async def seen(caller: Caller, case_id: str, **other: Any) -> Any:
    return await caller.ListCircumstances(case_id=case_id, purpose="CALL_PREPARATION", **other)


async def test_what_is_needed_is_seen_by_all_and_why_by_few(cases: Running) -> None:
    supervisor, agent = cases.as_(), cases.as_("agent", subject="luis")
    case_id = await a_case(supervisor)
    flagged = await agent.FlagVulnerability(case_id=case_id, **a_flag())
    hidden = await agent.FlagVulnerability(case_id=case_id, **a_flag(visibility=circumstances.VISIBILITY_COMPLIANCE, with_hold=False))
    by_agent = (await seen(agent, case_id)).vulnerabilities
    assert [(each.is_withheld, each.category, each.details, list(each.needs)) for each in by_agent] == [
        (True, 0, "", [circumstances.NEED_NO_CALLS]),
        (True, 0, "", [circumstances.NEED_NO_CALLS]),
    ]
    first, second = (await seen(supervisor, case_id)).vulnerabilities
    assert (first.flag_id, first.details, first.category) == (flagged.flag_id, "in treatment until spring", a_flag()["category"])
    assert (first.severity, first.hold_id, first.source) == (circumstances.SEVERITY_HIGH, flagged.hold_id, "debtor")
    assert (second.flag_id, second.is_withheld, hidden.hold_id) == (hidden.flag_id, True, "")
    for each in (await seen(cases.as_("compliance"), case_id)).vulnerabilities:
        assert not each.is_withheld
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_IS_MISSING"):
        await seen(cases.as_("operator"), case_id)
    stored = b"".join(record.event for record in await cases.log.read(0, 10_000))
    assert b"treatment until" not in stored
    assert b"CATEGORY_HEALTH" not in stored


async def test_the_kind_of_a_circumstance_is_withheld_in_lists_and_in_the_timeline(cases: Running) -> None:
    supervisor, agent = cases.as_(), cases.as_("agent", subject="luis")
    case_id = await a_case(supervisor)
    recorded = await agent.RecordSpecialCircumstance(
        case_id=case_id,
        kind=circumstances.CIRCUMSTANCE_KIND_DECEASED,
        status=circumstances.CIRCUMSTANCE_STATUS_CLAIMED,
        source="heir",
        visibility=circumstances.VISIBILITY_RESTRICTED,
        with_hold=True,
    )
    for caller, kind in ((supervisor, circumstances.CIRCUMSTANCE_KIND_DECEASED), (agent, 0)):
        (found,) = (await seen(caller, case_id)).special
        assert (found.circumstance_id, found.kind, found.is_withheld) == (recorded.circumstance_id, kind, kind == 0)
        (row,) = (await caller.GetTimeline(case_id=case_id, types=["SpecialCircumstanceRecorded"])).rows
        assert (row.event.special_circumstance_recorded.kind, row.why) == (kind, "claimed")
    (hold,) = (await supervisor.ListHolds(case_id=case_id)).holds
    assert (hold.hold_id, hold.kind) == (recorded.hold_id, holds.HOLD_KIND_DECEASED)
    await agent.EndSpecialCircumstance(case_id=case_id, circumstance_id=recorded.circumstance_id, reason_code="ALIVE")
    assert (await supervisor.ListHolds(case_id=case_id)).holds == []
    assert (await seen(supervisor, case_id)).special == []
    (over,) = (await seen(supervisor, case_id, with_history=True)).special
    assert over.is_ended


async def test_the_day_to_look_again_comes_by_the_clock(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    flagged = await caller.FlagVulnerability(case_id=case_id, **a_flag())
    await cases.clock.advance(datetime(2026, 1, 31, 23, tzinfo=UTC))

    async def is_due() -> bool:
        (found,) = (await seen(caller, case_id)).vulnerabilities
        return bool(found.is_review_due)

    await eventually(is_due)
    asked = {"case_id": case_id, "flag_id": flagged.flag_id}
    needs = [circumstances.NEED_WRITTEN_ONLY]
    await caller.ReviewVulnerability(**asked, outcome_code="GOES_ON", needs=needs, review_on=on(date(2026, 3, 1)))
    (found,) = (await seen(caller, case_id)).vulnerabilities
    assert (found.is_review_due, list(found.needs), found.review_on.month) == (False, needs, 3)
    await caller.ClearVulnerability(**asked, reason_code="NO_LONGER_SO")
    assert (await caller.ListHolds(case_id=case_id)).holds == []


async def test_a_hardship_is_declared_proved_accepted_reviewed_and_ended(cases: Running) -> None:
    caller, agent = cases.as_(), cases.as_("agent", subject="luis")
    case_id = await a_case(caller)
    declared = await agent.DeclareHardship(case_id=case_id, declaration="lost the job", source="debtor", with_hold=True)
    asked = {"case_id": case_id, "hardship_id": declared.hardship_id}
    await agent.RequestHardshipEvidence(**asked, subjects=["PAYSLIP"], due=IN_FEBRUARY)
    (found,) = (await seen(agent, case_id)).hardships
    assert (found.state, found.is_withheld, found.declaration) == (circumstances.Hardship.STATE_EVIDENCE_REQUESTED, True, "")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "HOLD_ENDS_BEFORE_THE_REVIEW"):
        pause = [circumstances.HARDSHIP_MEASURE_PAUSE]
        await caller.AcceptHardship(**asked, measures=pause, review_on=on(date(2026, 12, 1)), evidence_refs=["payslip"])
    measures = [circumstances.HARDSHIP_MEASURE_INTEREST_STOP]
    await caller.AcceptHardship(**asked, measures=measures, review_on=IN_FEBRUARY, evidence_refs=["payslip"])
    (found,) = (await seen(caller, case_id)).hardships
    assert (found.state, found.declaration, list(found.measures)) == (circumstances.Hardship.STATE_ACCEPTED, "lost the job", measures)
    (hold,) = (await caller.ListHolds(case_id=case_id)).holds
    assert (hold.hold_id, list(hold.scopes)) == (found.hold_id, [holds.HOLD_SCOPE_INTEREST])
    advice = [circumstances.HARDSHIP_MEASURE_DEBT_ADVICE]
    await caller.ReviewHardship(**asked, measures=advice, review_on=on(date(2026, 6, 1)))
    assert (await caller.ListHolds(case_id=case_id)).holds == []
    await caller.EndHardship(**asked, reason_code="BACK_AT_WORK")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CIRCUMSTANCE_IS_OVER"):
        await caller.RejectHardship(**asked, reason_code="NOT_PROVED")


async def test_only_a_party_of_the_case_has_circumstances_on_it(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    with refused(grpc.StatusCode.NOT_FOUND, "PARTY_IS_UNKNOWN"):
        await caller.FlagVulnerability(case_id=case_id, **a_flag(person_id=LUIS))
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "REVIEW_LIES_BEHIND"):
        await caller.FlagVulnerability(case_id=case_id, **a_flag(person_id=ANA, review_on=on(date(2026, 1, 15))))
    with refused(grpc.StatusCode.NOT_FOUND, "CIRCUMSTANCE_IS_UNKNOWN"):
        await caller.ClearVulnerability(case_id=case_id, flag_id=ANA, reason_code="NO_LONGER_SO")
