"""Many at once: one reference is one payment, whoever tells it and how often; one payment is taken back once; a case opens meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial
from typing import Any

import grpc
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.kernel.ids import derived
from tests.services.payments.service import TODAY, Caller, Running, a_debt, eur, eventually, on, reason_of, registered
from tests.services.payments.test_conservation import Books, all_events, is_quiet

CALLS = 200


async def came_of(asked: Any) -> str:
    try:
        return str((await asked).payment_id)
    except grpc.aio.AioRpcError as error:
        return reason_of(error)


async def test_a_reference_told_by_many_at_once_is_one_payment_and_another_amount_is_refused(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10**6)))
    same = {"source_id": source_id, "provider_ref": "p-1", "value_date": on(TODAY), "case_id": case_id}
    asked = [caller.RecordPayment(amount=eur(100 + n % 2), **same) for n in range(CALLS)]
    came = Counter(await asyncio.gather(*(came_of(each) for each in asked)))
    paid = [name for name in came if name != "REFERENCE_IS_OF_ANOTHER_PAYMENT"]
    assert len(paid) == 1
    assert came[paid[0]] == came["REFERENCE_IS_OF_ANOTHER_PAYMENT"] == CALLS // 2
    names = [event.WhichOneof("event") for event in await all_events(payments)]
    assert (names.count("payment_received"), names.count("payment_allocated")) == (1, 1)


async def test_chunks_that_bring_the_same_payments_at_once_bring_each_once(payments: Running) -> None:
    callers = [payments.as_() for _ in range(4)]
    source_id = await callers[0].a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10**6)))
    rows = [pb.PaymentRow(line=n, provider_ref=f"p-{n}", amount=eur(n), value_date=on(TODAY), case_id=case_id) for n in range(1, 61)]
    chunks = [pb.RecordPaymentsRequest(request_id=f"chunk-{number}", source_id=source_id, rows=rows) for number in range(4)]
    answers = await asyncio.gather(*(caller.send("RecordPayments", chunk) for caller, chunk in zip(callers, chunks, strict=True)))
    told = [[outcome.payment_id for outcome in answer[0].outcomes] for answer in answers]
    assert all(one == told[0] for one in told)
    assert all(told[0])
    assert (await callers[0].GetLedger(case_id=case_id)).allocated.minor_units == sum(range(1, 61))


async def test_a_case_that_opens_while_money_comes_gets_all_of_it(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = derived("case", "c-1")

    async def pay(number: int) -> None:
        await asyncio.sleep(number / 2_000)
        said = {"source_id": source_id, "provider_ref": f"p-{number}", "amount": eur(10), "value_date": on(TODAY)}
        await caller.RecordPayment(case_id=str(case_id), **said)

    async def open_it() -> None:
        for fact in (registered("c-1"), a_debt("card", principal=10**6), cases.CaseOpened(reason="REGISTERED")):
            await asyncio.sleep(0.01)
            await payments.hear(case_id, fact)

    await asyncio.gather(open_it(), *(pay(number) for number in range(100)))
    await eventually(partial(is_quiet, payments))
    ledger = await caller.GetLedger(case_id=str(case_id))
    assert (ledger.allocated.minor_units, ledger.waiting.minor_units) == (1_000, 0)
    Books(await all_events(payments)).check()


async def test_a_payment_taken_back_by_many_is_taken_back_once(payments: Running) -> None:
    caller = payments.as_()
    source_id = await caller.a_source()
    case_id = str(await payments.a_case("c-1", a_debt("card", principal=10**6)))
    paid = await caller.RecordPayment(source_id=source_id, provider_ref="p-1", amount=eur(5), value_date=on(TODAY), case_id=case_id)
    await asyncio.gather(*(take_back(caller, paid.payment_id) for _ in range(30)))
    names = [event.WhichOneof("event") for event in await all_events(payments)]
    assert (names.count("payment_reversed"), names.count("allocation_reversed")) == (1, 1)


async def take_back(caller: Caller, payment_id: str) -> None:
    await caller.ReversePayment(payment_id=payment_id, cause=receipts.PAYMENT_REVERSAL_CAUSE_CHARGEBACK)
