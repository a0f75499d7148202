"""SMTP: hands a message to a mail server, and says in three words what came of it: taken, turned away, or not now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib import SMTP

from services.contacts.adapters.mail import Envelope
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.domain.delivery import DeliveryCause

MESSAGES_PER_CONNECTION_MAX = 100
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has taken responsibility for it."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """It will never take this message. `is_of_the_recipient`: for the address's sake, as a bounce would say later."""

    is_of_the_recipient: bool
    cause: DeliveryCause
    status_code: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Try again later. `may_have_been_taken`: the answer was lost after the message had been handed over."""

    status_code: str
    may_have_been_taken: bool = False


Answer = Taken | TurnedAway | NotNow


class MailServer:
    """A few connections to one mail server, opened when needed and kept while they work."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._idle: list[tuple[SMTP, int]] = []
        self._free = asyncio.Semaphore(settings.smtp_connections_max)

    async def send(self, envelope: Envelope) -> Answer:
        """Never raises for what a mail server says or fails to say."""
        handed_over = False
        try:
            async with self._connection() as smtp:
                await smtp.mail(envelope.sender)
                await smtp.rcpt(envelope.recipient)
                handed_over = True
                await smtp.data(envelope.data)
        except aiosmtplib.SMTPResponseException as said:
            return _read(said, isinstance(said, aiosmtplib.SMTPRecipientRefused))
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return NotNow("", may_have_been_taken=handed_over)
        return Taken()

    async def close(self) -> None:
        while self._idle:
            await _quit(self._idle.pop()[0])

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[SMTP]:
        """Kept for the next message unless this one broke it; a refused message does not."""
        async with self._free:
            smtp, sent = self._idle.pop() if self._idle else (await self._connect(), 0)
            try:
                yield smtp
            except aiosmtplib.SMTPResponseException:
                await self._keep_after_refusal(smtp, sent)
                raise
            except BaseException:
                smtp.close()
                raise
            await self._keep(smtp, sent + 1)

    async def _connect(self) -> SMTP:
        settings = self._settings
        smtp = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            use_tls=settings.smtp_tls,
            start_tls=settings.smtp_starttls,
            timeout=settings.smtp_seconds_max,
            local_hostname=settings.mail_from.partition("@")[2],
        )
        await smtp.connect()
        if settings.smtp_password is not None:
            await smtp.login(settings.smtp_user, settings.smtp_password)
        return smtp

    async def _keep(self, smtp: SMTP, sent: int) -> None:
        if sent < MESSAGES_PER_CONNECTION_MAX and smtp.is_connected:
            self._idle.append((smtp, sent))
        else:
            await _quit(smtp)

    async def _keep_after_refusal(self, smtp: SMTP, sent: int) -> None:
        try:
            await smtp.rset()
        except (aiosmtplib.SMTPException, OSError):
            smtp.close()
        else:
            await self._keep(smtp, sent + 1)


async def _quit(smtp: SMTP) -> None:
    try:
        await smtp.quit()
    except (aiosmtplib.SMTPException, OSError):
        smtp.close()  # it is gone already, which is what was wanted


def _read(said: aiosmtplib.SMTPResponseException, is_of_the_recipient: bool) -> Answer:
    found = _STATUS.search(said.message)
    status_code = found.group(1) if found else ""
    if 400 <= said.code < 500:
        return NotNow(status_code or "4.0.0")
    return TurnedAway(is_of_the_recipient, cause_of(status_code, said.code), status_code)


def cause_of(status_code: str, code: int = 0) -> DeliveryCause:
    """By RFC 3463's subject and detail; where there is none, by the reply code of RFC 5321."""
    subject_detail = status_code.partition(".")[2]
    subject = subject_detail.partition(".")[0]
    if subject_detail in _BY_DETAIL:
        return _BY_DETAIL[subject_detail]
    return _BY_SUBJECT.get(subject) or _BY_CODE.get(code, DeliveryCause.OTHER)


_BY_DETAIL = {
    "2.2": DeliveryCause.MAILBOX_FULL,
    "2.3": DeliveryCause.TOO_LARGE,
    "3.4": DeliveryCause.TOO_LARGE,
}
_BY_SUBJECT = {
    "1": DeliveryCause.ADDRESS_UNKNOWN,
    "2": DeliveryCause.MAILBOX_DISABLED,
    "4": DeliveryCause.UNREACHABLE,
    "7": DeliveryCause.POLICY,
}
_BY_CODE = {
    550: DeliveryCause.ADDRESS_UNKNOWN,
    551: DeliveryCause.ADDRESS_UNKNOWN,
    552: DeliveryCause.MAILBOX_FULL,
    553: DeliveryCause.ADDRESS_UNKNOWN,
    554: DeliveryCause.POLICY,
}
