"""Payments told on the topic are booked on the case from their value date on: balance and lateness follow, once and in any order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.domain.components import Component
from services.cases.reactions import REACTIONS
from services.chassis.follower.topics import Kafka
from services.kernel.money import Money
from tests.chassis.follower.tales import Direct, House, prepare
from tests.services.cases.payments_teller import PAYMENTS, SOURCE, AllocationLine, Teller, without_topics
from tests.services.cases.service import Caller, Running, on
from tests.services.cases.test_cases_api import eventually
from tests.services.cases.test_holds_api import a_counted_case, instalment

BEGIN = date(2026, 1, 1)


@dataclass
class Heard:
    """Cases, listening to payments."""

    cases: Running
    caller: Caller
    payments: Teller

    async def facts(self, case_id: str, *names: str) -> list[Any]:
        rows = (await self.caller.GetTimeline(case_id=case_id, types=list(names))).rows
        return [getattr(row.event, str(row.event.WhichOneof("event"))) for row in rows]

    async def has_heard(self, case_id: str, count: int) -> None:
        async def look() -> bool:
            return len(await self.facts(case_id, "PaymentApplied", "PaymentUnapplied")) >= count

        await eventually(look)

    async def stands(self, case_id: str) -> tuple[int, str]:
        case = (await self.caller.GetCase(case_id=case_id)).case
        return case.balance.minor_units, case.bucket


@pytest.fixture
async def heard(cases: Running, database: str, kafka: str) -> AsyncIterator[Heard]:
    await prepare(database, "payments")
    broker = Kafka(kafka)
    await without_topics(broker)
    async with AsyncExitStack() as stack:
        house = House(database, broker, stack)
        log = await house.log(PAYMENTS)
        await house.relay(log)
        await house.reactions(cases.log, Direct(log), REACTIONS["payments"], SOURCE)
        yield Heard(cases, cases.as_(), Teller(log))


def line(debt_id: str, euros: int, number: int = 0, currency_code: str = "EUR") -> AllocationLine:
    return AllocationLine(UUID(debt_id), Component.PRINCIPAL, Money(currency_code, euros * 100), number)


async def test_a_payment_told_on_the_topic_lowers_balance_and_lateness_and_its_return_raises_them(heard: Heard) -> None:
    case_id, debt_id = await a_counted_case(heard.caller, instalment(1, BEGIN, 100), instalment(2, date(2026, 2, 1), 100))
    assert await heard.stands(case_id) == (100_000, "1-30")
    await heard.payments.allocate(case_id, "first", date(2026, 1, 10), line(debt_id, 100))
    await heard.has_heard(case_id, 1)
    assert await heard.stands(case_id) == (90_000, "current")
    (applied,) = await heard.facts(case_id, "PaymentApplied")
    assert (applied.origin.version, applied.credit.minor_units, applied.source) == (1, 0, "CREDITOR_FILE")
    (restated,) = (await heard.facts(case_id, "DelinquencyRestated"))[-1:]
    assert (restated.cause, [getattr(each, "from") for each in restated.intervals]) == ("PAYMENT_APPLIED", [on(date(2026, 1, 10))])
    await heard.payments.reverse(case_id, "first", date(2026, 1, 14))
    await heard.has_heard(case_id, 2)
    assert await heard.stands(case_id) == (100_000, "1-30")
    between = await heard.caller.GetCase(case_id=case_id, as_of=on(date(2026, 1, 12)))
    assert (between.case.balance.minor_units, between.case.bucket) == (90_000, "current")


async def test_lists_and_reports_show_what_was_paid_also_after_they_are_built_again(heard: Heard) -> None:
    case_id, debt_id = await a_counted_case(heard.caller, instalment(1, date(2026, 2, 1), 100))
    other = await heard.caller.AttachDebt(case_id=case_id, debt=_a_debt(50_000), value_date=on(BEGIN))
    await heard.payments.allocate(case_id, "both", date(2026, 1, 10), line(debt_id, 100), line(other.debt_id, 50), line(debt_id, 1))
    await heard.has_heard(case_id, 1)
    for _ in range(2):
        position = (await heard.cases.log.head()).position
        (row,) = (await heard.caller.ListCases(external_ref="ref-1", min_position=position)).cases
        assert row.balance.minor_units == 150_000 - 15_100
        await heard.cases.rebuild_views()


async def test_what_is_more_than_is_owed_is_a_credit_told_back(heard: Heard) -> None:
    case_id, debt_id = await a_counted_case(heard.caller, instalment(1, date(2026, 2, 1), 100))
    await heard.payments.allocate(case_id, "much", date(2026, 1, 10), line(debt_id, 1_200))
    await heard.has_heard(case_id, 1)
    (applied,) = await heard.facts(case_id, "PaymentApplied")
    assert (applied.credit.minor_units, await heard.stands(case_id)) == (20_000, (-20_000, "current"))


async def test_the_same_allocation_again_is_booked_once_and_a_broken_one_is_passed_over(heard: Heard) -> None:
    case_id, debt_id = await a_counted_case(heard.caller, instalment(1, date(2026, 2, 1), 100))
    await heard.payments.allocate(case_id, "once", date(2026, 1, 10), line(debt_id, 100))
    await heard.payments.allocate(case_id, "once", date(2026, 1, 10), line(debt_id, 100))
    await heard.payments.allocate(case_id, "of nobody", date(2026, 1, 10), line(str(uuid4()), 100))
    await heard.payments.allocate(case_id, "of another currency", date(2026, 1, 10), line(debt_id, 100, currency_code="USD"))
    await heard.payments.allocate(case_id, "before the debt", date(2025, 12, 31), line(debt_id, 100))
    await heard.payments.reverse(case_id, "never heard of", date(2026, 1, 10))
    await heard.payments.allocate(case_id, "last", date(2026, 1, 10), line(debt_id, 1))
    await heard.has_heard(case_id, 2)
    assert [fact.amount.minor_units for fact in await heard.facts(case_id, "PaymentApplied", "PaymentUnapplied")] == [10_000, 100]


async def test_payments_in_any_order_restate_to_the_same_figures(heard: Heard) -> None:
    due = [instalment(number, date(2026, 1, number), 100) for number in (1, 3, 5)]
    case_id, debt_id = await a_counted_case(heard.caller, *due)
    registered = (await heard.caller.GetCase(case_id=case_id)).case
    fields = {"external_ref": "ref-2", "product": "credit_card", "parties": _parties(registered), "debts": [_a_debt(100_000)]}
    twin = await heard.caller.RegisterCase(portfolio_id=registered.portfolio_id, value_date=on(BEGIN), **fields)
    twin_debt = (await heard.caller.GetCase(case_id=twin.case_id)).case.debts[0].debt_id
    await heard.caller.ScheduleInstalments(case_id=twin.case_id, debt_id=twin_debt, instalments=due[::-1])
    paid = [("a", 2, 100, 0), ("b", 7, 50, 3), ("c", 9, 80, 0)]
    for name, day, euros, number in paid:
        await heard.payments.allocate(case_id, name, date(2026, 1, day), line(debt_id, euros, number))
    for name, day, euros, number in (paid[2], paid[0], paid[1]):
        await heard.payments.allocate(twin.case_id, f"twin {name}", date(2026, 1, day), line(twin_debt, euros, number))
    await heard.has_heard(case_id, 3)
    await heard.has_heard(twin.case_id, 3)
    days = {"from": on(BEGIN), "through": on(date(2026, 1, 15))}
    one, other = [await heard.caller.GetDelinquencyHistory(case_id=each, **days) for each in (case_id, twin.case_id)]
    assert list(one.intervals) == list(other.intervals)
    assert await heard.stands(case_id) == await heard.stands(twin.case_id)


async def test_balance_and_bucket_are_explained_by_what_was_paid_and_taken_back(heard: Heard) -> None:
    case_id, debt_id = await a_counted_case(heard.caller, instalment(1, BEGIN, 100), instalment(2, date(2026, 1, 11), 100))
    for name, day, euros in (("first", 5, 100), ("second", 9, 30)):
        await heard.payments.allocate(case_id, name, date(2026, 1, day), line(debt_id, euros))
    await heard.payments.reverse(case_id, "second", date(2026, 1, 12))
    await heard.has_heard(case_id, 3)
    balance = await heard.caller.ExplainBalance(case_id=case_id)
    assert [ground.amount.minor_units for ground in balance.grounds] == [100_000, -10_000, -3_000, 3_000]
    assert "opening balances 1,000.00 EUR, payments -100.00 EUR" in balance.sentence
    bucket = await heard.caller.ExplainBucket(case_id=case_id)
    assert [(ground.type, ground.amount.minor_units) for ground in bucket.grounds][1:] == [
        ("InstalmentsScheduled", 10_000),
        ("PaymentApplied", -10_000),
        ("PaymentApplied", -3_000),
        ("PaymentUnapplied", 3_000),
    ]
    assert "100.00 EUR of what card fell due for on 2026-01-11 is unpaid, 4 days went by" in bucket.sentence
    before = await heard.caller.ExplainBucket(case_id=case_id, as_of=on(date(2026, 1, 11)))
    assert (before.grounds[1].amount.minor_units, len(before.grounds)) == (7_000, 4)


def _a_debt(minor_units: int) -> types.Debt:
    amount = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL)
    amount.amount.currency_code, amount.amount.minor_units = "EUR", minor_units
    return types.Debt(external_ref="loan-2", product="loan", components=[amount])


def _parties(case: Any) -> list[types.Party]:
    return [types.Party(person_id=each.person_id, role=each.role, liability=each.liability) for each in case.parties]
