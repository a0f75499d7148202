"""The mailbox: what mail servers and people sent back, read from a Maildir by whoever holds the lease, and told once."""

from __future__ import annotations

import asyncio
from pathlib import Path
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
from services.chassis.log.units import LogIsBusy, OutcomeUnknown
from services.contacts.adapters import dsn
from services.contacts.adapters.dsn import Bounced, Delivered, NotForUs, OptedOut
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.application import messages as verbs
from services.contacts.domain.attempting import AttemptIsNotSentYet
from services.contacts.domain.interaction import Interaction
from services.contacts.domain.person import Person
from services.contacts.outbox.sending import told_by_outbox
from services.kernel.facts import Change
from services.kernel.refusal import Refusal

LEASE = "mailbox"
LOOK_EVERY_SECONDS = 0.2
RETRY_SECONDS = 2.0
READ, UNREADABLE, REFUSED = "2,S", "2,F", "2,FS"
"""Maildir flags: seen; flagged, for a person to look at."""

_log = structlog.get_logger()


class Mailbox(Leaseholder):
    """Reads new mail in order of arrival. What cannot be read stays in the mailbox, flagged, and is never deleted here."""

    name = "mailbox"

    def __init__(self, log: Log, settings: MailSettings, mailbox: Path, *, lease_seconds: float = 10.0) -> None:
        service = log.service.name
        super().__init__(
            Leases(log.dsn, service, LEASE, [LEASE], lease_seconds=lease_seconds),
            marks.pool(log.dsn, service, LEASE),
            Waking(log, poll_seconds_max=LOOK_EVERY_SECONDS),
        )
        self._log, self._settings, self._mailbox = log, settings, mailbox

    async def _run(self) -> None:
        while not self._is_stopping:
            await self._leases.wait_held(LEASE)
            began = monotonic()
            try:
                while not self._is_stopping and LEASE in self._leases.held:
                    await self._read_new()
                    await asyncio.sleep(LOOK_EVERY_SECONDS)
            except (*STORE_IS_AWAY, LogIsBusy, OutcomeUnknown) as error:
                _log.warning("mailbox_interrupted", error_type=type(error).__name__, seconds=round(monotonic() - began, 1))
            if not self._is_stopping:
                await asyncio.sleep(RETRY_SECONDS)

    async def _read_new(self) -> None:
        for file in await asyncio.to_thread(_new, self._mailbox):
            flags = await self._handle(await asyncio.to_thread(file.read_bytes))
            if flags is not None:
                await asyncio.to_thread(_seen, self._mailbox, file, flags)

    async def _handle(self, raw: bytes) -> str | None:
        """How the mail is to be flagged; None: read it again later."""
        found = dsn.read(self._settings, raw)
        if isinstance(found, NotForUs):
            _log.warning("returned_mail_not_read", reason=found.reason)
            return UNREADABLE
        first = await self._first_fact(found.interaction_id)
        if first is None:
            _log.warning("returned_mail_not_read", reason="NOT_OURS")
            return UNREADABLE
        try:
            await self._tell(found, first)
        except AttemptIsNotSentYet:
            # Quicker than the fact of its sending, which is about to be stored.
            return None
        except Refusal as refusal:
            _log.warning("returned_mail_refused", stream_id=str(found.interaction_id), reason=refusal.reason)
            return REFUSED
        return READ

    async def _first_fact(self, interaction_id: UUID) -> EventMeta | None:
        tenant_id = await self._log.tenant_of(interaction_id)
        records = [] if tenant_id is None else await self._log.read_stream(interaction_id, tenant_id)
        return meta_of(records[0].event) if records else None

    async def _tell(self, found: Delivered | Bounced | OptedOut, first: EventMeta) -> None:
        interaction = await self._log.load(Interaction, found.interaction_id, first.tenant_id)
        person = await self._log.load(Person, interaction.contact.person_id, first.tenant_id)
        while person.merging.into is not None:
            person = await self._log.load(Person, person.merging.into, first.tenant_id)
        what, changes = _changes(first.tenant_id, found, interaction, person)
        if changes:
            await self._log.run(told_by_outbox(interaction.id, what, first), *changes)


def _changes(
    tenant_id: str, found: Delivered | Bounced | OptedOut, interaction: Interaction, person: Person
) -> tuple[str, tuple[Change[Any], ...]]:
    match found:
        case Delivered():
            return "delivered", verbs.deliver_attempt(interaction.id)
        case Bounced():
            what = "bounced" if found.is_permanent else "bounced-for-now"
            return what, verbs.bounce_attempt(interaction, person, found.is_permanent, found.cause, found.status_code)
        case OptedOut():
            return "opted-out", verbs.opt_out(tenant_id, interaction, person)


def _new(mailbox: Path) -> list[Path]:
    """Maildir: whoever delivers moves whole files into new/. Their names begin with when they came."""
    folder = mailbox / "new"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _seen(mailbox: Path, file: Path, flags: str) -> None:
    (mailbox / "cur").mkdir(exist_ok=True)
    file.rename(mailbox / "cur" / f"{file.name}:{flags}")
