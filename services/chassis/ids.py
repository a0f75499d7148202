"""New ids of streams: UUIDv7 from the machine's clock and its randomness."""

import os
from uuid import UUID

from services.chassis.clock import RealClock
from services.kernel.ids import uuid7

_clock = RealClock()


def new_id() -> UUID:
    """Time-ordered by real time also under a development clock: ids order index pages, they say nothing about the business."""
    return uuid7(_clock.now(), int.from_bytes(os.urandom(10), "big"))
