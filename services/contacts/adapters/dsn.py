"""DSN: delivery reports as mail servers write them (RFC 3464), and opt-outs as people do, read from what came to our mailbox."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass
from email.message import Message
from email.policy import default
from uuid import UUID

from services.contacts.adapters.mail import interaction_of
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.adapters.smtp import cause_of
from services.contacts.domain.delivery import DeliveryCause

MAIL_BYTES_MAX = 1_000_000
_STATUS = re.compile(r"([245])\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Delivered:
    interaction_id: UUID


@dataclass(frozen=True, slots=True)
class Bounced:
    interaction_id: UUID
    is_permanent: bool
    cause: DeliveryCause
    status_code: str


@dataclass(frozen=True, slots=True)
class OptedOut:
    """Whoever got that message wants no more of its kind."""

    interaction_id: UUID


@dataclass(frozen=True, slots=True)
class NotForUs:
    """Nothing that we can read: a person looks at it. `reason` holds no word of the mail."""

    reason: str


def read(settings: MailSettings, raw: bytes) -> Delivered | Bounced | OptedOut | NotForUs:
    """What a mail says of one of our messages. Never raises for what a mail holds."""
    if len(raw) > MAIL_BYTES_MAX:
        return NotForUs("TOO_LARGE")
    try:
        mail = email.message_from_bytes(raw, policy=default)
        if mail.get_content_type() == "multipart/report":
            return _report(mail)
        interaction_id = interaction_of(_recipient(mail))
        local = settings.mail_opt_out.partition("@")[0]
        if interaction_id is not None and _recipient(mail).lstrip("<").startswith(f"{local}+"):
            return OptedOut(interaction_id)
    except (ValueError, LookupError, TypeError, AttributeError) as broken:  # email's parser fails in many ways on what is no mail
        return NotForUs(type(broken).__name__)
    return NotForUs("NO_REPORT")


def _report(mail: Message) -> Delivered | Bounced | NotForUs:
    parts = list(mail.walk())
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    interaction_id = _original(parts) or interaction_of(_recipient(mail))
    if status is None or interaction_id is None:
        return NotForUs("NO_STATUS" if status is None else "NOT_OURS")
    fields = _of_the_recipient(status)
    action, found = fields.get("action", "").strip().lower(), _STATUS.search(fields.get("status", ""))
    status_code = found.group(0) if found else ""
    if action in ("delivered", "relayed", "expanded"):
        return Delivered(interaction_id)
    if action == "failed":
        return Bounced(interaction_id, status_code[:1] != "4", cause_of(status_code), status_code)
    # Delayed: the mail server still tries, and will say how it ends.
    return NotForUs("DELAYED" if action == "delayed" else "UNKNOWN_ACTION")


def _of_the_recipient(status: Message) -> dict[str, str]:
    """The fields of the (only) recipient: those of the message as a whole come first."""
    blocks = status.get_payload()
    if not isinstance(blocks, list):
        return {}
    return {name.lower(): str(value) for block in blocks if isinstance(block, Message) for name, value in block.items()}


def _original(parts: list[Message]) -> UUID | None:
    """By the Message-ID of the mail that is returned, whole or its headers alone."""
    for part in parts:
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers"):
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) else email.message_from_string(str(payload), policy=default)
            found = interaction_of(str(inner.get("Message-ID", ""))) if isinstance(inner, Message) else None
            if found is not None:
                return found
    return None


def _recipient(mail: Message) -> str:
    """The address it was laid down for: what the server noted, before what the sender wrote."""
    return str(mail.get("Delivered-To") or mail.get("X-Original-To") or mail.get("To") or "")
