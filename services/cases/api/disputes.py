"""Asked: disputes opened, looked into, answered and appealed. What the debtor says is sealed before the case is asked."""

from __future__ import annotations

from uuid import UUID

from acuerdo.cases.v1 import disputes_pb2 as pb

from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.application import disputes
from services.cases.domain.case import Case
from services.cases.domain.contest import Appeal, DisputeTerms, Finding
from services.cases.domain.disputes import Dispute, DisputeResolution
from services.chassis.rpc import Context, words
from services.kernel import ids


class Disputes(Desk):
    async def DisputeDebt(self, request: pb.DisputeDebtRequest, context: Context) -> pb.DisputeDebtResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        origin = self._asked_by(context, request)
        dispute_id, hold_id = ids.derived(origin.id, "dispute"), ids.derived(origin.id, "hold")
        person_id = self._person(case, request.person_id)
        terms = DisputeTerms(
            debt_id=words.uuid(request.debt_id, "debt_id"),
            disputed=wire.amounts(request.components),
            reason_code=request.reason_code,
            person_id=person_id,
            statement=await self._sealed(who, case, person_id, statement_field(dispute_id), request.statement),
            evidence_refs=tuple(request.evidence_refs),
            answer_due=words.day_or_none(request, "answer_due"),
        )
        stored = await self._log.run(origin, disputes.dispute_debt(self._key_of(case), dispute_id, hold_id, terms))
        return pb.DisputeDebtResponse(receipt=words.receipt(stored), dispute_id=str(dispute_id), hold_id=str(hold_id))

    async def RequestDisputeInformation(
        self, request: pb.RequestDisputeInformationRequest, context: Context
    ) -> pb.RequestDisputeInformationResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = disputes.request_information(
            key, words.uuid(request.dispute_id, "dispute_id"), request.asked_of, request.subject, words.day_or_none(request, "due")
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RequestDisputeInformationResponse(receipt=words.receipt(stored))

    async def RecordDisputeInformation(
        self, request: pb.RecordDisputeInformationRequest, context: Context
    ) -> pb.RecordDisputeInformationResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = disputes.record_information(key, words.uuid(request.dispute_id, "dispute_id"), request.evidence_refs)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RecordDisputeInformationResponse(receipt=words.receipt(stored))

    async def ReviewDispute(self, request: pb.ReviewDisputeRequest, context: Context) -> pb.ReviewDisputeResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = disputes.review_dispute(key, words.uuid(request.dispute_id, "dispute_id"))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ReviewDisputeResponse(receipt=words.receipt(stored))

    async def ResolveDispute(self, request: pb.ResolveDisputeRequest, context: Context) -> pb.ResolveDisputeResponse:
        key = await self._key(words.caller(context), request.case_id)
        finding = Finding(
            resolution=wire.member(DisputeResolution, pb.DisputeResolution, request.resolution),
            reason_code=request.reason_code,
            upheld=wire.amounts(request.upheld),
            evidence_refs=tuple(request.evidence_refs),
            value_date=words.day_or_none(request, "value_date"),
        )
        change = disputes.resolve_dispute(key, words.uuid(request.dispute_id, "dispute_id"), finding)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ResolveDisputeResponse(receipt=words.receipt(stored))

    async def AppealDispute(self, request: pb.AppealDisputeRequest, context: Context) -> pb.AppealDisputeResponse:
        who = words.caller(context)
        case = await self._case(who, request.case_id)
        origin = self._asked_by(context, request)
        dispute_id, hold_id = words.uuid(request.dispute_id, "dispute_id"), ids.derived(origin.id, "hold")
        known = case.disputes.by_id.get(dispute_id)
        person_id = known.person_id if known else self._person(case, "")
        asked = Appeal(
            reason_code=request.reason_code,
            statement=await self._sealed(who, case, person_id, statement_field(hold_id), request.statement),
            evidence_refs=tuple(request.evidence_refs),
            answer_due=words.day_or_none(request, "answer_due"),
        )
        stored = await self._log.run(origin, disputes.appeal_dispute(self._key_of(case), dispute_id, hold_id, asked))
        return pb.AppealDisputeResponse(receipt=words.receipt(stored), hold_id=str(hold_id))

    async def WithdrawDispute(self, request: pb.WithdrawDisputeRequest, context: Context) -> pb.WithdrawDisputeResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = disputes.withdraw_dispute(key, words.uuid(request.dispute_id, "dispute_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.WithdrawDisputeResponse(receipt=words.receipt(stored))

    async def CloseDispute(self, request: pb.CloseDisputeRequest, context: Context) -> pb.CloseDisputeResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = disputes.close_dispute(key, words.uuid(request.dispute_id, "dispute_id"))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.CloseDisputeResponse(receipt=words.receipt(stored))

    async def ListDisputes(self, request: pb.ListDisputesRequest, context: Context) -> pb.ListDisputesResponse:
        at = await self._moment(words.caller(context), request)
        return pb.ListDisputesResponse(disputes=[_wire_dispute(at.case, dispute) for dispute in at.case.disputes.by_id.values()])


def statement_field(statement_id: UUID) -> str:
    """Where what was said belongs: it cannot be moved to another dispute."""
    return f"disputes.{statement_id}.statement"


def _wire_dispute(case: Case, of: Dispute) -> pb.Dispute:
    return pb.Dispute(
        dispute_id=str(of.id),
        debt_id=str(of.debt_id),
        state=wire.wire_value(of.state, pb.DisputeState),
        disputed=wire.wire_amounts(of.disputed),
        reason_code=of.reason_code,
        person_id=str(of.person_id),
        opened_on=words.wire_date(case.terms.today(of.opened_at)),
        answer_due=words.wire_date(of.answer_due),
        is_overdue=of.is_overdue,
        resolution=wire.wire_value(of.resolution, pb.DisputeResolution) if of.resolution else pb.DISPUTE_RESOLUTION_UNSPECIFIED,
        upheld=wire.wire_amounts(of.upheld),
        hold_id=str(of.hold_id),
        evidence_refs=of.evidence_refs,
    )
