"""Sending: whoever holds the lease takes what has begun and is not sent, looks at everything again, sends it, tells what came of it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from acuerdo.common.v1.types_pb2 import EventMeta

from services.chassis.follower import marks
from services.chassis.follower.leaseholder import Leaseholder
from services.chassis.follower.leases import Leases
from services.chassis.follower.waking import Waking
from services.chassis.log.connections import STORE_IS_AWAY
from services.chassis.log.log import Log
from services.chassis.log.meta import meta_of
from services.chassis.log.origins import Actor, Command
from services.chassis.log.units import HeardAlready, LogIsBusy, OutcomeUnknown
from services.chassis.seal.seals import Seals
from services.chassis.seal.subjects import Subject
from services.contacts.adapters.liquid_texts import NotRendered
from services.contacts.adapters.mail import AddressIsNone
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.adapters.smtp import MailServer, NotNow, Taken, TurnedAway
from services.contacts.application import messages as verbs
from services.contacts.application.permits import policies
from services.contacts.domain import casefile, packs, sendable
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.interaction import Interaction
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.person import Person
from services.contacts.domain.template import Template, Text
from services.contacts.outbox import queue
from services.contacts.outbox.queue import Waiting
from services.contacts.outbox.writing import ValueIsGone, Writer, Written
from services.kernel.facts import Change

LEASE = "outbox"
MESSAGES_AT_ONCE_MAX = 64
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.2, 10.0
LOOK_SECONDS_MIN = 0.01
LOOK_AGAIN_TRIES = 4
"""Not now by the rules, and again in time: looked at as seldom as a message that was put off so often."""
METHOD = "acuerdo.contacts.v1.Messages/outbox"
ACTOR = Actor("SYSTEM", "contacts-outbox")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message, and everything that was looked at before it is sent."""

    waiting: Waiting
    interaction: Interaction
    person: Person
    file: CaseFile
    template: Template
    packs: RulePacks
    meta: EventMeta


