"""Asked: promises made, cancelled and superseded, how they stand, and why."""

from __future__ import annotations

from acuerdo.cases.v1 import promises_pb2 as pb
from acuerdo.cases.v1 import promises_pb2_grpc

from services.cases.api import wire
from services.cases.api.because import promise as because
from services.cases.api.because.chain import Chain
from services.cases.api.desk import Desk, seen
from services.cases.api.rates import Rates
from services.cases.api.wire_promises import wire_promise
from services.cases.application import commitments
from services.cases.domain.pledges import PromisePart, PromiseTolerance
from services.cases.domain.promises import CancelledBy
from services.cases.domain.promising import PromiseIsUnknown, PromiseTerms
from services.chassis.rpc import Context, words
from services.kernel import ids


class Pledges(Desk):
    async def MakePromise(self, request: pb.MakePromiseRequest, context: Context) -> pb.MakePromiseResponse:
        key = await self._key(words.caller(context), request.case_id)
        origin = self._asked_by(context, request)
        promise_id = ids.derived(origin.id, "promise")
        stored = await self._log.run(origin, commitments.make_promise(key, promise_id, _terms(request)))
        return pb.MakePromiseResponse(receipt=words.receipt(stored), promise_id=str(promise_id))

    async def CancelPromise(self, request: pb.CancelPromiseRequest, context: Context) -> pb.CancelPromiseResponse:
        change = commitments.cancel_promise(
            await self._key(words.caller(context), request.case_id),
            words.uuid(request.promise_id, "promise_id"),
            wire.member(CancelledBy, pb.PromiseCancelledBy, request.by),
            request.reason_code,
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.CancelPromiseResponse(receipt=words.receipt(stored))

    async def SupersedePromise(self, request: pb.SupersedePromiseRequest, context: Context) -> pb.SupersedePromiseResponse:
        key = await self._key(words.caller(context), request.case_id)
        origin = self._asked_by(context, request)
        new_promise_id = ids.derived(origin.id, "promise")
        asked = PromiseTerms(
            _parts(request),
            method=request.method,
            attempt_id=words.uuid_or_none(request.attempt_id, "attempt_id"),
            made_with=words.uuid_or_none(request.made_with, "made_with"),
        )
        change = commitments.supersede_promise(
            key, words.uuid(request.promise_id, "promise_id"), new_promise_id, request.reason_code, asked
        )
        stored = await self._log.run(origin, change)
        return pb.SupersedePromiseResponse(receipt=words.receipt(stored), promise_id=str(new_promise_id))

    async def GetPromises(self, request: pb.GetPromisesRequest, context: Context) -> pb.GetPromisesResponse:
        at = await self._moment(words.caller(context), request)
        return pb.GetPromisesResponse(
            promises=[wire_promise(at, promise) for promise in at.case.promises.by_id.values() if promise.made_on <= at.as_of],
            as_of=words.wire_date(at.as_of),
            as_known_at=words.timestamp(at.known_at),
        )

    async def ExplainPromise(self, request: pb.ExplainPromiseRequest, context: Context) -> pb.ExplainPromiseResponse:
        who, now = words.caller(context), self._clock.now()
        case_id, known_at = words.uuid(request.case_id, "case_id"), words.instant_or_none(request, "as_known_at")
        records = await self._log.read_stream(case_id, who.tenant_id, known_at)
        chain = Chain(case_id, records, self._log.service.mapper)
        at = self._at(seen(who, chain.case), request, now)
        promise = at.case.promises.by_id.get(words.uuid(request.promise_id, "promise_id"))
        if promise is None:
            raise PromiseIsUnknown(promise_id=request.promise_id)
        portfolio = await self._portfolio_as_known(who, at.case.portfolio_id, known_at)
        return because.explain(at, promise, portfolio, chain)


class PromisesApi(Pledges, Rates, promises_pb2_grpc.PromisesServicer):
    """The whole of acuerdo.cases.v1.Promises. Built by the front door with what the desk needs."""


def _terms(request: pb.MakePromiseRequest) -> PromiseTerms:
    return PromiseTerms(
        parts=_parts(request),
        debt_ids=tuple(words.uuid(each, "debt_ids") for each in request.debt_ids),
        tolerance=_tolerance(request.tolerance) if request.HasField("tolerance") else None,
        grace_days=request.grace_days,
        zone=request.zone,
        method=request.method,
        attempt_id=words.uuid_or_none(request.attempt_id, "attempt_id"),
        made_with=words.uuid_or_none(request.made_with, "made_with"),
        reminder_days=request.reminder_days if request.HasField("reminder_days") else None,
    )


def _parts(request: pb.MakePromiseRequest | pb.SupersedePromiseRequest) -> tuple[PromisePart, ...]:
    return tuple(
        PromisePart(words.day(part.date, f"parts[{place}].date"), words.money(part.amount)) for place, part in enumerate(request.parts)
    )


def _tolerance(of: pb.PromiseTolerance) -> PromiseTolerance:
    return PromiseTolerance(of.basis_points, words.money(of.amount) if of.HasField("amount") else None)
