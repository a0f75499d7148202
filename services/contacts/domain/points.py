"""Contact points: where a person is reached, whether it may be used, and why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain.channels import Channel
from services.kernel.facts import Fact
from services.kernel.refusal import IsUnknown, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

POINTS_PER_PERSON_MAX = 200

# What happened ---------------------------------------------------------------


class PointKind(Enum):
    """What kind of address it is."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    POSTAL = "POSTAL"
    ACCOUNT = "ACCOUNT"


class LineType(Enum):
    """What a telephone number belongs to. UNSPECIFIED: it is none, or nobody knows."""

    UNSPECIFIED = "UNSPECIFIED"
    MOBILE = "MOBILE"
    FIXED = "FIXED"
    MOBILE_OR_FIXED = "MOBILE_OR_FIXED"
    OTHER = "OTHER"


class PointState(Enum):
    """Whether it may be used."""

    UNVERIFIED = "UNVERIFIED"
    VERIFIED = "VERIFIED"
    INVALID = "INVALID"
    THIRD_PARTY = "THIRD_PARTY"
    SUPPRESSED = "SUPPRESSED"


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """A way to reach a person. `person_id`: whose stream the value is sealed for."""

    point_id: UUID
    person_id: UUID
    kind: PointKind
    value: Sealed
    state: PointState
    source: str
    line_type: LineType
    country: str
    zones: tuple[str, ...]
    is_workplace: bool
    added_at: datetime
    verified_at: datetime | None = None
    reason_code: str = ""

    @property
    def may_be_used(self) -> bool:
        return self.state in (PointState.UNVERIFIED, PointState.VERIFIED)

    @property
    def field(self) -> str:
        """Where the sealed value belongs in that stream."""
        return f"points.{self.point_id}"


class ContactPointAdded(Fact):
    point: ContactPoint

    def apply(self, person: Person) -> None:
        person.points.by_id[self.point.point_id] = self.point


class ContactPointVerified(Fact):
    point_id: UUID
    method: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        person.points.change(self.point_id, state=PointState.VERIFIED, verified_at=self.timestamp, reason_code="")


class ContactPointInvalidated(Fact):
    point_id: UUID
    reason_code: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        person.points.change(self.point_id, state=PointState.INVALID, reason_code=self.reason_code)


class ContactPointMarkedThirdParty(Fact):
    point_id: UUID
    reason_code: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        person.points.change(self.point_id, state=PointState.THIRD_PARTY, reason_code=self.reason_code)


class ContactPointSuppressed(Fact):
    point_id: UUID
    reason_code: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        person.points.change(self.point_id, state=PointState.SUPPRESSED, reason_code=self.reason_code)


class ContactPointReinstated(Fact):
    point_id: UUID
    reason_code: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        person.points.change(self.point_id, state=PointState.UNVERIFIED, reason_code="")


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Points:
    by_id: dict[UUID, ContactPoint] = field(default_factory=dict)

    def of_channel(self, channel: Channel) -> Iterator[ContactPoint]:
        """Points that may be used by a channel, the verified first, then in the order they came."""
        kinds = KINDS_OF[channel]
        found = [point for point in self.by_id.values() if point.kind in kinds and point.may_be_used]
        yield from sorted(found, key=lambda point: point.state is not PointState.VERIFIED)

    def change(self, point_id: UUID, **to: object) -> None:
        self.by_id[point_id] = replace(self.by_id[point_id], **to)  # type: ignore[arg-type]  # fields of ContactPoint


# What may be decided ---------------------------------------------------------


class PointIsUnknown(IsUnknown):
    """The person has no such contact point."""


class PointIsOfSomebodyElse(Refusal):
    """The contact point is somebody else's: reinstate it first."""


class PersonHasTooManyPoints(Refusal):
    """The person has as many contact points as it may."""


def add(person: Person, point: ContactPoint) -> None:
    """Whether the person has a point of that value already is found out by whoever can open seals."""
    person.must_be_live()
    if point.point_id in person.points.by_id:
        return
    if len(person.points.by_id) >= POINTS_PER_PERSON_MAX:
        raise PersonHasTooManyPoints(points_max=POINTS_PER_PERSON_MAX)
    person.tell(ContactPointAdded(**person.next(), point=point))


