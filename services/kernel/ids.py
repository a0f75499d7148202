"""Identifiers: time-ordered UUIDs for streams, derived UUIDs for what lives inside them. Randomness and time come in from outside."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid5

ACUERDO = UUID("6f1d1c1e-5f0a-5b3e-9a57-0d3f6f3c2a11")
"""Namespace of every derived id. Never changed: ids derived once are stored for ever."""

NewId = Callable[[], UUID]
"""Port: the next new id of a stream (a UUIDv7 in production)."""


def derived(*parts: object) -> UUID:
    """The same id for the same parts, for ever (RFC 9562 version 5). Parts may hold any characters."""
    texts = [str(part) for part in parts]
    return uuid5(ACUERDO, "\x1f".join([f"{len(text)}:{text}" for text in texts]))


def uuid7(at: datetime, random_bits: int) -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    rand_a, rand_b = (random_bits >> 62) & 0xFFF, random_bits & ((1 << 62) - 1)
    return UUID(int=millis << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)
