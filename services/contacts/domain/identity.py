"""Identity: who somebody is. Names and numbers are sealed; whether two are the same is found outside, before it is decided here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.refusal import IsUnknown, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

IDENTIFIERS_PER_PERSON_MAX = 100

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number by which a state or a creditor knows the person. `person_id`: whose stream its value is sealed for."""

    identifier_id: UUID
    person_id: UUID
    kind: str
    country: str
    client_id: UUID | None
    value: Sealed
    source: str

    @property
    def field(self) -> str:
        """Where the sealed value belongs in that stream."""
        return f"identifiers.{self.identifier_id}"


class PersonRegistered(Fact):
    name: Sealed
    birth_date: Sealed | None
    source: str
    is_synthetic: bool

    def apply(self, person: Person) -> None:
        person.identity.name = self.name
        person.identity.birth_date = self.birth_date
        person.identity.is_synthetic = self.is_synthetic
        person.identity.source = self.source


class IdentityCorrected(Fact):
    name: Sealed
    birth_date: Sealed | None
    source: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        person.identity.name = self.name
        person.identity.birth_date = self.birth_date or person.identity.birth_date
        person.identity.source = self.source


class IdentifierRecorded(Fact):
    identifier: Identifier

    def apply(self, person: Person) -> None:
        person.identity.identifiers[self.identifier.identifier_id] = self.identifier


class IdentifierRemoved(Fact):
    identifier_id: UUID
    reason_code: str

    def apply(self, person: Person) -> None:
        del person.identity.identifiers[self.identifier_id]


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Identity:
    name: Sealed | None = None
    """Of this person's own stream, also after others were merged into it."""
    birth_date: Sealed | None = None
    source: str = ""
    is_synthetic: bool = False
    identifiers: dict[UUID, Identifier] = field(default_factory=dict)


# What may be decided ---------------------------------------------------------


class IdentifierIsUnknown(IsUnknown):
    """The person has no such identifier."""


class PersonHasTooManyIdentifiers(Refusal):
    """The person has as many identifiers as it may."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A person as it comes in: everything sealed for the person's own stream already."""

    name: Sealed
    birth_date: Sealed | None
    source: str
    is_synthetic: bool
    identifiers: Sequence[Identifier] = ()


def register(person: Person, registration: Registration) -> None:
    """Mint the person. Asked twice, told once."""
    if person.exists:
        return
    person.tell(
        PersonRegistered(
            **person.next(),
            name=registration.name,
            birth_date=registration.birth_date,
            source=registration.source,
            is_synthetic=registration.is_synthetic,
        )
    )
    for identifier in registration.identifiers:
        record_identifier(person, identifier)


def correct(person: Person, name: Sealed, birth_date: Sealed | None, source: str, evidence_ref: str) -> None:
    person.must_be_live()
    person.tell(IdentityCorrected(**person.next(), name=name, birth_date=birth_date, source=source, evidence_ref=evidence_ref))


def record_identifier(person: Person, identifier: Identifier) -> None:
    person.must_be_live()
    if identifier.identifier_id in person.identity.identifiers:
        return
    if len(person.identity.identifiers) >= IDENTIFIERS_PER_PERSON_MAX:
        raise PersonHasTooManyIdentifiers(identifiers_max=IDENTIFIERS_PER_PERSON_MAX)
    person.tell(IdentifierRecorded(**person.next(), identifier=identifier))


def remove_identifier(person: Person, identifier_id: UUID, reason_code: str) -> None:
    person.must_be_live()
    if identifier_id not in person.identity.identifiers:
        raise IdentifierIsUnknown(identifier_id=identifier_id)
    person.tell(IdentifierRemoved(**person.next(), identifier_id=identifier_id, reason_code=reason_code))
