"""The desk that every part of People works at: who asks, whom it is about, and seals that are made and opened there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from services.chassis.clock import Clock
from services.chassis.heard import Look
from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.log.origins import Command
from services.chassis.log.units import Stored
from services.chassis.rpc import Context, words
from services.chassis.rpc.words import AskedBy
from services.chassis.seal.seals import Seals
from services.chassis.seal.subjects import Subject
from services.contacts.adapters.blind import BlindIndex
from services.contacts.api.people_words import GivenId, GivenPoint
from services.contacts.application import people
from services.contacts.domain.identity import Identifier
from services.contacts.domain.person import Person, PersonIsUnknown
from services.contacts.domain.points import ContactPoint, PointState
from services.contacts.views import PeopleTables
from services.kernel import ids
from services.kernel.facts import Change, Claim, Stream
from services.kernel.ids import NewId
from services.kernel.refusal import IsInvalid
from services.kernel.sealed import Sealed


class PeopleDesk:
    def __init__(
        self, log: Log, tables: PeopleTables, seals: Seals, index: BlindIndex, clock: Clock, new_id: NewId, asked_by: AskedBy
    ) -> None:
        self._log, self._tables, self._seals, self._index = log, tables, seals, index
        self._clock, self._new_id, self._asked_by = clock, new_id, asked_by

    # Whom it is about -----------------------------------------------------------------------------------------------------

    def _look(self, tenant_id: str) -> Look:
        return partial(_looked_at, self._log, tenant_id)

    async def _living(self, who: Principal, person_id: str, field: str = "person_id") -> Person:
        """The person that this one is by now, if the caller may see it."""
        person = await people.living(self._look(who.tenant_id), words.uuid(person_id, field))
        if who.scope.client_ids is not None and not await self._cases(who, person):
            raise PersonIsUnknown
        return person

    async def _cases(self, who: Principal, person: Person, min_position: int = 0) -> list[DictRow]:
        """Cases of the person that the caller may see."""
        rows = await self._tables.cases_of(who.tenant_id, (person.id, *person.merging.person_ids), min_position)
        return [row for row in rows if who.may_see_client(row["client_id"])]

    async def _must_be_reached(self, min_position: int) -> None:
        """A caller has it from a receipt: what lies beyond the log will not come."""
        if min_position > await self._tables.known_position() and min_position > (await self._log.head()).position:
            raise IsInvalid("min_position", "is a position that the log has not reached")

    async def _told(self, context: Context, request: Any, *changes: Change[Any]) -> Stored:
        return await self._log.run(self._asked_by(context, request), *changes)

    async def _record_reading(self, context: Context, request: Any, persons: Iterable[Person], fields: Sequence[str]) -> None:
        """Before the answer goes out."""
        reader = words.caller(context).subject
        readings = [people.record_access(person.id, reader, request.purpose, fields) for person in persons]
        if readings:
            await self._told(context, request, *readings)

    # Seals ----------------------------------------------------------------------------------------------------------------

    async def _sealed(self, tenant_id: str, person_id: UUID, field: str, text: str) -> Sealed:
        return await self._seals.seal(Subject(tenant_id, person_id), person_id, field, text)

    async def _opened(self, tenant_id: str, of: Person, field: str, sealed: Sealed | None) -> str | None:
        return None if sealed is None else await self._seals.open(tenant_id, of.id, field, sealed)

    async def _opened_points(self, tenant_id: str, person: Person) -> list[tuple[ContactPoint, str | None]]:
        """As they are now: a live person may have others while seals are opened."""
        listed = list(person.points.by_id.values())
        opened = await asyncio.gather(*(self._seals.open(tenant_id, each.person_id, each.field, each.value) for each in listed))
        return list(zip(listed, opened, strict=True))

    async def _opened_identifiers(self, tenant_id: str, identifiers: Iterable[Identifier]) -> list[tuple[Identifier, str | None]]:
        listed = list(identifiers)
        opened = await asyncio.gather(*(self._seals.open(tenant_id, each.person_id, each.field, each.value) for each in listed))
        return list(zip(listed, opened, strict=True))

    async def _claims_of(self, tenant_id: str, identifiers: Iterable[Identifier]) -> list[Claim]:
        """The names that go with identifiers; what is erased holds none that anybody could move."""
        opened = await self._opened_identifiers(tenant_id, identifiers)
        return [claim_of(GivenId(each.kind, each.country, each.client_id, value)) for each, value in opened if value]

    async def _sealed_identifier(self, origin: Command, person_id: UUID, given: GivenId, source: str) -> Identifier:
        identifier_id = ids.derived(origin.id, "identifier", given.kind, given.country)
        value = await self._sealed(origin.tenant_id, person_id, f"identifiers.{identifier_id}", given.value)
        return Identifier(identifier_id, person_id, given.kind, given.country, given.client_id, value, source)

    async def _sealed_point(self, origin: Command, person_id: UUID, given: GivenPoint, source: str) -> ContactPoint:
        point_id = self._new_id()
        return ContactPoint(
            point_id=point_id,
            person_id=person_id,
            kind=given.kind,
            value=await self._sealed(origin.tenant_id, person_id, f"points.{point_id}", given.value),
            state=PointState.UNVERIFIED,
            source=source,
            line_type=given.line_type,
            country=given.country,
            zones=given.zones,
            is_workplace=given.is_workplace,
            added_at=self._clock.now(),
        )


def claim_of(identifier: GivenId) -> Claim:
    claim = people.national_id_claim if identifier.client_id is None else people.client_ref_claim
    return claim(identifier.written)


async def _looked_at(log: Log, tenant_id: str, stream: type[Any], stream_id: UUID) -> Any:
    found: Stream = await log.load(stream, stream_id, tenant_id)
    return found
