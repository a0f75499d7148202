"""Asked over gRPC: a part of a debt is disputed, waited for, answered, appealed; the hold, the balance and the timeline follow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import grpc
from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import types_pb2 as types

from tests.services.cases.service import Caller, Running, days_terms, money, on
from tests.services.cases.test_cases_api import a_case, eventually, refused, stamp


def ours() -> types.PortfolioTerms:
    terms = days_terms()
    terms.balance_authority = terms.delinquency_authority = types.AUTHORITY_OURS
    return terms


def part(euros: int, currency_code: str = "EUR") -> types.ComponentAmount:
    return types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=money(euros * 100, currency_code))


async def a_disputed_case(caller: Caller, euros: int = 400, **other: Any) -> tuple[str, str, Any]:
    """The case, its debt, and what came of disputing it."""
    case_id = await a_case(caller, ours())
    debt_id = (await caller.GetCase(case_id=case_id)).case.debts[0].debt_id
    usual = {"components": [part(euros)], "reason_code": "NOT_MINE", "statement": "I sent it back"}
    return case_id, debt_id, await caller.DisputeDebt(case_id=case_id, debt_id=debt_id, **{**usual, **other})


async def listed(caller: Caller, case_id: str, **asked: Any) -> disputes.Dispute:
    (found,) = (await caller.ListDisputes(case_id=case_id, **asked)).disputes
    return found  # type: ignore[no-any-return]  # the caller answers whatever was asked


async def test_golden_scenario_11_forty_percent_disputed_and_the_rest_goes_on(cases: Running) -> None:
    caller = cases.as_()
    case_id, _, disputed = await a_disputed_case(caller)
    found = await listed(caller, case_id)
    assert (found.dispute_id, found.state, found.hold_id) == (disputed.dispute_id, disputes.DISPUTE_STATE_OPEN, disputed.hold_id)
    assert (found.opened_on, found.answer_due) == (on(date(2026, 1, 15)), on(date(2026, 2, 14)))
    effect = (await caller.GetHoldEffect(case_id=case_id)).scopes
    (treatment,) = [scope for scope in effect if scope.scope == holds.HOLD_SCOPE_TREATMENT]
    assert (treatment.is_stopped, [each.amount.minor_units for each in treatment.parts]) == (False, [40_000])
    await caller.ReviewDispute(case_id=case_id, dispute_id=disputed.dispute_id)
    await caller.ResolveDispute(
        case_id=case_id, dispute_id=disputed.dispute_id, resolution=disputes.DISPUTE_RESOLUTION_UPHELD, reason_code="RETURNED_GOODS"
    )
    assert (await caller.GetBalance(case_id=case_id)).balance.minor_units == 60_000
    assert (await caller.ListHolds(case_id=case_id)).holds == []
    assert (await listed(caller, case_id)).state == disputes.DISPUTE_STATE_RESOLVED
    assert (await listed(caller, case_id, as_known_at=disputed.receipt.recorded_at)).state == disputes.DISPUTE_STATE_OPEN
    rows = (await caller.GetTimeline(case_id=case_id)).rows[-6:]
    assert [row.type for row in rows] == [
        "DebtDisputed",
        "HoldPlaced",
        "DisputeReviewStarted",
        "DisputeResolved",
        "DebtBalanceAdjusted",
        "HoldLifted",
    ]
    assert rows[0].why == "principal 400.00 EUR (not mine), to be answered by 2026-02-14"
    assert "sent it back" not in str(rows)


async def test_a_deadline_goes_by_and_is_told_by_the_clock(cases: Running) -> None:
    caller = cases.as_()
    case_id, _, disputed = await a_disputed_case(caller, answer_due=on(date(2026, 1, 20)))
    asked = {"case_id": case_id, "dispute_id": disputed.dispute_id}
    await caller.RequestDisputeInformation(**asked, asked_of="CREDITOR", subject="CONTRACT_COPY", due=on(date(2026, 1, 18)))
    assert (await listed(caller, case_id)).state == disputes.DISPUTE_STATE_WAITING
    await caller.RecordDisputeInformation(**asked, evidence_refs=["contract-1"])
    await cases.clock.advance(datetime(2026, 1, 20, 23, tzinfo=UTC))

    async def is_overdue() -> bool:
        return (await listed(caller, case_id)).is_overdue

    await eventually(is_overdue)
    (row,) = (await caller.GetTimeline(case_id=case_id, types=["DisputeDeadlinePassed"])).rows
    assert (row.occurred_at.ToDatetime(UTC), row.why) == (datetime(2026, 1, 20, 23, tzinfo=UTC), "was to be answered by 2026-01-20")


async def test_an_answer_is_appealed_withdrawn_and_closed(cases: Running) -> None:
    caller = cases.as_()
    case_id, _, disputed = await a_disputed_case(caller)
    asked = {"case_id": case_id, "dispute_id": disputed.dispute_id}
    partly = {"resolution": disputes.DISPUTE_RESOLUTION_PARTLY_UPHELD, "upheld": [part(100)], "reason_code": "ONE_ITEM"}
    await caller.ResolveDispute(**asked, **partly, value_date=on(date(2026, 1, 10)))
    appealed = await caller.AppealDispute(**asked, reason_code="NEW_EVIDENCE", statement="all of it", evidence_refs=["receipt"])
    (hold,) = (await caller.ListHolds(case_id=case_id)).holds
    assert (hold.hold_id, hold.subject.amount.minor_units) == (appealed.hold_id, 30_000)
    await caller.WithdrawDispute(**asked, reason_code="SETTLED")
    await caller.CloseDispute(**asked)
    found = await listed(caller, case_id)
    assert (found.state, found.upheld[0].amount.minor_units) == (disputes.DISPUTE_STATE_CLOSED, 10_000)
    assert (await caller.GetBalance(case_id=case_id, as_of=on(date(2026, 1, 9)))).balance.minor_units == 100_000
    assert (await caller.GetBalance(case_id=case_id, as_of=on(date(2026, 1, 10)))).balance.minor_units == 90_000


async def test_what_is_refused_says_why_and_stores_nothing(cases: Running) -> None:
    caller = cases.as_()
    case_id, debt_id, disputed = await a_disputed_case(caller)
    position = (await cases.log.head()).position
    another: dict[str, Any] = {"case_id": case_id, "debt_id": debt_id, "reason_code": "NOT_MINE"}
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "MORE_IS_DISPUTED_THAN_OWED"):
        await caller.DisputeDebt(**another, components=[part(601)])
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID", "components[0].amount.currency_code"):
        await caller.DisputeDebt(**another, components=[part(1, "USD")])
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "FACT_LIES_BEFORE_THE_CASE"):
        await caller.DisputeDebt(**another, components=[part(1)], occurred_at=stamp(datetime(2025, 12, 1, tzinfo=UTC)))
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "DEADLINE_LIES_BEFORE_IT_BEGINS"):
        await caller.DisputeDebt(**another, components=[part(1)], answer_due=on(date(2026, 1, 14)))
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "HOLD_RESTS_ON_ITS_DISPUTE"):
        await caller.LiftHold(case_id=case_id, hold_id=disputed.hold_id, reason_code="IN_A_HURRY")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_HAS_AN_OPEN_DISPUTE"):
        await caller.CloseCase(case_id=case_id, outcome=types.CLOSE_OUTCOME_UNTRACEABLE, evidence_refs=["report"])
    with refused(grpc.StatusCode.NOT_FOUND, "DISPUTE_IS_UNKNOWN"):
        await caller.ReviewDispute(case_id=case_id, dispute_id=case_id)
    with refused(grpc.StatusCode.PERMISSION_DENIED, "ROLE_IS_MISSING"):
        await cases.as_("agent").ResolveDispute(
            case_id=case_id, dispute_id=disputed.dispute_id, resolution=disputes.DISPUTE_RESOLUTION_REJECTED, reason_code="NO"
        )
    assert (await cases.log.head()).position == position
