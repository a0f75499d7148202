"""Identifiers: time-ordered UUIDs for streams, derived UUIDs for what lives inside them. Randomness and time come in from outside."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

ACUERDO = UUID("6f1d1c1e-5f0a-5b3e-9a57-0d3f6f3c2a11")
"""Namespace of every derived id. Never changed: ids derived once are stored for ever."""

_NAMESPACE = ACUERDO.bytes

NewId = Callable[[], UUID]
"""Port: the next new id of a stream (a UUIDv7 in production)."""


def derived(*parts: object) -> UUID:
    """The same id for the same parts, for ever (RFC 9562 version 5). Parts may hold any characters."""
    return UUID(bytes=derived_bytes(*parts))


def derived_bytes(*parts: object) -> bytes:
    """`derived` as its 16 bytes, at a third of the cost: every command has such an id."""
    texts = [str(part) for part in parts]
    name = "\x1f".join([f"{len(text)}:{text}" for text in texts])
    digest = bytearray(hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def uuid7(at: datetime, random_bits: int) -> UUID:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    millis = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    rand_a, rand_b = (random_bits >> 62) & 0xFFF, random_bits & ((1 << 62) - 1)
    return UUID(int=millis << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)
