"""Asked: in which order money is applied."""

from __future__ import annotations

from acuerdo.payments.v1 import payments_pb2 as pb

from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.payments.adapters import waterfall_document
from services.payments.api import wire
from services.payments.api.desk import Desk
from services.payments.application import sources
from services.payments.domain.presets import PRESETS
from services.payments.domain.waterfall import Step
from services.payments.domain.waterfalls import Scope, Waterfalls, stream_of


class Orders(Desk):
    async def PublishWaterfall(self, request: pb.PublishWaterfallRequest, context: Context) -> pb.PublishWaterfallResponse:
        who = words.caller(context)
        stored = await self._log.run(self._asked_by(context, request), sources.publish_waterfall(who.tenant_id, request.document))
        version = (await self._waterfalls(who)).version_of(request.document)
        return pb.PublishWaterfallResponse(receipt=words.receipt(stored), version=version)

    async def ActivateWaterfall(self, request: pb.ActivateWaterfallRequest, context: Context) -> pb.ActivateWaterfallResponse:
        change = sources.activate_waterfall(words.caller(context).tenant_id, request.version, _scope(request))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ActivateWaterfallResponse(receipt=words.receipt(stored))

    async def GetWaterfall(self, request: pb.GetWaterfallRequest, context: Context) -> pb.GetWaterfallResponse:
        waterfalls = await self._waterfalls(words.caller(context))
        version = request.version or waterfalls.version_for(_scope(request))
        order = waterfalls.read(version, waterfall_document.read)
        return pb.GetWaterfallResponse(
            version=version,
            name=order.name,
            steps=[_step(step) for step in order.steps],
            excess=order.excess.name,
            after_reversal=order.after_reversal.name,
            onerous_products=order.onerous_products,
            document=b"" if version in PRESETS else waterfalls.document(int(version)),
            latest_version=len(waterfalls.documents),
        )

    async def _waterfalls(self, who: Principal) -> Waterfalls:
        return await self._log.load(Waterfalls, stream_of(who.tenant_id), who.tenant_id)


def _scope(request: pb.ActivateWaterfallRequest | pb.GetWaterfallRequest) -> Scope:
    return Scope(words.uuid_or_none(request.client_id, "client_id"), request.product, request.jurisdiction)


def _step(step: Step) -> pb.WaterfallStep:
    return pb.WaterfallStep(
        rule=step.rule,
        take=step.take.name,
        dueness=[each.name for each in step.dueness],
        components=[wire.component(each) for each in step.components],
        by=[each.name for each in step.by],
        debts=step.debts.name,
        cite=step.cite,
        words=step.words,
    )
