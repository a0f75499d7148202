"""I9: whatever comes, waits, is matched, taken off and taken back, in any order: received = spread + waiting + reversed, to the cent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.kernel.ids import derived
from tests.services.payments.service import NOON, THE_CLIENT, Caller, Running, a_debt, eur, eventually, on, running

DATA = Path(__file__).resolve().parents[3] / "data" / "waterfalls"
NAMES = [f"c-{number}" for number in range(6)]
STEPS = 120
CALLERS = 4
BEGIN = date(2026, 3, 1)
REFUSALS = {
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.INVALID_ARGUMENT,
}


class Books:
    """The same money, added up from the raw facts alone: independent of every stream and view of ours."""

    def __init__(self, events: Sequence[told.PaymentEvent]) -> None:
        self.received: dict[bytes, int] = {}
        self.reversed: set[bytes] = set()
        self.allocated: dict[bytes, tuple[bytes, int]] = {}
        self.waiting: dict[bytes, tuple[bytes, int]] = {}
        for event in events:
            self._note(event)

    def _note(self, event: told.PaymentEvent) -> None:
        kind = event.WhichOneof("event")
        fact: Any = getattr(event, str(kind))
        if kind == "payment_received":
            assert fact.payment_id not in self.received
            self.received[fact.payment_id] = fact.amount.minor_units
        elif kind == "payment_reversed":
            self.reversed.add(fact.payment_id)
        elif kind == "payment_allocated":
            assert sum(line.amount.minor_units for line in fact.lines) == fact.amount.minor_units
            self.allocated[fact.allocation_id] = (fact.payment_id, fact.amount.minor_units)
        elif kind == "allocation_reversed":
            assert self.allocated.pop(fact.allocation_id)[1] == fact.amount.minor_units
        elif kind == "suspense_item_opened":
            self.waiting[fact.item_id] = (fact.payment_id, fact.amount.minor_units)
        elif kind == "suspense_item_resolved":
            assert self.waiting.pop(fact.item_id)[1] == fact.amount.minor_units

    def of(self, payment_id: bytes) -> int:
        return sum(amount for owner, amount in (*self.allocated.values(), *self.waiting.values()) if owner == payment_id)

    def check(self) -> None:
        for payment_id, amount in self.received.items():
            assert self.of(payment_id) == (0 if payment_id in self.reversed else amount)


class Story:
    """Somebody who does whatever may be done, in any order."""

    def __init__(self, payments: Running, caller: Caller, source_id: str, seed: int) -> None:
        self.payments, self.caller, self.source_id = payments, caller, source_id
        self.chance = Random(seed)
        self.known: list[str] = []
        self.heard: dict[str, int] = {}
        self.refusals: set[grpc.StatusCode] = set()

    async def step(self, number: int) -> None:
        deed = self.chance.choices([self.pay, self.reverse, self.unmatch, self.resolve, self.tell], weights=[6, 2, 2, 2, 3])[0]
        try:
            await deed(number)
        except grpc.aio.AioRpcError as error:
            # Anything else is a fault, and ends the story.
            if error.code() not in REFUSALS:
                raise
            self.refusals.add(error.code())

    async def pay(self, number: int) -> None:
        whose: dict[str, Any] = self.chance.choice(
            [{}, {"external_ref": self.chance.choice(NAMES)}, {"case_id": str(derived("case", self.chance.choice(NAMES)))}]
        )
        day = BEGIN + timedelta(days=self.chance.randrange(30))
        amount = eur(self.chance.randrange(1, 4_000))
        answer = await self.caller.RecordPayment(
            source_id=self.source_id, provider_ref=f"p-{number}", amount=amount, value_date=on(day), **whose
        )
        self.known.append(answer.payment_id)

    async def reverse(self, _: int) -> None:
        if self.known:
            payment_id = self.chance.choice(self.known)
            await self.caller.ReversePayment(payment_id=payment_id, cause=receipts.PAYMENT_REVERSAL_CAUSE_RETURNED)

    async def unmatch(self, _: int) -> None:
        if self.known:
            case_id = str(derived("case", self.chance.choice(NAMES)))
            payment_id = self.chance.choice(self.known)
            await self.caller.UnmatchPayment(payment_id=payment_id, case_id=case_id, reason_code="WRONG_CASE")

    async def resolve(self, _: int) -> None:
        if self.known:
            case_id = str(derived("case", self.chance.choice(NAMES)))
            await self.caller.ResolveSuspense(payment_id=self.chance.choice(self.known), case_id=case_id)

    async def tell(self, number: int) -> None:
        """The next thing that cases tells of one of its cases: registered, a debt, open, another debt, closed, open again …"""
        name = self.chance.choice(NAMES)
        told_before = self.heard.get(name, 0)
        self.heard[name] = told_before + 1
        case_id = derived("case", name)
        if told_before == 0:
            await self.payments.a_case(name, is_open=False)
        elif told_before == 1 or told_before == 3:
            debt = a_debt(
                f"{name}/{told_before}", since=BEGIN, from_=BEGIN + timedelta(days=10 * (told_before == 3)), principal=3_000, interest=77
            )
            await self.payments.hear(case_id, debt)
        elif told_before == 2:
            await self.payments.hear(case_id, cases.CaseOpened(reason="RELEASED"))
        elif self.chance.random() < 0.5:
            await self.payments.hear(case_id, cases.CaseClosed())
        else:
            await self.payments.hear(case_id, cases.CaseReopened())


async def all_events(payments: Running) -> list[told.PaymentEvent]:
    events: list[told.PaymentEvent] = []
    position = 0
    while records := await payments.log.read(position, 1_000):
        events += [told.PaymentEvent.FromString(record.event) for record in records]
        position = records[-1].position
    return events


async def is_quiet(payments: Running) -> bool:
    """No timer is due any more: whatever could be drawn is drawn."""
    async with payments.log._pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM payments.timers")).fetchone()
        return row is not None and row[0] == 0


@pytest.mark.parametrize("order", ["", "oldest_first.yaml"], ids=["keep-credit", "rerun-suspense"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_money_is_conserved_whatever_is_done_in_whatever_order(payments: Running, seed: int, order: str) -> None:
    await _play(payments, seed, order, STEPS)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 40))
async def test_money_is_conserved_at_full_length(database: str, tmp_path: Path, seed: int) -> None:
    async with running(database, tmp_path, NOON) as payments:
        await _play(payments, seed, ["", "oldest_first.yaml"][seed % 2], 600)


async def _play(payments: Running, seed: int, order: str, steps: int) -> None:
    caller = payments.as_()
    source_id = await caller.a_source(client_id=str(THE_CLIENT))
    if order:
        version = (await caller.PublishWaterfall(document=(DATA / order).read_bytes())).version
        await caller.ActivateWaterfall(version=version)
    story = Story(payments, caller, source_id, seed)
    for first in range(0, steps, CALLERS):
        # What cases tells comes in order; what callers do meets.
        await asyncio.gather(*(story.step(number) for number in range(first, first + CALLERS - 1)))
    await eventually(lambda: is_quiet(payments))
    events = await all_events(payments)
    Books(events).check()
    for prefix in range(0, len(events), 50):
        books = Books(events[:prefix])
        assert all(books.of(payment_id) <= amount for payment_id, amount in books.received.items())
    await _views_agree(caller, Books(events), (await payments.log.head()).position)
    assert len(story.known) > steps // 8


async def _views_agree(caller: Caller, books: Books, position: int) -> None:
    listed, token = [], ""
    while True:
        page = await caller.ListPayments(page_size=200, page_token=token, min_position=position)
        listed += page.payments
        token = page.next_page_token
        if not token:
            break
    assert len(listed) == len(books.received)
    for payment in listed:
        held = payment.allocated.minor_units + payment.waiting.minor_units
        assert held == (0 if payment.is_reversed else payment.amount.minor_units)
