"""Asked: one payment recorded, taken back, taken off a case, or found to be somebody's."""

from __future__ import annotations

from functools import partial

from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.chassis.rpc import Context, words
from services.payments.api import wire
from services.payments.api.taking import Taking
from services.payments.application import receiving
from services.payments.domain.payment import PaymentReversalCause


class Receipts(Taking):
    async def RecordPayment(self, request: pb.RecordPaymentRequest, context: Context) -> pb.RecordPaymentResponse:
        who = words.caller(context)
        source = await self._source(who, request.source_id)
        taken = await self._take(who, self._asked_by(context, request), wire.terms(source, request))
        return pb.RecordPaymentResponse(
            receipt=words.receipt(taken.stored) if taken.stored else None,
            payment_id=str(taken.payment_id),
            is_repeated=taken.is_repeated,
        )

    async def ReversePayment(self, request: pb.ReversePaymentRequest, context: Context) -> pb.ReversePaymentResponse:
        who = words.caller(context)
        plan = partial(
            receiving.reverse_payment,
            who.tenant_id,
            cause=wire.member(PaymentReversalCause, receipts.PaymentReversalCause, request.cause),
            value_date=words.day_or_none(request, "value_date"),
            evidence_ref=request.evidence_ref,
        )
        payment_id = words.uuid(request.payment_id, "payment_id")
        stored = await self._run_planned(who, self._asked_by(context, request), payment_id, plan)
        return pb.ReversePaymentResponse(receipt=words.receipt(stored))

    async def UnmatchPayment(self, request: pb.UnmatchPaymentRequest, context: Context) -> pb.UnmatchPaymentResponse:
        who = words.caller(context)
        case_id = words.uuid(request.case_id, "case_id")
        plan = partial(receiving.unmatch_payment, who.tenant_id, case_id=case_id, reason_code=request.reason_code)
        payment_id = words.uuid(request.payment_id, "payment_id")
        stored = await self._run_planned(who, self._asked_by(context, request), payment_id, plan)
        return pb.UnmatchPaymentResponse(receipt=words.receipt(stored))

    async def ResolveSuspense(self, request: pb.ResolveSuspenseRequest, context: Context) -> pb.ResolveSuspenseResponse:
        who = words.caller(context)
        await self._ledger(who, request.case_id)
        plan = partial(receiving.resolve_suspense, who.tenant_id, case_id=words.uuid(request.case_id, "case_id"))
        payment_id = words.uuid(request.payment_id, "payment_id")
        stored = await self._run_planned(who, self._asked_by(context, request), payment_id, plan)
        return pb.ResolveSuspenseResponse(receipt=words.receipt(stored))
