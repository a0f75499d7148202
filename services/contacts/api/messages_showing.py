"""Asked: what contacts there were, and for a reader who says why, word for word what was said."""

from __future__ import annotations

from acuerdo.contacts.v1 import messages_pb2 as pb

from services.chassis.identity import Principal
from services.chassis.rpc import Context, words
from services.contacts.api import messages_words as wire
from services.contacts.api.messages_desk import MessagesDesk
from services.contacts.application import people
from services.contacts.domain.interaction import Interaction
from services.contacts.outbox.sending import kept
from services.contacts.outbox.writing import MASK, MASK_SHOWN
from services.contacts.views.messages_asking import NEWEST
from services.kernel.refusal import IsInvalid


class Showing(MessagesDesk):
    async def GetInteraction(self, request: pb.GetInteractionRequest, context: Context) -> pb.GetInteractionResponse:
        found = await self._interaction(words.caller(context), request.interaction_id)
        return pb.GetInteractionResponse(interaction=wire.wire_interaction(found))

    async def GetInteractionText(self, request: pb.GetInteractionTextRequest, context: Context) -> pb.GetInteractionTextResponse:
        who = words.caller(context)
        found = await self._interaction(who, request.interaction_id)
        fields = [f"interactions.{found.id}.{name}" for name in ("rendered", "notes")]
        reading = people.record_access(found.contact.person_id, who.subject, request.purpose, fields)
        await self._told(context, request, reading)
        return await self._text(who, found)

    async def ListInteractions(self, request: pb.ListInteractionsRequest, context: Context) -> pb.ListInteractionsResponse:
        who = words.caller(context)
        if bool(request.person_id) == bool(request.case_id):
            raise IsInvalid("person_id", "or case_id: one of the two")
        cursor, size = self._pages.after(request), self._pages.size(request)
        await self._must_be_reached(request.min_position)
        person_ids, case_id = [], None
        if request.person_id:
            person = await self._living(who, words.uuid(request.person_id, "person_id"))
            person_ids = [person.id, *person.merging.person_ids]
        else:
            case_id = (await self._file(who, request.case_id)).case_id
        position, rows = await self._tables.interactions(
            who.tenant_id, person_ids, case_id, int(cursor[0]) if cursor else NEWEST, size + 1, request.min_position
        )
        found = [await self._log.load(Interaction, row["interaction_id"], who.tenant_id) for row in rows[:size]]
        return pb.ListInteractionsResponse(
            interactions=[wire.wire_interaction(each) for each in found],
            next_page_token=self._pages.token((rows[size - 1]["began_at"],), request) if len(rows) > size else "",
            position=position,
        )

    async def _text(self, who: Principal, of: Interaction) -> pb.GetInteractionTextResponse:
        notes = "" if of.notes is None else await self._seals.open(who.tenant_id, of.id, "notes", of.notes)
        sent = of.dispatched
        opened = None if sent is None else await self._seals.open(who.tenant_id, of.id, "rendered", sent.rendered)
        if sent is None or opened is None:
            return pb.GetInteractionTextResponse(
                rendered_hash=sent.rendered_hash if sent else b"", is_erased=notes is None or sent is not None, notes=notes or ""
            )
        text = kept(opened)
        return pb.GetInteractionTextResponse(
            subject=text.subject.replace(MASK, MASK_SHOWN),
            body=text.body.replace(MASK, MASK_SHOWN),
            rendered_hash=sent.rendered_hash,
            is_proven=self._writer.hash_of(of.id, text) == sent.rendered_hash,
            notes=notes or "",
        )
