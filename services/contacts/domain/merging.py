"""Merging: two records of one human being become one, so that every limit is counted once; and two again, where that was wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from services.contacts.domain import contact_reports
from services.contacts.domain.taken_over import Before, TakenOver, bound_by, known_of, leave_out, take_in
from services.kernel.facts import Fact
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.contacts.domain.person import Person

PERSONS_MERGED_MAX = 50

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MatchEvidence:
    """Why two persons are taken to be one; `score` out of 1000."""

    kind: str
    score: int


class PersonsMerged(Fact):
    merge_id: UUID
    merged_person_id: UUID
    score: int
    evidence: tuple[MatchEvidence, ...]
    reason_code: str
    taken_over: TakenOver

    def apply(self, person: Person) -> None:
        person.merging.merged[self.merge_id] = Merge(self.merge_id, self.merged_person_id, self.taken_over.person_ids, Before.of(person))
        take_in(person, self.taken_over)


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
        leave_out(person, frozenset(self.person_ids))


class PersonUnmergedFrom(Fact):
    merge_id: UUID
    person_id: UUID
    given_back: TakenOver

    def apply(self, person: Person) -> None:
        person.merging.into = None
        leave_out(person, frozenset((person.id, *person.merging.person_ids)))
        take_in(person, self.given_back)


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
    before: Before


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
    taken_over = known_of(other, frozenset((other.id, *other.merging.person_ids)))
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
    given_back = bound_by(known_of(person, frozenset(merged.person_ids)), person, other.id, merged.before)
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


HISTORIES: Sequence[History] = (History(contact_reports.take_over, contact_reports.end, contact_reports.give_back),)
"""Regions with a history that is counted (permits): one line each."""
