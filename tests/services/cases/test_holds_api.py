"""Asked over gRPC: holds that overlap, instalments, how late a case is by them, and what was reported of it at every month-end."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import grpc
import pytest
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import instalments_pb2 as instalments
from acuerdo.cases.v1 import types_pb2 as types

from tests.services.cases.service import Caller, Running, days_terms, money, on
from tests.services.cases.test_cases_api import a_case, eventually, refused, report, stamp

BEGIN = date(2026, 1, 1)


def counted_terms(grace_days: int = 0) -> types.PortfolioTerms:
    terms = days_terms()
    terms.balance_authority = terms.delinquency_authority = types.AUTHORITY_OURS
    terms.delinquency_policy.grace_days = grace_days
    return terms


def instalment(number: int, due: date, euros: int) -> instalments.Instalment:
    part = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=money(euros * 100))
    return instalments.Instalment(number=number, due_date=on(due), components=[part])


async def a_counted_case(caller: Caller, *due: instalments.Instalment, grace_days: int = 0) -> tuple[str, str]:
    """The case and its debt."""
    case_id = await a_case(caller, counted_terms(grace_days))
    debt_id = (await caller.GetCase(case_id=case_id)).case.debts[0].debt_id
    await caller.ScheduleInstalments(case_id=case_id, debt_id=debt_id, instalments=due, source_ref="contract")
    return case_id, debt_id


def a_hold(from_: date, through: date | None = None, **other: Any) -> dict[str, Any]:
    usual = {"kind": holds.HOLD_KIND_LEGAL, "reason_code": "ASKED", "scopes": [holds.HOLD_SCOPE_DPD]}
    return {**usual, "from": on(from_), **({"through": on(through)} if through else {}), **other}


async def late(caller: Caller, case_id: str, **asked: Any) -> tuple[int, int]:
    answer = await caller.GetDelinquency(case_id=case_id, **asked)
    return answer.delinquent_days, answer.paused_days


async def live_through(cases: Running, case_id: str, *changes: datetime) -> None:
    """Let time pass from change to change, as it does in the world: each is told on its day."""
    caller = cases.as_()
    for told, change in enumerate(changes, 2):
        await cases.clock.advance(change)

        async def is_told(count: int = told) -> bool:
            return len((await caller.GetTimeline(case_id=case_id, types=["BucketChanged"])).rows) >= count

        await eventually(is_told)


async def test_golden_3_days_on_hold_are_counted_once(cases: Running) -> None:
    """10 to 20 March, and later a back-dated 1 to 31 March: 31 days, not 42."""
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 1, 5), 100))
    await cases.clock.advance(datetime(2026, 4, 10, 10, tzinfo=UTC))
    assert await late(caller, case_id) == (95, 0)
    await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 3, 10), date(2026, 3, 20)))
    assert await late(caller, case_id) == (95 - 11, 11)
    placed = await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 3, 1), date(2026, 3, 31)))
    assert await late(caller, case_id) == (95 - 31, 31)
    assert await late(caller, case_id, as_of=on(date(2026, 3, 15))) == (55, 14)
    await caller.LiftHold(case_id=case_id, hold_id=placed.hold_id, effective_on=on(date(2026, 3, 1)), reason_code="IN_ERROR")
    assert await late(caller, case_id) == (95 - 11, 11)
    assert (await caller.GetCase(case_id=case_id)).case.days_past_due == 84


async def test_one_answer_says_what_is_stopped_on_a_day_and_by_which_holds(cases: Running) -> None:
    caller = cases.as_("agent", "compliance")
    case_id, debt_id = await a_counted_case(cases.as_(), instalment(1, date(2026, 6, 1), 100))
    whole = await caller.PlaceHold(case_id=case_id, kind=holds.HOLD_KIND_STATUTORY_BREATHING_SPACE, reason_code="MORATORIUM_GRANTED")
    part = await caller.PlaceHold(
        case_id=case_id,
        kind=holds.HOLD_KIND_DISPUTE,
        reason_code="DISPUTED",
        subject=holds.HoldSubject(debt_id=debt_id, amount=money(4_000)),
    )
    answer = await caller.GetHoldEffect(case_id=case_id)
    effect = {holds.HoldScope.Name(each.scope).removeprefix("HOLD_SCOPE_"): each for each in answer.scopes}
    assert {name for name, each in effect.items() if each.is_stopped} == {
        *("CONTACT", "TREATMENT", "INTEREST", "DPD", "BREACH_CLOCK", "ENFORCEMENT"),
    }
    assert list(effect["TREATMENT"].hold_ids) == [whole.hold_id, part.hold_id]
    assert effect["TREATMENT"].stopped_until == on(date(2026, 3, 16))
    assert (effect["REPORTING"].is_stopped, effect["REPORTING"].parts[0].amount.minor_units) == (False, 4_000)
    later = await caller.GetHoldEffect(case_id=case_id, as_of=on(date(2026, 3, 16)))
    assert not any(each.is_stopped for each in later.scopes)
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "HOLD_IS_NOT_YOURS_TO_LIFT"):
        await cases.as_("agent").LiftHold(case_id=case_id, hold_id=whole.hold_id, reason_code="ENOUGH")
    await caller.LiftHold(case_id=case_id, hold_id=whole.hold_id, reason_code="ENOUGH")
    assert [hold.hold_id for hold in (await caller.ListHolds(case_id=case_id)).holds] == [part.hold_id]
    known_at = stamp(datetime(2026, 1, 15, 12, tzinfo=UTC))
    assert len((await caller.ListHolds(case_id=case_id, with_history=True)).holds) == 2
    with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
        await caller.ListHolds(case_id=case_id, as_known_at=stamp(datetime(2026, 1, 14, tzinfo=UTC)))
    assert known_at.seconds > 0


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (a_hold(date(2026, 1, 10), date(2026, 1, 9)), "HOLD_ENDS_BEFORE_IT_BEGINS"),
        (a_hold(date(2025, 12, 31)), "FACT_LIES_BEFORE_THE_CASE"),
        (a_hold(date(2026, 1, 10), date(2026, 3, 31), kind=holds.HOLD_KIND_PAYMENT_IN_FLIGHT, scopes=[]), "HOLD_IS_TOO_LONG"),
        (a_hold(date(2026, 1, 10), kind=holds.HOLD_KIND_DECEASED), "HOLD_STOPS_TOO_LITTLE"),
    ],
)
async def test_a_broken_hold_is_refused_by_name_and_stores_nothing(cases: Running, asked: dict[str, Any], reason: str) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 1, 5), 100))
    before = (await cases.log.head()).position
    with refused(grpc.StatusCode.FAILED_PRECONDITION, reason):
        await caller.PlaceHold(case_id=case_id, **asked)
    assert (await cases.log.head()).position == before


async def test_a_hold_expires_by_itself_and_the_case_goes_on(cases: Running) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2025, 12, 20), 100))
    placed = await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 1, 16), date(2026, 1, 20)))
    await cases.clock.advance(datetime(2026, 1, 30, 12, tzinfo=UTC))

    async def expired() -> bool:
        rows = (await caller.GetTimeline(case_id=case_id, types=["HoldExpired", "BucketChanged"])).rows
        return [row.type for row in rows] == ["BucketChanged", "HoldExpired", "BucketChanged"]

    await eventually(expired)
    rows = (await caller.GetTimeline(case_id=case_id, types=["HoldExpired", "BucketChanged"])).rows
    assert rows[1].why == "2026-01-20 was its last day"
    # 31 days after 20 December, and five more that were on hold.
    assert rows[2].event.bucket_changed.since == on(date(2026, 1, 25))
    (hold,) = (await caller.ListHolds(case_id=case_id, with_history=True)).holds
    assert (hold.hold_id, hold.state) == (placed.hold_id, holds.Hold.STATE_EXPIRED)


async def test_how_late_a_case_is_by_debt_and_component(cases: Running) -> None:
    caller = cases.as_()
    fees = types.ComponentAmount(component=types.COMPONENT_FEES, amount=money(500))
    second = instalment(2, date(2026, 1, 10), 50)
    second.components.append(fees)
    case_id, debt_id = await a_counted_case(
        caller, instalment(1, date(2026, 1, 5), 100), second, instalment(3, date(2026, 2, 10), 50), grace_days=3
    )
    answer = await caller.GetDelinquency(case_id=case_id)
    assert (answer.bucket, answer.past_due_days, answer.delinquent_days, answer.grace_days) == ("1-30", 10, 7, 3)
    assert (answer.past_due.minor_units, answer.oldest_unpaid_due_date) == (15_500, on(date(2026, 1, 5)))
    (debt,) = answer.debts
    assert [(each.component, each.oldest_unpaid_due_date.day, each.past_due.minor_units) for each in debt.components] == [
        (types.COMPONENT_PRINCIPAL, 5, 15_000),
        (types.COMPONENT_FEES, 10, 500),
    ]
    assert [(each.number, each.past_due_days) for each in answer.unpaid] == [(1, 10), (2, 5)]
    assert answer.next_boundary == on(date(2026, 2, 8))
    assert debt.debt_id == debt_id


async def test_every_month_end_is_told_as_reported_and_as_restated(cases: Running) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2026, 1, 20), 100))
    await live_through(cases, case_id, datetime(2026, 1, 21, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC))
    await cases.clock.advance(datetime(2026, 4, 10, 12, tzinfo=UTC))
    placed = await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 2, 1), date(2026, 2, 28)))
    history = await caller.GetDelinquencyHistory(case_id=case_id, **year())
    assert [(end.day.month, end.reported, end.restated) for end in history.month_ends] == [
        (1, "1-30", "1-30"),
        (2, "31+", "1-30"),
        (3, "31+", "31+"),
    ]
    (restated_by,) = history.month_ends[1].restated_by
    (row,) = (await caller.GetTimeline(case_id=case_id, types=["DelinquencyRestated"])).rows
    assert (row.version, row.event.delinquency_restated.cause_version) == (restated_by, placed.receipt.version - 1)
    assert [(each.bucket, getattr(each, "from")) for each in history.intervals] == [
        ("current", on(BEGIN)),
        ("1-30", on(date(2026, 1, 21))),
        ("31+", on(date(2026, 3, 20))),
    ]
    before = stamp(datetime(2026, 4, 10, 11, tzinfo=UTC))
    as_known = await caller.GetDelinquencyHistory(case_id=case_id, as_known_at=before, **year())
    assert {end.restated == end.reported for end in as_known.month_ends} == {True}
    # What is told at the same instant of the clock is known as well.
    await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 3, 1), date(2026, 3, 31)))
    latest = (await caller.GetTimeline(case_id=case_id, types=["DelinquencyRestated"])).rows[-1].version
    march = (await caller.GetDelinquencyHistory(case_id=case_id, **year())).month_ends[2]
    assert (march.reported, march.restated, latest in march.restated_by) == ("31+", "1-30", True)


def year() -> dict[str, Any]:
    return {"from": on(BEGIN), "through": on(date(2026, 12, 31))}


async def test_the_portfolio_report_of_a_month_end_is_rebuilt_as_reported_and_as_restated(cases: Running) -> None:
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, date(2025, 12, 25), 100))
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    await live_through(cases, case_id, datetime(2026, 1, 25, tzinfo=UTC))
    await cases.clock.advance(datetime(2026, 2, 10, 12, tzinfo=UTC))
    await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 1, 5), date(2026, 2, 4)))
    position = (await cases.log.head()).position

    async def bucket(basis: int) -> list[str]:
        asked = {"portfolio_id": portfolio_id, "as_of": on(date(2026, 1, 31)), "basis": basis, "min_position": position}
        return [row.bucket for row in (await caller.GetAgingReport(**asked)).rows if row.count]

    assert (await bucket(2), await bucket(1)) == (["31+"], ["1-30"])


async def test_where_the_creditor_has_the_word_its_reports_say_how_late_a_case_is(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, days_terms())
    await report(caller, case_id, date(2026, 1, 10), days_past_due=12)
    answer = await caller.GetDelinquency(case_id=case_id)
    assert (answer.authority, answer.past_due_units, answer.bucket, list(answer.debts)) == (types.AUTHORITY_CREDITOR, 12, "1-30", [])
