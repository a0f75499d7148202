"""Cases that nothing wakes are called: those opened before a strategy came into force, and those that another version lets move at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as case_types
from acuerdo.strategy.v1 import strategies_pb2 as pb
from acuerdo.strategy.v1 import types_pb2 as types

from services.chassis.follower.calling import Caller
from services.chassis.follower.views import Views
from services.chassis.log.connections import dsn_as
from services.chassis.log.log import Log
from services.strategy.domain import treatment
from services.strategy.domain.course import Position
from services.strategy.domain.treatment import Treatment
from services.strategy.timers import call
from services.strategy.views import VIEWS, find_calls
from tests.services.strategy.examples import THE_CASE, THE_TENANT
from tests.services.strategy.hearing import Hearing, attached, bucket, day, registered
from tests.services.strategy.stories import LISTEN_FIRST, LISTEN_FIRST_2, THE_DEBTOR

LOOKS_MAX = 400


@pytest.fixture
async def called(log: Log) -> AsyncIterator[None]:
    """A worker's view and caller."""
    views, caller = Views(log, VIEWS, poll_seconds_max=0.05), Caller(log, find_calls, call, nothing_found_seconds=0.1)
    await views.start()
    await caller.start()
    yield
    await caller.stop()
    await views.stop()


@pytest.fixture
def who(bearer: Any) -> Any:
    return bearer("operator", "supervisor")


async def a_late_case(hearing: Hearing, is_history: bool = False) -> None:
    late = bucket("", "1")
    late.past_due_units = 1
    late.since.CopyFrom(day(30))
    party = cases.PartyAdded(person_id=THE_DEBTOR.bytes, role=case_types.PARTY_ROLE_DEBTOR, liability=case_types.LIABILITY_FULL)
    facts = ((1, registered()), (2, party), (3, attached(3_000_000)), (4, cases.CaseOpened(reason="RELEASED")), (5, late))
    await hearing.hear(*facts, is_history=is_history)


async def publish(strategy: Any, who: Any, document: bytes, **how: Any) -> None:
    answer = await strategy.PublishStrategy(pb.PublishStrategyRequest(request_id=str(uuid4()), document=document), metadata=who)
    request = pb.ActivateStrategyRequest(request_id=str(uuid4()), version=answer.version, **how)
    await strategy.ActivateStrategy(request, metadata=who)


async def position(log: Log) -> Position | None:
    return (await log.load(Treatment, treatment.stream_of(THE_CASE), THE_TENANT)).course.at


async def stands_at(log: Log, step: str, version: int) -> None:
    at: Position | None = None
    for _ in range(LOOKS_MAX):
        at = await position(log)
        if at is not None and (at.step, at.strategy_version) == (step, version):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it stands at {at}")


async def test_a_case_that_was_open_before_the_strategy_begins_with_it(
    strategy: Any, log: Log, hearing: Hearing, called: None, who: Any
) -> None:
    await a_late_case(hearing)
    await publish(strategy, who, LISTEN_FIRST)
    await stands_at(log, "remind", 1)


async def test_another_version_lets_cases_move_at_once_where_its_rule_says_so(
    strategy: Any, log: Log, hearing: Hearing, called: None, who: Any
) -> None:
    await publish(strategy, who, LISTEN_FIRST.replace(b"personal_call: remind\n", b"personal_call: call\n"))
    await a_late_case(hearing)
    await stands_at(log, "call", 1)
    await publish(strategy, who, LISTEN_FIRST_2, migration=types.MIGRATION_RESTART)
    await stands_at(log, "remind_then_call", 2)


async def test_nobody_is_called_while_history_is_still_being_heard(
    strategy: Any, log: Log, database: str, hearing: Hearing, called: None, who: Any
) -> None:
    """Afterwards each case is decided once, from its present state."""
    await publish(strategy, who, LISTEN_FIRST)
    async with await psycopg.AsyncConnection.connect(
        dsn_as(database, "strategy_follower", "search_path=strategy"), autocommit=True
    ) as follower:
        await follower.execute("INSERT INTO listens VALUES ('strategy.cases', 'cases', 1, 0, 1, 6)")
        await a_late_case(hearing, is_history=True)
        await asyncio.sleep(1.0)
        assert await position(log) is None
        cursor = await follower.execute("SELECT count(*) FROM treatment_list WHERE is_treated AND step = ''")
        assert await cursor.fetchone() == (1,)
        await hearing.hear((1, registered()), case_id=UUID(int=123))
        await stands_at(log, "remind", 1)
