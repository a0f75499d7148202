"""What `make run` stands on: embedded servers, of which one forgets everything. Stopped and started again, nothing is lost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from clients.cli.connection import Doors
from clients.cli.stepping import advance, settle
from dev.processes import Stack
from dev.proof import prove, replay_equals_live
from tests.acceptance.conftest import TODAY
from tests.acceptance.house import ports_of_our_own
from tests.acceptance.portfolios import Portfolio, aging, aging_by_the_rows, case_ids, play

CUSTOMERS = 40
PUBLISHED_AGAIN_WITHIN_SECONDS = 15.0


async def test_a_broker_that_forgot_everything_is_told_it_again_and_nobody_hears_it_twice(tmp_path: Path) -> None:
    stack = Stack(tmp_path, ports=ports_of_our_own())
    try:
        stack.start(lambda _: None)
        first_broker = stack.kafka
        async with stack.doors() as doors:
            await advance(doors, TODAY)
            portfolio = await play(doors, "embedded", CUSTOMERS)
            stored = await assert_all_is_there(doors, stack, portfolio)
        stack.stop()

        stack.start(lambda _: None)

        assert stack.kafka != first_broker, "another broker, and an empty one"
        async with stack.doors() as doors:
            assert await assert_all_is_there(doors, stack, portfolio) == stored
    finally:
        stack.stop()


async def assert_all_is_there(doors: Doors, stack: Stack, portfolio: Portfolio) -> dict[str, int]:
    """Stored = published = heard, live = replayed, reports as the rows say. How much each service has stored."""
    await settle(doors)
    proofs = await prove(doors, stack.kafka)
    give_up_at = time.monotonic() + PUBLISHED_AGAIN_WITHIN_SECONDS
    while not all(proof.holds for proof in proofs) and time.monotonic() < give_up_at:
        await asyncio.sleep(0.2)
        proofs = await prove(doors, stack.kafka)
    assert [proof for proof in proofs if not proof.holds] == []
    ids = await case_ids(doors, portfolio)
    assert len(ids) == portfolio.size
    assert await replay_equals_live(doors, list(ids.values())) == []
    assert await aging(doors, portfolio) == aging_by_the_rows(portfolio)
    return {proof.service: proof.stored for proof in proofs}
