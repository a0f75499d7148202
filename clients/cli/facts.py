"""A fact in one line: what it says, field by field, as a person reads values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from acuerdo.common.v1.types_pb2 import Money, Sealed
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clients.cli import money
from clients.cli.frames import day, moment

ITEMS_MAX = 3
DEPTH_MAX = 2
CHARACTERS_MAX = 200
UUID_BYTES = 16


def in_one_line(fact: Message, lang: str) -> str:
    """`to=2, cause=REPORTED`: the fields that are set; lists by their first values and their length; cut where it gets long."""
    said = _inside(fact, lang, DEPTH_MAX)
    return said if len(said) <= CHARACTERS_MAX else f"{said[: CHARACTERS_MAX - 1]}…"


def _inside(message: Message, lang: str, depth: int) -> str:
    return ", ".join(f"{name}={value}" for name, value in _fields(message, lang, depth)) if depth else "…"


def _fields(message: Message, lang: str, depth: int) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        if field.is_repeated:
            items = [_value(field, item, lang, depth) for item in list(value)[:ITEMS_MAX]]
            more = f" … ({len(value)})" if len(value) > ITEMS_MAX else ""
            yield field.name, f"[{', '.join(items)}{more}]"
        else:
            yield field.name, _value(field, value, lang, depth)


def _value(field: FieldDescriptor, value: Any, lang: str, depth: int) -> str:
    if isinstance(value, Money):
        return money.shown(value, lang)
    if isinstance(value, Date):
        return day(value)
    if isinstance(value, Timestamp):
        return moment(value)
    if isinstance(value, Sealed):
        return "(sealed)"
    if isinstance(value, Message):
        return f"({_inside(value, lang, depth - 1)})"
    if isinstance(value, bytes):
        return str(UUID(bytes=value)) if len(value) == UUID_BYTES else f"{len(value)} bytes"
    if field.enum_type is not None:
        return _enum(field.enum_type, value)
    return str(value)


def _enum(kind: EnumDescriptor, number: int) -> str:
    """PARTY_ROLE_DEBTOR as `debtor`: the enum's own name, which begins every value, is left away."""
    known = kind.values_by_number.get(number)
    prefix = "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in kind.name).lstrip("_") + "_"
    return known.name.removeprefix(prefix).lower() if known is not None else str(number)
