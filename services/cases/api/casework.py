"""Asked: one case's debts, parties, closing and reopening."""

from __future__ import annotations

from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases import application
from services.cases.api import wire
from services.cases.api.desk import Desk
from services.cases.domain.debts import AdjustmentReason
from services.cases.domain.lifecycle import CloseOutcome, ReopenReason
from services.chassis.rpc import Context, words
from services.kernel import ids


class Casework(Desk):
    async def RegisterCase(self, request: pb.RegisterCaseRequest, context: Context) -> pb.RegisterCaseResponse:
        portfolio = await self._portfolio_key(words.caller(context), request.portfolio_id)
        change = application.register_case(self._new_id(), portfolio.id, portfolio.client_id, wire.case_terms(request))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RegisterCaseResponse(receipt=words.receipt(stored), case_id=str(stored.streams[0].stream_id))

    async def AttachDebt(self, request: pb.AttachDebtRequest, context: Context) -> pb.AttachDebtResponse:
        key = await self._key(words.caller(context), request.case_id)
        origin = self._asked_by(context, request)
        debt_id = ids.derived(origin.id, "debt")
        value_date = words.day_or_none(request, "value_date")
        stored = await self._log.run(origin, application.attach_debt(key, debt_id, wire.debt_terms(request.debt), value_date))
        return pb.AttachDebtResponse(receipt=words.receipt(stored), debt_id=str(debt_id))

    async def DetachDebt(self, request: pb.DetachDebtRequest, context: Context) -> pb.DetachDebtResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = application.detach_debt(
            key, words.uuid(request.debt_id, "debt_id"), request.reason_code, words.day_or_none(request, "value_date")
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.DetachDebtResponse(receipt=words.receipt(stored))

    async def AdjustBalance(self, request: pb.AdjustBalanceRequest, context: Context) -> pb.AdjustBalanceResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = application.adjust_balance(
            key,
            words.uuid(request.debt_id, "debt_id"),
            wire.amounts(request.deltas),
            wire.member(AdjustmentReason, types.AdjustmentReason, request.reason),
            request.source_ref,
            words.day_or_none(request, "value_date"),
        )
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.AdjustBalanceResponse(receipt=words.receipt(stored))

    async def AddParty(self, request: pb.AddPartyRequest, context: Context) -> pb.AddPartyResponse:
        key = await self._key(words.caller(context), request.case_id)
        stored = await self._log.run(self._asked_by(context, request), application.add_party(key, wire.party(request.party)))
        return pb.AddPartyResponse(receipt=words.receipt(stored))

    async def ChangePartyRole(self, request: pb.ChangePartyRoleRequest, context: Context) -> pb.ChangePartyRoleResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = application.change_party_role(key, wire.party(request.party))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ChangePartyRoleResponse(receipt=words.receipt(stored))

    async def RemoveParty(self, request: pb.RemovePartyRequest, context: Context) -> pb.RemovePartyResponse:
        key = await self._key(words.caller(context), request.case_id)
        change = application.remove_party(key, words.uuid(request.person_id, "person_id"), request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.RemovePartyResponse(receipt=words.receipt(stored))

    async def CloseCase(self, request: pb.CloseCaseRequest, context: Context) -> pb.CloseCaseResponse:
        key = await self._key(words.caller(context), request.case_id)
        outcome = wire.member(CloseOutcome, types.CloseOutcome, request.outcome)
        stored = await self._log.run(self._asked_by(context, request), application.close_case(key, outcome, request.evidence_refs))
        return pb.CloseCaseResponse(receipt=words.receipt(stored))

    async def ReopenCase(self, request: pb.ReopenCaseRequest, context: Context) -> pb.ReopenCaseResponse:
        key = await self._key(words.caller(context), request.case_id)
        reason = wire.member(ReopenReason, types.ReopenReason, request.reason)
        stored = await self._log.run(self._asked_by(context, request), application.reopen_case(key, reason, request.evidence_refs))
        return pb.ReopenCaseResponse(receipt=words.receipt(stored))
