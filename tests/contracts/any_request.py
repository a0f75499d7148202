"""Requests nobody would write: every field of a message filled by chance, often with what is almost right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

PROMISED = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.PERMISSION_DENIED,
}
WHOLE = (0, 1, 2, 3, 7, 31, 128, 200, 2005, 9999, 2**31 - 1, -1, -(2**31), 2**63 - 1, -(2**63), 10**15, 10**15 + 1)
TEXTS = (
    "x" * 5000,
    "",
    "a",
    "EUR",
    "TWD",
    "ES",
    "Europe/Madrid",
    "current",
    "note",
    "debtor",
    "CALL_PREPARATION",
    "0",
    "1",
    "-1",
    "ref-1",
    "x" * 64,
    "x" * 5000,
)
STRANGE = (
    "\x00",
    "\u202e",
    "é",
    "e\u0301",
    "💶",
    "'; DROP TABLE events;--",
    "{}",
    "%s",
    "4111 1111 1111 1111",
    "\n",
    "2026-02-30",
    "00000000-0000-0000-0000-000000000000",
)
DEPTH_MAX = 4


def any_message(kind: type[Message], chance: Random, known: Mapping[str, Sequence[str]]) -> Message:
    """`known`: ids that exist, by field name; taken now and then, so that a request gets past the door."""
    message = kind()
    _fill(message, kind.DESCRIPTOR, chance, known, 0)
    return message


def _fill(message: Any, descriptor: Descriptor, chance: Random, known: Mapping[str, Sequence[str]], depth: int) -> None:
    for field in descriptor.fields:
        if chance.random() < 0.15 or depth > DEPTH_MAX:
            continue
        if field.is_repeated:
            for _ in range(chance.choice((0, 1, 1, 2, 5, 130))):
                if field.message_type is not None:
                    _fill(getattr(message, field.name).add(), field.message_type, chance, known, depth + 1)
                else:
                    getattr(message, field.name).append(_scalar(field, chance, known))
        elif field.message_type is not None:
            inner = getattr(message, field.name)
            inner.SetInParent()
            _fill(inner, field.message_type, chance, known, depth + 1)
        else:
            setattr(message, field.name, _scalar(field, chance, known))


def _scalar(field: FieldDescriptor, chance: Random, known: Mapping[str, Sequence[str]]) -> Any:
    if field.type == FieldDescriptor.TYPE_BOOL:
        return chance.random() < 0.5
    if field.type == FieldDescriptor.TYPE_ENUM:
        return chance.choice([*(value.number for value in field.enum_type.values), 99])
    if field.type == FieldDescriptor.TYPE_BYTES:
        return chance.choice((b"", b"\xff\xfe", b"{}", b'{"nodes": []}', chance.randbytes(200)))
    if field.type == FieldDescriptor.TYPE_STRING:
        if field.name in known and chance.random() < 0.8:
            return chance.choice(known[field.name])
        if field.name.endswith("_id") and field.name != "request_id" and chance.random() < 0.5:
            return str(UUID(int=chance.getrandbits(128)))
        if field.name == "request_id":
            return f"any-{chance.getrandbits(64)}"
        return chance.choice(TEXTS if chance.random() < 0.7 else STRANGE)
    limits = {
        FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
        FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
        FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
        FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    }
    low, high = limits[field.type]
    return min(max(chance.choice(WHOLE), low), high)
