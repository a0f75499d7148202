"""Circumstances: where a person is, and what policies must know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.calendar import zone
from services.kernel.facts import Fact
from services.kernel.refusal import IsUnknown

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

# What happened ---------------------------------------------------------------


class PersonFlag(Enum):
    """What policies must know of a person."""

    ATTORNEY = "ATTORNEY"
    DECEASED = "DECEASED"
    INCAPACITATED = "INCAPACITATED"
    MINOR = "MINOR"
    INSOLVENT = "INSOLVENT"
    VULNERABLE = "VULNERABLE"
    WORKPLACE_PROHIBITED = "WORKPLACE_PROHIBITED"


@dataclass(frozen=True, slots=True)
class Residence:
    """Where somebody is, as recorded of `person_id`, which may since have been merged."""

    person_id: UUID
    country: str
    subdivision: str
    zones: tuple[str, ...]
    evidence: str
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Flag:
    flag: PersonFlag
    person_id: UUID
    case_ids: tuple[UUID, ...]
    """For some of its cases; none: for all."""
    evidence_ref: str
    known_at: datetime


class ResidenceRecorded(Fact):
    residence: Residence

    def apply(self, person: Person) -> None:
        person.circumstances.residences[self.residence.person_id] = self.residence


class PersonFlagged(Fact):
    flag: Flag

    def apply(self, person: Person) -> None:
        person.circumstances.flags[self.flag.flag, self.flag.person_id] = self.flag


class PersonUnflagged(Fact):
    flag: PersonFlag
    reason_code: str
    evidence_ref: str

    def apply(self, person: Person) -> None:
        flags = person.circumstances.flags
        for key in [known for known in flags if known[0] is self.flag]:
            del flags[key]


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Circumstances:
    residences: dict[UUID, Residence] = field(default_factory=dict)
    """By the person they were recorded of. Several may differ: then it may be in any of them."""
    flags: dict[tuple[PersonFlag, UUID], Flag] = field(default_factory=dict)

    def is_flagged(self, flag: PersonFlag, case_id: UUID | None = None) -> bool:
        return any(known.flag is flag and (not known.case_ids or case_id in known.case_ids) for known in self.flags.values())


# What may be decided ---------------------------------------------------------


class FlagIsUnknown(IsUnknown):
    """The person bears no such flag."""


def record_residence(person: Person, residence: Residence) -> None:
    person.must_be_live()
    for name in residence.zones:
        zone(name, "zones")
    known = person.circumstances.residences.get(residence.person_id)
    if known is None or _said(known) != _said(residence):
        person.tell(ResidenceRecorded(**person.next(), residence=residence))


def flag(person: Person, of: Flag) -> None:
    person.must_be_live()
    known = person.circumstances.flags.get((of.flag, of.person_id))
    if known is None or known.case_ids != of.case_ids:
        person.tell(PersonFlagged(**person.next(), flag=of))


def unflag(person: Person, of: PersonFlag, reason_code: str, evidence_ref: str) -> None:
    person.must_be_live()
    if all(known.flag is not of for known in person.circumstances.flags.values()):
        raise FlagIsUnknown(flag=of.name)
    person.tell(PersonUnflagged(**person.next(), flag=of, reason_code=reason_code, evidence_ref=evidence_ref))


def _said(of: Residence) -> tuple[str, str, tuple[str, ...], str]:
    return of.country, of.subdivision, of.zones, of.evidence
