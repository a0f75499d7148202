"""Mail: a rendered text as an e-mail whose every byte follows from the interaction, so that a repeat is the same message.

SMTP is at-least-once: when the answer to the last command is lost, or the process dies before the fact is stored, nobody can know
whether the message was taken, and it is handed over again. Message-ID, Date and envelope come from the interaction alone, so a repeat is
byte for byte the same message: servers and clients fold them by Message-ID, and AttemptDispatched.tries says that there may be two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.domain.template import Text

# A header that is folded inside an address is no address any more.
_UNFOLDED = SMTP.clone(max_line_length=998)
_ADDRESS = re.compile(r"[^@\s<>\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,255}")
_OURS = re.compile(r"<?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@")
_DETAIL = re.compile(r"\+([0-9a-f]{32})@")


class AddressIsNone(Exception):
    """What is kept as an e-mail address is none. Never quotes it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail server is handed. `sender` gets what bounces."""

    sender: str
    recipient: str
    message_id: str
    data: bytes


def compose(
    settings: MailSettings, interaction_id: UUID, began_at: datetime, recipient: str, text: Text, *, with_opt_out: bool
) -> Envelope:
    if not _ADDRESS.fullmatch(recipient):
        raise AddressIsNone
    message_id = message_id_of(settings, interaction_id)
    mail = EmailMessage(policy=_UNFOLDED)
    sender, domain = settings.mail_from.split("@")
    mail["From"] = Address(settings.mail_sender_name, sender, domain)
    mail["To"] = recipient
    mail["Subject"] = text.subject
    mail["Date"] = format_datetime(began_at)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    if with_opt_out:
        mail["List-Unsubscribe"] = f"<mailto:{opt_out_address(settings, interaction_id)}?subject=optout>"
    mail.set_content(text.body, charset="utf-8", cte="quoted-printable")
    return Envelope(detailed(settings.mail_bounces, interaction_id), recipient, message_id, mail.as_bytes())


def message_id_of(settings: MailSettings, interaction_id: UUID) -> str:
    """RFC 5322 Message-ID, and our provider reference of an e-mail."""
    return f"<{interaction_id}@{settings.mail_from.partition('@')[2]}>"


def opt_out_address(settings: MailSettings, interaction_id: UUID) -> str:
    return detailed(settings.mail_opt_out, interaction_id)


def detailed(address: str, interaction_id: UUID) -> str:
    """RFC 5233 sub-address: what comes to it is about that interaction."""
    local, domain = address.split("@")
    return f"{local}+{interaction_id.hex}@{domain}"


def interaction_of(text: str) -> UUID | None:
    """Of one of our Message-IDs or detailed addresses; None where it is neither."""
    found = _OURS.search(text) or _DETAIL.search(text)
    return UUID(found.group(1)) if found else None


def opt_out_line(settings: MailSettings, interaction_id: UUID, locale: str) -> str:
    """The sentence by which a person is told how to get no more of these messages."""
    address = opt_out_address(settings, interaction_id)
    return _OPT_OUT.get(locale[:2], _OPT_OUT["en"]).format(address=address)


_OPT_OUT = {
    "en": "If you do not want to receive these messages by e-mail, write to {address}. It is free, and no reason is needed.",
    "es": "Si no quiere recibir estos mensajes por correo electrónico, escriba a {address}. Es gratuito y no hace falta motivo.",
    "pt": "Se não quiser receber estas mensagens por correio eletrónico, escreva para {address}. É gratuito e não é preciso motivo.",
}
