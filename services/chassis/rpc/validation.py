"""Validation: every request message against the rules of its contract, and every text against what no text may hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import protovalidate
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.chassis.rpc.call import Call
from services.chassis.telemetry.metrics import TEXTS_REFUSED


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule. `field` is the path in the request: `terms.calendar`, `debts[2].amount.currency_code`."""

    field: str
    rule: str
    description: str


class RequestIsInvalid(Exception):
    """The request breaks rules of its contract; `violations` names every field, in the order of the contract."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(f"{len(self.violations)} fields")


def check(call: Call, request: Message) -> None:
    """RequestIsInvalid with every broken field."""
    violations = violations_of(request)
    if violations:
        if any(violation.rule == CARD_NUMBER for violation in violations):
            TEXTS_REFUSED.add(1, {"method": call.method})
        raise RequestIsInvalid(violations)


def violations_of(message: Message, prefix: str = "") -> list[Violation]:
    """Every rule the message breaks. For rows that are judged one by one: call it on the row, with the row's path as `prefix`."""
    found = [
        Violation(f"{prefix}{_path(broken.proto)}", broken.proto.rule_id, broken.proto.message)
        for broken in protovalidate.collect_violations(message)
    ]
    found.extend(_texts_that_may_not_be(message, prefix))
    return found


def _path(violation: protovalidate.ViolationPb) -> str:
    """A field path as a person writes it."""
    path = ""
    for element in violation.field.elements if violation.field is not None else ():
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    return path


# What no text may hold ------------------------------------------------------------------------------------------------

CARD_NUMBER = "text.card_number"
"""A primary account number: we take none, anywhere (PCI DSS 3.4)."""
CONTROL_CHARACTER = "text.control_character"
NOT_NORMALISED = "text.nfc"

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]|[\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 but for tab and line ends, and the marks that reverse what a reader sees."""
_CARD = re.compile(r"(?<![\dA-Za-z-])(?=[2-6])(?:\d[ -]?){12,18}\d(?![\dA-Za-z-])")
_ISSUERS = re.compile(r"4|5[0-8]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|3(?:0[0-5]|[689])|35(?:2[89]|[3-8])|6")


def text_fault(text: str) -> tuple[str, str] | None:
    """(rule, description) of the first thing wrong with the text itself."""
    if _CONTROL.search(text):
        return CONTROL_CHARACTER, "holds a control character"
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        return NOT_NORMALISED, "is not in Unicode normal form C"
    if len(text) >= 13 and any(_is_card_number(match.group()) for match in _CARD.finditer(text)):
        return CARD_NUMBER, "looks like a card number, which must never be sent here"
    return None


def _is_card_number(digits_and_separators: str) -> bool:
    """Length, issuer prefix and check digit (Luhn, ISO/IEC 7812-1 annex B)."""
    digits = [int(character) for character in digits_and_separators if character.isdigit()]
    if not 13 <= len(digits) <= 19 or not _ISSUERS.match("".join(map(str, digits))):
        return False
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _texts_that_may_not_be(message: Message, prefix: str) -> Iterator[Violation]:
    for field in _fields_with_text(message.DESCRIPTOR):
        if field.is_repeated:
            values = [(f"{prefix}{field.name}[{i}]", value) for i, value in enumerate(getattr(message, field.name))]
        elif field.message_type is None or message.HasField(field.name):
            values = [(f"{prefix}{field.name}", getattr(message, field.name))]
        else:
            continue
        for path, value in values:
            if field.message_type is not None:
                yield from _texts_that_may_not_be(value, f"{path}.")
            elif value and (fault := text_fault(value)) is not None:
                yield Violation(path, *fault)


@lru_cache(maxsize=1024)
def _fields_with_text(descriptor: Descriptor) -> tuple[FieldDescriptor, ...]:
    """Fields whose texts are worth a look: not those that a rule confines already, nor rows that are judged one by one."""
    return tuple(field for field in descriptor.fields if _holds_text(field) and not _is_confined(field))


def _holds_text(field: FieldDescriptor, above: frozenset[str] = frozenset()) -> bool:
    if field.message_type is None:
        return field.type == FieldDescriptor.TYPE_STRING
    name = field.message_type.full_name
    if name in above or field.message_type.GetOptions().map_entry:
        return False
    return any(_holds_text(inner, above | {name}) and not _is_confined(inner) for inner in field.message_type.fields)


def _is_confined(field: FieldDescriptor) -> bool:
    # The generated stub does not say whose extension it is.
    rules: validate_pb2.FieldRules = field.GetOptions().Extensions[cast(Any, validate_pb2.field)]
    if rules.repeated.items.ignore == validate_pb2.IGNORE_ALWAYS:
        return True
    texts = rules.repeated.items.string if field.is_repeated else rules.string
    return bool(texts.uuid or texts.pattern)
