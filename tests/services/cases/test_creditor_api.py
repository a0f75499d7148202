"""Asked over gRPC: differences from the creditor's file are listed by cause, wrong files taken back, cases withdrawn row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import grpc
from acuerdo.cases.v1 import creditor_pb2 as creditor
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.application import stops
from services.cases.domain.components import Component
from services.cases.domain.crediting import Credit
from services.cases.domain.payments import PaymentLine
from services.chassis.log.origins import Actor, Command
from services.kernel.facts import Causation
from services.kernel.money import Money
from tests.services.cases.service import Caller, Running, a_debt, cycles_terms, money, on
from tests.services.cases.test_cases_api import a_case, arrears, refused, report
from tests.services.cases.test_disputes_api import ours


async def paid(cases: Running, caller: Caller, case_id: str, minor_units: int, day: date) -> None:
    """As payments would tell it."""
    debt_id = UUID((await caller.GetCase(case_id=case_id)).case.debts[0].debt_id)
    amount = Money("EUR", minor_units)
    lines = (PaymentLine(debt_id, Component.PRINCIPAL, amount, 0),)
    credit = Credit(UUID(int=1), UUID(int=2), amount, lines, day, "PSP")
    change = stops.apply_payment(UUID(case_id), credit, Causation(UUID(int=9), 1))
    tenant_id = await cases.log.tenant_of(UUID(case_id))
    await cases.log.run(Command(str(tenant_id), "payments", "test", case_id, b"p" * 32, Actor("SYSTEM", "payments")), change)


async def differences(cases: Running, caller: Caller, case_id: str, **asked: Any) -> list[creditor.BalanceDifference]:
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    position = (await cases.log.head()).position
    return list((await caller.ListBalanceDifferences(portfolio_id=portfolio_id, min_position=position, **asked)).differences)


async def test_golden_scenario_22_twelve_fifty_ten_explained_and_two_fifty_listed_until_resolved(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, ours())
    await paid(cases, caller, case_id, 1_000, date(2026, 1, 10))
    await report(caller, case_id, date(2026, 1, 12), balance=money(100_250))
    (found,) = await differences(cases, caller, case_id)
    assert (found.ours.minor_units, found.theirs.minor_units) == (99_000, 100_250)
    (cause,) = found.causes
    assert (cause.kind, cause.amount.minor_units) == (creditor.DIFFERENCE_KIND_PAYMENT_NOT_BOOKED_BY_CREDITOR, -1_000)
    row = (await caller.GetTimeline(case_id=case_id, types=["PaymentApplied"])).rows[0]
    assert row.version == cause.version
    assert (found.unexplained.minor_units, found.unexplained_since, found.age_days) == (-250, on(date(2026, 1, 12)), 3)
    await cases.clock.advance(datetime(2026, 1, 20, 12, tzinfo=UTC))
    await report(caller, case_id, date(2026, 1, 19), balance=money(100_250))
    (found,) = await differences(cases, caller, case_id)
    assert (found.as_of, found.unexplained_since, found.age_days) == (on(date(2026, 1, 19)), on(date(2026, 1, 12)), 8)
    await caller.ResolveBalanceDifference(case_id=case_id, as_of=found.as_of, reason_code="FEE_ACCEPTED", evidence_refs=["mail-1"])
    assert await differences(cases, caller, case_id) == []
    everything = await differences(cases, caller, case_id, with_explained=True)
    assert [(each.as_of.day, each.is_resolved) for each in everything] == [(12, False), (19, True)]
    await cases.rebuild_views()
    assert await differences(cases, caller, case_id, with_explained=True) == everything
    (why,) = [row.why for row in (await caller.GetTimeline(case_id=case_id, types=["BalanceDifferenceExplained"])).rows][:1]
    assert "2.50 EUR unexplained" in why


async def test_differences_are_listed_page_by_page_and_to_nobody_of_another_client(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, ours())
    for day, theirs in ((10, 90_000), (11, 91_000), (12, 92_000)):
        await report(caller, case_id, date(2026, 1, day), balance=money(theirs))
    asked = {
        "portfolio_id": (await caller.GetCase(case_id=case_id)).case.portfolio_id,
        "with_explained": True,
        "page_size": 2,
        "min_position": (await cases.log.head()).position,
    }
    first = await caller.ListBalanceDifferences(**asked)
    second = await caller.ListBalanceDifferences(**asked, page_token=first.next_page_token)
    assert [each.as_of.day for each in (*first.differences, *second.differences)] == [10, 11, 12]
    assert second.next_page_token == ""
    elsewhere = cases.as_("client", client_ids=[str(UUID(int=99))])
    with refused(grpc.StatusCode.NOT_FOUND, "PORTFOLIO_IS_UNKNOWN"):
        await elsewhere.ListBalanceDifferences(**asked)


async def test_a_wrong_file_is_taken_back_in_the_case_and_in_every_list(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, cycles_terms())
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    await report(caller, case_id, date(2026, 1, 10), cycles_past_due=1, balance=money(100_000))
    said = pb.ArrearsRow(line=1, external_ref="ref-1", cycles_past_due=3, balance=money(5_000))
    wrong = arrears(portfolio_id, date(2026, 1, 10), "wrong-1", said)
    wrong.source_ref = "wrong"
    await caller.send("ReportArrears", wrong)
    asked = {"case_id": case_id, "as_of": on(date(2026, 1, 10)), "reason_code": "WRONG_FILE"}
    await caller.RetractReport(**asked, source_ref="wrong", by_source_ref="file")
    case = (await caller.GetCase(case_id=case_id)).case
    assert (case.bucket, case.balance.minor_units) == ("1", 100_000)
    (listed,) = (await caller.ListCases(portfolio_id=portfolio_id, min_position=(await cases.log.head()).position)).cases
    assert (listed.bucket, listed.balance.minor_units) == ("1", 100_000)
    assert await differences(cases, caller, case_id, with_explained=True) == []
    with refused(grpc.StatusCode.NOT_FOUND, "REPORT_IS_UNKNOWN"):
        await caller.RetractReport(**asked, source_ref="never-sent")
    # What was believed before stays what was reported then.
    before = await caller.GetTimeline(case_id=case_id, types=["BalanceReported"])
    as_known = await caller.GetBalance(case_id=case_id, as_known_at=before.rows[-1].recorded_at)
    assert as_known.balance.minor_units == 5_000


async def test_cases_are_withdrawn_row_by_row_and_a_mistake_is_revoked(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, ours())
    await caller.AttachDebt(case_id=case_id, debt=a_debt(50_000, ref="loan"))
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    row = {"reason_code": "SOLD_BY_CREDITOR"}
    sent = pb.WithdrawCasesRequest(
        request_id="bajas-1",
        portfolio_id=portfolio_id,
        source_ref="bajas.csv",
        rows=[
            pb.WithdrawalRow(line=1, external_ref="ref-1", debt_ref="loan", **row),
            pb.WithdrawalRow(line=2, external_ref="nobody", **row),
            pb.WithdrawalRow(line=3, external_ref="ref-1", debt_ref="nothing", **row),
            pb.WithdrawalRow(line=4, external_ref="ref-1", **row, effective_on=on(date(2025, 1, 1))),
            pb.WithdrawalRow(line=5, external_ref="ref-1"),
            pb.WithdrawalRow(line=6, external_ref="ref-1", **row, effective_on=on(date(2026, 1, 16))),
        ],
    )
    (answer,) = await caller.send("WithdrawCases", sent)
    assert [(each.line, bool(each.case_id), each.field, each.reason) for each in answer.outcomes] == [
        (1, True, "", ""),
        (2, False, "external_ref", "EXTERNAL_REF_IS_UNKNOWN"),
        (3, False, "debt_ref", "DEBT_REF_IS_UNKNOWN"),
        (4, False, "effective_on", "FACT_LIES_BEFORE_THE_CASE"),
        (5, False, "reason_code", "STRING_PATTERN"),
        (6, False, "effective_on", "IS_INVALID"),
    ]
    assert (await caller.GetBalance(case_id=case_id)).balance.minor_units == 100_000
    whole = pb.WithdrawCasesRequest(
        request_id="bajas-2",
        portfolio_id=portfolio_id,
        source_ref="bajas.csv",
        rows=[pb.WithdrawalRow(line=1, external_ref="ref-1", **row)],
    )
    (first,), (again,) = [await caller.send("WithdrawCases", whole) for _ in range(2)]
    assert (first.outcomes[0].is_repeated, again.outcomes[0].is_repeated) == (False, True)
    case = (await caller.GetCase(case_id=case_id)).case
    assert (case.lifecycle, case.outcome) == (types.LIFECYCLE_CLOSED, types.CLOSE_OUTCOME_RECALLED_BY_CLIENT)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_IS_WITHDRAWN"):
        await caller.ReopenCase(case_id=case_id, reason=types.REOPEN_REASON_CLOSED_IN_ERROR)
    await caller.RevokeWithdrawal(case_id=case_id, reason_code="SENT_IN_ERROR", evidence_refs=["mail-1"])
    assert (await caller.GetCase(case_id=case_id)).case.lifecycle == types.LIFECYCLE_OPEN
    rows = (await caller.GetTimeline(case_id=case_id)).rows[-4:]
    assert [row.type for row in rows] == ["CaseWithdrawn", "CaseClosed", "WithdrawalRevoked", "CaseReopened"]
    assert rows[-1].why == "withdrawal revoked"
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_IS_NOT_WITHDRAWN"):
        await caller.RevokeWithdrawal(case_id=case_id, reason_code="SENT_IN_ERROR", evidence_refs=["mail-1"])
