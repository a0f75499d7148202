"""The words of people, off the wire and back. What is given is spelled in one way here; nothing decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints
from uuid import UUID

from acuerdo.contacts.v1 import people_pb2 as pb
from acuerdo.contacts.v1 import persons_pb2 as told
from google.protobuf.message import Message

from services.chassis.rpc import words
from services.chassis.rpc.validation import violations_of
from services.chassis.wire.writing import Writer, Writers
from services.contacts.adapters import blind, spelling
from services.contacts.domain.channels import TimeWindow
from services.contacts.domain.points import LineType, PointKind
from services.kernel.calendar import zone
from services.kernel.refusal import IsInvalid, Refusal

E = TypeVar("E", bound=Enum)
M = TypeVar("M", bound=Message)


# What is given ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GivenId:
    """A state's number, or (with `client_id`) a creditor's reference."""

    kind: str
    country: str
    client_id: UUID | None
    value: str

    @property
    def written(self) -> str:
        """As it is claimed and looked up."""
        if self.client_id is not None:
            return blind.client_ref(self.client_id, self.value)
        return blind.national_id(self.country, self.kind, self.value)


@dataclass(frozen=True, slots=True)
class GivenPoint:
    kind: PointKind
    value: str
    line_type: LineType
    country: str
    zones: tuple[str, ...]
    is_workplace: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A person as somebody gives it, spelled our way. In clear: it goes no further than the desk."""

    name: str
    birth_date: date | None
    identifiers: tuple[GivenId, ...]
    points: tuple[GivenPoint, ...]
    source: str
    country: str
    subdivision: str
    zones: tuple[str, ...]
    language: str
    is_synthetic: bool


CLIENT_REF_KIND = "CREDITOR_REFERENCE"


def given(wire: pb.NewPerson, field: str) -> Given:
    """IsInvalid names the part that cannot be spelled."""
    identifiers = [national_id(wire.national_id, f"{field}.national_id")] if wire.HasField("national_id") else []
    if bool(wire.client_id) != bool(wire.client_ref):
        raise IsInvalid(f"{field}.client_ref", "needs the client whose reference it is, and the other way round")
    if wire.client_id:
        identifiers.append(client_ref(wire.client_id, wire.client_ref, f"{field}.client_id"))
    return Given(
        name=spelling.name(wire.name, f"{field}.name"),
        birth_date=words.day_or_none(wire, "birth_date"),
        identifiers=tuple(identifiers),
        points=tuple({each.value: each for each in (point(one, f"{field}.points[{i}]") for i, one in enumerate(wire.points))}.values()),
        source=wire.source,
        country=wire.residence_country,
        subdivision=wire.residence_subdivision,
        zones=tuple(wire.zones),
        language=wire.language,
        is_synthetic=wire.is_synthetic,
    )


def given_or_why_not(row: pb.PersonRow) -> Given | pb.PersonOutcome:
    """The row spelled our way, or the outcome that says which rule of its contract or of spelling it breaks."""
    for broken in violations_of(row):
        reason = "".join(character if character.isalnum() else "_" for character in broken.rule).upper()
        return pb.PersonOutcome(line=row.line, field=broken.field, reason=reason, description=broken.description)
    try:
        return given(row.person, "person")
    except IsInvalid as invalid:
        return refused(row.line, invalid)


def refused(line: int, refusal: Refusal) -> pb.PersonOutcome:
    if isinstance(refusal, IsInvalid):
        return pb.PersonOutcome(line=line, field=refusal.field, reason=refusal.reason, description=refusal.description)
    return pb.PersonOutcome(line=line, reason=refusal.reason, description=refusal.sentence)


def national_id(wire: pb.NationalId, field: str) -> GivenId:
    return GivenId(wire.kind, wire.country, None, spelling.national_id(wire.value, f"{field}.value"))


def client_ref(client_id: str, reference: str, field: str) -> GivenId:
    return GivenId(CLIENT_REF_KIND, "", words.uuid(client_id, field), reference)


def point(wire: pb.NewPoint, field: str) -> GivenPoint:
    match wire.WhichOneof("value"):
        case "phone":
            number = spelling.phone(wire.phone, wire.country, f"{field}.phone")
            return GivenPoint(PointKind.PHONE, number.e164, number.line_type, number.country, number.zones, wire.is_workplace)
        case "email":
            address = spelling.email(wire.email, f"{field}.email")
            return GivenPoint(PointKind.EMAIL, address, LineType.UNSPECIFIED, "", (), wire.is_workplace)
        case "postal":
            address, zones = spelling.postal(wire.postal), tuple(zone(name, f"{field}.zones").key for name in wire.zones)
            return GivenPoint(PointKind.POSTAL, address, LineType.UNSPECIFIED, wire.country, zones, wire.is_workplace)
        case _:
            handle = spelling.account(wire.account, f"{field}.account")
            return GivenPoint(PointKind.ACCOUNT, handle, LineType.UNSPECIFIED, "", (), wire.is_workplace)


def windows(wire: Iterable[told.TimeWindow], field: str) -> tuple[TimeWindow, ...]:
    for i, each in enumerate(wire):
        if each.until_minute <= each.from_minute:
            raise IsInvalid(f"{field}[{i}].until_minute", "lies before the window begins: one that crosses midnight is two")
    return tuple(TimeWindow(tuple(sorted(each.weekdays)), each.from_minute, each.until_minute) for each in wire)


def uuids(wire: Iterable[str], field: str) -> tuple[UUID, ...]:
    return tuple(words.uuid(each, f"{field}[{i}]") for i, each in enumerate(wire))


def member(kind: type[E], wire: Any, value: Any) -> E:
    """The domain's member of that wire value."""
    return kind[wire.Name(value).removeprefix(_prefix(wire.DESCRIPTOR.name))]


def members(kind: type[E], wire: Any, values: Iterable[Any]) -> tuple[E, ...]:
    return tuple(member(kind, wire, value) for value in values)


def wire_value(member_: Enum, wire: Any) -> Any:
    return wire.Value(_prefix(wire.DESCRIPTOR.name) + member_.name)


@cache
def _prefix(name: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in name).lstrip("_") + "_"


# Back onto the wire ---------------------------------------------------------------------------------------------------------


def told_as(kind: type[M], value: Any) -> M:
    """A value of the domain as the message of its name, as events hold it."""
    return kind.FromString(_writer(value.__class__, kind)(value))


_WRITERS = Writers()
_MADE: dict[tuple[type[Any], type[Message]], Writer] = {}


def _writer(of: type[Any], kind: type[Message]) -> Writer:
    if (of, kind) not in _MADE:
        own = {field.name for field in fields(of)}
        hints = {name: hint for name, hint in get_type_hints(of).items() if name in own}
        # The generated stub names another Descriptor than the library's own.
        _MADE[of, kind] = _WRITERS.writer(of, hints, cast("Any", kind.DESCRIPTOR))
    return _MADE[of, kind]
