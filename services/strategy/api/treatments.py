"""Asked about one case's treatment: where it stands and what it waits for; and people who take it over."""

from __future__ import annotations

from acuerdo.strategy.v1 import service_pb2 as service
from acuerdo.strategy.v1 import treatments_pb2 as pb

from services.chassis.rpc import Context, words
from services.strategy import application
from services.strategy.api.desk import Desk
from services.strategy.domain.expecting import expected
from services.strategy.domain.treatment import Treatment


class Treatments(Desk):
    async def GetTreatment(self, request: service.GetTreatmentRequest, context: Context) -> service.GetTreatmentResponse:
        _, found = await self._treated(context, request)
        return service.GetTreatmentResponse(
            treatment=service.Treatment(
                case_id=str(found.case_id),
                segment=found.segment,
                table_version=found.table_version,
                bucket=found.standing.bucket,
                balance=words.wire_money(found.standing.balance),
                has_ended=found.has_ended,
                etag=str(found.version),
                position=_position(found),
                is_paused=found.pause is not None,
            )
        )

    async def PauseAutomation(self, request: pb.PauseAutomationRequest, context: Context) -> pb.PauseAutomationResponse:
        _, found = await self._treated(context, request)
        change = application.pause_automation(found.case_id, request.reason_code, words.instant_or_none(request, "until"))
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.PauseAutomationResponse(receipt=words.receipt(stored))

    async def ResumeAutomation(self, request: pb.ResumeAutomationRequest, context: Context) -> pb.ResumeAutomationResponse:
        who, found = await self._treated(context, request)
        change = application.resume_automation(who.tenant_id, found.case_id, request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.ResumeAutomationResponse(receipt=words.receipt(stored))

    async def OverrideTreatment(self, request: pb.OverrideTreatmentRequest, context: Context) -> pb.OverrideTreatmentResponse:
        who, found = await self._treated(context, request)
        change = application.override_treatment(who.tenant_id, found.case_id, request.step, request.reason_code)
        stored = await self._log.run(self._asked_by(context, request), change)
        return pb.OverrideTreatmentResponse(receipt=words.receipt(stored))


def _position(of: Treatment) -> pb.Position | None:
    if (at := of.course.at) is None:
        return None
    waits_for, until = expected(of)
    return pb.Position(
        strategy_version=at.strategy_version,
        step=at.step,
        kind=f"STEP_KIND_{at.kind.name}",
        entered_at=words.timestamp(at.entered_at),
        waits_for=waits_for,
        until=words.timestamp(until) if until is not None else None,
        request_id=str(at.request_id) if at.request_id else "",
    )
