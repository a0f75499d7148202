"""Asked over gRPC: a client's remesa becomes cases, which are worked on, questioned and closed; what is refused says why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1.log_pb2 import ReplayRequest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from services.cases.domain.access import stream_of
from tests.services.cases.service import Caller, Running, a_debt, a_row, cycles_terms, days_terms, money, on

ANA, LUIS = str(UUID(int=21)), str(UUID(int=22))
JANUARY = date(2026, 1, 1)


@contextmanager
def refused(code: grpc.StatusCode, reason: str, field: str = "") -> Any:
    """A status with its reason; for INVALID_ARGUMENT, naming the field."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        yield
    said = dict(raised.value.trailing_metadata() or ())
    details = {detail.TypeName(): detail for detail in Status.FromString(said["grpc-status-details-bin"]).details}
    info, broken = ErrorInfo(), BadRequest()
    details["google.rpc.ErrorInfo"].Unpack(info)
    if "google.rpc.BadRequest" in details:
        details["google.rpc.BadRequest"].Unpack(broken)
    assert (raised.value.code(), info.reason) == (code, reason)
    assert not field or field in [violation.field for violation in broken.field_violations]


async def a_portfolio(caller: Caller, terms: types.PortfolioTerms | None = None) -> Any:
    registered = await caller.RegisterClient(external_ref="bank", name="Bank")
    return await caller.OpenPortfolio(client_id=registered.client_id, external_ref="cards", name="Cards", terms=terms or cycles_terms())


async def a_batch(caller: Caller, portfolio_id: str, count: int, minor_units: int, ref: str = "remesa-1") -> str:
    declared = types.ControlTotals(count=count, amount=money(minor_units))
    batch = await caller.ReceiveBatch(portfolio_id=portfolio_id, external_ref=ref, declared=declared)
    return str(batch.batch_id)


async def a_case(caller: Caller, terms: types.PortfolioTerms | None = None, **row: Any) -> str:
    portfolio = await a_portfolio(caller, terms)
    fields = {"external_ref": "ref-1", "product": "credit_card", "parties": a_row(1, "x", 1, ANA).parties, "debts": [a_debt(100_000)]}
    registered = await caller.RegisterCase(portfolio_id=portfolio.portfolio_id, value_date=on(JANUARY), **{**fields, **row})
    return str(registered.case_id)


def chunk(batch_id: str, request_id: str, *rows: pb.CaseRow) -> pb.RegisterCasesRequest:
    return pb.RegisterCasesRequest(request_id=request_id, batch_id=batch_id, rows=rows)


def arrears(portfolio_id: str, as_of: date, request_id: str, *rows: pb.ArrearsRow) -> pb.ReportArrearsRequest:
    return pb.ReportArrearsRequest(request_id=request_id, portfolio_id=portfolio_id, as_of=on(as_of), source_ref="file", rows=rows)


async def report(caller: Caller, case_id: str, as_of: date, **row: Any) -> pb.RowOutcome:
    case = (await caller.GetCase(case_id=case_id)).case
    said = pb.ArrearsRow(line=1, external_ref=case.external_ref, **row)
    (answer,) = await caller.send("ReportArrears", arrears(case.portfolio_id, as_of, uuid4().hex, said))
    return answer.outcomes[0]


async def eventually(look: Callable[[], Awaitable[Any]]) -> Any:
    """What a timer brings about in its own time: the first look that finds something."""
    async with asyncio.timeout(10):
        found = await look()
        while not found:
            await asyncio.sleep(0.02)
            found = await look()
    return found


async def opened(caller: Caller, batch_id: str, count: int) -> None:
    async def look() -> bool:
        return bool((await caller.GetBatch(batch_id=batch_id)).batch.opened == count)

    await eventually(look)


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at)
    return wire


# Batches --------------------------------------------------------------------------------------------------------------


