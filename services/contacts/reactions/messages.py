"""Told by others what messages rest on: strategy asks for them, payments issues their links, cases says what they speak of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC
from functools import partial
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1.promises_pb2 import PromiseMade
from acuerdo.contacts.v1 import types_pb2 as types
from acuerdo.payments.v1.events_pb2 import PaymentLinkIssued, PaymentLinkRefused
from acuerdo.strategy.v1.events_pb2 import TreatmentRequested
from acuerdo.strategy.v1.types_pb2 import REQUEST_KIND_MESSAGE

from services.chassis.heard import Heard, Look, Looking, Reactions
from services.chassis.rpc import words
from services.contacts.application import messages
from services.contacts.application.people import living
from services.contacts.domain import casefile, messaging, spoken_of, template
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.interaction import Interaction
from services.contacts.domain.messaging import READY_TO_WAIT, MessageAsked
from services.contacts.domain.person import Person, PersonIsUnknown
from services.contacts.domain.spoken_of import PromiseSpokenOf
from services.contacts.domain.template import Template
from services.kernel import ids
from services.kernel.facts import Change

Changes = Iterable[Change[Any]]
CASE_WITHIN_SECONDS = 5.0
LOOK_EVERY_SECONDS = 0.05


class CaseIsStillToCome(Exception):
    """Strategy was quicker than cases, for longer than we wait: its request is set aside, and heard again when somebody says so."""


async def send_requested_message(heard: Heard[TreatmentRequested], look: Look, link_key: bytes) -> Changes:
    """Granted, it begins in this unit; put off or denied, the person's stream says so; what cannot be asked for comes to nothing, told."""
    if heard.fact.kind != REQUEST_KIND_MESSAGE:
        return ()
    asked = _asked(heard)
    file, person = await _case_file(look, asked.case_id), await _person(look, UUID(bytes=heard.fact.person_id))
    text = await look(Template, asked.template_id)
    promise = await look(PromiseSpokenOf, spoken_of.promise_stream(asked.promise_id or messages.NO_PROMISE))
    because_of = messaging.why_not_asked(asked, person, file, text, promise, heard.recorded_at)
    if because_of:
        return (messages.come_to_nothing(asked, person.id, because_of),)
    return messages.send_message(heard.tenant_id, asked, person.id, link_key)


def note_link(heard: Heard[PaymentLinkIssued]) -> Changes:
    fact = heard.fact
    if fact.interaction_id:
        yield messages.note_link(UUID(bytes=fact.interaction_id), UUID(bytes=fact.link_id), fact.expires_at.ToDatetime(UTC), heard.origin)


async def give_up_link(heard: Heard[PaymentLinkRefused], look: Look) -> Changes:
    if not heard.fact.interaction_id:
        return ()
    interaction = await look(Interaction, UUID(bytes=heard.fact.interaction_id))
    return messages.refuse_link(interaction, heard.origin) if interaction.is_waiting else ()


def note_creditor(heard: Heard[cases.ClientRegistered]) -> Changes:
    yield messages.note_creditor(heard.stream_id, heard.fact.name, heard.origin)


def note_promise(heard: Heard[PromiseMade]) -> Changes:
    """Its first part: what a message about it speaks of."""
    part = heard.fact.parts[0]
    yield messages.note_promise(
        UUID(bytes=heard.fact.promise_id), heard.stream_id, words.day(part.date, "date"), words.money(part.amount), heard.origin
    )


def _asked(heard: Heard[TreatmentRequested]) -> MessageAsked:
    fact = heard.fact
    request_id = UUID(bytes=fact.request_id)
    return MessageAsked(
        interaction_id=ids.derived("message", request_id),
        case_id=UUID(bytes=fact.case_id),
        channel=Channel[types.Channel.Name(fact.channel).removeprefix("CHANNEL_")],
        purpose=Purpose[types.Purpose.Name(fact.purpose).removeprefix("PURPOSE_")],
        template_id=template.stream_of(heard.tenant_id, fact.template),
        request_ref=request_id,
        wants_link=fact.wants_link,
        promise_id=UUID(bytes=fact.promise_id) if fact.promise_id else None,
        ready_to_wait=READY_TO_WAIT,
    )


async def _case_file(look: Look, case_id: UUID) -> CaseFile:
    """Each source is heard on its own: a case and a request about it come by two ways, and this one may be the shorter."""
    waited = 0.0
    while not (file := await look(CaseFile, casefile.stream_of(case_id))).exists:
        if waited >= CASE_WITHIN_SECONDS:
            raise CaseIsStillToCome
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        waited += LOOK_EVERY_SECONDS
    return file


async def _person(look: Look, person_id: UUID) -> Person:
    """Whom it is by now; blank where nobody of that id was ever registered here."""
    try:
        return await living(look, person_id)
    except PersonIsUnknown:
        return await look(Person, person_id)


OF_CASES: Reactions = {cases.ClientRegistered: note_creditor, PromiseMade: note_promise}
OF_PAYMENTS: Reactions = {PaymentLinkIssued: note_link, PaymentLinkRefused: Looking(give_up_link)}


def of_strategy(link_key: bytes) -> Reactions:
    """What needs the key of payment links is given it by the front door."""
    return {TreatmentRequested: Looking(partial(send_requested_message, link_key=link_key))}
