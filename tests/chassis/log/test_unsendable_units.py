"""Units that cannot even be sent: a bug of ours in one of them costs nobody else an answer."""

from __future__ import annotations

import asyncio

from services.chassis.log.log import Log
from services.chassis.log.units import Stored, UnitIsBad
from tests.chassis.log.ledgers import asked, is_sound, opening


async def test_a_unit_that_cannot_even_be_sent_is_dropped_alone(log: Log, ledgers: str) -> None:
    half_a_character = "\ud800"  # no text that can be encoded
    requests = [asked(traceparent=half_a_character if i == 3 else "") for i in range(10)]
    answers = await asyncio.gather(*(log.run(request, opening()) for request in requests), return_exceptions=True)
    assert [i for i, answer in enumerate(answers) if isinstance(answer, UnitIsBad)] == [3]
    assert sum(isinstance(answer, Stored) for answer in answers) == 9
    assert isinstance(await log.run(asked(), opening()), Stored)
    assert await is_sound(ledgers, log) == 10
