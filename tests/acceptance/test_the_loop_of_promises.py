"""Golden scenarios of promises through all four services: kept, broken and un-kept, and what the strategy decides of it."""

from __future__ import annotations

from datetime import date, timedelta

from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.payments.v1 import receipts_pb2 as receipts

from clients.cli.stepping import settle, stamp
from tests.acceptance.house import House
from tests.acceptance.portfolios import wire
from tests.acceptance.worlds import World, a_world

TENANT = "loop-promises"
FRIDAY_, DAY = 5, timedelta(days=1)


async def test_a_promise_is_broken_only_when_every_source_has_spoken(house: House) -> None:
    """Golden scenario 1: four cases that live its four branches side by side."""
    async with a_world(house, f"{TENANT}-1") as world:
        friday = await world.next_weekday(FRIDAY_)
        saturday, sunday = friday + DAY, friday + 2 * DAY
        person_id = await world.a_person()
        paid, in_the_file, nothing, corrected = [await world.a_case(f"case-{number}", person_id) for number in range(4)]
        for case_id in (paid, in_the_file, nothing, corrected):
            await world.promise(case_id, friday, 100, grace_days=1, tolerance=promises.PromiseTolerance(basis_points=500))

        await world.pass_until(saturday)
        await world.pay(paid, saturday, 96)
        await world.pass_until(sunday)
        assert await world.told_of_promises(paid) == ["Made", "Kept"]
        for case_id in (in_the_file, nothing, corrected):
            assert await world.told_of_promises(case_id) == ["Made", "UnpaidSoFar"]

        await world.pass_until(sunday + DAY)
        await world.complete(world.bank, sunday)
        assert await world.told_of_promises(nothing) == ["Made", "UnpaidSoFar"]
        await world.pay(in_the_file, saturday, 100, world.file)
        await world.complete(world.file, saturday)
        assert await world.told_of_promises(in_the_file) == ["Made", "UnpaidSoFar", "Kept"]
        assert await world.told_of_promises(nothing) == ["Made", "UnpaidSoFar", "Broken"]
        assert await world.told_of_promises(corrected) == ["Made", "UnpaidSoFar", "Broken"]

        # The file was declared complete in error: a payment of Friday was on another page of it.
        await world.pay(corrected, friday, 100, world.file)
        assert await world.told_of_promises(corrected) == ["Made", "UnpaidSoFar", "Broken", "BreakRevoked", "Kept"]
        correcting = payments.CorrectPaymentSourceRequest(
            request_id="page", source_id=world.file, complete_through=wire(friday), reason_code="PAGE_MISSING", evidence_ref="file"
        )
        await world.doors.payments.CorrectPaymentSource(correcting)
        await settle(world.doors)
        assert await world.told_of_promises(nothing) == ["Made", "UnpaidSoFar", "Broken", "BreakRevoked", "UnpaidSoFar"]
        [open_one] = (await world.doors.promises.GetPromises(promises.GetPromisesRequest(case_id=nothing))).promises
        assert list(open_one.waiting_for) == [world.file]


async def test_a_debit_that_comes_back_breaks_the_promise_and_the_published_rate_stays(house: House) -> None:
    """Golden scenario 2, with its report by query."""
    async with a_world(house, f"{TENANT}-2") as world:
        friday = await world.next_weekday(FRIDAY_)
        eva, ana = await world.as_("eva", "agent"), await world.as_("ana", "agent")
        person_id = await world.a_person()
        mine, other, hers = [await world.a_case(f"case-{number}", person_id) for number in range(3)]
        await world.promise(mine, friday, 100, by=eva)
        await world.promise(other, friday, 50, by=eva)
        await world.promise(hers, friday, 200, by=ana)
        await world.pass_until(friday)
        debit = await world.pay(mine, friday, 100)
        await world.pay(other, friday, 50)
        await world.pay(hers, friday, 80)
        await world.pass_until(friday + DAY)
        await world.complete(world.bank, friday)
        await world.complete(world.file, friday)
        published = {
            "ana": ((0, 1, 0, 8_000), (0, 1, 0, 8_000)),
            "eva": ((2, 0, 0, 15_000), (2, 0, 0, 15_000)),
            "": ((2, 1, 0, 23_000), (2, 1, 0, 23_000)),
        }
        assert await rates(world, friday) == published

        comes_back = friday + 8 * DAY
        await world.pass_until(comes_back)
        before = await world.now()
        reversing = payments.ReversePaymentRequest(
            request_id="return",
            payment_id=debit,
            cause=receipts.PAYMENT_REVERSAL_CAUSE_RETURNED,
            value_date=wire(comes_back),
            evidence_ref="return",
        )
        await world.doors.payments.ReversePayment(reversing)
        await settle(world.doors)
        assert await world.told_of_promises(mine) == ["Made", "Kept", "KeptRevoked", "Broken"]
        assert await rates(world, friday) == {
            "ana": published["ana"],
            "eva": ((2, 0, 0, 15_000), (1, 0, 1, 5_000)),
            "": ((2, 1, 0, 23_000), (1, 1, 1, 13_000)),
        }
        asking = promises.GetPromisesRequest(case_id=mine, as_known_at=stamp(before))
        [as_known] = (await world.doors.promises.GetPromises(asking)).promises
        assert as_known.state == promises.PROMISE_STATE_KEPT


async def rates(world: World, day: date) -> dict[str, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Of promises whose last day that was, by who took them: (kept, partly, broken, paid) as published and as restated."""
    request = promises.GetPromiseRatesRequest(
        portfolio_id=world.portfolio_id, through=wire(day), min_position=await world.head_of_cases(), **{"from": wire(day)}
    )
    answer = await world.doors.promises.GetPromiseRates(request)
    return {rate.taken_by: (_numbers(rate.as_reported), _numbers(rate.as_restated)) for rate in answer.rates}


def _numbers(of: promises.PromiseOutcomes) -> tuple[int, ...]:
    return (of.kept, of.partly_kept, of.broken, of.paid.minor_units)
