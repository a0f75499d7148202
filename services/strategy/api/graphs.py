"""Asked about strategies: published whole, judged, put into force, shown as they were published."""

from __future__ import annotations

from acuerdo.strategy.v1 import strategies_pb2 as pb
from acuerdo.strategy.v1 import types_pb2 as types

from services.chassis.rpc import Context, words
from services.strategy import application
from services.strategy.api.desk import Desk
from services.strategy.domain.strategies import Jump, Migration


class Graphs(Desk):
    async def PublishStrategy(self, request: pb.PublishStrategyRequest, context: Context) -> pb.PublishStrategyResponse:
        who = words.caller(context)
        stored = await self._log.run(self._asked_by(context, request), application.publish_strategy(who.tenant_id, request.document))
        version = (await self._strategies(who)).version_of(request.document)
        return pb.PublishStrategyResponse(receipt=words.receipt(stored), version=version)

    async def ValidateStrategy(self, request: pb.ValidateStrategyRequest, context: Context) -> pb.ValidateStrategyResponse:
        findings = application.findings_in(request.document, await self._tables(words.caller(context)))
        return pb.ValidateStrategyResponse(
            findings=[types.Finding(rule=f"RULE_{each.rule.name}", field=each.field, description=each.description) for each in findings]
        )

    async def ActivateStrategy(self, request: pb.ActivateStrategyRequest, context: Context) -> pb.ActivateStrategyResponse:
        migration = types.Migration.Name(request.migration or types.MIGRATION_FINISH_STEP).removeprefix("MIGRATION_")
        jumps = [Jump(jump.from_step, jump.to_step) for jump in request.jumps]
        change = application.activate_strategy(
            words.caller(context).tenant_id, request.version, Migration[migration], jumps, request.reason_code
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ActivateStrategyResponse(receipt=words.receipt(stored))

    async def GetStrategy(self, request: pb.GetStrategyRequest, context: Context) -> pb.GetStrategyResponse:
        strategies = await self._strategies(words.caller(context))
        strategy = strategies.known(request.version or strategies.active_version)
        return pb.GetStrategyResponse(
            version=strategy.version,
            name=strategy.name,
            document=strategy.document,
            document_hash=strategy.document_hash,
            is_active=strategy.version == strategies.active_version,
            latest_version=strategies.latest_version,
            etag=str(strategies.version),
        )