class Sender(Leaseholder):
    """Sends messages. At least once: a repeat has the same Message-ID and the same bytes, and is told as a further try."""

    name = "outbox"

    def __init__(
        self,
        log: Log,
        seals: Seals,
        settings: MailSettings,
        link_key: bytes,
        *,
        lease_seconds: float = 10.0,
        poll_seconds: float = 0.2,
    ) -> None:
        service = self._service = log.service.name
        super().__init__(
            Leases(log.dsn, service, LEASE, [LEASE], lease_seconds=lease_seconds),
            marks.pool(log.dsn, service, LEASE),
            Waking(log, poll_seconds_max=poll_seconds),
        )
        self._log, self._seals, self._settings = log, seals, settings
        self._writer, self._mail = Writer(log, seals, settings, link_key), MailServer(settings)
        self._poll_seconds = poll_seconds

    async def start(self) -> None:
        await super().start()
        async with self._pool.connection() as connection:
            await queue.open_mark(connection, self._service)

    async def stop(self) -> None:
        await super().stop()
        await self._mail.close()

    async def _run(self) -> None:
        pause = RETRY_SECONDS_MIN
        while not self._is_stopping:
            await self._leases.wait_held(LEASE)
            began = monotonic()
            try:
                while not self._is_stopping and LEASE in self._leases.held:
                    if not await self._send_whose_turn_it_is():
                        await self._waking.wait(seconds_max=self._poll_seconds)
                        await asyncio.sleep(LOOK_SECONDS_MIN)  # a busy log wakes us all the time
            except (*STORE_IS_AWAY, HeardAlready, LogIsBusy, OutcomeUnknown) as error:  # HeardAlready: another worker moved the mark
                _log.warning("outbox_interrupted", service=self._service, error_type=type(error).__name__)
            pause = RETRY_SECONDS_MIN if monotonic() - began > RETRY_SECONDS_MAX else min(pause * 2, RETRY_SECONDS_MAX)
            if not self._is_stopping:
                await asyncio.sleep(pause)

    async def _send_whose_turn_it_is(self) -> bool:
        """Whether there was anything. Messages go side by side, as many as the mail server has connections."""
        async with self._pool.connection() as connection:
            waiting = await queue.whose_turn_it_is(connection, await self._log.now(), MESSAGES_AT_ONCE_MAX)
            if not waiting:
                await queue.raise_mark(connection, self._service)
        done = await asyncio.gather(*(self._handle(one) for one in waiting), return_exceptions=True)
        for failed in done:
            if isinstance(failed, BaseException):
                raise failed
        return any(done)

    async def _handle(self, waiting: Waiting) -> bool:
        """Whether it came to something; what the view shows and is over already is in nobody's way."""
        try:
            ready = await self._look(waiting)
            if ready is None:
                return False
            await self._send(ready)
        except (*STORE_IS_AWAY, LogIsBusy, OutcomeUnknown):
            raise
        except Exception as error:  # noqa: BLE001 - reported and tried again later; the others go on
            _log.error("message_not_handled", stream_id=str(waiting.interaction_id), error_type=type(error).__name__)
            await self._later(waiting, max(waiting.tries, 1))
        return True

    async def _look(self, waiting: Waiting) -> _Ready | None:
        """Everything as it is stored now, by anyone."""
        interaction = await self._log.load(Interaction, waiting.interaction_id, waiting.tenant_id)
        if not interaction.is_waiting or interaction.message is None:
            return None
        contact = interaction.contact
        person = await self._log.load(Person, contact.person_id, waiting.tenant_id)
        while person.merging.into is not None:
            person = await self._log.load(Person, person.merging.into, waiting.tenant_id)
        file = await self._log.load(CaseFile, casefile.stream_of(contact.case_id), waiting.tenant_id)
        template = await self._log.load(Template, interaction.message.template_id, waiting.tenant_id)
        first = (await self._log.read_stream(waiting.interaction_id, waiting.tenant_id))[0]
        rules = await self._log.load(RulePacks, packs.stream_of(waiting.tenant_id), waiting.tenant_id)
        return _Ready(waiting, interaction, person, file, template, rules, meta_of(first.event))

    async def _send(self, ready: _Ready) -> None:
        """Looked at, noted as tried, handed over, told: in this order, so that what is lost in between is tried again, and nothing else."""
        now = await self._log.now()
        reason = sendable.why_not(ready.interaction, ready.person, ready.file, ready.template, now)
        if not reason and ready.interaction.may_be_sent:
            said = sendable.weigh_again(ready.interaction, ready.person, ready.packs, ready.file, policies(), now)
            reason = said.reason_code
            if said.is_allowed_by(ready.waiting.send_before):
                return await self._later(ready.waiting, LOOK_AGAIN_TRIES)
        if reason:
            return await self._tell(ready, "cancelled", *verbs.cancel_attempt(ready.interaction, reason, ready.waiting.may_be_out))
        point = sendable.point_of(ready.interaction, ready.person)
        if not ready.interaction.may_be_sent or point is None:
            return None
        try:
            written = await self._writer.write(ready.waiting.tenant_id, ready.interaction, ready.person, point, ready.template)
        except NotRendered:
            return await self._tell(
                ready, "failed", *verbs.fail_attempt(ready.interaction, DeliveryCause.NOT_RENDERED, "", ready.waiting.tries)
            )
        except (ValueIsGone, AddressIsNone):
            return await self._tell(
                ready, "cancelled", *verbs.cancel_attempt(ready.interaction, "POINT_IS_NOT_VALID", ready.waiting.may_be_out)
            )
        async with self._pool.connection() as connection:
            tries = await queue.begin_try(connection, ready.waiting)
        if tries is None:
            return None  # another worker has it in hand: a lease that was lost is found out here
        return await self._hand_over(ready, written, tries)

    async def _hand_over(self, ready: _Ready, written: Written, tries: int) -> None:
        answer = await self._mail.send(written.envelope)
        if isinstance(answer, NotNow):
            _log.info("message_put_off", stream_id=str(ready.interaction.id), attempts=tries, code=answer.status_code)
            return await self._later(ready.waiting, tries, ready.waiting.may_be_out or answer.may_have_been_taken)
        if isinstance(answer, Taken):
            return await self._tell(ready, "dispatched", await self._dispatched(ready, written, tries))
        return await self._tell(ready, "turned-away", *self._turned_away(ready, answer, tries))

    async def _dispatched(self, ready: _Ready, written: Written, tries: int) -> Change[Interaction]:
        subject = Subject(ready.waiting.tenant_id, ready.interaction.contact.person_id)
        sealed = await self._seals.seal(subject, ready.interaction.id, "rendered", kept_as(written.text))
        return verbs.dispatch_attempt(ready.interaction.id, written.envelope.message_id, written.rendered_hash, sealed, tries)

    def _turned_away(self, ready: _Ready, answer: TurnedAway, tries: int) -> tuple[Change[Any], ...]:
        """For the address's sake it is a bounce, and the point is marked; else the message itself is what nobody takes."""
        if answer.is_of_the_recipient:
            return verbs.bounce_attempt(ready.interaction, ready.person, True, answer.cause, answer.status_code)
        return self._failed(ready, answer.cause, answer.status_code, tries)

    def _failed(self, ready: _Ready, cause: DeliveryCause, status_code: str, tries: int) -> tuple[Change[Any], ...]:
        return verbs.fail_attempt(ready.interaction, cause, status_code, tries, ready.waiting.may_be_out)

    async def _tell(self, ready: _Ready, what: str, *changes: Change[Any]) -> None:
        """Under a request id of its own: told again after a lost answer, it is the same command."""
        await self._log.run(told_by_outbox(ready.interaction.id, what, ready.meta), *changes)

    async def _later(self, waiting: Waiting, tries: int, may_be_out: bool | None = None) -> None:
        seconds = min(self._settings.retry_seconds_min * 2 ** min(tries - 1, 20), self._settings.retry_seconds_max)
        async with self._pool.connection() as connection:
            await queue.retry_in(connection, waiting.interaction_id, seconds, may_be_out)


def told_by_outbox(interaction_id: UUID, what: str, meta: EventMeta) -> Command:
    """The origin of what we tell of a message: in the same correlation as its beginning."""
    request_id = f"{interaction_id}/{what}"
    return Command(
        tenant_id=meta.tenant_id,
        principal=ACTOR.id,
        method=METHOD,
        request_id=request_id,
        payload_hash=hashlib.sha256(request_id.encode()).digest(),
        actor=ACTOR,
        correlation_id=UUID(bytes=meta.correlation_id) if meta.correlation_id else None,
    )


def kept_as(text: Text) -> str:
    return f"{text.subject}\n{text.body}"


def kept(text: str) -> Text:
    """A subject has one line."""
    subject, _, body = text.partition("\n")
    return Text(subject, body)
