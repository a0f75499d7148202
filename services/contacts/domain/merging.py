"""Merging: two records of one human being become one, so that every limit is counted once; and two again, where that was wrong."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import UUID

from services.contacts.domain.agreement import Cease, Consent, Preference
from services.contacts.domain.circumstances import Flag, Residence
from services.contacts.domain.identity import Identifier
from services.contacts.domain.points import ContactPoint
from services.kernel.facts import Fact
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

PERSONS_MERGED_MAX = 50

K = TypeVar("K")
V = TypeVar("V", bound="_Owned")

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MatchEvidence:
    """Why two persons are taken to be one; `score` out of 1000."""

    kind: str
    score: int


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


class PersonsMerged(Fact):
    merge_id: UUID
    merged_person_id: UUID
    score: int
    evidence: tuple[MatchEvidence, ...]
    reason_code: str
    taken_over: TakenOver

    def apply(self, person: Person) -> None:
        person.merging.merged[self.merge_id] = Merge(self.merge_id, self.merged_person_id, self.taken_over.person_ids)
        _take_in(person, self.taken_over)


class PersonMergedInto(Fact):
    merge_id: UUID
    person_id: UUID

    def apply(self, person: Person) -> None:
        person.merging.into = self.person_id


class PersonsUnmerged(Fact):
    merge_id: UUID
    unmerged_person_id: UUID
    reason_code: str
    evidence_ref: str
    person_ids: tuple[UUID, ...]

    def apply(self, person: Person) -> None:
        del person.merging.merged[self.merge_id]
        person.merging.unmerged.add(self.unmerged_person_id)
        _leave_out(person, frozenset(self.person_ids))


class PersonUnmergedFrom(Fact):
    merge_id: UUID
    person_id: UUID
    given_back: TakenOver

    def apply(self, person: Person) -> None:
        person.merging.into = None
        _leave_out(person, frozenset((person.id, *person.merging.person_ids)))
        _take_in(person, self.given_back)


class MatchDismissed(Fact):
    other_person_id: UUID
    reason_code: str

    def apply(self, person: Person) -> None:
        person.merging.dismissed.add(self.other_person_id)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Merge:
    merge_id: UUID
    person_id: UUID
    person_ids: tuple[UUID, ...]
    """That person, and those that had been merged into it before."""


@dataclass(slots=True)
class Merging:
    into: UUID | None = None
    """The person that this one is; None: it is itself."""
    merged: dict[UUID, Merge] = field(default_factory=dict)
    unmerged: set[UUID] = field(default_factory=set)
    """Who was found to be somebody else after all."""
    dismissed: set[UUID] = field(default_factory=set)

    @property
    def person_ids(self) -> tuple[UUID, ...]:
        """Everybody who was merged into this person, directly or not."""
        return tuple(person_id for merge in self.merged.values() for person_id in merge.person_ids)


# What may be decided ---------------------------------------------------------


class PersonIsMerged(Refusal):
    """The person was found to be another one: ask about that one."""


class MergeIsUnknown(IsUnknown):
    """The person was not merged with that one."""


class SyntheticPersonIsNobody(Refusal):
    """A made-up person and a real one are never the same."""


class PersonHasTooManyMerges(Refusal):
    """As many persons have been merged into this one as may be."""


@dataclass(frozen=True, slots=True)
class Match:
    """Why two are one, and who says so."""

    merge_id: UUID
    score: int
    evidence: tuple[MatchEvidence, ...]
    reason_code: str


def merge(person: Person, other: Person, match: Match) -> None:
    """`other` is `person`: this one stays, and takes over what was recorded of that one. Told together with `merge_into`."""
    if any(known.person_id == other.id for known in person.merging.merged.values()):
        return
    _check(person, other)
    taken_over = _of(other, frozenset((other.id, *other.merging.person_ids)))
    person.tell(
        PersonsMerged(
            **person.next(),
            merge_id=match.merge_id,
            merged_person_id=other.id,
            score=match.score,
            evidence=match.evidence,
            reason_code=match.reason_code,
            taken_over=taken_over,
        )
    )
    for history in HISTORIES:
        history.take_over(person, other)


def merge_into(other: Person, person: Person, match: Match) -> None:
    """From now on this one is that one."""
    if other.merging.into is None:
        for history in HISTORIES:
            history.end(other)
        other.tell(PersonMergedInto(**other.next(), merge_id=match.merge_id, person_id=person.id))


def unmerge(person: Person, other: Person, reason_code: str, evidence_ref: str) -> None:
    """They were two after all. Told after `live_again`."""
    person.must_be_live()
    merged = _merge_with(person, other.id)
    if merged is None:
        if other.id in person.merging.unmerged:
            return
        raise MergeIsUnknown(person_id=other.id)
    person.tell(
        PersonsUnmerged(
            **person.next(),
            merge_id=merged.merge_id,
            unmerged_person_id=other.id,
            reason_code=reason_code,
            evidence_ref=evidence_ref,
            person_ids=merged.person_ids,
        )
    )
    for history in HISTORIES:
        history.let_go(person, other)


def live_again(other: Person, person: Person) -> None:
    """Takes back what was recorded of it, as it stands; what forbids contact and came after the merge stays with both."""
    merged = _merge_with(person, other.id)
    if merged is None or other.merging.into != person.id:
        return
    given_back = _of(person, frozenset(merged.person_ids), and_forbidden_by=person.id)
    other.tell(PersonUnmergedFrom(**other.next(), merge_id=merged.merge_id, person_id=person.id, given_back=given_back))
    for history in HISTORIES:
        history.give_back(other, person)


def dismiss(person: Person, other: Person, reason_code: str) -> None:
    """Somebody looked, and they are not the same."""
    person.must_be_live()
    other.must_exist()
    if other.id not in person.merging.dismissed:
        person.tell(MatchDismissed(**person.next(), other_person_id=other.id, reason_code=reason_code))


def _check(person: Person, other: Person) -> None:
    person.must_be_live()
    other.must_be_live()
    if person.id == other.id:
        raise IsInvalid("other_person_id", "is the person itself")
    if person.identity.is_synthetic != other.identity.is_synthetic:
        raise SyntheticPersonIsNobody
    if len(person.merging.person_ids) + len(other.merging.person_ids) >= PERSONS_MERGED_MAX:
        raise PersonHasTooManyMerges(merges_max=PERSONS_MERGED_MAX)


def _merge_with(person: Person, other_id: UUID) -> Merge | None:
    return next((known for known in person.merging.merged.values() if known.person_id == other_id), None)


def _of(person: Person, ids: frozenset[UUID], and_forbidden_by: UUID | None = None) -> TakenOver:
    """What `person` knows of some persons."""
    agreement, circumstances = person.agreement, person.circumstances
    strict = ids if and_forbidden_by is None else ids | {and_forbidden_by}
    return TakenOver(
        person_ids=tuple(sorted(ids, key=str)),
        identifiers=tuple(each for each in person.identity.identifiers.values() if each.person_id in ids),
        points=tuple(each for each in person.points.by_id.values() if each.person_id in ids),
        consents=tuple(each for each in agreement.consents.values() if each.person_id in ids),
        preferences=tuple(each for each in agreement.preferences.values() if each.person_id in ids),
        ceases=tuple(each for each in agreement.ceases.values() if each.person_id in strict),
        flags=tuple(each for each in circumstances.flags.values() if each.person_id in strict),
        residences=tuple(each for each in circumstances.residences.values() if each.person_id in ids),
    )


def _take_in(person: Person, taken: TakenOver) -> None:
    person.identity.identifiers.update((each.identifier_id, each) for each in taken.identifiers)
    person.points.by_id.update((each.point_id, each) for each in taken.points)
    person.agreement.consents.update((each.consent_id, each) for each in taken.consents)
    person.agreement.preferences.update((each.person_id, each) for each in taken.preferences)
    person.agreement.ceases.update((each.cease_id, each) for each in taken.ceases)
    person.circumstances.flags.update(((each.flag, each.person_id), each) for each in taken.flags)
    person.circumstances.residences.update((each.person_id, each) for each in taken.residences)


def _leave_out(person: Person, ids: frozenset[UUID]) -> None:
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


@dataclass(frozen=True, slots=True)
class History:
    """How a region that counts goes along with merges."""

    take_over: Callable[[Person, Person], None]
    """(the person that stays, the other): tell on the first what counts there from now on."""
    end: Callable[[Person], None]
    """Tell on the merged person what ends with it: open permits."""
    give_back: Callable[[Person, Person], None]
    """(the person that lives again, the one it leaves): tell on the first what counts there again."""
    let_go: Callable[[Person, Person], None] = lambda person, other: None
    """(the person that stays, the one that leaves it): tell on the first what no longer counts there."""


HISTORIES: Sequence[History] = ()
"""Regions with a history that is counted (permits): one line each."""
