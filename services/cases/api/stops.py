"""Asked: holds placed, extended and lifted, and what they stop."""

from __future__ import annotations

from datetime import date
from typing import Any

from acuerdo.cases.v1 import holds_pb2 as pb

from services.cases.api import wire
from services.cases.api.desk import Desk, roles_of
from services.cases.application import stops
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import Effect, Hold, HoldKind, HoldScope
from services.chassis.rpc import Context, words
from services.kernel import ids


class Stops(Desk):
    async def PlaceHold(self, request: pb.PlaceHoldRequest, context: Context) -> pb.PlaceHoldResponse:
        key = await self._key(words.caller(context), request.case_id)
        origin = self._asked_by(context, request)
        hold_id = ids.derived(origin.id, "hold")
        stored = await self._log.run(origin, stops.place_hold(key, hold_id, _terms(request)))
        return pb.PlaceHoldResponse(receipt=words.receipt(stored), hold_id=str(hold_id))

    async def ExtendHold(self, request: pb.ExtendHoldRequest, context: Context) -> pb.ExtendHoldResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = stops.extend_hold(
            key,
            words.uuid(request.hold_id, "hold_id"),
            words.day_or_none(request, "through"),
            request.reason_code,
            request.evidence_refs,
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ExtendHoldResponse(receipt=words.receipt(stored))

    async def LiftHold(self, request: pb.LiftHoldRequest, context: Context) -> pb.LiftHoldResponse:
        who = words.caller(context)
        change = stops.lift_hold(
            await self._key(who, request.case_id),
            words.uuid(request.hold_id, "hold_id"),
            words.day_or_none(request, "effective_on"),
            request.reason_code,
            request.evidence_refs,
            by=roles_of(who),
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.LiftHoldResponse(receipt=words.receipt(stored))

    async def ListHolds(self, request: pb.ListHoldsRequest, context: Context) -> pb.ListHoldsResponse:
        at = await self._moment(words.caller(context), request)
        holds = [wire_hold(hold, at.as_of) for hold in at.case.holds.by_id.values()]
        current = (pb.Hold.STATE_AHEAD, pb.Hold.STATE_HOLDS)
        return pb.ListHoldsResponse(holds=[hold for hold in holds if request.with_history or hold.state in current])

    async def GetHoldEffect(self, request: pb.GetHoldEffectRequest, context: Context) -> pb.GetHoldEffectResponse:
        at = await self._moment(words.caller(context), request)
        return pb.GetHoldEffectResponse(
            scopes=[wire_effect(at.case.holds.effect(scope, at.as_of)) for scope in HoldScope],
            as_of=words.wire_date(at.as_of),
            as_known_at=words.timestamp(at.known_at),
        )


def wire_hold(hold: Hold, on: date) -> pb.Hold:
    # `from` is a word of Python's: it can only be handed over so.
    ends: dict[str, Any] = {"from": words.wire_date(hold.from_)}
    return pb.Hold(
        hold_id=str(hold.id),
        kind=wire.wire_value(hold.kind, pb.HoldKind),
        scopes=[wire.wire_value(scope, pb.HoldScope) for scope in HoldScope if scope in hold.scopes],
        through=words.wire_date(hold.last_day) if hold.last_day else None,
        reason_code=hold.reason_code,
        legal_basis=hold.legal_basis,
        evidence_refs=hold.evidence_refs,
        subject=_subject(hold),
        state=_state(hold, on),
        version=hold.version,
        **ends,
    )


def wire_effect(effect: Effect) -> pb.ScopeEffect:
    return pb.ScopeEffect(
        scope=wire.wire_value(effect.scope, pb.HoldScope),
        is_stopped=effect.is_stopped,
        hold_ids=[str(hold.id) for hold in (*effect.of_case, *effect.of_debts, *effect.of_parts)],
        debt_ids=sorted({str(hold.debt_id) for hold in effect.of_debts}),
        parts=[subject for hold in effect.of_parts if (subject := _subject(hold)) is not None],
        stopped_until=words.wire_date(effect.until) if effect.until else None,
    )


def _terms(request: pb.PlaceHoldRequest) -> HoldTerms:
    return HoldTerms(
        kind=wire.member(HoldKind, pb.HoldKind, request.kind),
        reason_code=request.reason_code,
        from_=words.day_or_none(request, "from"),
        through=words.day_or_none(request, "through"),
        scopes=frozenset(wire.member(HoldScope, pb.HoldScope, scope) for scope in request.scopes),
        legal_basis=request.legal_basis,
        evidence_refs=tuple(request.evidence_refs),
        debt_id=words.uuid_or_none(request.subject.debt_id, "subject.debt_id"),
        amount=words.money(request.subject.amount) if request.subject.HasField("amount") else None,
    )


def _subject(hold: Hold) -> pb.HoldSubject | None:
    if hold.debt_id is None:
        return None
    return pb.HoldSubject(debt_id=str(hold.debt_id), amount=None if hold.amount is None else words.wire_money(hold.amount))


def _state(hold: Hold, on: date) -> pb.Hold.State:
    if hold.holds_on(on):
        return pb.Hold.STATE_HOLDS
    if hold.lifted_on is not None:
        return pb.Hold.STATE_LIFTED
    return pb.Hold.STATE_AHEAD if on < hold.from_ else pb.Hold.STATE_EXPIRED
