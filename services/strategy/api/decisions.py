"""Asked about decisions: the log of a case, and one of them taken again from what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from acuerdo.strategy.v1 import treatments_pb2 as pb
from acuerdo.strategy.v1 import types_pb2 as types

from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.kernel.refusal import IsUnknown
from services.strategy import application
from services.strategy.api.desk import Desk
from services.strategy.domain.course import TreatmentDecided
from services.strategy.domain.treatment import Treatment


class DecisionIsUnknown(IsUnknown):
    """There is no such decision about the case."""


class Decisions(Desk):
    async def ListDecisions(self, request: pb.ListDecisionsRequest, context: Context) -> pb.ListDecisionsResponse:
        who, found = await self._treated(context, request)
        after, size = self._pages.after(request), self._pages.size(request)
        later = [each for each in await self._decided(who, found) if after is None or each.originator_version > after[0]]
        token = self._pages.token((later[size - 1].originator_version,), request) if len(later) > size else ""
        return pb.ListDecisionsResponse(decisions=[_worded(each) for each in later[:size]], next_page_token=token)

    async def ExplainDecision(self, request: pb.ExplainDecisionRequest, context: Context) -> pb.ExplainDecisionResponse:
        who, found = await self._treated(context, request)
        wanted = words.uuid(request.decision_id, "decision_id")
        decided = _named(await self._decided(who, found), wanted)
        is_reproduced = application.explain_decision(decided, await self._strategies(who))
        return pb.ExplainDecisionResponse(decision=_worded(decided), is_reproduced=is_reproduced)

    async def _decided(self, who: Principal, of: Treatment) -> list[TreatmentDecided]:
        facts = [self._log.service.mapper.decode(record.event) for record in await self._log.read_stream(of.id, who.tenant_id)]
        return [fact for fact in facts if isinstance(fact, TreatmentDecided)]


def _named(decided: Sequence[TreatmentDecided], decision_id: UUID) -> TreatmentDecided:
    for each in decided:
        if each.decision_id == decision_id:
            return each
    raise DecisionIsUnknown


def _worded(decided: TreatmentDecided) -> pb.Decision:
    origin = decided.origin
    return pb.Decision(
        decision_id=str(decided.decision_id),
        strategy_version=decided.strategy_version,
        document_hash=decided.document_hash,
        table_version=decided.table_version,
        step=decided.step,
        occasion=decided.occasion,
        inputs=[types.Input(name=each.name, value=each.value) for each in decided.inputs],
        inputs_hash=decided.inputs_hash,
        candidates=[types.Candidate(name=each.name, leads_to=each.leads_to) for each in decided.candidates],
        chosen=decided.chosen,
        leads_to=decided.leads_to,
        row_id=decided.row_id,
        reason=decided.reason,
        origin=f"{origin.stream_id}:{origin.version}" if origin is not None else "",
        decided_at=words.timestamp(decided.timestamp),
        version=decided.originator_version,
    )
