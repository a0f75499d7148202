"""Asked: who somebody is, and whose number this is. Every reading is recorded before the answer goes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from uuid import UUID

from acuerdo.contacts.v1 import people_pb2 as pb
from acuerdo.contacts.v1 import persons_pb2 as told
from psycopg.rows import DictRow

from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.contacts.adapters import blind, spelling
from services.contacts.api import people_words as wire
from services.contacts.api.people_desk import PeopleDesk
from services.contacts.application import people
from services.contacts.domain import casefile
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.person import Person, PersonIsUnknown

FOUND_MAX = 50
"""Persons with one telephone number; more: the number says nothing."""


class Finding(PeopleDesk):
    async def FindPersons(self, request: pb.FindPersonsRequest, context: Context) -> pb.FindPersonsResponse:
        who = words.caller(context)
        await self._must_be_reached(request.min_position)
        position, person_ids = await self._recorded(who, request)
        persons = {person.id: person for person in [each async for each in self._lives(who, person_ids)]}
        cases = {person.id: await self._cases(who, person, request.min_position) for person in persons.values()}
        shown = [person for person in persons.values() if who.scope.client_ids is None or cases[person.id]]
        await self._record_reading(context, request, shown, ("name", "cases", f"by.{request.WhichOneof('by')}"))
        found = await asyncio.gather(*(self._found(who, person, cases[person.id]) for person in shown))
        return pb.FindPersonsResponse(persons=found, position=position)

    async def _lives(self, who: Principal, person_ids: Sequence[UUID]) -> AsyncIterator[Person]:
        """Whom they are by now. A party of a case that was never registered here is known to nobody."""
        for person_id in person_ids:
            try:
                yield await people.living(self._look(who.tenant_id), person_id)
            except PersonIsUnknown:
                continue

    async def _recorded(self, who: Principal, request: pb.FindPersonsRequest) -> tuple[int, Sequence[UUID]]:
        """Up to where the answer knows the log, and the persons as they were recorded."""
        if request.WhichOneof("by") == "case_id":
            file = await self._log.load(CaseFile, casefile.stream_of(words.uuid(request.case_id, "case_id")), who.tenant_id)
            file.must_be_known()
            return (await self._log.head()).position, list(file.parties)
        kind, value = _asked(request)
        hmac = self._index.blinded(who.tenant_id, kind, value)
        return await self._tables.persons_with(who.tenant_id, kind, hmac, FOUND_MAX, request.min_position)

    async def _found(self, who: Principal, person: Person, cases: Sequence[DictRow]) -> pb.FoundPerson:
        name = await self._opened(who.tenant_id, person, "name", person.identity.name)
        return pb.FoundPerson(
            person_id=str(person.id),
            name=name or "",
            is_erased=name is None,
            is_synthetic=person.identity.is_synthetic,
            cases=wire_cases(cases),
        )

    async def GetPerson(self, request: pb.GetPersonRequest, context: Context) -> pb.GetPersonResponse:
        who = words.caller(context)
        person = await self._living(who, request.person_id)
        known_at = words.instant_or_none(request, "as_known_at")
        then = person if known_at is None else await self._log.fold(Person, person.id, who.tenant_id, known_at)
        if not then.exists:
            raise PersonIsUnknown
        cases = await self._cases(who, person)
        await self._record_reading(context, request, [person], ("name", "birth_date", "identifiers", "points", "cases"))
        return pb.GetPersonResponse(person=await self._in_clear(who, then, cases))

    async def _in_clear(self, who: Principal, person: Person, cases: Sequence[DictRow]) -> pb.PersonInClear:
        etag, name = str(person.version), await self._opened(who.tenant_id, person, "name", person.identity.name)
        agreement, circumstances = person.agreement, person.circumstances
        return pb.PersonInClear(
            person_id=str(person.id),
            name=name or "",
            birth_date=await self._opened(who.tenant_id, person, "birth_date", person.identity.birth_date) or "",
            is_erased=name is None,
            is_synthetic=person.identity.is_synthetic,
            identifiers=await self._wire_identifiers(who.tenant_id, person),
            points=await self._wire_points(who.tenant_id, person),
            consents=[wire.told_as(told.Consent, each) for each in agreement.consents.values()],
            preferences=[wire.told_as(told.Preference, each) for each in agreement.preferences.values()],
            ceases=[wire.told_as(told.Cease, each) for each in agreement.ceases.values()],
            flags=[wire.told_as(told.Flag, each) for each in circumstances.flags.values()],
            residences=[wire.told_as(told.Residence, each) for each in circumstances.residences.values()],
            merged=[
                pb.MergedPerson(person_id=str(merge.person_id), merge_id=str(merge.merge_id)) for merge in person.merging.merged.values()
            ],
            cases=wire_cases(cases),
            etag=etag,
        )

    async def _wire_identifiers(self, tenant_id: str, person: Person) -> list[pb.IdentifierInClear]:
        return [
            pb.IdentifierInClear(
                identifier_id=str(each.identifier_id),
                kind=each.kind,
                country=each.country,
                client_id=str(each.client_id) if each.client_id else "",
                value=value or "",
                is_erased=value is None,
                source=each.source,
            )
            for each, value in await self._opened_identifiers(tenant_id, person.identity.identifiers.values())
        ]

    async def _wire_points(self, tenant_id: str, person: Person) -> list[pb.PointInClear]:
        return [
            pb.PointInClear(
                point_id=str(each.point_id),
                kind=wire.wire_value(each.kind, told.PointKind),
                value=value or "",
                is_erased=value is None,
                state=wire.wire_value(each.state, told.PointState),
                reason_code=each.reason_code,
                source=each.source,
                line_type=wire.wire_value(each.line_type, told.LineType),
                country=each.country,
                zones=each.zones,
                is_workplace=each.is_workplace,
                added_at=words.timestamp(each.added_at),
                verified_at=words.timestamp(each.verified_at) if each.verified_at else None,
            )
            for each, value in await self._opened_points(tenant_id, person)
        ]


def wire_cases(rows: Iterable[DictRow]) -> list[pb.FoundCase]:
    """A case in which the person stands twice (it was two persons) is listed with both roles."""
    return [
        pb.FoundCase(
            case_id=str(row["case_id"]),
            client_id=str(row["client_id"]),
            portfolio_id=str(row["portfolio_id"]),
            external_ref=row["external_ref"],
            role=row["role"],
            is_closed=row["is_closed"],
        )
        for row in rows
    ]


def _asked(request: pb.FindPersonsRequest) -> tuple[str, str]:
    """What is looked up, spelled our way."""
    match request.WhichOneof("by"):
        case "national_id":
            return blind.NATIONAL_ID, wire.national_id(request.national_id, "national_id").written
        case "phone":
            return blind.PHONE, spelling.phone(request.phone, request.country, "phone").e164
        case "email":
            return blind.EMAIL, spelling.email(request.email, "email")
        case _:
            asked = request.client_ref
            return blind.CLIENT_REF, wire.client_ref(asked.client_id, asked.reference, "client_ref.client_id").written
