"""Asked: who may be the same as somebody, that they are, and that they are not."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from acuerdo.contacts.v1 import people_pb2 as pb
from acuerdo.contacts.v1 import persons_pb2 as told

from services.chassis.rpc import Context, words
from services.contacts.adapters import spelling
from services.contacts.api import people_words as wire
from services.contacts.api.people_desk import PeopleDesk
from services.contacts.application import people
from services.contacts.domain import matching
from services.contacts.domain.merging import Match, MatchEvidence
from services.contacts.domain.person import Person
from services.contacts.domain.points import PointKind, PointState
from services.kernel import ids

MATCHES_MAX = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """What two persons share."""

    evidence: tuple[MatchEvidence, ...]
    is_contradicted: bool

    @property
    def score(self) -> int:
        return matching.score(self.evidence, is_contradicted=self.is_contradicted)


@dataclass(frozen=True, slots=True)
class _InClear:
    """What of a person may be compared. It goes no further than the desk."""

    shared: frozenset[tuple[str, str]]
    """(kind of evidence, value)"""
    numbers: frozenset[tuple[str, str, str]]
    """(kind, country, value) of national ids"""


class Merges(PeopleDesk):
    async def ListMatches(self, request: pb.ListMatchesRequest, context: Context) -> pb.ListMatchesResponse:
        who = words.caller(context)
        await self._must_be_reached(request.min_position)
        person = await self._living(who, request.person_id)
        own = (person.id, *person.merging.person_ids)
        rows = await self._tables.alike(who.tenant_id, own, request.min_position)
        found: dict[UUID, Compared] = {}
        for other_id in dict.fromkeys(row["person_id"] for row in rows):
            other = await people.living(self._look(who.tenant_id), other_id)
            is_out = other.id in found or other.id == person.id or _is_dismissed(person, other)
            if not is_out and other.identity.is_synthetic == person.identity.is_synthetic:
                found[other.id] = await self._compare(who.tenant_id, person, other)
        likely = sorted(found.items(), key=lambda pair: (-pair[1].score, str(pair[0])))
        return pb.ListMatchesResponse(
            matches=[
                pb.FoundMatch(
                    person_id=str(other_id),
                    score=compared.score,
                    evidence=[wire.told_as(told.MatchEvidence, each) for each in compared.evidence],
                    is_contradicted=compared.is_contradicted,
                )
                for other_id, compared in likely[:MATCHES_MAX]
                if sum(each.score for each in compared.evidence) >= matching.SCORE_MIN_SHOWN
            ]
        )

    async def MergePersons(self, request: pb.MergePersonsRequest, context: Context) -> pb.MergePersonsResponse:
        who, origin = words.caller(context), self._asked_by(context, request)
        person = await self._living(who, request.person_id)
        other = await self._log.load(Person, words.uuid(request.other_person_id, "other_person_id"), who.tenant_id)
        other.must_exist()
        compared = await self._compare(who.tenant_id, person, other)
        match = Match(ids.derived(origin.id, "merge"), compared.score, compared.evidence, request.reason_code)
        claims = await self._claims_of(who.tenant_id, other.identity.identifiers.values())
        alike = await self._alike(who.tenant_id, person, other)
        stored = await self._log.run(origin, *people.merge_persons(person.id, other.id, match, claims, alike))
        return pb.MergePersonsResponse(receipt=words.receipt(stored), merge_id=str(match.merge_id), score=match.score)

    async def UnmergePersons(self, request: pb.UnmergePersonsRequest, context: Context) -> pb.UnmergePersonsResponse:
        who = words.caller(context)
        person = await self._living(who, request.person_id)
        other = await self._log.load(Person, words.uuid(request.other_person_id, "other_person_id"), who.tenant_id)
        other.must_exist()
        leaving = frozenset((other.id, *other.merging.person_ids))
        claims = await self._claims_of(who.tenant_id, [each for each in person.identity.identifiers.values() if each.person_id in leaving])
        changes = people.unmerge_persons(person.id, other.id, request.reason_code, request.evidence_ref, claims)
        # The person that stays is the second of the two that decide.
        return pb.UnmergePersonsResponse(receipt=words.receipt(await self._told(context, request, *changes), 1))

    async def DismissMatch(self, request: pb.DismissMatchRequest, context: Context) -> pb.DismissMatchResponse:
        who = words.caller(context)
        person = await self._living(who, request.person_id)
        other = await self._living(who, request.other_person_id, "other_person_id")
        stored = await self._told(context, request, people.dismiss_match(person.id, other.id, request.reason_code))
        return pb.DismissMatchResponse(receipt=words.receipt(stored))

    async def _alike(self, tenant_id: str, *persons: Person) -> list[frozenset[UUID]]:
        """Contact points of both that have the same value."""
        found: dict[tuple[PointKind, str], set[UUID]] = {}
        for person in persons:
            for point, value in await self._opened_points(tenant_id, person):
                if value is not None:
                    found.setdefault((point.kind, value), set()).add(point.point_id)
        return [frozenset(points) for points in found.values() if len(points) > 1]

    async def _compare(self, tenant_id: str, person: Person, other: Person) -> Compared:
        one, two = await self._comparable(tenant_id, person), await self._comparable(tenant_id, other)
        evidence = matching.weighed(kind for kind, _ in sorted(one.shared & two.shared))
        kinds = {(kind, country) for kind, country, _ in one.numbers} & {(kind, country) for kind, country, _ in two.numbers}
        same = {(kind, country) for kind, country, _ in one.numbers & two.numbers}
        return Compared(evidence, is_contradicted=bool(kinds - same))

    async def _comparable(self, tenant_id: str, person: Person) -> _InClear:
        points = await self._opened_points(tenant_id, person)
        numbers = await self._opened_identifiers(tenant_id, person.identity.identifiers.values())
        name = await self._opened(tenant_id, person, "name", person.identity.name)
        born = await self._opened(tenant_id, person, "birth_date", person.identity.birth_date)
        shared = {
            # A number that is somebody else's says nothing of who this is.
            *((each.kind.name, value) for each, value in points if value and each.state is not PointState.THIRD_PARTY),
            *(("NAME", spelling.sound(text)) for text in (name,) if text),
            *(("BIRTH_DATE", text) for text in (born,) if text),
        }
        national = frozenset((each.kind, each.country, value) for each, value in numbers if value and each.client_id is None)
        return _InClear(frozenset(shared), national)


def _is_dismissed(person: Person, other: Person) -> bool:
    return other.id in person.merging.dismissed or person.id in other.merging.dismissed
