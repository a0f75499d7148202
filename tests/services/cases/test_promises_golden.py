"""Golden scenarios 1 and 2 through the API of cases and payments, over real Kafka; the report changes in its restated half only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from acuerdo.cases.v1 import promises_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts
from google.protobuf.timestamp_pb2 import Timestamp

from tests.services.cases.loop import Loop, both
from tests.services.cases.service import on

THURSDAY = datetime(2026, 1, 15, 12, tzinfo=UTC)
FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY = (date(2026, 1, day) for day in range(16, 21))


@pytest.fixture
async def loop(database: str, kafka: str, tmp_path: Path) -> AsyncIterator[Loop]:
    async with both(database, tmp_path, kafka, THURSDAY) as started:
        yield started


@pytest.mark.timeout(300)
async def test_golden_1_promised_for_friday_with_a_day_of_grace_and_five_per_cent(loop: Loop) -> None:
    """Four cases that live the four branches side by side."""
    wanted = {"grace_days": 1, "tolerance": pb.PromiseTolerance(basis_points=500)}
    paid, late_file, nothing, corrected = [await loop.a_case(f"ref-{number}") for number in range(4)]
    for case_id in (paid, late_file, nothing, corrected):
        await loop.promise(case_id, FRIDAY, 100, **wanted)

    await loop.midnight_of(SATURDAY)
    await loop.pay(paid, "96-on-saturday", SATURDAY, 96)
    await loop.midnight_of(SUNDAY)
    assert await loop.told(paid) == ["Made", "Kept"]
    for case_id in (late_file, nothing, corrected):
        assert await loop.told(case_id) == ["Made", "UnpaidSoFar"]

    await loop.midnight_of(MONDAY)
    await loop.complete(loop.bank, SUNDAY)
    assert await loop.told(nothing) == ["Made", "UnpaidSoFar"]
    await loop.pay(late_file, "in-the-file-of-saturday", SATURDAY, 100, loop.file)
    await loop.complete(loop.file, SATURDAY)
    assert await loop.told(late_file) == ["Made", "UnpaidSoFar", "Kept"]
    assert await loop.told(nothing) == ["Made", "UnpaidSoFar", "Broken"]
    assert await loop.told(corrected) == ["Made", "UnpaidSoFar", "Broken"]

    # The file was declared complete in error: the payment of Friday was on another page of it.
    await loop.pay(corrected, "on-the-other-page", FRIDAY, 100, loop.file)
    assert await loop.told(corrected) == ["Made", "UnpaidSoFar", "Broken", "BreakRevoked", "Kept"]
    await loop.money.CorrectPaymentSource(source_id=loop.file, complete_through=on(FRIDAY), reason_code="PAGE_MISSING", evidence_ref="file")
    await loop.settle()
    assert await loop.told(nothing) == ["Made", "UnpaidSoFar", "Broken", "BreakRevoked", "UnpaidSoFar"]
    assert await loop.told(paid) == ["Made", "Kept"]

    (promise,) = (await loop.caller.GetPromises(case_id=nothing)).promises
    assert (promise.state, promise.waiting_for) == (pb.PROMISE_STATE_UNPAID_SO_FAR, [loop.file])
    why = await loop.caller.ExplainPromise(
        case_id=late_file, promise_id=(await loop.caller.GetPromises(case_id=late_file)).promises[0].promise_id
    )
    assert [(each.counted.minor_units, each.reason) for each in why.payments] == [(10_000, "")]
    assert [each.type for each in why.grounds] == ["PromiseMade", "PromiseUnpaidSoFar", "PromiseKept"]


@pytest.mark.timeout(300)
async def test_golden_2_a_promise_kept_by_a_debit_that_comes_back_is_broken_and_the_published_rate_stays(loop: Loop) -> None:
    eva, ana = loop.cases.as_("agent", subject="eva"), loop.cases.as_("agent", subject="ana")
    mine, other, hers = [await loop.a_case(f"ref-{number}") for number in range(3)]
    await loop.promise(mine, FRIDAY, 100, by=eva)
    await loop.promise(other, FRIDAY, 50, by=eva)
    await loop.promise(hers, FRIDAY, 200, by=ana)
    await loop.midnight_of(FRIDAY)
    debit = await loop.pay(mine, "debit", FRIDAY, 100)
    await loop.pay(other, "transfer", FRIDAY, 50)
    await loop.pay(hers, "half", FRIDAY, 80)
    await loop.midnight_of(SATURDAY)
    await loop.complete_all(FRIDAY)
    published = await rates(loop)
    assert published == {
        "ana": ((0, 1, 0, 8_000), (0, 1, 0, 8_000)),
        "eva": ((2, 0, 0, 15_000), (2, 0, 0, 15_000)),
        "": ((2, 1, 0, 23_000), (2, 1, 0, 23_000)),
    }

    await loop.midnight_of(date(2026, 1, 24))
    before = loop.cases.clock.now()
    await loop.money.ReversePayment(
        payment_id=debit, cause=receipts.PAYMENT_REVERSAL_CAUSE_RETURNED, value_date=on(date(2026, 1, 24)), evidence_ref="return"
    )
    await loop.settle()
    assert await loop.told(mine) == ["Made", "Kept", "KeptRevoked", "Broken"]
    assert await rates(loop) == {
        "ana": published["ana"],
        "eva": ((2, 0, 0, 15_000), (1, 0, 1, 5_000)),
        "": ((2, 1, 0, 23_000), (1, 1, 1, 13_000)),
    }

    # The same case as it was known before the return, and as it was on another day.
    known = (await loop.caller.GetPromises(case_id=mine, as_known_at=stamp(before))).promises[0]
    assert known.state == pb.PROMISE_STATE_KEPT
    then = (await loop.caller.GetPromises(case_id=mine, as_of=on(date(2026, 1, 15)))).promises[0]
    assert (then.state, then.paid.minor_units) == (pb.PROMISE_STATE_DUE, 0)


@pytest.mark.timeout(300)
async def test_lists_show_promises_by_state_page_by_page_and_after_the_views_are_built_again(loop: Loop) -> None:
    ids = []
    for number in range(3):
        case_id = await loop.a_case(f"ref-{number}")
        ids.append(await loop.promise(case_id, FRIDAY if number else MONDAY, 10 * (number + 1)))
    for _ in range(2):
        position = (await loop.cases.log.head()).position
        first = await loop.caller.ListPromises(portfolio_id=loop.portfolio_id, page_size=2, min_position=position)
        rest = await loop.caller.ListPromises(portfolio_id=loop.portfolio_id, page_size=2, page_token=first.next_page_token)
        assert [row.promise_id for row in (*first.promises, *rest.promises)] == ids
        assert not rest.next_page_token
        await loop.cases.rebuild_views()
    await loop.settle()
    fridays = await loop.caller.ListPromises(
        portfolio_id=loop.portfolio_id, last_day_through=on(FRIDAY), state=pb.PROMISE_STATE_DUE, min_position=position
    )
    assert [row.promised.minor_units for row in fridays.promises] == [2_000, 3_000]


async def rates(loop: Loop) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """By who took them: (kept, partly, broken, paid) as reported and as restated."""
    position = (await loop.cases.log.head()).position
    answer = await loop.caller.GetPromiseRates(
        portfolio_id=loop.portfolio_id, **{"from": on(FRIDAY), "through": on(SUNDAY)}, min_position=position
    )
    return {rate.taken_by: (_numbers(rate.as_reported), _numbers(rate.as_restated)) for rate in answer.rates}


def _numbers(of: pb.PromiseOutcomes) -> tuple[int, ...]:
    return (of.kept, of.partly_kept, of.broken, of.paid.minor_units)


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at)
    return wire
