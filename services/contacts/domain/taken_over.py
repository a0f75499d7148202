"""What was recorded of some persons and counts for another: taken in with a merge, left out and given back with an un-merge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

from services.contacts.domain.agreement import Cease, Consent, Preference
from services.contacts.domain.circumstances import Flag, PersonFlag, Residence
from services.contacts.domain.identity import Identifier
from services.contacts.domain.points import ContactPoint
from services.kernel.ids import derived

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

K = TypeVar("K")
V = TypeVar("V", bound="_Owned")


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was recorded of some persons and counts for another."""

    person_ids: tuple[UUID, ...]
    identifiers: tuple[Identifier, ...]
    points: tuple[ContactPoint, ...]
    consents: tuple[Consent, ...]
    preferences: tuple[Preference, ...]
    ceases: tuple[Cease, ...]
    flags: tuple[Flag, ...]
    residences: tuple[Residence, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """What forbade contact with the person that stays, before the merge."""

    ceases: frozenset[UUID]
    flags: frozenset[tuple[PersonFlag, UUID]]

    @staticmethod
    def of(person: Person) -> Before:
        return Before(frozenset(person.agreement.ceases), frozenset(person.circumstances.flags))


def known_of(person: Person, ids: frozenset[UUID]) -> TakenOver:
    """What `person` knows of some persons."""
    agreement, circumstances = person.agreement, person.circumstances
    return TakenOver(
        person_ids=tuple(sorted(ids, key=str)),
        identifiers=tuple(each for each in person.identity.identifiers.values() if each.person_id in ids),
        points=tuple(each for each in person.points.by_id.values() if each.person_id in ids),
        consents=tuple(each for each in agreement.consents.values() if each.person_id in ids),
        preferences=tuple(each for each in agreement.preferences.values() if each.person_id in ids),
        ceases=tuple(each for each in agreement.ceases.values() if each.person_id in ids),
        flags=tuple(each for each in circumstances.flags.values() if each.person_id in ids),
        residences=tuple(each for each in circumstances.residences.values() if each.person_id in ids),
    )


def bound_by(taken: TakenOver, person: Person, other_id: UUID, before: Before) -> TakenOver:
    """And what forbids contact and was recorded of `person` since: both are left alone. The copies are the other one's own from then on."""
    return replace(
        taken,
        ceases=(*taken.ceases, *_ceases_since(person, other_id, before)),
        flags=_strictest((*taken.flags, *_flags_since(person, other_id, before))),
    )


def _ceases_since(person: Person, other_id: UUID, before: Before) -> Iterator[Cease]:
    for cease in person.agreement.ceases.values():
        if cease.person_id == person.id and cease.cease_id not in before.ceases:
            yield replace(cease, cease_id=derived("cease", cease.cease_id, other_id), person_id=other_id)


def _flags_since(person: Person, other_id: UUID, before: Before) -> Iterator[Flag]:
    for key, flag in person.circumstances.flags.items():
        if flag.person_id == person.id and key not in before.flags:
            yield replace(flag, person_id=other_id)


def _strictest(flags: Iterable[Flag]) -> tuple[Flag, ...]:
    """One of a kind and person: for all cases where one of them is."""
    found: dict[tuple[PersonFlag, UUID], Flag] = {}
    for flag in flags:
        known = found.get((flag.flag, flag.person_id))
        both = () if known is None or not (known.case_ids and flag.case_ids) else tuple(dict.fromkeys((*known.case_ids, *flag.case_ids)))
        found[flag.flag, flag.person_id] = flag if known is None else replace(known, case_ids=both)
    return tuple(found.values())


def take_in(person: Person, taken: TakenOver) -> None:
    person.identity.identifiers.update((each.identifier_id, each) for each in taken.identifiers)
    person.points.by_id.update((each.point_id, each) for each in taken.points)
    person.agreement.consents.update((each.consent_id, each) for each in taken.consents)
    person.agreement.preferences.update((each.person_id, each) for each in taken.preferences)
    person.agreement.ceases.update((each.cease_id, each) for each in taken.ceases)
    person.circumstances.flags.update(((each.flag, each.person_id), each) for each in taken.flags)
    person.circumstances.residences.update((each.person_id, each) for each in taken.residences)


def leave_out(person: Person, ids: frozenset[UUID]) -> None:
    _without(person.identity.identifiers, ids)
    _without(person.points.by_id, ids)
    _without(person.agreement.consents, ids)
    _without(person.agreement.preferences, ids)
    _without(person.agreement.ceases, ids)
    _without(person.circumstances.flags, ids)
    _without(person.circumstances.residences, ids)


class _Owned(Protocol):
    @property
    def person_id(self) -> UUID: ...


def _without(region: MutableMapping[K, V], ids: frozenset[UUID]) -> None:
    for key in [key for key, each in region.items() if each.person_id in ids]:
        del region[key]
