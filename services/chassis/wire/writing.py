"""Writing: facts as the bytes of their messages, by functions whose source is made from the descriptors when the service starts.

What they write is protobuf's own canonical form (fields by number, defaults left out), byte for byte; filling a message and having it
serialised takes three times as long, and it is done for every event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from itertools import count
from typing import Any, cast, get_args, get_origin
from uuid import UUID

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.chassis.wire.hints import ContractsDiffer, check_scalar, message_hints, numbers_of, pairs, without_none

Writer = Callable[[Any], bytes]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SMALL = [bytes((number,)) for number in range(128)]
_INDENT = "    "


def varint(number: int) -> bytes:
    """A protobuf varint; negative numbers as 64-bit two's complement."""
    if 0 <= number < 128:
        return _SMALL[number]
    number &= (1 << 64) - 1
    written = bytearray()
    while number > 127:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def delimited(value: bytes) -> bytes:
    """Its length, and it."""
    length = len(value)
    return (_SMALL[length] if length < 128 else varint(length)) + value


def instant(value: datetime) -> bytes:
    """A google.protobuf.Timestamp."""
    since = value - _EPOCH
    seconds, nanos = since.days * 86_400 + since.seconds, since.microseconds * 1_000
    return (b"\x08" + varint(seconds) if seconds else b"") + (b"\x10" + varint(nanos) if nanos else b"")


def day(value: date) -> bytes:
    """A google.type.Date."""
    return b"\x08" + varint(value.year) + b"\x10" + _SMALL[value.month] + b"\x18" + _SMALL[value.day]


class Writers:
    """One for each class, made when first asked for. ContractsDiffer where class and message do."""

    def __init__(self) -> None:
        self._made: dict[tuple[type, str], str] = {}
        self._count = count()
        self._names: dict[str, Any] = {
            "varint": varint,
            "delimited": delimited,
            "instant": instant,
            "day": day,
        }

    def writer(self, kind: type, hints: Mapping[str, Any], message: Descriptor) -> Writer:
        """Writes an instance of `kind` as `message`."""
        return cast("Writer", self._names[self._name_of(kind, hints, message)])

    def _name_of(self, kind: type, hints: Mapping[str, Any], message: Descriptor) -> str:
        key = (kind, message.full_name)
        if key not in self._made:
            name = f"write_{next(self._count)}_{kind.__name__}"
            lines = [f"def {name}(of):", f'{_INDENT}out = b""']
            for attribute, hint, field in sorted(pairs(hints, message, kind.__name__), key=lambda pair: pair[2].number):
                lines += [_INDENT + line for line in self._field(f"{kind.__name__}.{attribute}", attribute, hint, field)]
            lines.append(f"{_INDENT}return out")
            exec("\n".join(lines), self._names)
            self._made[key] = name
        return self._made[key]

    def _field(self, owner: str, attribute: str, hint: Any, field: FieldDescriptor) -> list[str]:
        optional, hint = without_none(hint)
        lines = [f"value = of.{attribute}"]
        if get_origin(hint) is tuple:
            if optional:
                raise ContractsDiffer(f"{owner}: an absent list is an empty one")
            if not field.is_repeated:
                raise ContractsDiffer(f"{owner}: {field.full_name} is not repeated")
            return lines + self._repeated(owner, get_args(hint)[0], field)
        if field.message_type is not None:
            written = f"out += {_tag(field)!r} + delimited({self._message(owner, hint, field.message_type)})"
            if optional:
                return [*lines, "if value is not None:", _INDENT + written]
            return [*lines, "if value is None:", f'{_INDENT}raise TypeError("{owner} is None")', written]
        written = f"out += {self._scalar(owner, hint, field)}"
        # Without presence the empty value says "absent".
        if optional and field.has_presence:
            return [*lines, "if value is not None:", _INDENT + written]
        if optional or hint in (str, bytes, int, bool):
            return [*lines, "if value:", _INDENT + written]
        return [*lines, written]

    def _repeated(self, owner: str, hint: Any, field: FieldDescriptor) -> list[str]:
        if field.message_type is not None:
            return ["for value in value:", f"{_INDENT}out += {_tag(field)!r} + delimited({self._message(owner, hint, field.message_type)})"]
        if field.is_packed:
            check_scalar(owner, hint, field)
            numbers = self._numbers(owner, hint, field) if issubclass(hint, Enum) else ""
            each = f"varint({numbers}[one])" if numbers else "varint(one)"
            packed = field.number << 3 | 2
            return ["if value:", f'{_INDENT}out += {varint(packed)!r} + delimited(b"".join([{each} for one in value]))']
        return ["for value in value:", f"{_INDENT}out += {self._scalar(owner, hint, field)}"]

    def _message(self, owner: str, hint: Any, message: Descriptor) -> str:
        """An expression of `value`."""
        hints = message_hints(owner, hint, message)
        if hints is None:
            return "instant(value)" if hint is datetime else "day(value)"
        return f"{self._name_of(hint, hints, message)}(value)"

    def _scalar(self, owner: str, hint: Any, field: FieldDescriptor) -> str:
        """An expression of `value`: its tag, and it."""
        check_scalar(owner, hint, field)
        tag = _tag(field)
        if hint is UUID:
            return f"{tag + _SMALL[16]!r} + value.bytes"
        if hint is str:
            return f"{tag!r} + delimited(value.encode())"
        if hint is bytes:
            return f"{tag!r} + delimited(value)"
        if hint is bool:
            return f"({tag + _SMALL[1]!r} if value else {tag + _SMALL[0]!r})"
        if hint is int:
            return f"{tag!r} + varint(value)"
        return f"{self._numbers(owner, hint, field, tag)}[value]"

    def _numbers(self, owner: str, hint: type[Enum], field: FieldDescriptor, tag: bytes | None = None) -> str:
        """The name of a table by member: its number, or with a tag its bytes in this field."""
        assert field.enum_type is not None
        numbers = numbers_of(owner, hint, field.enum_type)
        name = f"numbers_{next(self._count)}"
        if tag is None:
            self._names[name] = numbers
        else:
            says_zero = field.has_presence or field.is_repeated
            self._names[name] = {member: tag + varint(n) if n or says_zero else b"" for member, n in numbers.items()}
        return name


def _tag(field: FieldDescriptor) -> bytes:
    wire = 2 if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE) else 0
    return varint(field.number << 3 | wire)