async def test_a_row_that_breaks_a_rule_is_an_outcome_and_the_rest_goes_on(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    batch_id = await a_batch(caller, portfolio.portfolio_id, 6, 60_000)
    guarantor = a_row(4, "ref-4", 10_000, ANA)
    guarantor.parties[0].role = types.PARTY_ROLE_GUARANTOR
    sent = chunk(
        batch_id,
        "chunk-1",
        a_row(1, "ref-1", 10_000, ANA),
        a_row(2, "", 10_000, ANA),
        a_row(3, "ref-3", 10_000, ANA, "USD"),
        guarantor,
        a_row(5, "ref-5", 10_000, "nobody"),
        a_row(6, "ref-6", 10_000, ANA, value_date=on(date(2026, 1, 16))),
    )
    (answer,) = await caller.send("RegisterCases", sent)
    outcomes = [(outcome.line, bool(outcome.case_id), outcome.field, outcome.reason) for outcome in answer.outcomes]
    assert outcomes == [
        (1, True, "", ""),
        (2, False, "external_ref", "STRING_MIN_LEN"),
        (3, False, "debts[0].components[0].amount.currency_code", "IS_INVALID"),
        (4, False, "parties", "CASE_HAS_NO_DEBTOR"),
        (5, False, "parties[0].person_id", "STRING_UUID"),
        (6, False, "value_date", "IS_INVALID"),
    ]
    batch = (await caller.GetBatch(batch_id=batch_id)).batch
    assert (batch.found.count, batch.accepted, [row.line for row in batch.rejected]) == (6, 1, [2, 3, 4, 5, 6])
    # What is in another currency cannot be added to the batch's total.
    assert batch.found.amount.minor_units == 50_000


async def test_a_chunk_sent_again_gets_the_same_outcomes_and_is_counted_once(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    batch_id = await a_batch(caller, portfolio.portfolio_id, 3, 30_000)
    rows = (a_row(1, "ref-1", 10_000, ANA), a_row(2, "", 10_000, ANA))
    first, again = await caller.send("RegisterCases", chunk(batch_id, "chunk-1", *rows), chunk(batch_id, "chunk-1", *rows))
    assert [(outcome.line, outcome.reason) for outcome in first.outcomes] == [(1, ""), (2, "STRING_MIN_LEN")]
    assert (again.outcomes[0].case_id, again.outcomes[0].is_repeated) == (first.outcomes[0].case_id, True)
    (elsewhere,) = await caller.send("RegisterCases", chunk(batch_id, "chunk-2", *rows, a_row(3, "ref-1", 10_000, ANA)))
    assert elsewhere.outcomes[0].case_id == first.outcomes[0].case_id
    assert (elsewhere.outcomes[2].field, elsewhere.outcomes[2].reason) == ("external_ref", "EXTERNAL_REF_IS_TAKEN")
    batch = (await caller.GetBatch(batch_id=batch_id)).batch
    assert (batch.found.count, batch.accepted, batch.found.amount.minor_units) == (3, 1, 30_000)


async def test_a_batch_is_released_when_its_totals_agree_and_then_its_cases_open(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    batch_id = await a_batch(caller, portfolio.portfolio_id, 140, 140_000)
    rows = [a_row(line, f"ref-{line}", 1_000, ANA) for line in range(1, 141)]
    await caller.send("RegisterCases", chunk(batch_id, "chunk-1", *rows[:128]))
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "BATCH_TOTALS_DO_NOT_MATCH"):
        await caller.ReleaseBatch(batch_id=batch_id)
    (answer,) = await caller.send("RegisterCases", chunk(batch_id, "chunk-2", *rows[128:]))
    assert (await caller.GetCase(case_id=answer.outcomes[0].case_id)).case.lifecycle == types.LIFECYCLE_REGISTERED
    await caller.ReleaseBatch(batch_id=batch_id)
    await opened(caller, batch_id, 140)
    assert (await caller.GetCase(case_id=answer.outcomes[-1].case_id)).case.lifecycle == types.LIFECYCLE_OPEN
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "BATCH_IS_RELEASED"):
        await caller.ReleaseBatch(batch_id=batch_id)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "BATCH_IS_RELEASED"):
        await caller.RejectBatch(batch_id=batch_id, reason_code="CLIENT_ASKED")