def verify(person: Person, point_id: UUID, method: str, evidence_ref: str = "") -> None:
    """It reaches the person: one that was invalid or suppressed is used again; one that is somebody else's is not."""
    point = known(person, point_id)
    if point.state is PointState.THIRD_PARTY:
        raise PointIsOfSomebodyElse(point_id=point_id)
    if point.state is not PointState.VERIFIED:
        person.tell(ContactPointVerified(**person.next(), point_id=point_id, method=method, evidence_ref=evidence_ref))


def invalidate(person: Person, point_id: UUID, reason_code: str, evidence_ref: str = "") -> None:
    """A mark that forbids more stays."""
    if known(person, point_id).may_be_used:
        person.tell(ContactPointInvalidated(**person.next(), point_id=point_id, reason_code=reason_code, evidence_ref=evidence_ref))


def mark_third_party(person: Person, point_id: UUID, reason_code: str, evidence_ref: str = "") -> None:
    if known(person, point_id).state is not PointState.THIRD_PARTY:
        person.tell(ContactPointMarkedThirdParty(**person.next(), point_id=point_id, reason_code=reason_code, evidence_ref=evidence_ref))


def suppress(person: Person, point_id: UUID, reason_code: str, evidence_ref: str = "") -> None:
    if known(person, point_id).state not in (PointState.SUPPRESSED, PointState.THIRD_PARTY):
        person.tell(ContactPointSuppressed(**person.next(), point_id=point_id, reason_code=reason_code, evidence_ref=evidence_ref))


def reinstate(person: Person, point_id: UUID, reason_code: str, evidence_ref: str = "") -> None:
    if not known(person, point_id).may_be_used:
        person.tell(ContactPointReinstated(**person.next(), point_id=point_id, reason_code=reason_code, evidence_ref=evidence_ref))


def level(person: Person, alike: Iterable[frozenset[UUID]]) -> None:
    """Points of one and the same value (two persons have become one): a mark on one of them is a mark on all."""
    for ids in alike:
        group = [person.points.by_id[point_id] for point_id in sorted(ids, key=str) if point_id in person.points.by_id]
        strictest = max(group, key=lambda point: STRICTNESS[point.state], default=None)
        for point in group:
            if strictest is not None and STRICTNESS[point.state] < STRICTNESS[strictest.state]:
                MARKS[strictest.state](person, point.point_id, strictest.reason_code)


def known(person: Person, point_id: UUID) -> ContactPoint:
    person.must_be_live()
    if point_id not in person.points.by_id:
        raise PointIsUnknown(point_id=point_id)
    return person.points.by_id[point_id]


STRICTNESS: dict[PointState, int] = {
    PointState.VERIFIED: 0,
    PointState.UNVERIFIED: 0,
    PointState.INVALID: 1,
    PointState.SUPPRESSED: 2,
    PointState.THIRD_PARTY: 3,
}
MARKS: dict[PointState, Callable[[Person, UUID, str], None]] = {
    PointState.INVALID: invalidate,
    PointState.SUPPRESSED: suppress,
    PointState.THIRD_PARTY: mark_third_party,
}

KINDS_OF: dict[Channel, frozenset[PointKind]] = {
    Channel.CALL: frozenset({PointKind.PHONE}),
    Channel.SMS: frozenset({PointKind.PHONE}),
    Channel.IVR: frozenset({PointKind.PHONE}),
    Channel.EMAIL: frozenset({PointKind.EMAIL}),
    Channel.LETTER: frozenset({PointKind.POSTAL}),
    Channel.IN_PERSON: frozenset({PointKind.POSTAL}),
    Channel.CHAT: frozenset({PointKind.ACCOUNT}),
    Channel.PORTAL: frozenset({PointKind.ACCOUNT}),
    Channel.MESSAGING_APP: frozenset({PointKind.ACCOUNT, PointKind.PHONE}),
}
"""Through which kinds of contact point a channel reaches somebody."""
