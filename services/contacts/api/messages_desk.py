"""The desk that every part of Messages works at: who asks, which case and person it is about, and what the caller may see of it."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from services.chassis.clock import Clock
from services.chassis.identity import Principal
from services.chassis.log.log import Log
from services.chassis.log.units import Stored
from services.chassis.rpc import Context, words
from services.chassis.rpc.pages import Pages
from services.chassis.rpc.words import AskedBy
from services.chassis.seal.seals import Seals
from services.chassis.seal.subjects import Subject
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.application import people
from services.contacts.domain import casefile, template
from services.contacts.domain.casefile import CaseFile, CaseIsNotHeardYet
from services.contacts.domain.interaction import Interaction, InteractionIsUnknown
from services.contacts.domain.person import Person
from services.contacts.domain.template import Template, TemplateIsUnknown
from services.contacts.outbox.writing import Writer
from services.contacts.views import MessageTables
from services.kernel.facts import Change, Stream
from services.kernel.refusal import IsInvalid
from services.kernel.sealed import Sealed


class MessagesDesk:
    def __init__(
        self,
        log: Log,
        tables: MessageTables,
        seals: Seals,
        settings: MailSettings,
        link_key: bytes,
        clock: Clock,
        asked_by: AskedBy,
        pages: Pages,
    ) -> None:
        self._log, self._tables, self._seals, self._link_key = log, tables, seals, link_key
        self._clock, self._asked_by, self._pages = clock, asked_by, pages
        self._writer = Writer(log, seals, settings, link_key)

    async def _told(self, context: Context, request: Any, *changes: Change[Any]) -> Stored:
        return await self._log.run(self._asked_by(context, request), *changes)

    async def _file(self, who: Principal, case_id: str) -> CaseFile:
        file = await self._log.load(CaseFile, casefile.stream_of(words.uuid(case_id, "case_id")), who.tenant_id)
        if not file.exists or not who.may_see_client(file.client_id):
            raise CaseIsNotHeardYet
        return file

    async def _living(self, who: Principal, person_id: UUID) -> Person:
        """Whom the person is by now."""
        return await people.living(partial(_looked_at, self._log, who.tenant_id), person_id)

    async def _template(self, who: Principal, name: str) -> Template:
        found = await self._log.load(Template, template.stream_of(who.tenant_id, name), who.tenant_id)
        if not found.exists:
            raise TemplateIsUnknown
        return found

    async def _interaction(self, who: Principal, interaction_id: str) -> Interaction:
        found = await self._log.load(Interaction, words.uuid(interaction_id, "interaction_id"), who.tenant_id)
        if found.of is None:
            raise InteractionIsUnknown
        if who.scope.client_ids is not None:
            file = await self._log.load(CaseFile, casefile.stream_of(found.of.case_id), who.tenant_id)
            if not file.exists or not who.may_see_client(file.client_id):
                raise InteractionIsUnknown
        return found

    async def _sealed(self, who: Principal, person_id: UUID, interaction_id: UUID, field: str, text: str) -> Sealed | None:
        """Under the person's key, bound to its place on the interaction; None where nothing was said."""
        return await self._seals.seal(Subject(who.tenant_id, person_id), interaction_id, field, text) if text else None

    async def _must_be_reached(self, min_position: int) -> None:
        """A caller has it from a receipt: what lies beyond the log will not come."""
        if min_position > await self._tables.known_position() and min_position > (await self._log.head()).position:
            raise IsInvalid("min_position", "is a position that the log has not reached")


async def _looked_at(log: Log, tenant_id: str, stream: type[Any], stream_id: UUID) -> Any:
    found: Stream = await log.load(stream, stream_id, tenant_id)
    return found
