"""New ids of streams: UUIDv7 from the machine's clock and its randomness."""

import os
from uuid import UUID

from services.chassis.clock import RealClock
from services.kernel.ids import uuid7

_clock = RealClock()
_RANDOM_BYTES = 10
_DRAWN_AT_ONCE = 200


def new_id() -> UUID:
    """Time-ordered by real time also under a development clock: ids order index pages, they say nothing about the business."""
    return uuid7(_clock.now(), int.from_bytes(_random(), "big"))


def _random() -> bytes:
    """From the machine's randomness, drawn for many ids at once: asking it costs more than all the rest."""
    if not _drawn:
        drawn = os.urandom(_RANDOM_BYTES * _DRAWN_AT_ONCE)
        _drawn.extend(drawn[at : at + _RANDOM_BYTES] for at in range(0, len(drawn), _RANDOM_BYTES))
    return _drawn.pop()


_drawn: list[bytes] = []
os.register_at_fork(after_in_child=_drawn.clear)


def is_just_made(stream_id: UUID, within_seconds: float = 2.0) -> bool:
    """Whether it is a UUIDv7 of the last moments: nobody has stored anything under it yet, most likely."""
    if stream_id.int >> 76 & 0xF != 7:
        return False
    made_at = (stream_id.int >> 80) / 1000
    return abs(_clock.now().timestamp() - made_at) < within_seconds
