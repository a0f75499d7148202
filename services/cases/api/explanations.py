"""Asked of one case: why an answer is what it is: the facts behind it and the versions of rules, as data and in a person's words."""

from __future__ import annotations

from typing import Any

from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import service_pb2 as pb

from services.cases.api import wire
from services.cases.api.because import assignment, balance, bucket, effect
from services.cases.api.because.chain import Chain
from services.cases.api.desk import Desk, Moment, seen
from services.cases.domain.holds import HoldScope
from services.chassis.rpc import Context, words


class Explanations(Desk):
    async def ExplainBucket(self, request: pb.ExplainBucketRequest, context: Context) -> pb.ExplainBucketResponse:
        return bucket.explain(*await self._facts(context, request))

    async def ExplainBalance(self, request: explained.ExplainBalanceRequest, context: Context) -> explained.ExplainBalanceResponse:
        return balance.explain(*await self._facts(context, request))

    async def ExplainHoldEffect(self, request: explained.ExplainHoldEffectRequest, context: Context) -> explained.ExplainHoldEffectResponse:
        at, chain = await self._facts(context, request)
        return effect.explain(at, wire.member(HoldScope, holds.HoldScope, request.scope), chain)

    async def ExplainAssignment(self, request: explained.ExplainAssignmentRequest, context: Context) -> explained.ExplainAssignmentResponse:
        return assignment.explain(*await self._facts(context, request))

    async def _facts(self, context: Context, request: Any) -> tuple[Moment, Chain]:
        """The case as it was known at the instant asked for, and the facts that made it so."""
        who, now = words.caller(context), self._clock.now()
        records = await self._log.read_stream(
            words.uuid(request.case_id, "case_id"), who.tenant_id, words.instant_or_none(request, "as_known_at")
        )
        # Folded from the same records: a live case may move on while its history is read.
        chain = Chain(words.uuid(request.case_id, "case_id"), records, self._log.service.mapper)
        return self._at(seen(who, chain.case), request, now), chain
