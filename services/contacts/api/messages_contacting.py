"""Asked: messages sent, receipts reported, and contacts made elsewhere recorded with what came of them."""

from __future__ import annotations

from uuid import UUID

from acuerdo.common.v1.types_pb2 import Receipt
from acuerdo.contacts.v1 import events_pb2 as told
from acuerdo.contacts.v1 import messages_pb2 as pb

from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.contacts.adapters import mail
from services.contacts.api import messages_words as wire
from services.contacts.api.messages_desk import MessagesDesk
from services.contacts.application import messages
from services.contacts.domain import template
from services.contacts.domain.contacting import ContactSaid, OutcomeSaid
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.interaction import Interaction, InteractionIsUnknown
from services.contacts.domain.messaging import MessageAsked
from services.contacts.domain.permit_book import AnswerKind
from services.contacts.domain.person import Person
from services.kernel import ids


class Contacting(MessagesDesk):
    async def SendMessage(self, request: pb.SendMessageRequest, context: Context) -> pb.SendMessageResponse:
        who = words.caller(context)
        await self._file(who, request.case_id)
        person = await self._living(who, words.uuid(request.person_id, "person_id"))
        asked = self._message(who, ids.derived(self._asked_by(context, request).id, "message"), request)
        stored = await self._told(context, request, *messages.send_message(who.tenant_id, asked, person.id, self._link_key))
        return await self._answered(who, asked, person.id, words.receipt(stored))

    async def ReportDelivery(self, request: pb.ReportDeliveryRequest, context: Context) -> pb.ReportDeliveryResponse:
        who = words.caller(context)
        found = await self._of_provider(who, request.provider_ref)
        if request.kind == pb.DELIVERY_KIND_DELIVERED:
            changes = messages.deliver_attempt(found.id)
        else:
            person = await self._living(who, found.contact.person_id)
            cause = wire.member(DeliveryCause, pb.DeliveryCause, request.cause or pb.DELIVERY_CAUSE_OTHER)
            changes = messages.bounce_attempt(found, person, request.is_permanent, cause, request.status_code)
        stored = await self._told(context, request, *changes)
        return pb.ReportDeliveryResponse(receipt=words.receipt(stored), interaction_id=str(found.id))

    async def RecordInteraction(self, request: pb.RecordInteractionRequest, context: Context) -> pb.RecordInteractionResponse:
        who = words.caller(context)
        await self._file(who, request.case_id)
        person = await self._living(who, words.uuid(request.person_id, "person_id"))
        interaction_id = ids.derived(self._asked_by(context, request).id, "interaction")
        said = ContactSaid(
            case_id=words.uuid(request.case_id, "case_id"),
            channel=wire.channel(request.channel),
            direction=wire.direction(request.direction),
            purpose=wire.purpose(request.purpose),
            outcome=OutcomeSaid(
                request.code,
                request.reported_by or who.subject,
                wire.flags(request.flags),
                request.duration_seconds,
                await self._sealed(who, person.id, interaction_id, "notes", request.notes),
            ),
            point_id=words.uuid_or_none(request.point_id, "point_id"),
            permit_id=words.uuid_or_none(request.permit_id, "permit_id"),
        )
        stored = await self._told(context, request, *messages.record_contact(who.tenant_id, interaction_id, said, person.id))
        recorded = await self._log.load(Interaction, interaction_id, who.tenant_id)
        return pb.RecordInteractionResponse(
            receipt=words.receipt(stored, 1), interaction_id=str(interaction_id), is_breach=recorded.is_breach
        )

    async def RecordOutcome(self, request: pb.RecordOutcomeRequest, context: Context) -> pb.RecordOutcomeResponse:
        who = words.caller(context)
        found = await self._interaction(who, request.interaction_id)
        person = await self._living(who, found.contact.person_id)
        said = OutcomeSaid(
            request.code,
            who.subject,
            wire.flags(request.flags),
            request.duration_seconds,
            await self._sealed(who, found.contact.person_id, found.id, "notes", request.notes),
        )
        stored = await self._told(context, request, *messages.record_outcome(who.tenant_id, found, person, said))
        return pb.RecordOutcomeResponse(receipt=words.receipt(stored))

    async def CorrectOutcome(self, request: pb.CorrectOutcomeRequest, context: Context) -> pb.CorrectOutcomeResponse:
        who = words.caller(context)
        found = await self._interaction(who, request.interaction_id)
        person = await self._living(who, found.contact.person_id)
        changes = messages.correct_outcome(who.tenant_id, found, person, request.code, wire.flags(request.flags), request.reason_code)
        return pb.CorrectOutcomeResponse(receipt=words.receipt(await self._told(context, request, *changes)))

    def _message(self, who: Principal, interaction_id: UUID, request: pb.SendMessageRequest) -> MessageAsked:
        return MessageAsked(
            interaction_id=interaction_id,
            case_id=words.uuid(request.case_id, "case_id"),
            channel=wire.channel(request.channel),
            purpose=wire.purpose(request.purpose),
            template_id=template.stream_of(who.tenant_id, request.template),
            point_id=words.uuid_or_none(request.point_id, "point_id"),
            wants_link=request.wants_link,
            promise_id=words.uuid_or_none(request.promise_id, "promise_id"),
        )

    async def _answered(self, who: Principal, asked: MessageAsked, person_id: UUID, receipt: Receipt) -> pb.SendMessageResponse:
        """What the person's stream says to the request, reasons and all."""
        person = await self._log.load(Person, person_id, who.tenant_id)
        answer = person.permits.answers[asked.permit_id]
        is_granted = answer.kind is AnswerKind.GRANTED
        said = told.ContactEvent.FromString((await self._log.read_stream(person_id, who.tenant_id))[answer.version - 1].event)
        denied = said.contact_permit_deferred if answer.kind is AnswerKind.DEFERRED else said.contact_permit_denied
        return pb.SendMessageResponse(
            receipt=receipt,
            verdict=f"VERDICT_{answer.kind.name}",
            interaction_id=str(asked.interaction_id) if is_granted else "",
            permit_id=str(asked.permit_id),
            reason_codes=[] if is_granted else [reason.code for reason in denied.decision.reasons],
            next_allowed_at=words.timestamp(answer.until) if answer.until is not None and not is_granted else None,
        )

    async def _of_provider(self, who: Principal, provider_ref: str) -> Interaction:
        """By what was told when it was sent; our own Message-IDs say it by themselves, also before that is stored."""
        claim = messages.provider_ref_claim(provider_ref)
        claimed = await self._log.claimed(who.tenant_id, claim.kind, [claim.value])
        interaction_id = claimed.get(claim.value) or mail.interaction_of(provider_ref)
        if interaction_id is None:
            raise InteractionIsUnknown
        return await self._interaction(who, str(interaction_id))
