"""Asked: packs checked, published, put in force and shown."""

from __future__ import annotations

import asyncio

from acuerdo.contacts.v1 import permit_service_pb2 as pb

from services.chassis.rpc import Context, words
from services.chassis.rpc.words import receipt
from services.contacts.api import permit_words as wire
from services.contacts.api.permit_desk import PermitDesk
from services.contacts.application import packs


class PermitPacks(PermitDesk):
    async def ValidatePacks(self, request: pb.ValidatePacksRequest, context: Context) -> pb.ValidatePacksResponse:
        # Reading calendars and running vectors takes a while: others are answered meanwhile.
        candidates = await asyncio.to_thread(packs.read_packs, request.document)
        return pb.ValidatePacksResponse(packs=[wire.wire_checked(candidate) for candidate in candidates])

    async def PublishPack(self, request: pb.PublishPackRequest, context: Context) -> pb.PublishPackResponse:
        candidates = await asyncio.to_thread(packs.read_packs, request.document)
        change = packs.publish_packs(words.caller(context).tenant_id, candidates)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.PublishPackResponse(receipt=receipt(stored), packs=[wire.wire_checked(candidate) for candidate in candidates])

    async def ActivatePack(self, request: pb.ActivatePackRequest, context: Context) -> pb.ActivatePackResponse:
        from_ = words.instant_or_none(request, "from")
        tenant_id = words.caller(context).tenant_id
        change = packs.activate_pack(tenant_id, request.pack_id, request.version, from_, request.is_shadow, request.review_ref)
        return pb.ActivatePackResponse(receipt=receipt(await self._log.run(self._asked_by(context, request), change)))

    async def DeactivatePack(self, request: pb.DeactivatePackRequest, context: Context) -> pb.DeactivatePackResponse:
        from_ = words.instant_or_none(request, "from")
        change = packs.deactivate_pack(words.caller(context).tenant_id, request.pack_id, from_, request.reason_code)
        return pb.DeactivatePackResponse(receipt=receipt(await self._log.run(self._asked_by(context, request), change)))

    async def ListPacks(self, request: pb.ListPacksRequest, context: Context) -> pb.ListPacksResponse:
        at = words.instant_or_none(request, "at") or self._clock.now()
        rules = await self._packs(words.caller(context))
        standing = {(one.pack_id, one.version): one for one in rules.standing_at(at)}
        listed = [wire.wire_published(rules.published[key], standing.get(key)) for key in sorted(rules.published)]
        return pb.ListPacksResponse(packs=listed, etag=str(rules.version))

    async def GetPack(self, request: pb.GetPackRequest, context: Context) -> pb.GetPackResponse:
        rules = await self._packs(words.caller(context))
        published = rules.known(request.pack_id, request.version)
        standing = {(one.pack_id, one.version): one for one in rules.standing_at(self._clock.now())}
        shown = wire.wire_published(published, standing.get((published.id, published.version)))
        return pb.GetPackResponse(pack=shown, content=published.content)
