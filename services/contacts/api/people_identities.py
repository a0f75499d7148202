"""Asked: who somebody is, corrected; where they are; what policies must know of them."""

from __future__ import annotations

from acuerdo.contacts.v1 import people_pb2 as pb
from acuerdo.contacts.v1 import persons_pb2 as told

from services.chassis.rpc import Context, words
from services.contacts.adapters import spelling
from services.contacts.api import people_words as wire
from services.contacts.api.people_desk import PeopleDesk, claim_of
from services.contacts.api.people_words import GivenId
from services.contacts.application import people
from services.contacts.domain.circumstances import Flag, PersonFlag, Residence
from services.contacts.domain.identity import IdentifierIsUnknown


class Identities(PeopleDesk):
    async def CorrectIdentity(self, request: pb.CorrectIdentityRequest, context: Context) -> pb.CorrectIdentityResponse:
        who = words.caller(context)
        person = await self._living(who, request.person_id)
        born = words.day_or_none(request, "birth_date")
        change = people.correct_identity(
            person.id,
            await self._sealed(who.tenant_id, person.id, "name", spelling.name(request.name, "name")),
            await self._sealed(who.tenant_id, person.id, "birth_date", born.isoformat()) if born else None,
            request.source,
            request.evidence_ref,
        )
        return pb.CorrectIdentityResponse(receipt=words.receipt(await self._told(context, request, change)))

    async def RecordIdentifier(self, request: pb.RecordIdentifierRequest, context: Context) -> pb.RecordIdentifierResponse:
        who = words.caller(context)
        person, given = await self._living(who, request.person_id), _given_id(request)
        origin = self._asked_by(context, request)
        opened = await self._opened_identifiers(who.tenant_id, person.identity.identifiers.values())
        asked = (given.kind, given.country, given.client_id, given.value)
        known = next((each for each, value in opened if (each.kind, each.country, each.client_id, value) == asked), None)
        identifier = known or await self._sealed_identifier(origin, person.id, given, request.source)
        stored = await self._log.run(origin, people.record_identifier(person.id, identifier, claim_of(given)))
        return pb.RecordIdentifierResponse(receipt=words.receipt(stored), identifier_id=str(identifier.identifier_id))

    async def RemoveIdentifier(self, request: pb.RemoveIdentifierRequest, context: Context) -> pb.RemoveIdentifierResponse:
        who = words.caller(context)
        person = await self._living(who, request.person_id)
        identifier = person.identity.identifiers.get(words.uuid(request.identifier_id, "identifier_id"))
        if identifier is None:
            raise IdentifierIsUnknown(identifier_id=request.identifier_id)
        claims = await self._claims_of(who.tenant_id, [identifier])
        change = people.remove_identifier(person.id, identifier.identifier_id, request.reason_code, claims)
        return pb.RemoveIdentifierResponse(receipt=words.receipt(await self._told(context, request, change)))

    async def RecordResidence(self, request: pb.RecordResidenceRequest, context: Context) -> pb.RecordResidenceResponse:
        person = await self._living(words.caller(context), request.person_id)
        residence = Residence(person.id, request.country, request.subdivision, tuple(request.zones), request.evidence, self._clock.now())
        stored = await self._told(context, request, people.record_residence(person.id, residence))
        return pb.RecordResidenceResponse(receipt=words.receipt(stored))

    async def FlagPerson(self, request: pb.FlagPersonRequest, context: Context) -> pb.FlagPersonResponse:
        person = await self._living(words.caller(context), request.person_id)
        flag = Flag(
            wire.member(PersonFlag, told.PersonFlag, request.flag),
            person.id,
            wire.uuids(request.case_ids, "case_ids"),
            request.evidence_ref,
            self._clock.now(),
        )
        return pb.FlagPersonResponse(receipt=words.receipt(await self._told(context, request, people.flag_person(person.id, flag))))

    async def UnflagPerson(self, request: pb.UnflagPersonRequest, context: Context) -> pb.UnflagPersonResponse:
        person = await self._living(words.caller(context), request.person_id)
        flag = wire.member(PersonFlag, told.PersonFlag, request.flag)
        change = people.unflag_person(person.id, flag, request.reason_code, request.evidence_ref)
        return pb.UnflagPersonResponse(receipt=words.receipt(await self._told(context, request, change)))


def _given_id(request: pb.RecordIdentifierRequest) -> GivenId:
    if request.WhichOneof("identifier") == "national_id":
        return wire.national_id(request.national_id, "national_id")
    return wire.client_ref(request.client_ref.client_id, request.client_ref.reference, "client_ref.client_id")
