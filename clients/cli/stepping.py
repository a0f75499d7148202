"""Moves the development clocks of all services together, from one due instant to the next, waiting each time until all is quiet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from acuerdo.common.v1 import operations_pb2 as operations
from acuerdo.common.v1.log_pb2 import HeadRequest
from google.protobuf.timestamp_pb2 import Timestamp

from clients.cli.connection import Doors
from clients.cli.failures import UNAVAILABLE, Failure

QUIET_POLL_SECONDS = 0.05
QUIET_WITHIN_SECONDS = 180.0
RELAY = "relay"
HEARS = (
    *(("cases", source) for source in ("contacts", "payments", "strategy")),
    *(("contacts", source) for source in ("cases", "payments", "strategy")),
    *(("payments", source) for source in ("cases", "contacts")),
    *(("strategy", source) for source in ("cases", "contacts", "payments")),
)
"""Who listens to whom. After a first start a follower is among its service's followers only once it has found its source."""


async def clocks(doors: Doors) -> dict[str, operations.GetClockResponse]:
    """By service."""
    asked = (doors.operations(name).GetClock(operations.GetClockRequest()) for name in doors.services)
    return dict(zip(doors.services, await asyncio.gather(*asked), strict=True))


async def advance(doors: Doors, to: datetime, stepped: Callable[[datetime], None] = lambda _: None) -> None:
    """Play everything that falls due up to `to`, in order, then stand at `to`."""
    while True:
        due = [clock.next_due_at.ToDatetime(UTC) for clock in (await clocks(doors)).values() if clock.HasField("next_due_at")]
        step = min([to, *due])
        request = operations.AdvanceClockRequest(request_id=f"clock/{step.isoformat()}", to=stamp(step))
        await asyncio.gather(*(doors.operations(name).AdvanceClock(request) for name in doors.services))
        await settle(doors)
        stepped(step)
        if step >= to:
            return


async def settle(doors: Doors) -> None:
    """Wait until no timer is due and everything told has been heard, in two looks one after the other."""
    give_up_at = time.monotonic() + QUIET_WITHIN_SECONDS
    seen: list[int] | None = None
    while time.monotonic() < give_up_at:
        standing = await _standing(doors)
        if standing is not None and standing == seen:
            return
        seen = standing
        await asyncio.sleep(QUIET_POLL_SECONDS)
    sentence = f"The services have not come to rest within {QUIET_WITHIN_SECONDS:.0f} s."
    raise Failure(UNAVAILABLE, sentence, "NOT_QUIET", (*await lag(doors), "See `acuerdo parked list`."))


async def _standing(doors: Doors) -> list[int] | None:
    """The log positions when all is quiet, None when it is not."""
    if not all(clock.is_quiet for clock in (await clocks(doors)).values()) or await lag(doors):
        return None
    return [answer.head.position for answer in await asyncio.gather(*(doors.log(name).Head(HeadRequest()) for name in doors.services))]


async def lag(doors: Doors) -> list[str]:
    """Who is behind what its source said of itself last, or what its relay has published since, or does not yet listen; as words."""
    asked = (doors.operations(name).ListFollowers(operations.ListFollowersRequest()) for name in doors.services)
    states = [
        (name, state) for name, answer in zip(doors.services, await asyncio.gather(*asked), strict=True) for state in answer.followers
    ]
    published = {(state.source, state.epoch, state.partition): state.position for _, state in states if state.follower == RELAY}
    wanted = [
        (name, state, max(state.head_position, published.get((state.source, state.epoch, state.partition), 0))) for name, state in states
    ]
    listening = {(name, state.source) for name, state in states}
    expected = [(listener, source) for listener, source in HEARS if {listener, source} <= set(doors.services)]
    return [
        *(f"{listener} does not listen to {source} yet" for listener, source in expected if (listener, source) not in listening),
        *(
            f"{name}/{state.follower} partition {state.partition}: {state.position} of {head}"
            for name, state, head in wanted
            if state.position < head
        ),
    ]


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at.astimezone(UTC))
    return wire
