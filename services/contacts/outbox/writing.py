"""Writing a message: what its template needs is looked up and unsealed, in memory alone, and becomes an e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.chassis.log.log import Log
from services.chassis.seal.seals import Seals
from services.contacts.adapters import liquid_texts, mail
from services.contacts.adapters.mail import Envelope
from services.contacts.adapters.mail_settings import MailSettings
from services.contacts.domain import attempting, casefile, spoken_of
from services.contacts.domain.attempting import INCLUDE_OPT_OUT
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.interaction import Interaction, Message
from services.contacts.domain.person import Person
from services.contacts.domain.points import ContactPoint
from services.contacts.domain.spoken_of import Creditor, PromiseSpokenOf
from services.contacts.domain.template import Template, Text
from services.kernel.money import Money

MASK = "\ue000"
"""Stands for the payment link's token in what is kept: a private character that no template's text holds."""
MASK_SHOWN = "…"


class ValueIsGone(Exception):
    """What the message needs of the person cannot be read any more: its key was destroyed."""


@dataclass(frozen=True, slots=True)
class Written:
    """An e-mail ready to be handed over; `text` as it is kept, with the token masked."""

    envelope: Envelope
    text: Text
    rendered_hash: bytes


class Writer:
    """Writes messages. What it has unsealed lives no longer than the message."""

    def __init__(self, log: Log, seals: Seals, settings: MailSettings, link_key: bytes) -> None:
        self._log, self._seals, self._settings, self._link_key = log, seals, settings, link_key

    async def write(self, tenant_id: str, of: Interaction, person: Person, point: ContactPoint, template: Template) -> Written:
        """Raises NotRendered where a value is missing, ValueIsGone and AddressIsNone where the person cannot be written to."""
        message = of.message
        assert message is not None
        assert of.started_at is not None
        recipient = await self._seals.open(tenant_id, point.person_id, point.field, point.value)
        if recipient is None:
            raise ValueIsGone
        source = template.known(message.template_version).source
        values = await self._values(tenant_id, of, person, message)
        text = liquid_texts.render(source, values)
        if INCLUDE_OPT_OUT in message.obligations and values["opt_out"] not in text.body:
            text = Text(text.subject, f"{text.body}\n{values['opt_out']}\n")
        kept = masked(text, self._token(of.id) if message.wants_link else "")
        envelope = mail.compose(self._settings, of.id, of.started_at, recipient, text, with_opt_out=INCLUDE_OPT_OUT in message.obligations)
        return Written(envelope, kept, text.hash)

    def hash_of(self, interaction_id: UUID, kept: Text) -> bytes:
        """Of what was sent, from what was kept: the token is made again."""
        return unmasked(kept, self._token(interaction_id)).hash

    def _token(self, interaction_id: UUID) -> str:
        return attempting.link_token(self._link_key, interaction_id)

    async def _values(self, tenant_id: str, of: Interaction, person: Person, message: Message) -> dict[str, str]:
        """Every variable there is a value for."""
        file = await self._log.load(CaseFile, casefile.stream_of(of.contact.case_id), tenant_id)
        creditor = await self._log.load(Creditor, spoken_of.creditor_stream(file.client_id), tenant_id)
        name = person.identity.name
        found = {
            "creditor": creditor.name,
            "name": "" if name is None else await self._seals.open(tenant_id, person.id, "name", name),
            "opt_out": mail.opt_out_line(self._settings, of.id, message.locale),
            "reference": file.external_ref,
            "sender": self._settings.mail_sender_name,
            "today": in_words(file.today(of.started_at), message.locale) if of.started_at is not None else "",
            "link": f"{self._settings.links_url}{self._token(of.id)}" if message.wants_link else "",
            **(await self._promise(tenant_id, message)),
        }
        return {name: value for name, value in found.items() if value}

    async def _promise(self, tenant_id: str, message: Message) -> dict[str, str]:
        if message.promise_id is None:
            return {}
        promise = await self._log.load(PromiseSpokenOf, spoken_of.promise_stream(message.promise_id), tenant_id)
        if promise.due_on is None or promise.amount is None:
            return {}
        return {
            "promise_date": in_words(promise.due_on, message.locale),
            "promise_amount": amount_in_words(promise.amount, message.locale),
        }


def masked(text: Text, token: str) -> Text:
    """Whoever may read what was sent must not be able to open its payment page."""
    return text if not token else Text(text.subject.replace(token, MASK), text.body.replace(token, MASK))


def unmasked(kept: Text, token: str) -> Text:
    return Text(kept.subject.replace(MASK, token), kept.body.replace(MASK, token))


# Days and amounts as they are written in a language ------------------------------------------------------------------------

_MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "es": ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    "pt": ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
}
_DIGITS_OF_MINOR_UNITS = {"JPY": 0, "CLP": 0, "COP": 2, "KWD": 3, "BHD": 3, "TND": 3}
"""ISO 4217; every other currency here has two."""


def in_words(day: date, locale: str) -> str:
    language = locale[:2]
    month = _MONTHS.get(language, _MONTHS["en"])[day.month - 1]
    return f"{day.day} de {month} de {day.year}" if language in ("es", "pt") else f"{day.day} {month} {day.year}"


def amount_in_words(amount: Money, locale: str) -> str:
    """`1.234,50 EUR` or `1,234.50 EUR`: the code says which currency, whatever its sign means elsewhere."""
    digits = _DIGITS_OF_MINOR_UNITS.get(amount.currency_code, 2)
    whole, part = divmod(abs(amount.minor_units), 10**digits)
    text = f"{whole:,}" + (f".{part:0{digits}}" if digits else "")
    if locale[:2] in ("es", "pt"):
        text = text.translate(str.maketrans(",.", ".,"))
    sign = "-" if amount.minor_units < 0 else ""
    return f"{sign}{text} {amount.currency_code}"
