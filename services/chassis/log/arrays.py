"""Arrays: columns of a batch in PostgreSQL's binary form. psycopg's own way costs as much as deciding; this is a fraction of it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

_HEAD = struct.Struct(">iiIii")  # dimensions, has nulls, element type, length, lower bound
_NULL = struct.pack(">i", -1)
_SIXTEEN = struct.pack(">i", 16)
_LENGTHS = tuple(struct.pack(">i", length) for length in range(4096))
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def int4s(values: Sequence[int]) -> bytes | None:
    return _numbers(23, 4, "i", values)


def int8s(values: Sequence[int]) -> bytes | None:
    return _numbers(20, 8, "q", values)


def bools(values: Iterable[bool]) -> bytes | None:
    return _array(16, [b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values])


def texts(values: Iterable[str | None]) -> bytes | None:
    return _array(25, [_NULL if value is None else _text(value) for value in values], has_nulls=1)


def byteas(values: Iterable[bytes | None]) -> bytes | None:
    return _array(17, [_NULL if value is None else _length(value) + value for value in values], has_nulls=1)


def uuids(values: Iterable[UUID]) -> bytes | None:
    return _array(2950, [_SIXTEEN + value.bytes for value in values])


def instants(values: Iterable[datetime]) -> bytes | None:
    return _numbers(1184, 8, "q", [(value - _EPOCH) // _MICROSECOND for value in values])


def _numbers(element: int, size: int, code: str, values: Sequence[int]) -> bytes | None:
    flat = [size] * (2 * len(values))
    flat[1::2] = values
    if size == 4:
        return _array(element, [struct.pack(f">{len(flat)}{code}", *flat)] if flat else [], len(values))
    return _array(element, [struct.pack(">" + f"i{code}" * len(values), *flat)] if flat else [], len(values))


def _array(element: int, parts: Sequence[bytes], length: int | None = None, *, has_nulls: int = 0) -> bytes | None:
    """An empty column is NULL: the function unpacks each array it is given, and most are empty most of the time."""
    if not parts:
        return None
    return _HEAD.pack(1, has_nulls, element, len(parts) if length is None else length, 1) + b"".join(parts)


def _length(value: bytes) -> bytes:
    return _LENGTHS[len(value)] if len(value) < 4096 else struct.pack(">i", len(value))


@lru_cache(maxsize=8192)
def _text(value: str) -> bytes:
    encoded = value.encode()
    return _length(encoded) + encoded
