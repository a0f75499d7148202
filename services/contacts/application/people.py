"""The verbs of people: each says which person decides, what names it takes or gives up, and which others it looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from services.chassis.heard import Look
from services.contacts.domain import access, agreement, circumstances, identity, merging, points
from services.contacts.domain.access import PersonAccess
from services.contacts.domain.agreement import Cease, Consent, Preference
from services.contacts.domain.circumstances import Flag, PersonFlag, Residence
from services.contacts.domain.identity import Identifier, Registration
from services.contacts.domain.merging import Match
from services.contacts.domain.person import Person
from services.contacts.domain.points import ContactPoint
from services.kernel.facts import Change, Claim
from services.kernel.refusal import Refusal
from services.kernel.sealed import Sealed

MERGES_FOLLOWED_MAX = 100


async def living(look: Look, person_id: UUID) -> Person:
    """The person that this one is by now: itself, or the one it was merged into. Refuses PersonIsUnknown.

    It may be merged before somebody decides on it: then that decision refuses PersonIsMerged.
    """
    person = await look(Person, person_id)
    for _ in range(MERGES_FOLLOWED_MAX):
        if person.merging.into is None:
            break
        person = await look(Person, person.merging.into)
    person.must_exist()
    return person


# Names that one person at a time holds ----------------------------------------------------------------------------------


def national_id_claim(value: str) -> Claim:
    """`value`: as adapters.blind.national_id writes it."""
    return Claim("national-id", value)


def client_ref_claim(value: str) -> Claim:
    return Claim("person-ref", value)


# Who somebody is --------------------------------------------------------------------------------------------------------


class HasChanged(Exception):
    """The person has contact points that were not compared, or is another one by now: compare again. Never told to a caller."""


class What:
    """Everything that comes in with a person, sealed already."""

    def __init__(
        self,
        registration: Registration,
        new_points: Sequence[ContactPoint] = (),
        residence: Residence | None = None,
        preference: Preference | None = None,
    ) -> None:
        self.registration, self.new_points = registration, tuple(new_points)
        self.residence, self.preference = residence, preference


def refuse(person_id: UUID, refusal: Refusal) -> Change[Person]:
    """What comparing values in clear found against the command, kept with it like every other refusal."""

    def decide(person: Person) -> None:
        raise refusal

    return Change(Person, person_id, decide)


def register_person(person_id: UUID, what: What, claims: Sequence[Claim]) -> Change[Person]:
    return Change(Person, person_id, partial(_take_in, what=what), claims=tuple(claims))


def add_to_person(person_id: UUID, what: What, claims: Sequence[Claim], compared: frozenset[UUID]) -> Change[Person]:
    """What is new of a person that is known. `compared`: contact points whose values the new ones differ from."""

    def decide(person: Person) -> None:
        if person.merging.into is not None or person.points.by_id.keys() - compared:
            raise HasChanged
        if person.identity.is_synthetic != what.registration.is_synthetic:
            raise merging.SyntheticPersonIsNobody
        _take_in(person, what)

    return Change(Person, person_id, decide, claims=tuple(claims))


def _take_in(person: Person, what: What) -> None:
    identity.register(person, what.registration)
    for identifier in what.registration.identifiers:
        identity.record_identifier(person, identifier)
    for point in what.new_points:
        points.add(person, point)
    if what.residence is not None:
        circumstances.record_residence(person, what.residence)
    if what.preference is not None and what.preference.person_id not in person.agreement.preferences:
        agreement.set_preference(person, what.preference)


def correct_identity(person_id: UUID, name: Sealed, birth_date: Sealed | None, source: str, evidence_ref: str) -> Change[Person]:
    decide = partial(identity.correct, name=name, birth_date=birth_date, source=source, evidence_ref=evidence_ref)
    return Change(Person, person_id, decide)


def record_identifier(person_id: UUID, identifier: Identifier, claim: Claim) -> Change[Person]:
    return Change(Person, person_id, partial(identity.record_identifier, identifier=identifier), claims=(claim,))


def remove_identifier(person_id: UUID, identifier_id: UUID, reason_code: str, releases: Sequence[Claim]) -> Change[Person]:
    decide = partial(identity.remove_identifier, identifier_id=identifier_id, reason_code=reason_code)
    return Change(Person, person_id, decide, releases=tuple(releases))


def record_residence(person_id: UUID, residence: Residence) -> Change[Person]:
    return Change(Person, person_id, partial(circumstances.record_residence, residence=residence))


def flag_person(person_id: UUID, flag: Flag) -> Change[Person]:
    return Change(Person, person_id, partial(circumstances.flag, of=flag))


def unflag_person(person_id: UUID, flag: PersonFlag, reason_code: str, evidence_ref: str) -> Change[Person]:
    return Change(Person, person_id, partial(circumstances.unflag, of=flag, reason_code=reason_code, evidence_ref=evidence_ref))


# One and the same -------------------------------------------------------------------------------------------------------


def merge_persons(
    person_id: UUID, other_id: UUID, match: Match, moved: Sequence[Claim], alike: Sequence[frozenset[UUID]]
) -> tuple[Change[Person], ...]:
    """`moved`: the names that the other one holds. Each gives up or takes what it says only if it tells something.

    `alike`: contact points of both that have the same value.
    """
    stays = Change(Person, person_id, partial(merging.merge, match=match), given=((Person, other_id),), claims=tuple(moved))
    goes = Change(Person, other_id, partial(merging.merge_into, match=match), given=((Person, person_id),), releases=tuple(moved))
    return stays, goes, Change(Person, person_id, partial(points.level, alike=alike))


def unmerge_persons(
    person_id: UUID, other_id: UUID, reason_code: str, evidence_ref: str, moved: Sequence[Claim]
) -> tuple[Change[Person], Change[Person]]:
    """`moved`: the names of what goes back to the other one."""
    lives = Change(Person, other_id, merging.live_again, given=((Person, person_id),), claims=tuple(moved))
    decide = partial(merging.unmerge, reason_code=reason_code, evidence_ref=evidence_ref)
    stays = Change(Person, person_id, decide, given=((Person, other_id),), releases=tuple(moved))
    return lives, stays


def dismiss_match(person_id: UUID, other_id: UUID, reason_code: str) -> Change[Person]:
    return Change(Person, person_id, partial(merging.dismiss, reason_code=reason_code), given=((Person, other_id),))


# Where they are reached, what they agreed to ------------------------------------------------------------------------------


def add_point(person_id: UUID, point: ContactPoint, compared: frozenset[UUID]) -> Change[Person]:
    """`compared`: contact points whose values the new one differs from."""

    def decide(person: Person) -> None:
        person.must_be_live()
        if person.points.by_id.keys() - compared - {point.point_id}:
            raise HasChanged
        points.add(person, point)

    return Change(Person, person_id, decide)


def mark_point(person_id: UUID, point_ids: Sequence[UUID], mark: Callable[..., None], why: str, evidence_ref: str) -> Change[Person]:
    """`mark`: one of points.verify, invalidate, mark_third_party, suppress, reinstate. `point_ids`: all of one and the same value."""

    def decide(person: Person) -> None:
        for point_id in point_ids:
            mark(person, point_id, why, evidence_ref)

    return Change(Person, person_id, decide)


def give_consent(person_id: UUID, consent: Consent) -> Change[Person]:
    return Change(Person, person_id, partial(agreement.give_consent, consent=consent))


def withdraw_consent(person_id: UUID, consent_id: UUID, reason_code: str, evidence_ref: str) -> Change[Person]:
    decide = partial(agreement.withdraw_consent, consent_id=consent_id, reason_code=reason_code, evidence_ref=evidence_ref)
    return Change(Person, person_id, decide)


def set_preference(person_id: UUID, preference: Preference) -> Change[Person]:
    return Change(Person, person_id, partial(agreement.set_preference, preference=preference))


def cease_communication(person_id: UUID, cease: Cease) -> Change[Person]:
    return Change(Person, person_id, partial(agreement.cease_communication, cease=cease))


def revoke_cease(person_id: UUID, cease_id: UUID, reason_code: str, evidence_ref: str) -> Change[Person]:
    decide = partial(agreement.revoke_cease, cease_id=cease_id, reason_code=reason_code, evidence_ref=evidence_ref)
    return Change(Person, person_id, decide)


# Who has read it --------------------------------------------------------------------------------------------------------


def record_access(person_id: UUID, reader: str, purpose: str, fields: Sequence[str]) -> Change[PersonAccess]:
    return Change(
        PersonAccess,
        access.stream_of(person_id),
        partial(access.record_access, reader=reader, purpose=purpose, fields=tuple(fields)),
        given=((Person, person_id),),
    )