async def test_a_rejected_batch_may_be_sent_again_as_another(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    first, second = [await a_batch(caller, portfolio.portfolio_id, 1, 10_000, ref) for ref in ("remesa-1", "remesa-2")]
    (answer,) = await caller.send("RegisterCases", chunk(first, "chunk-1", a_row(1, "ref-1", 10_000, ANA)))
    await caller.RejectBatch(batch_id=first, reason_code="CLIENT_ASKED")

    async def is_rejected() -> bool:
        case = (await caller.GetCase(case_id=answer.outcomes[0].case_id)).case
        return bool(case.lifecycle == types.LIFECYCLE_REJECTED)

    await eventually(is_rejected)
    (again,) = await caller.send("RegisterCases", chunk(second, "chunk-1b", a_row(1, "ref-1", 10_000, ANA)))
    assert again.outcomes[0].case_id not in ("", answer.outcomes[0].case_id)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "BATCH_IS_REJECTED"):
        await caller.ReleaseBatch(batch_id=first)


# One case -------------------------------------------------------------------------------------------------------------


async def test_a_case_is_worked_on_closed_and_reopened(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    case = (await caller.GetCase(case_id=case_id)).case
    assert (case.lifecycle, case.balance.minor_units, case.bucket) == (types.LIFECYCLE_OPEN, 100_000, "")
    attached = await caller.AttachDebt(case_id=case_id, debt=a_debt(50_000, ref="loan"))
    fee = types.ComponentAmount(component=types.COMPONENT_FEES, amount=money(1_000))
    await caller.AdjustBalance(case_id=case_id, debt_id=attached.debt_id, deltas=[fee], reason=types.ADJUSTMENT_REASON_FEE)
    guarantor = types.Party(person_id=LUIS, role=types.PARTY_ROLE_GUARANTOR, liability=types.LIABILITY_SUBSIDIARY)
    await caller.AddParty(case_id=case_id, party=guarantor)
    guarantor.role = types.PARTY_ROLE_CO_DEBTOR
    await caller.ChangePartyRole(case_id=case_id, party=guarantor)
    await caller.RemoveParty(case_id=case_id, person_id=LUIS, reason_code="MISTAKE")
    balance = await caller.GetBalance(case_id=case_id)
    assert (balance.balance.minor_units, balance.authority, len(balance.debts)) == (151_000, types.AUTHORITY_CREDITOR, 2)
    await caller.DetachDebt(case_id=case_id, debt_id=attached.debt_id, reason_code="BAJA")
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "BALANCE_IS_NOT_PAID"):
        await caller.CloseCase(case_id=case_id, outcome=types.CLOSE_OUTCOME_PAID_IN_FULL, evidence_refs=["receipt-1"])
    assert (await report(caller, case_id, date(2026, 1, 15), balance=money(0))).case_id == case_id
    await caller.CloseCase(case_id=case_id, outcome=types.CLOSE_OUTCOME_PAID_IN_FULL, evidence_refs=["receipt-1"])
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "CASE_IS_CLOSED"):
        await caller.AttachDebt(case_id=case_id, debt=a_debt(1, ref="late"))
    await caller.ReopenCase(case_id=case_id, reason=types.REOPEN_REASON_PAYMENT_REVERSED)
    case = (await caller.GetCase(case_id=case_id)).case
    assert (case.lifecycle, case.outcome, case.balance.minor_units) == (types.LIFECYCLE_OPEN, 0, 0)


