"""Merging, whatever the order: nothing recorded of a person is lost, counted twice, or left with somebody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import settings, strategies
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from services.contacts.domain import agreement, circumstances, identity, merging, points
from services.contacts.domain.agreement import Cease
from services.contacts.domain.circumstances import Flag, PersonFlag
from services.contacts.domain.identity import Registration
from services.contacts.domain.merging import Match, PersonIsMerged
from services.contacts.domain.person import Person
from services.contacts.domain.points import ContactPoint, LineType, PointKind, PointState
from services.kernel.facts import told
from services.kernel.ids import derived
from services.kernel.sealed import Sealed

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def sealed(person_id: UUID) -> Sealed:
    return Sealed(person_id, 1, bytes(12), b"value")


def a_person(number: int) -> Person:
    person = Person.blank(UUID(int=number))
    person.now = person.happened_at = NOON
    identity.register(person, Registration(sealed(person.id), None, "CREDITOR_FILE", is_synthetic=True))
    return person


def a_point(number: int, person_id: UUID) -> ContactPoint:
    kind = (PointKind.PHONE, PointKind.EMAIL)[number % 2]
    where = (sealed(person_id), PointState.UNVERIFIED, "DEBTOR", LineType.UNSPECIFIED, "", (), False, NOON)
    return ContactPoint(UUID(int=number), person_id, kind, *where)


def again(person: Person) -> Person:
    """The same history, folded anew."""
    folded = Person.blank(person.id)
    for fact in told(person):
        fact.mutate(folded)
    return folded


@dataclass
class Model:
    """What a person should have: written down plainly."""

    points: dict[UUID, PointState] = field(default_factory=dict)
    ceases: set[UUID] = field(default_factory=set)
    merged: list[tuple[UUID, Model, frozenset[UUID]]] = field(default_factory=list)
    """(who, what they had, what the one that stays had been asked by then)"""

    def all_points(self) -> dict[UUID, PointState]:
        found = dict(self.points)
        for _, other, _ in self.merged:
            found.update(other.all_points())
        return found

    def all_ceases(self) -> set[UUID]:
        return self.ceases.union(*(other.all_ceases() for _, other, _ in self.merged))

    def holder_of(self, point_id: UUID) -> Model:
        if point_id in self.points:
            return self
        return next(other.holder_of(point_id) for _, other, _ in self.merged if point_id in other.all_points())


class Merges(RuleBasedStateMachine):
    """People that are merged and un-merged in any order, with things recorded in between."""

    living = Bundle("living")

    def __init__(self) -> None:
        super().__init__()
        self.persons: dict[UUID, Person] = {}
        self.models: dict[UUID, Model] = {}
        self.numbers = iter(range(1_000, 1_000_000))

    @initialize(target=living)
    def begin(self) -> object:
        for number in range(1, 6):
            person = a_person(number)
            self.persons[person.id], self.models[person.id] = person, Model()
        return multiple(*self.persons)

    @rule(person_id=living)
    def add_point(self, person_id: UUID) -> None:
        point = a_point(next(self.numbers), person_id)
        points.add(self.persons[person_id], point)
        self.models[person_id].points[point.point_id] = PointState.UNVERIFIED

    @rule(person_id=living, choice=strategies.integers(min_value=0), mark=strategies.sampled_from(["THIRD_PARTY", "SUPPRESSED", "INVALID"]))
    def mark(self, person_id: UUID, choice: int, mark: str) -> None:
        person, model = self.persons[person_id], self.models[person_id]
        if not person.points.by_id:
            return
        point_id = sorted(person.points.by_id)[choice % len(person.points.by_id)]
        before = person.points.by_id[point_id].state
        {"THIRD_PARTY": points.mark_third_party, "SUPPRESSED": points.suppress, "INVALID": points.invalidate}[mark](person, point_id, "X")
        after = person.points.by_id[point_id].state
        assert STRICTNESS[after] >= STRICTNESS[before]
        model.holder_of(point_id).points[point_id] = after

    @rule(person_id=living)
    def cease(self, person_id: UUID) -> None:
        cease = Cease(UUID(int=next(self.numbers)), person_id, (), (), "CALL", "recording", NOON)
        agreement.cease_communication(self.persons[person_id], cease)
        self.models[person_id].ceases.add(cease.cease_id)

    @rule(target=living, person_id=consumes(living), other_id=consumes(living))
    def merge(self, person_id: UUID, other_id: UUID) -> UUID | object:
        if person_id == other_id:
            return person_id
        person, other = self.persons[person_id], self.persons[other_id]
        match = Match(UUID(int=next(self.numbers)), 600, (), "REVIEWED")
        for _ in range(2):
            merging.merge(person, other, match)
            merging.merge_into(other, person, match)
        self.models[person_id].merged.append((other_id, self.models[other_id], frozenset(self.models[person_id].all_ceases())))
        return person_id

    @rule(target=living, person_id=living, choice=strategies.integers(min_value=0))
    def unmerge(self, person_id: UUID, choice: int) -> object:
        person, model = self.persons[person_id], self.models[person_id]
        if not model.merged:
            return multiple()
        other_id, others, before = model.merged.pop(choice % len(model.merged))
        other = self.persons[other_id]
        for _ in range(2):
            merging.live_again(other, person)
            merging.unmerge(person, other, "MISTAKEN", "")
        # What forbids contact and was recorded of the person that stays after the merge binds the other one too.
        others.ceases |= {derived("cease", cease_id, other_id) for cease_id in model.ceases - before}
        return other_id

    @invariant()
    def everybody_has_what_was_recorded_of_them(self) -> None:
        for person_id, person in self.persons.items():
            if person.merging.into is not None:
                continue
            model = self.models[person_id]
            assert {point.point_id: point.state for point in person.points.by_id.values()} == model.all_points()
            assert set(person.agreement.ceases) == model.all_ceases()

    @invariant()
    def a_merged_person_tells_nothing(self) -> None:
        for person in self.persons.values():
            if person.merging.into is not None:
                with pytest.raises(PersonIsMerged):
                    points.add(person, a_point(1, person.id))

    @invariant()
    def history_says_the_same(self) -> None:
        for person in self.persons.values():
            folded = again(person)
            assert folded.points == person.points
            assert folded.agreement == person.agreement
            assert folded.merging == person.merging


STRICTNESS = {
    PointState.VERIFIED: 0,
    PointState.UNVERIFIED: 0,
    PointState.INVALID: 1,
    PointState.SUPPRESSED: 2,
    PointState.THIRD_PARTY: 3,
}
Merges.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestMerges = Merges.TestCase


def test_what_restricts_after_a_merge_binds_both_after_the_unmerge_and_what_was_before_does_not() -> None:
    person, other = a_person(1), a_person(2)
    match = Match(UUID(int=9), 600, (), "REVIEWED")
    early = Cease(UUID(int=10), person.id, (), (), "LETTER", "letter", NOON)
    agreement.cease_communication(person, early)
    merging.merge(person, other, match)
    merging.merge_into(other, person, match)
    late = Cease(UUID(int=11), person.id, (), (), "LETTER", "letter", NOON + timedelta(days=1))
    agreement.cease_communication(person, late)
    circumstances.flag(person, Flag(PersonFlag.DECEASED, person.id, (), "certificate", NOON))

    merging.live_again(other, person)
    merging.unmerge(person, other, "MISTAKEN", "")

    assert list(person.agreement.ceases) == [early.cease_id, late.cease_id]
    assert [cease.received_at for cease in other.agreement.ceases.values()] == [late.received_at]
    assert other.circumstances.is_flagged(PersonFlag.DECEASED)
    assert person.circumstances.is_flagged(PersonFlag.DECEASED)
