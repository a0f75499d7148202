"""Money comes, once; it is spread over what is owed, waits where nobody knows whose it is, and is taken back exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import grpc
import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.kernel.ids import derived
from tests.services.payments.service import (
    THE_CLIENT,
    TODAY,
    Caller,
    Running,
    a_debt,
    components,
    debt_id,
    eur,
    eventually,
    lines,
    on,
    reason_of,
)

YESTERDAY = date(2026, 3, 30)


async def pay(caller: Caller, source_id: str, minor_units: int, ref: str, **other: Any) -> Any:
    said = {"value_date": on(YESTERDAY), "amount": eur(minor_units), "provider_ref": ref, **other}
    return await caller.RecordPayment(source_id=source_id, **said)


async def placed(caller: Caller, payment_id: str) -> list[Any]:
    return list((await caller.GetPayment(payment_id=payment_id)).payment.placements)


async def is_waiting(caller: Caller, payment_id: str, minor_units: int) -> bool:
    return sum(place.waiting.minor_units for place in await placed(caller, payment_id)) == minor_units


async def test_a_payment_is_spread_interest_before_capital_and_says_why(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = await payments.a_case("c-1", a_debt("card", since=date(2026, 2, 1), principal=10_000, interest=500, fees=100))
    answer = await pay(caller, source_id, 1_000, "p-1", case_id=str(case_id))
    assert [(place.allocated.minor_units, place.waiting.minor_units) for place in await placed(caller, answer.payment_id)] == [(1_000, 0)]
    ledger = await caller.GetLedger(case_id=str(case_id))
    card = debt_id("card")
    assert lines(ledger.allocations[0]) == [
        (card, "FEES", 100, "most-onerous/past_due"),
        (card, "INTEREST", 500, "most-onerous/past_due"),
        (card, "PRINCIPAL", 400, "most-onerous/past_due"),
    ]
    explained = await caller.ExplainAllocation(case_id=str(case_id), allocation_id=ledger.allocations[0].allocation_id)
    assert explained.is_reproduced
    assert [(each.cite, each.amount.minor_units, each.owed_before.minor_units) for each in explained.reasons] == [
        ("ES-CC-1173, 1174", 100, 100),
        ("ES-CC-1173, 1174", 500, 500),
        ("ES-CC-1173, 1174", 400, 10_000),
    ]


async def test_the_same_reference_is_the_same_payment_and_never_another(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    first = await pay(caller, source_id, 1_000, "p-1", case_id=case_id)
    again = await pay(caller, source_id, 1_000, "p-1", case_id=case_id)
    assert (again.payment_id, again.is_repeated) == (first.payment_id, True)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await pay(caller, source_id, 1_001, "p-1", case_id=case_id)
    assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.ALREADY_EXISTS, "REFERENCE_IS_OF_ANOTHER_PAYMENT")
    other = await pay(caller, await caller.a_source("bank"), 1_001, "p-1", case_id=case_id)
    assert other.payment_id != first.payment_id
    assert (await caller.GetLedger(case_id=case_id)).allocated.minor_units == 2_001


async def test_the_same_request_gets_its_first_payment(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    first = await pay(caller, source_id, 1_000, "p-1", case_id=case_id, request_id="r-1")
    assert (await pay(caller, source_id, 1_000, "p-1", case_id=case_id, request_id="r-1")).payment_id == first.payment_id
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await pay(caller, source_id, 1_000, "p-2", case_id=case_id, request_id="r-1")
    assert reason_of(refused.value) == "REQUEST_ID_REUSED"


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ({"amount": eur(0)}, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID"),
        ({"amount": eur(-5)}, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID"),
        ({"value_date": on(date(2026, 4, 1))}, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID"),
        ({"value_date": on(date(1999, 12, 31))}, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_IS_INVALID"),
        ({"amount": eur(5, "USD")}, grpc.StatusCode.FAILED_PRECONDITION, "PAYMENT_IS_OF_ANOTHER_CURRENCY"),
        ({"source_id": str(derived("source", "none"))}, grpc.StatusCode.NOT_FOUND, "PAYMENT_SOURCE_IS_UNKNOWN"),
    ],
)
async def test_what_cannot_be_a_payment_is_refused_by_name(payments: Running, said: dict[str, Any], code: Any, reason: str) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    before = (await payments.log.head()).position
    fields = {"source_id": source_id, "amount": eur(5), "provider_ref": "p-1", "case_id": case_id, "value_date": on(TODAY), **said}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await caller.RecordPayment(**fields)
    assert (refused.value.code(), reason_of(refused.value)) == (code, reason)
    assert (await payments.log.head()).position == before


async def test_money_for_a_reference_not_heard_of_waits_and_is_drawn_by_itself(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source(client_id=str(THE_CLIENT))
    answer = await pay(caller, source_id, 3_000, "p-1", external_ref="c-9")
    assert [place.reason for place in await placed(caller, answer.payment_id)] == [receipts.SUSPENSE_REASON_REFERENCE_IS_UNKNOWN]
    case_id = await payments.a_case("c-9", a_debt("card", principal=10_000), is_open=False)
    await eventually(partial(waits_with_the_case, caller, answer.payment_id))
    await payments.hear(case_id, cases.CaseOpened(reason="RELEASED"))
    await eventually(partial(is_waiting, caller, answer.payment_id, 0))
    ledger = await caller.GetLedger(case_id=str(case_id))
    assert (ledger.allocated.minor_units, ledger.waiting.minor_units) == (3_000, 0)
    # Known by now: the next one needs no waiting.
    known = await pay(caller, source_id, 1_000, "p-2", external_ref="c-9")
    assert [place.case_id for place in await placed(caller, known.payment_id)] == [str(case_id)]


async def waits_with_the_case(caller: Caller, payment_id: str) -> bool:
    return [place.reason for place in await placed(caller, payment_id)] == [receipts.SUSPENSE_REASON_CASE_IS_NOT_OPEN]


async def test_money_for_a_case_not_heard_of_waits_and_is_drawn_by_itself(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = derived("case", "c-7")
    answer = await pay(caller, source_id, 3_000, "p-1", case_id=str(case_id))
    assert [place.reason for place in await placed(caller, answer.payment_id)] == [receipts.SUSPENSE_REASON_CASE_IS_NOT_HEARD]
    await payments.a_case("c-7", a_debt("card", principal=10_000))
    await eventually(partial(is_waiting, caller, answer.payment_id, 0))
    assert (await caller.GetLedger(case_id=str(case_id))).allocated.minor_units == 3_000


async def test_money_of_nobody_waits_until_somebody_says_whose_it_is(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    answer = await pay(caller, source_id, 3_000, "p-1")
    listed = await caller.ListSuspense(min_position=answer.receipt.position)
    assert [(item.payment_id, item.amount.minor_units) for item in listed.items] == [(answer.payment_id, 3_000)]
    resolved = await caller.ResolveSuspense(payment_id=answer.payment_id, case_id=case_id, request_id="r-1")
    assert [(place.case_id, place.allocated.minor_units) for place in await placed(caller, answer.payment_id)] == [(case_id, 3_000)]
    assert await caller.ResolveSuspense(payment_id=answer.payment_id, case_id=case_id, request_id="r-1") == resolved
    listed = await caller.ListSuspense(min_position=resolved.receipt.position)
    assert list(listed.items) == []


async def test_a_wrong_match_is_taken_off_and_put_right(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    wrong = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    right = str(await payments.a_case("c-2", a_debt("loan", principal=5_000)))
    payment_id = (await pay(caller, source_id, 3_000, "p-1", case_id=wrong)).payment_id
    await caller.UnmatchPayment(payment_id=payment_id, case_id=wrong, reason_code="WRONG_CASE")
    assert await is_waiting(caller, payment_id, 3_000)
    await caller.ResolveSuspense(payment_id=payment_id, case_id=right)
    off, to = await caller.GetLedger(case_id=wrong), await caller.GetLedger(case_id=right)
    assert (off.allocated.minor_units, to.allocated.minor_units) == (0, 3_000)
    assert off.allocations[0].reversed_because == told.REVERSAL_CAUSE_REALLOCATED


async def test_a_reversal_takes_back_exactly_what_was_spread(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000, interest=500)))
    first = await pay(caller, source_id, 1_000, "p-1", case_id=case_id, value_date=on(date(2026, 3, 1)))
    await pay(caller, source_id, 700, "p-2", case_id=case_id)
    reversed_ = {"payment_id": first.payment_id, "cause": receipts.PAYMENT_REVERSAL_CAUSE_RETURNED, "value_date": on(date(2026, 3, 9))}
    answer = await caller.ReversePayment(**reversed_, request_id="r-1")
    assert (await caller.ReversePayment(**reversed_, request_id="r-1")).receipt == answer.receipt
    await caller.ReversePayment(**reversed_)
    ledger = await caller.GetLedger(case_id=case_id)
    assert ledger.allocated.minor_units == 700
    assert (await caller.GetLedger(case_id=case_id, as_of=on(date(2026, 3, 8)))).allocated.minor_units == 1_000
    # The later payment keeps its place: the interest that the first had paid is owed again.
    assert [line[1:3] for line in lines(ledger.allocations[1])] == [("PRINCIPAL", 700)]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await caller.ReversePayment(payment_id=first.payment_id, cause=receipts.PAYMENT_REVERSAL_CAUSE_CHARGEBACK)
    assert reason_of(refused.value) == "PAYMENT_IS_REVERSED_OTHERWISE"


async def test_more_than_is_owed_is_a_credit_line_of_its_own(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=1_000)))
    await pay(caller, source_id, 1_500, "p-1", case_id=case_id)
    ledger = await caller.GetLedger(case_id=case_id)
    assert [line[2:] for line in lines(ledger.allocations[0])] == [(1_000, "most-onerous/due"), (500, "credit")]
    allocation_id = UUID(ledger.allocations[0].allocation_id)
    applied = cases.PaymentApplied(allocation_id=allocation_id.bytes, credit=eur(500))
    await payments.hear(UUID(case_id), applied)
    assert (await caller.GetLedger(case_id=case_id)).allocations[0].credit.minor_units == 500


async def test_what_was_paid_before_a_debt_counted_is_nobodys_to_spread(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=1_000, from_=date(2026, 3, 15))))
    answer = await pay(caller, source_id, 500, "p-1", case_id=case_id, value_date=on(date(2026, 3, 14)))
    assert [place.reason for place in await placed(caller, answer.payment_id)] == [receipts.SUSPENSE_REASON_NO_DEBT_COUNTS]


async def test_the_ledger_as_known_before_does_not_know_what_came_after(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=1_000)))
    first = await pay(caller, source_id, 200, "p-1", case_id=case_id)
    await payments.clock.advance(datetime(2026, 4, 2, 10, tzinfo=UTC))
    await pay(caller, source_id, 300, "p-2", case_id=case_id)
    then = await caller.GetLedger(case_id=case_id, as_known_at=first.receipt.recorded_at)
    assert [each.amount.minor_units for each in then.allocations] == [200]
    owed = [(part.amount.minor_units) for part in (await caller.GetLedger(case_id=case_id)).debts[0].owed]
    assert owed == [500]


async def test_an_adjustment_and_a_schedule_heard_change_what_is_spread_next(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = await payments.a_case("c-1", a_debt("card", principal=1_000))
    card = debt_id("card").bytes
    await payments.hear(
        case_id,
        cases.DebtBalanceAdjusted(debt_id=card, deltas=components(interest=50), value_date=on(date(2026, 3, 2))),
        cases.InstalmentsScheduled(
            debt_id=card,
            instalments=[
                {"number": 1, "due_date": on(date(2026, 3, 1)), "components": components(principal=400)},
                {"number": 2, "due_date": on(date(2026, 5, 1)), "components": components(principal=600)},
            ],
        ),
    )
    shown = await caller.PreviewAllocation(case_id=str(case_id), amount=eur(500), value_date=on(YESTERDAY))
    assert [(each.rule, each.dueness, each.amount.minor_units) for each in shown.reasons] == [
        ("most-onerous", "PAST_DUE", 400),
        ("not-yet-due", "FUTURE", 50),
        ("not-yet-due", "FUTURE", 50),
    ]
    await pay(caller, source_id, 500, "p-1", case_id=str(case_id))
    ledger = await caller.GetLedger(case_id=str(case_id))
    assert [line[1:3] for line in lines(ledger.allocations[0])] == [("PRINCIPAL", 400), ("INTEREST", 50), ("PRINCIPAL", 50)]


async def test_payments_of_a_case_and_of_a_source_are_listed(payments: Running) -> None:
    caller = payments.as_()
    source_id, bank_id = await caller.a_source(), await caller.a_source("bank")
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    one = await pay(caller, source_id, 100, "p-1", case_id=case_id)
    await pay(caller, bank_id, 200, "p-2")
    last = await pay(caller, bank_id, 300, "p-3", case_id=case_id)
    await caller.ReversePayment(payment_id=one.payment_id, cause=receipts.PAYMENT_REVERSAL_CAUSE_RETURNED)
    seen = {"min_position": last.receipt.position + 2}
    of_case = await caller.ListPayments(case_id=case_id, **seen)
    assert [(each.provider_ref, each.allocated.minor_units, each.is_reversed) for each in of_case.payments] == [
        ("p-1", 0, True),
        ("p-3", 300, False),
    ]
    of_bank = await caller.ListPayments(source_id=bank_id, page_size=1, **seen)
    rest = await caller.ListPayments(source_id=bank_id, page_size=1, page_token=of_bank.next_page_token, **seen)
    assert [each.provider_ref for each in (*of_bank.payments, *rest.payments)] == ["p-2", "p-3"]
    assert [each.waiting.minor_units for each in of_bank.payments] == [200]


async def test_a_client_sees_what_is_its_own(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    payment_id = (await pay(caller, source_id, 100, "p-1", case_id=case_id)).payment_id
    theirs = payments.as_("client", subject="bank", client_ids=[str(THE_CLIENT)])
    others = payments.as_("client", subject="other", client_ids=[str(derived("client", "other"))])
    assert (await theirs.GetPayment(payment_id=payment_id)).payment.payment_id == payment_id
    assert (await theirs.GetLedger(case_id=case_id)).allocated.minor_units == 100
    for question in (others.GetPayment(payment_id=payment_id), others.GetLedger(case_id=case_id)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await question
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    assert list((await others.ListPayments()).payments) == []


async def test_many_come_in_a_stream_and_a_refused_row_hinders_no_other(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    one = str(await payments.a_case("c-1", a_debt("card", principal=10_000)))
    dollars = str(await payments.a_case("c-2", is_open=True, currency_code="USD"))
    await pay(caller, source_id, 100, "p-0", case_id=one)
    rows = [
        a_row(1, 100, "p-1", case_id=one),
        a_row(2, 0, "p-2", case_id=one),
        a_row(3, 100, "p-3", case_id=dollars),
        a_row(4, 100, "p 4", case_id=one),
        a_row(5, 100, "p-0", case_id=one),
        a_row(6, 101, "p-1", case_id=one),
        a_row(7, 100, "p-7"),
    ]
    chunk = pb.RecordPaymentsRequest(request_id="chunk-1", source_id=source_id, rows=rows)
    (answer,) = await caller.send("RecordPayments", chunk)
    assert [(each.line, each.field, each.reason, each.is_repeated) for each in answer.outcomes] == [
        (1, "", "", False),
        (2, "amount.minor_units", "IS_INVALID", False),
        (3, "amount.currency_code", "PAYMENT_IS_OF_ANOTHER_CURRENCY", False),
        (4, "provider_ref", "STRING_PATTERN", False),
        (5, "", "", True),
        (6, "provider_ref", "REFERENCE_IS_OF_ANOTHER_PAYMENT", False),
        (7, "", "", False),
    ]
    (again,) = await caller.send("RecordPayments", chunk)
    assert [each.payment_id for each in again.outcomes] == [each.payment_id for each in answer.outcomes]
    assert (await caller.GetLedger(case_id=one)).allocated.minor_units == 200


async def test_a_chunk_is_one_unit_and_again_the_same_payments(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_ids = [str(await payments.a_case(f"c-{n}", a_debt(f"card-{n}", principal=10_000))) for n in range(5)]
    rows = [a_row(n, 10 + n, f"p-{n}", case_id=case_ids[n % 5]) for n in range(1, 101)]
    chunk = pb.RecordPaymentsRequest(request_id="chunk-1", source_id=source_id, rows=rows)
    before = (await payments.log.head()).position
    (answer,) = await caller.send("RecordPayments", chunk)
    records = await payments.log.read(before, 1_000)
    assert len(records) == 200
    assert len({record.recorded_at for record in records}) == 1
    (again,) = await caller.send("RecordPayments", chunk)
    assert [(each.payment_id, each.is_repeated) for each in again.outcomes] == [(each.payment_id, True) for each in answer.outcomes]
    allocated = [(await caller.GetLedger(case_id=case_id)).allocated.minor_units for case_id in case_ids]
    assert sum(allocated) == sum(10 + n for n in range(1, 101))


def a_row(line: int, minor_units: int, ref: str, **other: Any) -> pb.PaymentRow:
    return pb.PaymentRow(line=line, provider_ref=ref, amount=eur(minor_units), value_date=on(YESTERDAY), **other)


async def test_money_goes_to_what_was_promised_first_in_its_time_and_no_longer_once_it_is_over(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = await payments.a_case(
        "c-1",
        a_debt("card", since=date(2026, 1, 1), principal=10_000),
        a_debt("loan", since=date(2026, 2, 1), product="loan", principal=10_000),
    )
    promise_id = derived("promise", 1)
    parts = [promises.PromisePart(date=on(date(2026, 3, 20)), amount=eur(3_000))]
    made = promises.PromiseMade(
        promise_id=promise_id.bytes, debt_ids=[debt_id("loan").bytes], parts=parts, grace_days=2, made_on=on(date(2026, 3, 10))
    )
    await payments.hear(case_id, made)
    for ref, day, minor_units in (("before", 9, 1_000), ("in-time", 22, 1_000), ("late", 23, 1_000)):
        await pay(caller, source_id, minor_units, ref, case_id=str(case_id), value_date=on(date(2026, 3, day)))
    await payments.hear(
        case_id, promises.PromiseResumed(promise_id=promise_id.bytes, parts=[{"date": on(date(2026, 3, 25)), "amount": eur(3_000)}])
    )
    await pay(caller, source_id, 1_000, "in-time-by-now", case_id=str(case_id), value_date=on(date(2026, 3, 27)))
    await payments.hear(case_id, promises.PromiseKept(promise_id=promise_id.bytes))
    await pay(caller, source_id, 1_000, "kept-by-now", case_id=str(case_id), value_date=on(date(2026, 3, 26)))
    ledger = await caller.GetLedger(case_id=str(case_id))
    given = [sum(line.amount.minor_units for line in each.lines if line.commitment_id == promise_id.bytes) for each in ledger.allocations]
    assert given == [0, 1_000, 0, 1_000, 0]
    assert all(line.debt_id == debt_id("loan").bytes for line in ledger.allocations[1].lines)