async def test_the_same_request_again_gets_the_first_answer(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    asked = {"request_id": "attach-1", "case_id": case_id, "debt": a_debt(50_000, ref="loan")}
    first, again = await caller.AttachDebt(**asked), await caller.AttachDebt(**asked)
    assert first == again
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED"):
        await caller.AttachDebt(**{**asked, "debt": a_debt(60_000, ref="loan")})


async def test_an_old_etag_is_a_conflict(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    etag = (await caller.GetCase(case_id=case_id)).case.etag
    await caller.AttachDebt(case_id=case_id, debt=a_debt(1, ref="a"), etag=etag)
    with refused(grpc.StatusCode.ABORTED, "VERSION_CONFLICT"):
        await caller.AttachDebt(case_id=case_id, debt=a_debt(1, ref="b"), etag=etag)


async def test_what_is_wrong_is_named_by_field(cases: Running) -> None:
    caller = cases.as_()
    broken = cycles_terms()
    broken.bucket_set.buckets[2].to = 7
    registered = await caller.RegisterClient(external_ref="bank", name="Bank")
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID", "terms.bucket_set.buckets[3].from"):
        await caller.OpenPortfolio(client_id=registered.client_id, external_ref="cards", name="Cards", terms=broken)
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID", "case_id"):
        await caller.GetCase(case_id="nobody")
    with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
        await caller.GetCase(case_id=str(uuid4()))
    with refused(grpc.StatusCode.ALREADY_EXISTS, "CLAIMED_BY_ANOTHER"):
        await caller.RegisterClient(external_ref="bank", name="Another")


async def test_a_report_row_by_row(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    sent = arrears(
        portfolio_id,
        date(2026, 1, 10),
        "r1",
        pb.ArrearsRow(line=1, external_ref="ref-1", cycles_past_due=2, balance=money(90_000)),
        pb.ArrearsRow(line=2, external_ref="nobody", cycles_past_due=2),
        pb.ArrearsRow(line=3, external_ref="ref-1", days_past_due=2),
        pb.ArrearsRow(line=4, external_ref="ref-1"),
    )
    (answer,) = await caller.send("ReportArrears", sent)
    assert [(outcome.field, outcome.reason) for outcome in answer.outcomes] == [
        ("", ""),
        ("external_ref", "EXTERNAL_REF_IS_UNKNOWN"),
        ("days_past_due", "IS_INVALID"),
        ("cycles_past_due", "IS_INVALID"),
    ]
    case = (await caller.GetCase(case_id=case_id)).case
    assert (case.bucket, case.cycles_past_due, case.balance.minor_units, case.bucket_since) == ("2", 2, 90_000, on(date(2026, 1, 10)))


# Time in questions ------------------------------------------------------------------------------------------------------


async def test_a_case_is_asked_as_of_a_day_and_as_known_at_an_instant(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    await report(caller, case_id, date(2026, 1, 5), cycles_past_due=1)
    then = datetime(2026, 1, 15, 18, tzinfo=UTC)
    await cases.clock.advance(datetime(2026, 1, 20, 12, tzinfo=UTC))
    await report(caller, case_id, date(2026, 1, 10), cycles_past_due=3)
    await report(caller, case_id, date(2026, 1, 5), cycles_past_due=2)

    async def bucket(**asked: Any) -> str:
        return str((await caller.GetCase(case_id=case_id, **asked)).case.bucket)

    assert await bucket() == "3"
    assert await bucket(as_of=on(date(2026, 1, 7))) == "2"
    assert await bucket(as_of=on(date(2026, 1, 4))) == ""
    assert await bucket(as_known_at=stamp(then)) == "1"
    assert await bucket(as_known_at=stamp(then), as_of=on(date(2026, 1, 12))) == "1"
    explained = await caller.ExplainBucket(case_id=case_id, as_of=on(date(2026, 1, 7)))
    assert (explained.bucket, explained.past_due_units, explained.range.name, [ground.type for ground in explained.grounds]) == (
        "2",
        2,
        "2",
        ["CaseRegistered", "ArrearsReported"],
    )
    assert "2 cycles past due as of 2026-01-05" in explained.sentence
    with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
        await caller.GetCase(case_id=case_id, as_known_at=stamp(datetime(2026, 1, 1, tzinfo=UTC)))


async def test_a_story_is_told_row_by_row_with_where_the_case_stood(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    await report(caller, case_id, date(2026, 1, 5), cycles_past_due=1, balance=money(80_000))
    rows, token = [], ""
    while True:
        page = await caller.GetTimeline(case_id=case_id, page_size=2, page_token=token)
        rows += page.rows
        token = page.next_page_token
        if not token:
            break
    assert [row.type for row in rows] == [
        "CaseRegistered",
        "PartyAdded",
        "DebtAttached",
        "CaseOpened",
        "BalanceReported",
        "BalanceDifferenceExplained",
        "ArrearsReported",
        "BucketChanged",
    ]
    assert [row.version for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [row.balance.minor_units for row in rows] == [0, 0, 100_000, 100_000, 80_000, 80_000, 80_000, 80_000]
    assert [row.bucket for row in rows][-2:] == ["1", "1"]
    assert all(row.why and row.recorded_at.seconds and row.actor.id == "ana" for row in rows)
    only = await caller.GetTimeline(case_id=case_id, types=["BucketChanged"])
    assert [row.type for row in only.rows] == ["BucketChanged"]
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID", "page_token"):
        await caller.GetTimeline(case_id=case_id, page_token="bm90IG91cnMgYXQgYWxsIGFuZCBsb25n")


async def test_days_go_by_and_the_boundary_is_told(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, days_terms())
    await report(caller, case_id, date(2026, 1, 15), oldest_unpaid_due_date=on(date(2026, 1, 1)))
    await cases.clock.advance(datetime(2026, 1, 31, 22, 59, tzinfo=UTC))
    assert (await caller.GetCase(case_id=case_id)).case.bucket == "1-30"
    await cases.clock.advance(datetime(2026, 1, 31, 23, 0, 1, tzinfo=UTC))

    async def second_bucket() -> Any:
        return (await caller.GetTimeline(case_id=case_id, types=["BucketChanged"])).rows[1:]

    (told,) = await eventually(second_bucket)
    changed = told.event.bucket_changed
    assert (changed.to, changed.cause, told.actor.id) == ("31+", "BOUNDARY", "delinquency.boundary")
    case = (await caller.GetCase(case_id=case_id)).case
    assert (case.bucket, case.days_past_due) == ("31+", 31)


# Facts ------------------------------------------------------------------------------------------------------------------


async def test_what_is_learned_is_sealed_and_its_reading_recorded(cases: Running) -> None:
    caller = cases.as_("agent")
    case_id = await a_case(cases.as_())
    said = {"case_id": case_id, "key": "employment", "source": "debtor", "confidence": types.CONFIDENCE_STATED}
    first = await caller.RecordFact(value="lost the job at the mill", **said)
    second = await caller.RecordFact(value="has found another one", supersedes_fact_id=first.fact_id, **said)
    listed = await caller.ListFacts(case_id=case_id, purpose="CALL_PREPARATION")
    assert [fact.value for fact in listed.facts] == ["has found another one"]
    listed = await caller.ListFacts(case_id=case_id, purpose="CALL_PREPARATION", with_history=True)
    assert [(fact.value, fact.superseded_by) for fact in listed.facts] == [
        ("lost the job at the mill", second.fact_id),
        ("has found another one", ""),
    ]
    await caller.RetractFact(case_id=case_id, fact_id=second.fact_id, reason_code="WRONG_PERSON")
    assert not (await caller.ListFacts(case_id=case_id, purpose="CALL_PREPARATION")).facts
    records = await cases.log.read(0, 1_000)
    assert not [record for record in records if b"mill" in record.event]
    readings = await cases.log.read_stream(stream_of(UUID(case_id)), "demo")
    read = [CaseEvent.FromString(record.event).case_file_accessed for record in readings]
    assert (len(read), read[0].reader, read[0].purpose, list(read[0].fields)) == (3, "ana", "CALL_PREPARATION", ["employment"])
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID", "purpose"):
        await caller.ListFacts(case_id=case_id)


# Who sees what ------------------------------------------------------------------------------------------------------------


async def test_a_client_sees_its_own_cases_and_no_others(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    case = (await caller.GetCase(case_id=case_id)).case
    other = await caller.RegisterClient(external_ref="other", name="Other bank")
    theirs, stranger = (cases.as_("client", client_ids=[client]) for client in (case.client_id, other.client_id))
    position = (await cases.log.head()).position
    assert (await theirs.GetCase(case_id=case_id)).case.case_id == case_id
    assert [c.case_id for c in (await theirs.ListCases(min_position=position)).cases] == [case_id]
    assert not (await stranger.ListCases(min_position=position)).cases
    for ask in (stranger.GetCase, stranger.GetBalance, stranger.GetTimeline, stranger.ExplainBucket):
        with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
            await ask(case_id=case_id)
    with refused(grpc.StatusCode.NOT_FOUND, "PORTFOLIO_IS_UNKNOWN"):
        await stranger.GetAgingReport(portfolio_id=case.portfolio_id, as_of=on(JANUARY))
    with refused(grpc.StatusCode.NOT_FOUND, "PORTFOLIO_IS_UNKNOWN"):
        await stranger.send("ReportArrears", arrears(case.portfolio_id, JANUARY, "r1", pb.ArrearsRow(line=1, external_ref="ref-1")))
    with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
        await cases.as_("agent", tenant="elsewhere").GetCase(case_id=case_id)
    assert len(await replayed(theirs)) == position - 1
    assert len(await replayed(stranger)) == 1


async def replayed(caller: Caller) -> list[Any]:
    answers = caller.log.Replay(ReplayRequest(), metadata=caller.metadata)
    return [record async for answer in answers for record in answer.records]


# Lists and reports ----------------------------------------------------------------------------------------------------------


async def test_cases_are_listed_in_a_stable_order_by_what_is_asked(cases: Running) -> None:
    caller = cases.as_()
    portfolio = await a_portfolio(caller)
    batch_id = await a_batch(caller, portfolio.portfolio_id, 5, 50_000)
    rows = [a_row(line, f"ref-{line}", 10_000, ANA if line < 3 else LUIS) for line in range(1, 6)]
    await caller.send("RegisterCases", chunk(batch_id, "chunk-1", *rows))
    await caller.ReleaseBatch(batch_id=batch_id)
    await opened(caller, batch_id, 5)
    late = pb.ArrearsRow(line=1, external_ref="ref-2", cycles_past_due=2, balance=money(-700))
    (answer,) = await caller.send("ReportArrears", arrears(portfolio.portfolio_id, JANUARY, "r1", late))
    seen, token = [], ""
    while True:
        page = await caller.ListCases(page_size=2, page_token=token, portfolio_id=portfolio.portfolio_id, min_position=answer.position)
        seen += [case.external_ref for case in page.cases]
        token = page.next_page_token
        if not token:
            break
    assert sorted(seen) == [f"ref-{line}" for line in range(1, 6)]

    async def listed(**asked: Any) -> list[str]:
        return sorted(case.external_ref for case in (await caller.ListCases(**asked)).cases)

    assert await listed(person_id=ANA) == ["ref-1", "ref-2"]
    assert await listed(bucket="2") == ["ref-2"]
    assert await listed(external_ref="ref-4") == ["ref-4"]
    assert len(await listed(batch_id=batch_id, lifecycle=types.LIFECYCLE_OPEN)) == 5
    assert await listed(lifecycle=types.LIFECYCLE_CLOSED) == []
    (case,) = (await caller.ListCases(bucket="2")).cases
    assert (case.balance.minor_units, case.etag) == (-700, (await caller.GetCase(case_id=case.case_id)).case.etag)


async def test_a_report_tells_what_was_known_then_or_what_is_known_now(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    await report(caller, case_id, date(2026, 1, 15), cycles_past_due=1, balance=money(90_000))
    await cases.clock.advance(datetime(2026, 1, 20, 12, tzinfo=UTC))
    await report(caller, case_id, date(2026, 1, 15), cycles_past_due=0, balance=money(80_000))
    await report(caller, case_id, date(2026, 1, 20), cycles_past_due=2)
    position = (await cases.log.head()).position

    async def aging(basis: Any) -> tuple[Any, Any]:
        asked = {"as_of": on(date(2026, 1, 20)), "since": on(date(2026, 1, 15)), "basis": basis, "min_position": position}
        answer = await caller.GetAgingReport(portfolio_id=portfolio_id, **asked)
        rolls = [(getattr(roll, "from"), roll.to, roll.count) for roll in answer.rolls]
        return rolls, [(row.bucket, row.balance_before.minor_units) for row in answer.rows if row.count_before]

    assert await aging(pb.BASIS_RESTATED) == ([("current", "2", 1)], [("current", 80_000)])
    assert await aging(pb.BASIS_REPORTED) == ([("1", "2", 1)], [("1", 90_000)])
    await caller.CloseCase(case_id=case_id, outcome=types.CLOSE_OUTCOME_SOLD, evidence_refs=["deed-1"])
    later = await caller.GetAgingReport(
        portfolio_id=portfolio_id,
        as_of=on(date(2026, 1, 20)),
        since=on(date(2026, 1, 19)),
        min_position=(await cases.log.head()).position,
    )
    assert (sum(row.count for row in later.rows), sum(row.count_before for row in later.rows), list(later.rolls)) == (0, 1, [])


async def test_changed_terms_are_taken_on_by_the_next_decision(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, days_terms())
    await report(caller, case_id, date(2026, 1, 10), days_past_due=20)
    case = (await caller.GetCase(case_id=case_id)).case
    stricter = days_terms()
    stricter.bucket_set.version = "days-2"
    stricter.bucket_set.buckets[1].to = 15
    stricter.bucket_set.buckets[2].name = "16+"
    setattr(stricter.bucket_set.buckets[2], "from", 16)
    await caller.ChangePortfolioTerms(portfolio_id=case.portfolio_id, terms=stricter, effective_from=on(date(2026, 1, 12)))
    await caller.AttachDebt(case_id=case_id, debt=a_debt(1, ref="b"))
    assert (await caller.GetCase(case_id=case_id)).case.bucket == "16+"
    assert (await caller.GetCase(case_id=case_id, as_of=on(date(2026, 1, 11)))).case.bucket == "1-30"
    portfolio = (await caller.GetPortfolio(portfolio_id=case.portfolio_id)).portfolio
    assert portfolio.terms.bucket_set.version == "days-2"


async def test_an_id_of_another_kind_of_thing_names_nothing_here(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    for _ in range(2):  # from the store, and from memory
        with refused(grpc.StatusCode.NOT_FOUND, "BATCH_IS_UNKNOWN"):
            await caller.GetBatch(batch_id=case_id)
        with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
            await caller.GetCase(case_id=portfolio_id)
        with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
            await caller.GetCase(case_id=portfolio_id, as_known_at=Timestamp(seconds=4_000_000_000))
        with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
            await caller.RetractFact(case_id=portfolio_id, fact_id=case_id, reason_code="WRONG")
        with refused(grpc.StatusCode.NOT_FOUND, "PORTFOLIO_IS_UNKNOWN"):
            await caller.GetPortfolio(portfolio_id=case_id)
    assert (await caller.GetCase(case_id=case_id)).case.case_id == case_id
