"""New ids of streams: UUIDv7 from the machine's clock and its randomness."""

import os
from uuid import UUID

from services.chassis.clock import RealClock
from services.kernel.ids import uuid7

_clock = RealClock()


def new_id() -> UUID:
    """Time-ordered by real time also under a development clock: ids order index pages, they say nothing about the business."""
    return uuid7(_clock.now(), int.from_bytes(os.urandom(10), "big"))


def is_just_made(stream_id: UUID, within_seconds: float = 2.0) -> bool:
    """Whether it is a UUIDv7 of the last moments: nobody has stored anything under it yet, most likely."""
    if stream_id.int >> 76 & 0xF != 7:
        return False
    made_at = (stream_id.int >> 80) / 1000
    return abs(_clock.now().timestamp() - made_at) < within_seconds
