"""A fact in one line: what it says, field by field, as a person reads values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from acuerdo.common.v1.types_pb2 import Money, Sealed
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from clients.cli import money
from clients.cli.frames import day, moment

ITEMS_MAX = 3
UUID_BYTES = 16


def in_one_line(fact: Message, lang: str) -> str:
    """`bucket=2, cause=REPORTED`: the fields that are set; lists by their first values and their length."""
    return ", ".join(f"{name}={value}" for name, value in _fields(fact, lang))


def _fields(message: Message, lang: str) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields():
        if field.is_repeated:
            items = [_value(field, item, lang) for item in list(value)[:ITEMS_MAX]]
            more = f" … ({len(value)})" if len(value) > ITEMS_MAX else ""
            yield field.name, f"[{', '.join(items)}{more}]"
        else:
            yield field.name, _value(field, value, lang)


def _value(field: FieldDescriptor, value: Any, lang: str) -> str:
    if isinstance(value, Money):
        return money.shown(value, lang)
    if isinstance(value, Date):
        return day(value)
    if isinstance(value, Timestamp):
        return moment(value)
    if isinstance(value, Sealed):
        return "(sealed)"
    if isinstance(value, Message):
        return f"({in_one_line(value, lang)})"
    if isinstance(value, bytes):
        return str(UUID(bytes=value)) if len(value) == UUID_BYTES else f"{len(value)} bytes"
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known is not None else str(value)
    return str(value)
