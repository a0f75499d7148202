"""Messaging: one message, from the wish to send it to the attempt: the person's permit and the attempt's beginning are one unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.contacts.domain import attempting, contact_reports, permit_uses, permitting, points
from services.contacts.domain.attempting import Attempt
from services.contacts.domain.casefile import CaseFile
from services.contacts.domain.channels import Channel, Purpose
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.interaction import Interaction
from services.contacts.domain.packs import RulePacks
from services.contacts.domain.permit_book import PermitState
from services.contacts.domain.permitting import PermitAsked, Policies
from services.contacts.domain.person import Person
from services.contacts.domain.spoken_of import PromiseSpokenOf
from services.contacts.domain.template import Template, TemplateVersion
from services.kernel import ids
from services.kernel.refusal import Refusal

SEND_WITHIN = timedelta(hours=24)
"""How long a message may wait for its link and for the mail server; whether it still may be sent is asked again when it is."""
READY_TO_WAIT = timedelta(days=31)
"""A strategy is patient: a no that ends by then is told as a later."""


@dataclass(frozen=True, slots=True)
class MessageAsked:
    """A message that somebody wants sent."""

    interaction_id: UUID
    case_id: UUID
    channel: Channel
    purpose: Purpose
    template_id: UUID
    point_id: UUID | None = None
    request_ref: UUID | None = None
    wants_link: bool = False
    promise_id: UUID | None = None
    ready_to_wait: timedelta = timedelta(0)

    @property
    def permit_id(self) -> UUID:
        return ids.derived("permit-of-message", self.interaction_id)


class MessageCannotBeAskedFor(Refusal):
    """There is nothing to ask a permit for: the facts say why."""


def why_not_asked(asked: MessageAsked, person: Person, file: CaseFile, template: Template, promise: PromiseSpokenOf, now: datetime) -> str:
    """Why there is nothing to ask a permit for, the first reason in fixed order; empty: ask."""
    if not person.exists:
        return "PERSON_IS_UNKNOWN"
    if not template.exists:
        return "TEMPLATE_IS_UNKNOWN"
    if (template.channel, template.purpose) != (asked.channel, asked.purpose):
        return "TEMPLATE_IS_FOR_ANOTHER_PURPOSE"
    version = version_for(person, file, template, now)
    if version is None:
        return "TEMPLATE_IS_NOT_APPROVED"
    if "link" in version.needs and not asked.wants_link:
        return "TEMPLATE_NEEDS_A_LINK"
    if "promise_date" in version.needs and promise.due_on is None:
        return "TEMPLATE_NEEDS_A_PROMISE"
    if asked.point_id is None and best_point(person, asked.channel) is None:
        return "PERSON_HAS_NO_POINT"
    return ""


def version_for(person: Person, file: CaseFile, template: Template, now: datetime) -> TemplateVersion | None:
    """The best of those approved, for where and in what language the person is spoken to."""
    return template.best_version(file.terms_at(now).jurisdiction, language_of(person))


def language_of(person: Person) -> str:
    """The person's latest word on it; empty: unknown."""
    stated = [preference for preference in person.agreement.preferences.values() if preference.language]
    return max(stated, key=lambda preference: preference.set_at).language if stated else ""


def best_point(person: Person, channel: Channel) -> UUID | None:
    """The person's own before the employer's, the proven before the given, the older before the newer."""
    usable = sorted(person.points.of_channel(channel), key=lambda point: point.is_workplace)
    return usable[0].point_id if usable else None


def ask(
    person: Person,
    packs: RulePacks,
    file: CaseFile,
    template: Template,
    promise: PromiseSpokenOf,
    asked: MessageAsked,
    policies: Policies,
) -> None:
    """Ask for a permit and, where it is granted, use it at once. Whatever the answer, it is told."""
    file.must_be_known()
    because_of = why_not_asked(asked, person, file, template, promise, person.now)
    if because_of:
        raise MessageCannotBeAskedFor(because_of=because_of)
    permit = PermitAsked(
        permit_id=asked.permit_id,
        case_id=asked.case_id,
        channel=asked.channel,
        purpose=asked.purpose,
        point_id=asked.point_id or best_point(person, asked.channel),
        request_ref=asked.request_ref,
        ready_to_wait=asked.ready_to_wait,
        valid_for=SEND_WITHIN,
    )
    permitting.request(person, packs, file, permit, policies)
    permit_uses.use(person, asked.permit_id, asked.interaction_id)


def begin(
    interaction: Interaction, person: Person, file: CaseFile, template: Template, asked: MessageAsked, link_token_hash: bytes
) -> None:
    """The attempt, where the person's permit was used for it; nothing where it was denied or put off: the person's stream says so."""
    permit = person.permits.by_id.get(asked.permit_id)
    version = version_for(person, file, template, interaction.now)
    if permit is None or permit.attempt_id != interaction.id or permit.point_id is None or version is None:
        return
    attempt = Attempt(
        permit_id=permit.id,
        case_id=asked.case_id,
        person_id=person.id,
        channel=asked.channel,
        purpose=asked.purpose,
        point_id=permit.point_id,
        template_id=template.id,
        template_version=version.version,
        locale=version.locale,
        currency_code=file.currency_code,
        send_before=permit.expires_at,
        obligations=tuple(dict.fromkeys(permit.obligations)),
        request_ref=asked.request_ref,
        link_token_hash=link_token_hash if asked.wants_link else b"",
        promise_id=asked.promise_id,
    )
    attempting.start(interaction, attempt)


# What comes back to the person ---------------------------------------------------

MARKS_THE_POINT = frozenset({DeliveryCause.ADDRESS_UNKNOWN, DeliveryCause.MAILBOX_DISABLED})
"""Bounces for good that say the point reaches nobody. A full mailbox may be emptied; a refusal of our mail says nothing of the address."""


def give_back(person: Person, interaction: Interaction, reason_code: str) -> None:
    """What was not sent is counted no longer: told before the attempt's own end, and only where it still waits."""
    permit_id = interaction.contact.permit_id
    permit = person.permits.by_id.get(permit_id) if permit_id is not None else None
    if interaction.is_waiting and permit is not None and permit.state is PermitState.CONSUMED:
        permit_uses.release(person, permit.id, reason_code)


def note_bounce(person: Person, interaction: Interaction, is_permanent: bool, cause: DeliveryCause) -> None:
    """It did not arrive: limits count it as a try that reached nobody, and a dead point is not used again."""
    contact = interaction.contact
    known = person.permits.contacts.get(interaction.id)
    if known is not None:
        contact_reports.note_result(person, interaction.id, replace(known.result, is_connected=False))
    if is_permanent and cause in MARKS_THE_POINT and contact.point_id in person.points.by_id:
        points.invalidate(person, contact.point_id, "HARD_BOUNCE", str(interaction.id))
