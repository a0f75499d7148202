"""The spine: a portfolio told to one service, heard by the other, and back; nothing lost, nothing doubled, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date
from typing import TypeVar
from uuid import UUID

import grpc
import pytest
from acuerdo.cases.v1 import service_pb2 as cases
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.common.v1 import log_pb2, operations_pb2
from acuerdo.strategy.v1.events_pb2 import StrategyEvent

from clients.cli.connection import Doors
from clients.cli.stepping import settle
from dev.proof import prove, replay_equals_live
from tests.acceptance.house import House
from tests.acceptance.portfolios import (
    MONTHS,
    Portfolio,
    aging,
    aging_by_the_rows,
    case_ids,
    open_portfolio,
    play,
    register,
    report,
    report_all,
)
from tests.acceptance.topics import records_on_topic, until_published

CUSTOMERS, FEWER_CUSTOMERS = 200, 100
CUT_OFF = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
"""What a caller may see of a server that was killed: the outcome is unknown."""
IN_ORDER, SHUFFLED = "bank-in-order", "bank-shuffled"
REBUILT_WITHIN_SECONDS = 30.0

Event = TypeVar("Event", CaseEvent, StrategyEvent)

ON_STAGE = ("cases", "strategy")
"""Whom these tests have something done."""


@pytest.fixture(scope="module")
def played(house: House) -> Portfolio:
    """Three months of 200 customers, fed in order."""

    async def told() -> Portfolio:
        async with house.doors(IN_ORDER) as doors:
            return await play(doors, IN_ORDER, CUSTOMERS)

    return asyncio.run(told())


async def test_all_that_is_stored_is_published_and_heard(house: House, played: Portfolio) -> None:
    await assert_all_is_proven(house)


async def test_a_replay_equals_what_is_live(house: House, played: Portfolio) -> None:
    async with house.doors(IN_ORDER) as doors:
        ids = await case_ids(doors, played)
        assert len(ids) == CUSTOMERS
        assert await replay_equals_live(doors, list(ids.values())) == []


async def test_every_case_has_its_segment_with_the_fact_it_came_of(house: House, played: Portfolio) -> None:
    async with house.doors(IN_ORDER) as doors:
        ids = {UUID(case_id).bytes for case_id in (await case_ids(doors, played)).values()}
        recorded = await told(doors, "cases", "SegmentRecorded", CaseEvent)
        assigned = {
            (event.meta.stream_id, event.meta.version): event for event in await told(doors, "strategy", "SegmentAssigned", StrategyEvent)
        }
    assert {event.meta.stream_id for event in recorded} == ids
    for event in recorded:
        origin = event.segment_recorded.origin
        cause = assigned.pop((origin.stream_id, origin.version))
        assert (origin, event.meta.correlation_id) == (event.meta.causation, cause.meta.correlation_id)
        assert cause.segment_assigned.case_id == event.meta.stream_id
        assert (cause.segment_assigned.to, cause.segment_assigned.reason) == (event.segment_recorded.to, event.segment_recorded.reason)
    assert assigned == {}, "an assignment that cases has not recorded"


async def test_buckets_balances_and_rolls_are_as_the_rows_say(house: House, played: Portfolio) -> None:
    async with house.doors(IN_ORDER) as doors:
        assert await aging(doors, played) == aging_by_the_rows(played)


async def test_months_in_another_order_give_the_same_report(house: House) -> None:
    april, may, june = MONTHS
    async with house.doors(SHUFFLED) as doors:
        shuffled = await play(doors, SHUFFLED, FEWER_CUSTOMERS, (june, april, may))
        assert await aging(doors, shuffled) == aging_by_the_rows(shuffled)


async def test_services_killed_in_the_middle_of_an_import_go_on_with_nothing_lost_or_doubled(house: House) -> None:
    tenant = "bank-killed"
    async with house.doors(tenant) as doors:
        portfolio = await register(doors, await open_portfolio(doors, tenant, FEWER_CUSTOMERS))
        # Its cases are being opened and heard, its first month comes in: everybody is at work.
        try:
            first_answer = await _import_until_killed(house, doors, portfolio, MONTHS[0])
        finally:
            house.restart()
    async with house.doors(tenant) as doors:
        again = await register(doors, portfolio)
        assert again.batch_id == portfolio.batch_id
        assert as_first_told(await anext(report(doors, portfolio, MONTHS[0]))) == as_first_told(first_answer)
        await report_all(doors, portfolio, MONTHS)
        await settle(doors)
        assert await aging(doors, portfolio) == aging_by_the_rows(portfolio)
        for name, times in {"CaseRegistered": 1, "CaseOpened": 1, "ArrearsReported": len(MONTHS)}.items():
            counted = Counter(event.meta.stream_id for event in await told(doors, "cases", name, CaseEvent))
            assert Counter(counted.values()) == {times: FEWER_CUSTOMERS}, name
        started = Counter(event.treatment_started.case_id for event in await told(doors, "strategy", "TreatmentStarted", StrategyEvent))
        assert Counter(started.values()) == {1: FEWER_CUSTOMERS}
        ids = await case_ids(doors, portfolio)
        assert await replay_equals_live(doors, list(ids.values())) == []
    await assert_all_is_proven(house)


async def test_views_built_again_from_zero_say_the_same(house: House, played: Portfolio) -> None:
    async with house.doors(IN_ORDER) as doors:
        before = await aging(doors, played)
        await doors.operations("cases").RebuildViews(operations_pb2.RebuildViewsRequest(request_id="rebuild"))
        await until_views_begin_again(doors)
        await settle(doors)
        assert await aging(doors, played) == before == aging_by_the_rows(played)


async def test_a_topic_published_again_changes_nothing_for_who_listens(house: House, played: Portfolio) -> None:
    async with house.platform_doors() as doors:
        await settle(doors)
        stored, heard, on_topic = await standing(doors), await positions_heard(doors), await records_on_topic(house.stack.kafka, "cases")
        await doors.operations("cases").RebuildTopic(operations_pb2.RebuildTopicRequest(request_id="rebuild"))
        await until_published(house.stack.kafka, {"cases": on_topic + stored["cases"]})
        await settle(doors)
        assert await standing(doors) == stored
        assert await positions_heard(doors) == heard
    await assert_all_is_proven(house)


# What the tests look at ------------------------------------------------------------------------------------------------


async def assert_all_is_proven(house: House) -> None:
    async with house.platform_doors() as doors:
        await settle(doors)
        for proof in await prove(doors, house.stack.kafka):
            assert proof.holds, proof
            if proof.service in ON_STAGE:
                assert proof.stored > 0
                assert proof.heard
        for service in doors.services:
            door = doors.operations(service)
            assert (await door.ListParked(operations_pb2.ListParkedRequest())).parked == [], service


async def told(doors: Doors, service: str, fact: str, event: type[Event]) -> list[Event]:
    """The tenant's facts of one name, in order."""
    request = log_pb2.ReplayRequest(types=[f"acuerdo.{service}.v1.{fact}"])
    return [event.FromString(record.event) async for answer in doors.log(service).Replay(request) for record in answer.records]


