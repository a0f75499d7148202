"""Asked: may this person be contacted so? Permits requested, used and given back; and what the answer would be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

from acuerdo.common.v1.access_pb2 import Role
from acuerdo.contacts.v1 import permit_service_pb2 as pb

from services.chassis.identity import NotPermitted, Principal
from services.chassis.log.origins import Command
from services.chassis.rpc import Context, words
from services.chassis.rpc.words import receipt
from services.contacts.api import permit_words as wire
from services.contacts.api.permit_desk import PermitDesk
from services.contacts.application import permits
from services.contacts.domain import permit_uses, permitting
from services.contacts.domain.permit_book import AnswerKind, PermitState
from services.contacts.domain.permitting import VALID_FOR, PermitAsked
from services.contacts.domain.policy.decision import ContactDecision
from services.kernel import ids
from services.kernel.refusal import Refusal

MAY_OVERRIDE = frozenset({Role.ROLE_SUPERVISOR, Role.ROLE_COMPLIANCE})


class PermitAsking(PermitDesk):
    async def RequestPermit(self, request: pb.RequestPermitRequest, context: Context) -> pb.RequestPermitResponse:
        origin = self._asked_by(context, request)
        waits = wire.duration(request, "ready_to_wait", timedelta(0)), wire.duration(request, "valid_for", VALID_FOR)
        return await self._request(words.caller(context), origin, request.contact, "contact", *waits)

    async def RequestPermits(
        self, requests: AsyncIterable[pb.RequestPermitsRequest], context: Context
    ) -> AsyncIterator[pb.RequestPermitsResponse]:
        who = words.caller(context)
        async for chunk in requests:
            waits = wire.duration(chunk, "ready_to_wait", timedelta(0)), wire.duration(chunk, "valid_for", VALID_FOR)
            asked = [
                self._outcome(who, self._asked_by(context, chunk, part=str(place), payload=one), one, f"contacts[{place}]", *waits)
                for place, one in enumerate(chunk.contacts)
            ]
            yield pb.RequestPermitsResponse(outcomes=await asyncio.gather(*asked))

    async def _outcome(
        self, who: Principal, origin: Command, wanted: pb.ContactWanted, field: str, ready_to_wait: timedelta, valid_for: timedelta
    ) -> pb.PermitOutcome:
        try:
            return pb.PermitOutcome(response=await self._request(who, origin, wanted, field, ready_to_wait, valid_for))
        except Refusal as refused:
            return pb.PermitOutcome(refused=refused.reason)

    async def _request(
        self, who: Principal, origin: Command, wanted: pb.ContactWanted, field: str, ready_to_wait: timedelta, valid_for: timedelta
    ) -> pb.RequestPermitResponse:
        asked = await self._wanted(who, wanted, ids.derived(origin.id, "permit"), field, ready_to_wait, valid_for)
        person = await self._living(who, wanted.person_id, f"{field}.person_id")
        heard: list[ContactDecision] = []
        stored = await self._log.run(origin, permits.request_permit(who.tenant_id, person.id, asked, heard.append))
        if stored.is_repeated or not heard:
            person = await self._log.load(type(person), stored.streams[0].stream_id, who.tenant_id)
            decision = (await self._told(who, person, asked.permit_id))[0].decision
        else:
            decision = heard[-1]
        answer = (
            person.permits.answers.get(asked.permit_id)
            or ((await self._log.load(type(person), stored.streams[0].stream_id, who.tenant_id)).permits.answers[asked.permit_id])
        )
        return pb.RequestPermitResponse(
            receipt=receipt(stored),
            answer=wire.wire_answer(answer.kind),
            permit_id=str(asked.permit_id),
            expires_at=words.timestamp(answer.until) if answer.kind is AnswerKind.GRANTED and answer.until else None,
            next_allowed_at=words.timestamp(answer.until) if answer.kind is not AnswerKind.GRANTED and answer.until else None,
            decision=wire.wire_decision(decision),
        )

    async def CanContact(self, request: pb.CanContactRequest, context: Context) -> pb.CanContactResponse:
        at = words.instant(request.at, "at") if request.HasField("at") else self._clock.now()
        return pb.CanContactResponse(decision=wire.wire_decision(await self._weighed(words.caller(context), request.contact, at)))

    async def NextAllowedAt(self, request: pb.NextAllowedAtRequest, context: Context) -> pb.NextAllowedAtResponse:
        at = words.instant(getattr(request, "from"), "from") if request.HasField("from") else self._clock.now()
        decision = await self._weighed(words.caller(context), request.contact, at)
        return pb.NextAllowedAtResponse(
            is_allowed_now=not decision.reasons,
            next_allowed_at=words.timestamp(decision.next_allowed_at) if decision.next_allowed_at else None,
            needs=decision.needs,
            codes=[reason.code for reason in decision.reasons],
        )

    async def _weighed(self, who: Principal, wanted: pb.ContactWanted, at: datetime) -> ContactDecision:
        asked = await self._wanted(who, wanted, UUID(int=0), "contact")
        person, file = await self._living(who, wanted.person_id, "contact.person_id"), await self._file(who, asked.case_id)
        return permitting.weigh(person, await self._packs(who), file, asked, permits.policies(), at)

    async def _wanted(
        self,
        who: Principal,
        wanted: pb.ContactWanted,
        permit_id: UUID,
        field: str,
        ready_to_wait: timedelta = timedelta(0),
        valid_for: timedelta = VALID_FOR,
    ) -> PermitAsked:
        """Of a case that the caller may see; past a presumption only by who may go past it."""
        if wanted.override_ground and not who.roles & MAY_OVERRIDE:
            raise NotPermitted("SUPERVISOR_IS_NEEDED")
        asked = wire.asked(wanted, permit_id, field, ready_to_wait, valid_for)
        await self._file(who, asked.case_id)
        return asked

    async def ConsumePermit(self, request: pb.ConsumePermitRequest, context: Context) -> pb.ConsumePermitResponse:
        who, origin = words.caller(context), self._asked_by(context, request)
        person, permit_id = await self._permitted(who, request.person_id, request.permit_id)
        permit = person.permits.by_id.get(permit_id)
        if permit is None:
            raise permit_uses.PermitIsNotOpen(permit_id=permit_id, state=person.permits.answers[permit_id].kind.name)
        await self._file(who, permit.case_id)
        attempt_id = words.uuid_or_none(request.attempt_id, "attempt_id") or ids.derived(origin.id, "attempt")
        stored = await self._log.run(origin, permits.consume_permit(who.tenant_id, person.id, permit.case_id, permit_id, attempt_id))
        after = (await self._log.load(type(person), person.id, who.tenant_id)).permits.by_id[permit_id]
        return pb.ConsumePermitResponse(
            receipt=receipt(stored),
            is_consumed=after.attempt_id == attempt_id,
            attempt_id=str(attempt_id),
            revoked_because=after.revoked_because if after.state is PermitState.REVOKED else "",
        )

    async def ReleasePermit(self, request: pb.ReleasePermitRequest, context: Context) -> pb.ReleasePermitResponse:
        who = words.caller(context)
        person, permit_id = await self._permitted(who, request.person_id, request.permit_id)
        permit = person.permits.by_id.get(permit_id)
        if permit is not None:
            await self._file(who, permit.case_id)
        change = permits.release_permit(person.id, permit_id, request.reason_code)
        return pb.ReleasePermitResponse(receipt=receipt(await self._log.run(self._asked_by(context, request), change)))

    async def GetPermit(self, request: pb.GetPermitRequest, context: Context) -> pb.GetPermitResponse:
        who = words.caller(context)
        person, permit_id = await self._permitted(who, request.person_id, request.permit_id)
        permit = person.permits.by_id.get(permit_id)
        if permit is None:
            answered = (await self._told(who, person, permit_id))[0]
            await self._file(who, answered.case_id)
            return pb.GetPermitResponse(permit=wire.wire_no(permit_id, person.permits.answers[permit_id]), etag=str(person.version))
        await self._file(who, permit.case_id)
        state = permit_uses.state_at(permit, self._clock.now())
        return pb.GetPermitResponse(permit=wire.wire_permit(permit_id, permit, state), etag=str(person.version))
