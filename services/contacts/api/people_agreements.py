"""Asked: consents, preferences, and the wish to be left alone."""

from __future__ import annotations

from acuerdo.contacts.v1 import people_pb2 as pb
from acuerdo.contacts.v1 import persons_pb2 as told
from acuerdo.contacts.v1 import types_pb2 as types

from services.chassis.rpc import Context, words
from services.contacts.api import people_words as wire
from services.contacts.api.people_desk import PeopleDesk
from services.contacts.application import people
from services.contacts.domain.agreement import Cease, Consent, ConsentKind, Preference
from services.contacts.domain.channels import Channel, Purpose
from services.kernel import ids
from services.kernel.calendar import zone


class Agreements(PeopleDesk):
    async def GiveConsent(self, request: pb.GiveConsentRequest, context: Context) -> pb.GiveConsentResponse:
        origin = self._asked_by(context, request)
        person = await self._living(words.caller(context), request.person_id)
        consent = Consent(
            consent_id=ids.derived(origin.id, "consent"),
            person_id=person.id,
            kind=wire.member(ConsentKind, told.ConsentKind, request.kind),
            channels=wire.members(Channel, types.Channel, request.channels),
            purposes=wire.members(Purpose, types.Purpose, request.purposes),
            point_ids=wire.uuids(request.point_ids, "point_ids"),
            case_ids=wire.uuids(request.case_ids, "case_ids"),
            windows=wire.windows(request.windows, "windows"),
            instrument=request.instrument,
            is_given_to_creditor=request.is_given_to_creditor,
            evidence_ref=request.evidence_ref,
            given_at=origin.occurred_at or self._clock.now(),
            expires_at=words.instant_or_none(request, "expires_at"),
        )
        stored = await self._log.run(origin, people.give_consent(person.id, consent))
        return pb.GiveConsentResponse(receipt=words.receipt(stored), consent_id=str(consent.consent_id))

    async def WithdrawConsent(self, request: pb.WithdrawConsentRequest, context: Context) -> pb.WithdrawConsentResponse:
        person = await self._living(words.caller(context), request.person_id)
        consent_id = words.uuid(request.consent_id, "consent_id")
        change = people.withdraw_consent(person.id, consent_id, request.reason_code, request.evidence_ref)
        return pb.WithdrawConsentResponse(receipt=words.receipt(await self._told(context, request, change)))

    async def SetPreference(self, request: pb.SetPreferenceRequest, context: Context) -> pb.SetPreferenceResponse:
        origin = self._asked_by(context, request)
        person = await self._living(words.caller(context), request.person_id)
        preference = Preference(
            person_id=person.id,
            windows=wire.windows(request.windows, "windows"),
            language=request.language,
            channel_order=wire.members(Channel, types.Channel, request.channel_order),
            zone=zone(request.zone).key if request.zone else "",
            source=request.source,
            set_at=origin.occurred_at or self._clock.now(),
        )
        stored = await self._log.run(origin, people.set_preference(person.id, preference))
        return pb.SetPreferenceResponse(receipt=words.receipt(stored))

    async def CeaseCommunication(self, request: pb.CeaseCommunicationRequest, context: Context) -> pb.CeaseCommunicationResponse:
        origin = self._asked_by(context, request)
        person = await self._living(words.caller(context), request.person_id)
        cease = Cease(
            cease_id=ids.derived(origin.id, "cease"),
            person_id=person.id,
            channels=wire.members(Channel, types.Channel, request.channels),
            case_ids=wire.uuids(request.case_ids, "case_ids"),
            medium=request.medium,
            evidence_ref=request.evidence_ref,
            received_at=origin.occurred_at or self._clock.now(),
        )
        stored = await self._log.run(origin, people.cease_communication(person.id, cease))
        return pb.CeaseCommunicationResponse(receipt=words.receipt(stored), cease_id=str(cease.cease_id))

    async def RevokeCease(self, request: pb.RevokeCeaseRequest, context: Context) -> pb.RevokeCeaseResponse:
        person = await self._living(words.caller(context), request.person_id)
        change = people.revoke_cease(person.id, words.uuid(request.cease_id, "cease_id"), request.reason_code, request.evidence_ref)
        return pb.RevokeCeaseResponse(receipt=words.receipt(await self._told(context, request, change)))