async def standing(doors: Doors) -> dict[str, int]:
    return {name: (await doors.log(name).Head(log_pb2.HeadRequest())).head.position for name in doors.services}


async def positions_heard(doors: Doors) -> dict[tuple[str, str, str, int], int]:
    """Of those who listen to another service, by partition."""
    return {
        (name, state.follower, state.source, state.partition): state.position
        for name in doors.services
        for state in (await doors.operations(name).ListFollowers(operations_pb2.ListFollowersRequest())).followers
        if state.source != name
    }


async def until_views_begin_again(doors: Doors) -> None:
    """A view's position falls when its rebuild begins."""
    head = (await standing(doors))["cases"]
    async with asyncio.timeout(REBUILT_WITHIN_SECONDS):
        while True:
            followers = (await doors.operations("cases").ListFollowers(operations_pb2.ListFollowersRequest())).followers
            if any(state.follower.startswith("view:") and state.position < head for state in followers):
                return
            await asyncio.sleep(0.01)


async def _import_until_killed(house: House, doors: Doors, portfolio: Portfolio, as_of: date) -> cases.ReportArrearsResponse:
    """The first chunk is answered, the second one is on its way, the third is never heard. The first answer."""
    answers: list[cases.ReportArrearsResponse] = []
    is_answered = asyncio.Event()

    async def kill_before_the_third(number: int) -> None:
        if number == 2:
            await is_answered.wait()
            house.kill()

    async def send_until_it_breaks() -> None:
        async for answer in report(doors, portfolio, as_of, kill_before_the_third):
            answers.append(answer)
            is_answered.set()

    with pytest.raises(grpc.aio.AioRpcError) as broken:
        await send_until_it_breaks()
    assert broken.value.code() in CUT_OFF, broken.value
    return answers[0]


def as_first_told(answer: cases.ReportArrearsResponse) -> cases.ReportArrearsResponse:
    """A repeated chunk gets the outcomes it got before, and says of each that it is a repetition."""
    for outcome in answer.outcomes:
        outcome.is_repeated = False
    return answer
