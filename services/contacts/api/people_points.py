"""Asked: contact points, added and marked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from acuerdo.common.v1.types_pb2 import Receipt
from acuerdo.contacts.v1 import people_pb2 as pb

from services.chassis.log.units import LogIsBusy
from services.chassis.rpc import Context, words
from services.contacts.api import people_words as wire
from services.contacts.api.people_desk import PeopleDesk
from services.contacts.api.people_registering import BUSY_SECONDS, TRIES_MAX
from services.contacts.application import people
from services.contacts.application.people import HasChanged
from services.contacts.domain import points


class Points(PeopleDesk):
    async def AddContactPoint(self, request: pb.AddContactPointRequest, context: Context) -> pb.AddContactPointResponse:
        who, origin = words.caller(context), self._asked_by(context, request)
        given = wire.point(request.point, "point")
        for _ in range(TRIES_MAX):
            person = await self._living(who, request.person_id)
            opened = await self._opened_points(who.tenant_id, person)
            known = next((each for each, value in opened if (each.kind, value) == (given.kind, given.value)), None)
            point = known or await self._sealed_point(origin, person.id, given, request.source)
            compared = frozenset(each.point_id for each, _ in opened)
            try:
                stored = await self._log.run(origin, people.add_point(person.id, point, compared))
            except HasChanged:
                continue
            # Asked again, it is the first answer that counts: the point is the one that has the value by now.
            return pb.AddContactPointResponse(receipt=words.receipt(stored), point_id=str(point.point_id), is_known=known is not None)
        raise LogIsBusy(BUSY_SECONDS)

    async def ConfirmContactPoint(self, request: pb.ConfirmContactPointRequest, context: Context) -> pb.ConfirmContactPointResponse:
        return pb.ConfirmContactPointResponse(receipt=await self._mark(context, request, points.verify, request.method))

    async def InvalidateContactPoint(
        self, request: pb.InvalidateContactPointRequest, context: Context
    ) -> pb.InvalidateContactPointResponse:
        return pb.InvalidateContactPointResponse(receipt=await self._mark(context, request, points.invalidate, request.reason_code))

    async def MarkContactPointThirdParty(
        self, request: pb.MarkContactPointThirdPartyRequest, context: Context
    ) -> pb.MarkContactPointThirdPartyResponse:
        receipt = await self._mark(context, request, points.mark_third_party, request.reason_code)
        return pb.MarkContactPointThirdPartyResponse(receipt=receipt)

    async def SuppressContactPoint(self, request: pb.SuppressContactPointRequest, context: Context) -> pb.SuppressContactPointResponse:
        return pb.SuppressContactPointResponse(receipt=await self._mark(context, request, points.suppress, request.reason_code))

    async def ReinstateContactPoint(self, request: pb.ReinstateContactPointRequest, context: Context) -> pb.ReinstateContactPointResponse:
        return pb.ReinstateContactPointResponse(receipt=await self._mark(context, request, points.reinstate, request.reason_code))

    async def _mark(self, context: Context, request: Any, mark: Callable[..., None], why: str) -> Receipt:
        who = words.caller(context)
        person, asked = await self._living(who, request.person_id), words.uuid(request.point_id, "point_id")
        # Of a person that was two, the same number may stand there twice: whatever is said of it holds for both.
        values = {point.point_id: (point.kind, value) for point, value in await self._opened_points(who.tenant_id, person)}
        twins = [other for other, value in values.items() if other != asked and value[1] and value == values.get(asked)]
        change = people.mark_point(person.id, [asked, *twins], mark, why, request.evidence_ref)
        return words.receipt(await self._told(context, request, change))
