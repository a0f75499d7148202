"""Attempting: what may be decided about a message on its way. It is sent by an adapter, outside of any decision, and told here."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.contacts.domain.channels import Channel, Direction, Purpose
from services.contacts.domain.delivery import DeliveryCause
from services.contacts.domain.interaction import (
    AttemptBounced,
    AttemptCancelled,
    AttemptDelivered,
    AttemptDispatched,
    AttemptFailed,
    AttemptLinkIssued,
    AttemptStarted,
    Interaction,
    InteractionState,
)
from services.kernel.facts import Causation
from services.kernel.refusal import Refusal
from services.kernel.sealed import Sealed

INCLUDE_OPT_OUT = "INCLUDE_OPT_OUT"
"""Obligation of a permit: whoever gets the message is told how to get no more."""


class AttemptIsNotSentYet(Refusal):
    """Nobody can say what became of a message that was not sent: ask again in a moment."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message that a permit allows, as it begins."""

    permit_id: UUID
    case_id: UUID
    person_id: UUID
    channel: Channel
    purpose: Purpose
    point_id: UUID
    template_id: UUID
    template_version: int
    locale: str
    currency_code: str
    send_before: datetime
    obligations: tuple[str, ...] = ()
    request_ref: UUID | None = None
    link_token_hash: bytes = b""
    promise_id: UUID | None = None


def start(interaction: Interaction, attempt: Attempt) -> None:
    if interaction.exists:
        return
    interaction.tell(
        AttemptStarted(
            **interaction.next(),
            interaction_id=interaction.id,
            permit_id=attempt.permit_id,
            case_id=attempt.case_id,
            person_id=attempt.person_id,
            channel=attempt.channel,
            direction=Direction.OUT,
            purpose=attempt.purpose,
            point_id=attempt.point_id,
            template_id=attempt.template_id,
            template_version=attempt.template_version,
            request_ref=attempt.request_ref,
            link_token_hash=attempt.link_token_hash,
            promise_id=attempt.promise_id,
            currency_code=attempt.currency_code,
            locale=attempt.locale,
            obligations=attempt.obligations,
            send_before=attempt.send_before,
        )
    )


def come_to_nothing(interaction: Interaction, case_id: UUID, person_id: UUID, request_ref: UUID | None, reason_code: str) -> None:
    """What was asked for cannot even be asked a permit for: whoever asked hears why."""
    if not interaction.exists:
        interaction.tell(
            AttemptCancelled(
                **interaction.next(),
                interaction_id=interaction.id,
                case_id=case_id,
                person_id=person_id,
                request_ref=request_ref,
                reason_code=reason_code,
                origin=None,
                may_have_been_sent=False,
            )
        )


def note_link(interaction: Interaction, link_id: UUID, expires_at: datetime, origin: Causation) -> None:
    """Links that no attempt of ours waits for are passed over: payments issues links for others too."""
    if interaction.is_waiting and interaction.link_id is None:
        interaction.tell(
            AttemptLinkIssued(
                **interaction.next(),
                interaction_id=interaction.id,
                case_id=interaction.contact.case_id,
                link_id=link_id,
                expires_at=expires_at,
                origin=origin,
            )
        )


def dispatch(interaction: Interaction, provider_ref: str, rendered_hash: bytes, rendered: Sealed, tries: int) -> None:
    """The provider has taken it. What was sent is told as sent, also where it was cancelled in that very moment."""
    contact, message = interaction.contact, interaction.message
    if interaction.dispatched is not None or message is None:
        return
    interaction.tell(
        AttemptDispatched(
            **interaction.next(),
            interaction_id=interaction.id,
            case_id=contact.case_id,
            person_id=contact.person_id,
            request_ref=contact.request_ref,
            provider_ref=provider_ref,
            rendered_hash=rendered_hash,
            rendered=rendered,
            tries=tries,
            template_id=message.template_id,
            template_version=message.template_version,
        )
    )


def deliver(interaction: Interaction) -> None:
    """It has arrived, as the provider says. Told once, however often it says so."""
    sent, contact = interaction.dispatched, interaction.contact
    if sent is None and not interaction.may_have_been_sent:
        raise AttemptIsNotSentYet
    if interaction.delivered_at is None:
        interaction.tell(
            AttemptDelivered(
                **interaction.next(),
                interaction_id=interaction.id,
                case_id=contact.case_id,
                person_id=contact.person_id,
                request_ref=contact.request_ref,
                provider_ref=sent.provider_ref if sent is not None else "",
            )
        )


def bounce(interaction: Interaction, is_permanent: bool, cause: DeliveryCause, status_code: str) -> None:
    """It came back, or was turned away at the door. The same kind of bounce is told once."""
    contact = interaction.contact
    if interaction.message is None or contact.point_id is None:
        raise AttemptIsNotSentYet
    is_over = interaction.state in (InteractionState.CANCELLED, InteractionState.FAILED) and not interaction.may_have_been_sent
    if is_permanent in interaction.bounces or is_over:
        return
    interaction.tell(
        AttemptBounced(
            **interaction.next(),
            interaction_id=interaction.id,
            case_id=contact.case_id,
            person_id=contact.person_id,
            request_ref=contact.request_ref,
            point_id=contact.point_id,
            is_permanent=is_permanent,
            cause=cause,
            status_code=status_code,
        )
    )


def fail(interaction: Interaction, cause: DeliveryCause, status_code: str, tries: int, may_have_been_sent: bool = False) -> None:
    """`may_have_been_sent`: an earlier try was never answered."""
    if not interaction.is_waiting:
        return
    contact = interaction.contact
    interaction.tell(
        AttemptFailed(
            **interaction.next(),
            interaction_id=interaction.id,
            case_id=contact.case_id,
            person_id=contact.person_id,
            request_ref=contact.request_ref,
            cause=cause,
            status_code=status_code,
            tries=tries,
            may_have_been_sent=may_have_been_sent,
        )
    )


def cancel(interaction: Interaction, reason_code: str, origin: Causation | None = None, may_have_been_sent: bool = False) -> None:
    """It is not sent after all. What was sent cannot be stopped any more; `may_have_been_sent`: a try was never answered."""
    if not interaction.is_waiting:
        return
    contact = interaction.contact
    interaction.tell(
        AttemptCancelled(
            **interaction.next(),
            interaction_id=interaction.id,
            case_id=contact.case_id,
            person_id=contact.person_id,
            request_ref=contact.request_ref,
            reason_code=reason_code,
            origin=origin,
            may_have_been_sent=may_have_been_sent,
        )
    )


# Links -----------------------------------------------------------------------


def link_token(key: bytes, interaction_id: UUID) -> str:
    """The payment link's token: whoever has the key can make it again, so it is stored nowhere."""
    return urlsafe_b64encode(hmac.digest(key, interaction_id.bytes, hashlib.sha256)).decode().rstrip("=")


def token_hash(token: str) -> bytes:
    """All that is told of a token."""
    return hashlib.sha256(token.encode()).digest()
