"""Hints: the types of a fact's fields beside the fields of its message, found by name. Where they do not fit, ContractsDiffer."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor


class ContractsDiffer(Exception):
    """A fact and its message do not have the same fields, or one of them is missing. Found at import, never at run time."""


def pairs(hints: Mapping[str, Any], message: Descriptor, owner: str = "") -> list[tuple[str, Any, FieldDescriptor]]:
    """(attribute, hint, field) of each; a Python keyword is written with a trailing underscore."""
    fields = dict(message.fields_by_name)
    found = []
    for name, hint in hints.items():
        field = fields.pop(name.rstrip("_") if name.rstrip("_") in fields else name, None)
        if field is None:
            raise ContractsDiffer(f"{owner}.{name} has no field in {message.full_name}")
        found.append((name, hint, field))
    if fields:
        raise ContractsDiffer(f"{message.full_name}: {', '.join(fields)} are not in {owner}")
    return found


def without_none(hint: Any) -> tuple[bool, Any]:
    """Whether the value may be None, and the hint without it."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arg for arg in get_args(hint) if arg is not type(None)]
        if len(inner) == 1 and len(get_args(hint)) == 2:
            return True, inner[0]
    return False, hint


def numbers_of(owner: str, hint: type[Enum], descriptor: EnumDescriptor) -> dict[Enum, int]:
    """Each member's number: the wire's name is the enumeration's prefix and the member's."""
    prefix = descriptor.values_by_number[0].name.removesuffix("UNSPECIFIED")
    # "Unspecified" is no word of the business, except where an enumeration of ours says so.
    numbers = {value.name.removeprefix(prefix): value.number for value in descriptor.values}
    if "UNSPECIFIED" not in hint.__members__:
        del numbers["UNSPECIFIED"]
    if set(numbers) != set(hint.__members__):
        raise ContractsDiffer(f"{owner}: {hint.__name__} and {descriptor.full_name} differ: {set(numbers) ^ set(hint.__members__)}")
    return {member: numbers[name] for name, member in hint.__members__.items()}


def check_scalar(owner: str, hint: Any, field: FieldDescriptor) -> None:
    """That a value of this type goes into this field."""
    if hint is UUID and field.type == FieldDescriptor.TYPE_BYTES:
        return
    if isinstance(hint, type) and issubclass(hint, Enum) and field.enum_type is not None:
        numbers_of(owner, hint, field.enum_type)
    elif _PLAIN.get(field.type) is not hint:
        raise ContractsDiffer(f"{owner}: {hint} does not fit {field.full_name}")


def message_hints(owner: str, hint: Any, message: Descriptor) -> dict[str, Any] | None:
    """The hints of a dataclass that stands for this message; None for a date or an instant, which have words of their own."""
    if (hint is date and message.full_name == "google.type.Date") or (
        hint is datetime and message.full_name == "google.protobuf.Timestamp"
    ):
        return None
    if not (isinstance(hint, type) and dataclasses.is_dataclass(hint)):
        raise ContractsDiffer(f"{owner}: {hint} does not fit {message.full_name}")
    own = {field.name for field in dataclasses.fields(hint)}
    return {name: kind for name, kind in get_type_hints(hint).items() if name in own}


_WORDS: Mapping[Any, str] = {date: "google.type.Date", datetime: "google.protobuf.Timestamp"}
_PLAIN: Mapping[int, type] = {
    FieldDescriptor.TYPE_STRING: str,
    FieldDescriptor.TYPE_BYTES: bytes,
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_INT32: int,
    FieldDescriptor.TYPE_INT64: int,
    FieldDescriptor.TYPE_UINT32: int,
    FieldDescriptor.TYPE_UINT64: int,
}
