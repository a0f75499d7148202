"""Told by contacts: whether a message may go out, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from acuerdo.contacts.v1 import message_events_pb2 as messages
from acuerdo.contacts.v1 import permits_pb2 as permits
from google.protobuf.message import Message

from services.chassis.heard import Heard, Reaction
from services.chassis.rpc import words
from services.kernel.facts import Change
from services.strategy import application
from services.strategy.domain.asking import RequestAnswer
from services.strategy.domain.treatment import Treatment

Changes = Iterable[Change[Treatment]]


def note_granted(heard: Heard[permits.ContactPermitGranted]) -> Changes:
    yield from _answered(heard, RequestAnswer.GRANTED)


def note_deferred(heard: Heard[permits.ContactPermitDeferred]) -> Changes:
    yield from _answered(heard, RequestAnswer.DEFERRED, words.instant(heard.fact.until, "until"), _reasons(heard))


def note_denied(heard: Heard[permits.ContactPermitDenied]) -> Changes:
    yield from _answered(heard, RequestAnswer.DENIED, words.instant_or_none(heard.fact, "next_allowed_at"), _reasons(heard))


def _came_of(answer: RequestAnswer) -> Reaction:
    """A reaction to a fact that says what came of an attempt."""

    def note_receipt(heard: Heard[Any]) -> Changes:
        yield from _answered(heard, answer, interaction_id=heard.fact.interaction_id)

    return note_receipt


def note_cancelled(heard: Heard[messages.AttemptCancelled]) -> Changes:
    fact = heard.fact
    yield from _answered(heard, RequestAnswer.CANCELLED, None, (fact.reason_code,), fact.interaction_id)


def _reasons(heard: Heard[Any]) -> tuple[str, ...]:
    """All that stands in the way, in the order of the decision."""
    return tuple(reason.code for reason in heard.fact.decision.reasons)


def _answered(
    heard: Heard[Any], answer: RequestAnswer, until: datetime | None = None, reason_codes: tuple[str, ...] = (), interaction_id: bytes = b""
) -> Changes:
    """What somebody else asked for is nothing to us."""
    fact = heard.fact
    if fact.request_ref and fact.case_id:
        yield application.note_answer(
            heard.tenant_id,
            UUID(bytes=fact.case_id),
            heard.origin,
            UUID(bytes=fact.request_ref),
            answer,
            until,
            reason_codes,
            UUID(bytes=interaction_id) if interaction_id else None,
        )


FACTS: dict[type[Message], Reaction] = {
    permits.ContactPermitGranted: note_granted,
    permits.ContactPermitDeferred: note_deferred,
    permits.ContactPermitDenied: note_denied,
    messages.AttemptDispatched: _came_of(RequestAnswer.DISPATCHED),
    messages.AttemptDelivered: _came_of(RequestAnswer.DELIVERED),
    messages.AttemptBounced: _came_of(RequestAnswer.BOUNCED),
    messages.AttemptFailed: _came_of(RequestAnswer.FAILED),
    messages.AttemptCancelled: note_cancelled,
}
