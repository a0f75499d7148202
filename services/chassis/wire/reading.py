"""Reading: parsed messages as facts, by functions whose source is made from the descriptors when the service starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import count
from keyword import iskeyword
from typing import Any, cast, get_args, get_origin
from uuid import UUID

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from services.chassis.wire.hints import ContractsDiffer, check_scalar, message_hints, numbers_of, pairs, without_none

Reader = Callable[[Any], dict[str, Any]]
"""(message) -> attributes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(wire: Any) -> datetime:
    """Of a google.protobuf.Timestamp; ours have whole microseconds."""
    return _EPOCH + timedelta(seconds=wire.seconds, microseconds=wire.nanos // 1_000)


class Readers:
    """One for each class, made when first asked for. ContractsDiffer where class and message do."""

    def __init__(self) -> None:
        self._made: dict[tuple[type, str], str] = {}
        self._numbers = count()
        self._names: dict[str, Any] = {"UUID": UUID, "date": date, "instant_of": instant_of}

    def reader(self, kind: type, hints: Mapping[str, Any], message: Descriptor) -> Reader:
        """Reads a message as the attributes of an instance of `kind`."""
        return cast("Reader", self._names[self._name_of(kind, hints, message, "dict")])

    def _name_of(self, kind: type, hints: Mapping[str, Any], message: Descriptor, makes: str) -> str:
        key = (kind, message.full_name)
        if key not in self._made:
            name = f"read_{next(self._numbers)}_{kind.__name__}"
            parts = [
                f"{attribute}={self._field(f'{kind.__name__}.{attribute}', hint, field)}"
                for attribute, hint, field in pairs(hints, message, kind.__name__)
            ]
            exec(f"def {name}(of):\n    return {makes}({', '.join(parts)})", self._names)
            self._made[key] = name
        return self._made[key]

    def _field(self, owner: str, hint: Any, field: FieldDescriptor) -> str:
        """An expression of `of`, the message."""
        optional, hint = without_none(hint)
        value = f"getattr(of, {field.name!r})" if iskeyword(field.name) else f"of.{field.name}"
        if get_origin(hint) is tuple:
            if optional:
                raise ContractsDiffer(f"{owner}: an absent list is an empty one")
            if not field.is_repeated:
                raise ContractsDiffer(f"{owner}: {field.full_name} is not repeated")
            one = self._one(owner, get_args(hint)[0], field, "one")
            return f"tuple({value})" if one == "one" else f"tuple([{one} for one in {value}])"
        read = self._one(owner, hint, field, value)
        if not optional:
            return read
        if field.has_presence:
            return f"({read} if of.HasField({field.name!r}) else None)"
        # Without presence the empty value says "absent": an id, a word, an enumeration's first value.
        return f"({read} if {value} else None)"

    def _one(self, owner: str, hint: Any, field: FieldDescriptor, value: str) -> str:
        if field.message_type is None:
            return self._scalar(owner, hint, field, value)
        hints = message_hints(owner, hint, field.message_type)
        if hints is not None:
            class_name = f"class_{next(self._numbers)}"
            self._names[class_name] = hint
            return f"{self._name_of(hint, hints, field.message_type, class_name)}({value})"
        return f"instant_of({value})" if hint is datetime else f"date({value}.year, {value}.month, {value}.day)"

    def _scalar(self, owner: str, hint: Any, field: FieldDescriptor, value: str) -> str:
        check_scalar(owner, hint, field)
        if hint is UUID:
            return f"UUID(bytes={value})"
        if not issubclass(hint, Enum):
            return value
        assert field.enum_type is not None
        table = f"members_{next(self._numbers)}"
        self._names[table] = {number: member for member, number in numbers_of(owner, hint, field.enum_type).items()}
        return f"{table}[{value}]"
