"""Asked: templates drafted, approved and retired, and the outcome codes of a tenant."""

from __future__ import annotations

from acuerdo.contacts.v1 import messages_pb2 as pb

from services.chassis.rpc import Context, words
from services.contacts.api import messages_words as wire
from services.contacts.api.messages_desk import MessagesDesk
from services.contacts.application import messages
from services.contacts.domain import outcomes, template
from services.contacts.domain.outcomes import Outcome, OutcomeCodes
from services.contacts.domain.template import Draft, Text


class Templates(MessagesDesk):
    async def DraftTemplate(self, request: pb.DraftTemplateRequest, context: Context) -> pb.DraftTemplateResponse:
        who = words.caller(context)
        asked = Draft(
            name=request.name,
            channel=wire.channel(request.channel),
            purpose=wire.purpose(request.purpose),
            locale=request.locale,
            jurisdiction=request.jurisdiction,
            source=Text(request.subject, request.body),
            author=who.name,
        )
        stored = await self._told(context, request, messages.draft_template(who.tenant_id, asked))
        drafted = await self._template(who, request.name)
        version = drafted.known(template.version_of(drafted, asked) or len(drafted.versions))
        shown = wire.wire_version(version)
        return pb.DraftTemplateResponse(
            receipt=words.receipt(stored),
            template_id=str(drafted.id),
            version=version.version,
            sample_subject=shown.sample_subject,
            sample_body=shown.sample_body,
            checks=shown.checks,
        )

    async def ApproveTemplate(self, request: pb.ApproveTemplateRequest, context: Context) -> pb.ApproveTemplateResponse:
        who = words.caller(context)
        change = messages.approve_template(who.tenant_id, request.name, request.version, who.name)
        return pb.ApproveTemplateResponse(receipt=words.receipt(await self._told(context, request, change)))

    async def RetireTemplate(self, request: pb.RetireTemplateRequest, context: Context) -> pb.RetireTemplateResponse:
        change = messages.retire_template(words.caller(context).tenant_id, request.name, request.version, request.reason_code)
        return pb.RetireTemplateResponse(receipt=words.receipt(await self._told(context, request, change)))

    async def GetTemplate(self, request: pb.GetTemplateRequest, context: Context) -> pb.GetTemplateResponse:
        return wire.wire_template(await self._template(words.caller(context), request.name))

    async def MapOutcomeCode(self, request: pb.MapOutcomeCodeRequest, context: Context) -> pb.MapOutcomeCodeResponse:
        outcome = wire.member(Outcome, pb.Outcome, request.outcome)
        change = messages.map_outcome_code(words.caller(context).tenant_id, request.code, outcome, wire.flags(request.flags), request.label)
        return pb.MapOutcomeCodeResponse(receipt=words.receipt(await self._told(context, request, change)))

    async def WithdrawOutcomeCode(self, request: pb.WithdrawOutcomeCodeRequest, context: Context) -> pb.WithdrawOutcomeCodeResponse:
        change = messages.withdraw_outcome_code(words.caller(context).tenant_id, request.code)
        return pb.WithdrawOutcomeCodeResponse(receipt=words.receipt(await self._told(context, request, change)))

    async def ListOutcomeCodes(self, request: pb.ListOutcomeCodesRequest, context: Context) -> pb.ListOutcomeCodesResponse:
        tenant_id = words.caller(context).tenant_id
        codes = await self._log.load(OutcomeCodes, outcomes.stream_of(tenant_id), tenant_id)
        own = [wire.wire_code(code, mapped) for code, mapped in sorted(codes.by_code.items())]
        return pb.ListOutcomeCodesResponse(codes=[*(wire.wire_core(outcome) for outcome in Outcome), *own], etag=str(codes.version))
