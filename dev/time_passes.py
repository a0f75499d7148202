"""Moves the development clocks of all services together, from one due instant to the next, waiting each time until all is quiet."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from acuerdo.common.v1 import operations_pb2 as operations
from acuerdo.common.v1.log_pb2 import HeadRequest
from google.protobuf.timestamp_pb2 import Timestamp

from dev.doors import Doors

QUIET_POLL_SECONDS = 0.05
QUIET_WITHIN_SECONDS = 180.0
RELAY = "relay"
"""Whose rows among a service's followers say how far its topic is published."""


class NotQuiet(RuntimeError):
    """The services did not finish what they had in hand in time."""


def stamp(at: datetime) -> Timestamp:
    wire = Timestamp()
    wire.FromDatetime(at.astimezone(UTC))
    return wire


async def advance(doors: Doors, to: datetime) -> None:
    """Play everything that falls due up to `to`, in order, then stand at `to`."""
    while True:
        clocks = [await door.GetClock(operations.GetClockRequest()) for door in doors.operations.values()]
        due = [clock.next_due_at.ToDatetime(UTC) for clock in clocks if clock.HasField("next_due_at")]
        step = min([to, *due])
        await asyncio.gather(
            *(
                door.AdvanceClock(operations.AdvanceClockRequest(request_id=f"clock/{step.isoformat()}", to=stamp(step)))
                for door in doors.operations.values()
            )
        )
        await settle(doors)
        if step >= to:
            return


async def settle(doors: Doors) -> None:
    """Wait until no timer is due and everything told has been published and heard, in two looks one after the other."""
    give_up_at = time.monotonic() + QUIET_WITHIN_SECONDS
    seen: tuple[int, ...] | None = None
    while time.monotonic() < give_up_at:
        standing = await _standing(doors)
        if standing is not None and standing == seen:
            return
        seen = standing
        await asyncio.sleep(QUIET_POLL_SECONDS)
    raise NotQuiet(f"not quiet within {QUIET_WITHIN_SECONDS} seconds: {await lag(doors)}")


async def _standing(doors: Doors) -> tuple[int, ...] | None:
    """The log positions of all services when all is quiet, None when it is not."""
    for door in doors.operations.values():
        if not (await door.GetClock(operations.GetClockRequest())).is_quiet:
            return None
    lagging = await lag(doors)
    return None if lagging else tuple(await positions(doors))


async def positions(doors: Doors) -> list[int]:
    return [(await door.Head(HeadRequest())).head.position for door in doors.logs.values()]


async def lag(doors: Doors) -> list[str]:
    """Who is behind what its source said of itself last, or what its relay has published since, or does not yet listen; as words."""
    states = [
        (name, state)
        for name, door in doors.operations.items()
        for state in (await door.ListFollowers(operations.ListFollowersRequest())).followers
    ]
    published = {(state.source, state.epoch, state.partition): state.position for _, state in states if state.follower == RELAY}
    wanted = [
        (name, state, max(state.head_position, published.get((state.source, state.epoch, state.partition), 0))) for name, state in states
    ]
    listening = {(name, state.source) for name, state in states}
    return [
        *(f"{listener} does not listen to {source} yet" for listener, source in HEARS if (listener, source) not in listening),
        *(
            f"{name}/{state.follower} partition {state.partition}: {state.position} of {head}"
            for name, state, head in wanted
            if state.position < head
        ),
    ]


HEARS = (("cases", "strategy"), ("strategy", "cases"))
"""Who listens to whom. After a first start a follower is among its service's followers only once it has found its source."""
