"""Two at once: one of them is refused by name, and what was stored is what one after the other would have stored."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import grpc
from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from tests.services.cases.service import Running, a_row
from tests.services.cases.test_cases_api import ANA, a_batch, a_case, a_portfolio, chunk, eventually, opened
from tests.services.cases.test_disputes_api import a_disputed_case, ours, part


async def said(call: Awaitable[Any]) -> str:
    """OK, or the reason of the refusal."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        status = Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
        info = ErrorInfo()
        status.details[0].Unpack(info)
        return info.reason
    return "OK"


async def all_said(*calls: Awaitable[Any]) -> Counter[str]:
    return Counter(await asyncio.gather(*(said(call) for call in calls)))


async def test_a_batch_is_released_once_however_many_release_it(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    batch_id = await a_batch(caller, portfolio.portfolio_id, 3, 3_000)
    await caller.send("RegisterCases", chunk(batch_id, "chunk-1", *(a_row(line, f"ref-{line}", 1_000, ANA) for line in (1, 2, 3))))
    came = await all_said(*(caller.ReleaseBatch(batch_id=batch_id) for _ in range(5)))
    assert came == {"OK": 1, "BATCH_IS_RELEASED": 4}
    await opened(caller, batch_id, 3)
    told = Counter(record.type_name.rpartition(".")[2] for record in await cases.log.read(0, 10_000))
    assert (told["BatchReleased"], told["CaseOpened"]) == (1, 3)


async def test_rows_that_their_batch_does_not_count_leave_no_case_behind(cases: Running) -> None:
    """They were registered before the batch could say that they are too much for it: they are given back, and may come in another one."""
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    batch_id = await a_batch(caller, portfolio.portfolio_id, 3, 3_000)
    counted = a_row(1, "ref-1", 1_000, ANA)
    (first,) = await caller.send("RegisterCases", chunk(batch_id, "chunk-1", counted))
    too_much = [a_row(line, f"ref-{line}", 6 * 10**14, ANA) for line in (2, 3)]
    for _ in range(2):  # asked again, the same answer
        assert await said(caller.send("RegisterCases", chunk(batch_id, "chunk-2", counted, *too_much))) == "BATCH_AMOUNTS_ARE_TOO_LARGE"
    told = Counter(record.type_name.rpartition(".")[2] for record in await cases.log.read(0, 10_000))
    assert (told["CaseRegistered"], told["CaseRejected"]) == (3, 2)
    batch = (await caller.GetBatch(batch_id=batch_id)).batch
    assert (batch.found.count, batch.accepted) == (1, 1)
    other_id = await a_batch(caller, portfolio.portfolio_id, 2, 2_000, "remesa-2")
    rows = [a_row(line, f"ref-{line}", 1_000, ANA) for line in (1, 2, 3)]
    (answer,) = await caller.send("RegisterCases", chunk(other_id, "other-1", *rows))
    assert [bool(outcome.case_id) for outcome in answer.outcomes] == [False, True, True]
    assert answer.outcomes[0].reason == "EXTERNAL_REF_IS_TAKEN", "what was counted before is still the first batch's"
    assert first.outcomes[0].case_id


async def test_a_batch_rejected_while_rows_come_ends_every_case_of_it(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    batch_id = await a_batch(caller, portfolio.portfolio_id, 40, 40_000)
    chunks = [
        chunk(batch_id, f"chunk-{n}", *(a_row(line, f"ref-{line}", 1_000, ANA) for line in range(10 * n + 1, 10 * n + 11)))
        for n in range(4)
    ]
    await caller.send("RegisterCases", chunks[0])
    sent = [caller.send("RegisterCases", each) for each in chunks[1:]]
    came = await all_said(*sent, caller.RejectBatch(batch_id=batch_id, reason_code="WRONG_FILE"))
    assert came.keys() <= {"OK", "BATCH_IS_REJECTED"}
    for again in chunks[1:]:
        await said(caller.send("RegisterCases", again))

    async def ended() -> bool:
        told = Counter(record.type_name.rpartition(".")[2] for record in await cases.log.read(0, 10_000))
        return told["CaseRegistered"] == told["CaseRejected"] and told["CaseOpened"] == 0

    await eventually(ended)


async def test_together_no_more_is_disputed_than_is_owed(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, ours())
    debt_id = (await caller.GetCase(case_id=case_id)).case.debts[0].debt_id
    asked = {"case_id": case_id, "debt_id": debt_id, "components": [part(300)], "reason_code": "NOT_MINE"}
    came = await all_said(*(caller.DisputeDebt(**asked) for _ in range(5)))
    assert came == {"OK": 3, "MORE_IS_DISPUTED_THAN_OWED": 2}
    assert len((await caller.ListHolds(case_id=case_id)).holds) == 3


async def test_a_dispute_is_answered_once_and_its_balance_falls_once(cases: Running) -> None:
    caller = cases.as_()
    case_id, _, disputed = await a_disputed_case(caller)
    asked = {"case_id": case_id, "dispute_id": disputed.dispute_id, "reason_code": "CHECKED"}
    came = await all_said(
        caller.ResolveDispute(**asked, resolution=disputes.DISPUTE_RESOLUTION_UPHELD),
        caller.ResolveDispute(**asked, resolution=disputes.DISPUTE_RESOLUTION_REJECTED),
        caller.WithdrawDispute(**asked),
    )
    assert came == {"OK": 1, "DISPUTE_IS_OVER": 2}
    told = Counter(record.type_name.rpartition(".")[2] for record in await cases.log.read(0, 10_000))
    assert told["HoldLifted"] == 1


async def test_one_hardship_of_a_person_is_declared_whoever_is_told_of_it(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    asked = {"case_id": case_id, "declaration": "lost the job", "source": "debtor", "with_hold": True}
    assert await all_said(*(caller.DeclareHardship(**asked) for _ in range(3))) == {"OK": 1, "HARDSHIP_IS_DECLARED_ALREADY": 2}
    found = await caller.ListCircumstances(case_id=case_id, purpose="REVIEW")
    assert [each.state for each in found.hardships] == [circumstances.Hardship.STATE_DECLARED]


async def test_a_case_is_taken_back_or_closed_and_not_both(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, ours())
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    row = pb.WithdrawalRow(line=1, external_ref="ref-1", reason_code="SOLD")
    taken_back = pb.WithdrawCasesRequest(request_id="bajas", portfolio_id=portfolio_id, source_ref="bajas.csv", rows=[row])
    (answer,), came = await asyncio.gather(
        caller.send("WithdrawCases", taken_back),
        said(caller.CloseCase(case_id=case_id, outcome=types.CLOSE_OUTCOME_UNTRACEABLE, evidence_refs=["report"])),
    )
    assert sorted([came, answer.outcomes[0].reason or "OK"]) == ["CASE_IS_CLOSED", "OK"]
    told = Counter(record.type_name.rpartition(".")[2] for record in await cases.log.read(0, 10_000))
    assert told["CaseClosed"] == 1
