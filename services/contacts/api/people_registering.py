"""Asked: persons that come in, one by one or as the rows of a file. One who is known already is found, and what is new is added."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from acuerdo.contacts.v1 import people_pb2 as pb

from services.chassis.log.origins import Command
from services.chassis.log.units import ClaimedByAnother, LogIsBusy, Stored
from services.chassis.rpc import Context, words
from services.chassis.seal.subjects import Subject
from services.contacts.api import people_words as wire
from services.contacts.api.people_desk import PeopleDesk, claim_of
from services.contacts.api.people_words import Given, GivenId, GivenPoint
from services.contacts.application import people
from services.contacts.application.people import HasChanged, What
from services.contacts.domain.agreement import Preference
from services.contacts.domain.circumstances import Residence
from services.contacts.domain.identity import Identifier, Registration
from services.contacts.domain.person import Person
from services.kernel.facts import Claim
from services.kernel.refusal import Refusal

TRIES_MAX = 64
"""Of many who add to one person at once, one is through with each try."""
BUSY_SECONDS = 0.5


class LineIsRepeated(Refusal):
    """The chunk brings this line more than once."""


class IdentifiersAreOfTwoPersons(Refusal):
    """One of the identifiers is one person's, another one another's: they may have to be merged first."""


class PersonHasAnotherIdentifier(Refusal):
    """The person of that reference has another number of the same kind."""


@dataclass(frozen=True, slots=True)
class Registered:
    stored: Stored
    is_known: bool

    @property
    def person_id(self) -> UUID:
        return self.stored.streams[0].stream_id


class Registering(PeopleDesk):
    async def RegisterPerson(self, request: pb.RegisterPersonRequest, context: Context) -> pb.RegisterPersonResponse:
        came = await self._register(self._asked_by(context, request), wire.given(request.person, "person"))
        return pb.RegisterPersonResponse(receipt=words.receipt(came.stored), person_id=str(came.person_id), is_known=came.is_known)

    async def RegisterPersons(
        self, requests: AsyncIterable[pb.RegisterPersonsRequest], context: Context
    ) -> AsyncIterator[pb.RegisterPersonsResponse]:
        async for chunk in requests:
            lines = Counter(row.line for row in chunk.rows)
            spelled = [wire.given_or_why_not(row) for row in chunk.rows]
            minted = await self._minted(words.caller(context).tenant_id, [each for each in spelled if isinstance(each, Given)])
            taking = [
                self._row(context, chunk, row, each, minted, is_repeated=lines[row.line] > 1)
                for row, each in zip(chunk.rows, spelled, strict=True)
            ]
            came = await asyncio.gather(*taking)
            outcomes = [outcome for outcome, _ in came]
            yield pb.RegisterPersonsResponse(request_id=chunk.request_id, outcomes=outcomes, position=max(at for _, at in came))

    async def _minted(self, tenant_id: str, rows: Sequence[Given]) -> dict[int, UUID]:
        """Ids, with keys of their own, for the rows of whom nobody is known, by identity of the row: all looked up and made at once."""
        claims = [claim_of(identifier) for of in rows for identifier in of.identifiers]
        kinds = {claim.kind for claim in claims}
        found = {
            Claim(kind, value)
            for kind in kinds
            for value in await self._log.claimed(tenant_id, kind, [claim.value for claim in claims if claim.kind == kind])
        }
        new = {id(of): self._new_id() for of in rows if not any(claim_of(each) in found for each in of.identifiers)}
        await self._seals.begin([Subject(tenant_id, person_id) for person_id in new.values()])
        return new

    async def _row(
        self,
        context: Context,
        chunk: pb.RegisterPersonsRequest,
        row: pb.PersonRow,
        spelled: Given | pb.PersonOutcome,
        minted: Mapping[int, UUID],
        *,
        is_repeated: bool,
    ) -> tuple[pb.PersonOutcome, int]:
        """The outcome and the position. A row is taken, or refused by the rule that it broke; what is not its fault is raised."""
        if not isinstance(spelled, Given):
            return spelled, 0
        try:
            if is_repeated:
                raise LineIsRepeated
            origin = self._asked_by(context, chunk, part=str(row.line), payload=row)
            came = await self._register(origin, spelled, minted.get(id(spelled)))
        except Refusal as refusal:
            return wire.refused(row.line, refusal), 0
        outcome = pb.PersonOutcome(
            line=row.line,
            person_id=str(came.person_id),
            version=came.stored.streams[0].version,
            is_known=came.is_known,
            is_repeated=came.stored.is_repeated,
        )
        return outcome, came.stored.position

    async def _register(self, origin: Command, of: Given, minted: UUID | None = None) -> Registered:
        """`minted`: nobody was known by these identifiers. Somebody else may be registering the same person: then the next try finds it."""
        for again in range(TRIES_MAX):
            holders = {} if minted is not None and not again else await self._holders(origin.tenant_id, of)
            persons = {person.id: person for person in holders.values()}
            if len(persons) > 1:
                refusal = IdentifiersAreOfTwoPersons(persons=", ".join(sorted(map(str, persons))))
                return Registered(await self._log.run(origin, people.refuse(min(persons), refusal)), is_known=True)
            known = next(iter(persons.values()), None)
            claims = [claim_of(each) for each in of.identifiers if each not in holders]
            try:
                if known is None:
                    person_id = minted or self._new_id()
                    what = await self._what(origin, person_id, of, of.identifiers, of.points)
                    return Registered(await self._log.run(origin, people.register_person(person_id, what, claims)), is_known=False)
                return Registered(await self._add_to(origin, known, of, claims), is_known=True)
            except (ClaimedByAnother, HasChanged):
                continue
        raise LogIsBusy(BUSY_SECONDS)

    async def _add_to(self, origin: Command, known: Person, of: Given, claims: Sequence[Claim]) -> Stored:
        try:
            identifiers = await self._new_identifiers(origin.tenant_id, known, of)
        except PersonHasAnotherIdentifier as refusal:
            return await self._log.run(origin, people.refuse(known.id, refusal))
        opened = await self._opened_points(origin.tenant_id, known)
        # Whatever became of those it has: what is marked stays marked.
        had = {(point.kind, value) for point, value in opened}
        points = [each for each in of.points if (each.kind, each.value) not in had]
        what = await self._what(origin, known.id, of, identifiers, points)
        compared = frozenset(point.point_id for point, _ in opened)
        return await self._log.run(origin, people.add_to_person(known.id, what, claims, compared))

    async def _holders(self, tenant_id: str, of: Given) -> dict[GivenId, Person]:
        """Whoever has each of the identifiers."""
        holders: dict[GivenId, Person] = {}
        for identifier in of.identifiers:
            claim = claim_of(identifier)
            for holder in (await self._log.claimed(tenant_id, claim.kind, [claim.value])).values():
                holders[identifier] = await people.living(self._look(tenant_id), holder)
        return holders

    async def _new_identifiers(self, tenant_id: str, person: Person, of: Given) -> list[GivenId]:
        known = await self._opened_identifiers(tenant_id, person.identity.identifiers.values())
        new: list[GivenId] = []
        for given in of.identifiers:
            values = {value for each, value in known if _is_of_the_kind(each, given)}
            if given.value in values:
                continue
            if given.client_id is None and values - {None}:
                raise PersonHasAnotherIdentifier(person_id=person.id, kind=given.kind)
            new.append(given)
        return new

    async def _what(
        self, origin: Command, person_id: UUID, of: Given, identifiers: Iterable[GivenId], points: Iterable[GivenPoint]
    ) -> What:
        tenant_id, now = origin.tenant_id, self._clock.now()
        born = await self._sealed(tenant_id, person_id, "birth_date", of.birth_date.isoformat()) if of.birth_date else None
        registration = Registration(
            name=await self._sealed(tenant_id, person_id, "name", of.name),
            birth_date=born,
            source=of.source,
            is_synthetic=of.is_synthetic,
            identifiers=[await self._sealed_identifier(origin, person_id, each, of.source) for each in identifiers],
        )
        residence = Residence(person_id, of.country, of.subdivision, of.zones, of.source, now) if of.country or of.zones else None
        preference = Preference(person_id, (), of.language, (), "", of.source, now) if of.language else None
        return What(registration, [await self._sealed_point(origin, person_id, each, of.source) for each in points], residence, preference)


def _is_of_the_kind(known: Identifier, given: GivenId) -> bool:
    return (known.kind, known.country, known.client_id) == (given.kind, given.country, given.client_id)
