"""Asking: what strategy asks of others, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel import ids
from services.kernel.calendar import date_at, start_of
from services.kernel.facts import Causation, Fact
from services.strategy.domain.course import Asked, Position
from services.strategy.domain.graph import Channel, Pay, Purpose, Step, StepKind

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment

ANSWER_DAYS_MAX = 7
"""What was asked for and never answered is taken for failed."""
RECEIPT_DAYS_MAX = 3
"""What went out and never came back is taken for delivered: many servers say nothing more."""


class RequestKind(Enum):
    MESSAGE = "MESSAGE"
    HAND_TO_AGENT = "HAND_TO_AGENT"


class RequestAnswer(Enum):
    GRANTED = "GRANTED"
    DEFERRED = "DEFERRED"
    DENIED = "DENIED"
    DISPATCHED = "DISPATCHED"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


RANK: Mapping[RequestAnswer, int] = {
    RequestAnswer.GRANTED: 1,
    RequestAnswer.DISPATCHED: 2,
    RequestAnswer.DEFERRED: 3,
    RequestAnswer.DENIED: 3,
    RequestAnswer.CANCELLED: 3,
    RequestAnswer.FAILED: 3,
    RequestAnswer.DELIVERED: 3,
    RequestAnswer.BOUNCED: 4,
}
"""A permit and what comes of it are told on different streams, which are heard in any order: only what goes further counts. A message
may come back after a server has taken it."""
GONE_OUT = frozenset({RequestAnswer.DISPATCHED, RequestAnswer.DELIVERED, RequestAnswer.BOUNCED})
ASKED_AGAIN = frozenset({"CONTACT_IS_ON_HOLD", "PERMIT_REVOKED", "PERMIT_EXPIRED"})
"""Why a message was stopped that may go out another day: the permit was taken back, or its time was over."""

# What happened ---------------------------------------------------------------


class TreatmentRequested(Fact):
    request_id: UUID
    case_id: UUID
    kind: RequestKind
    person_id: UUID | None
    channel: Channel
    purpose: Purpose
    template: str
    wants_link: bool
    promise_id: UUID | None
    strategy_version: int
    step: str
    decision_id: UUID
    attempt: int
    team_id: UUID | None
    skills: tuple[str, ...]
    language: str
    reason_code: str
    currency_code: str
    wants_reference: bool

    def apply(self, treatment: Treatment) -> None:
        at = treatment.course.at
        assert at is not None
        at.asks, at.ask_at = self.attempt, None
        if self.kind is RequestKind.MESSAGE:
            at.request_id = self.request_id
            at.patient_until = self.timestamp + timedelta(days=ANSWER_DAYS_MAX)
            treatment.course.asked[self.request_id] = Asked(self.step)


class RequestAnswered(Fact):
    case_id: UUID
    request_id: UUID
    answer: RequestAnswer
    origin: Causation
    until: datetime | None
    reason_codes: tuple[str, ...]
    interaction_id: UUID | None

    def apply(self, treatment: Treatment) -> None:
        course, asked = treatment.course, treatment.course.asked[self.request_id]
        if self.answer in GONE_OUT and asked.rank < RANK[RequestAnswer.DISPATCHED]:
            course.messages_sent += 1
            course.last_message_on = treatment.day_of(self.timestamp)
        asked.rank = RANK[self.answer]
        course.last_answer = self.answer.name.lower()
        at = course.at
        if at is None or at.request_id != self.request_id:
            return
        if self.answer is RequestAnswer.DISPATCHED:
            at.patient_until = self.timestamp + timedelta(days=RECEIPT_DAYS_MAX)
        elif RANK[self.answer] >= RANK[RequestAnswer.DEFERRED]:
            at.request_id = at.patient_until = None
            at.ask_at = self.until if self.answer in (RequestAnswer.DEFERRED, RequestAnswer.CANCELLED) else None


# What may be decided ---------------------------------------------------------


def ask(treatment: Treatment, at: Position, step: Step, decision_id: UUID) -> None:
    """Ask contacts for a message, or cases for an agent. Each asking is a request of its own."""
    message, hand_over = step.message, step.hand_over
    treatment.tell(
        TreatmentRequested(
            **treatment.next(),
            request_id=ids.derived("treatment_request", treatment.id, treatment.version + 1),
            case_id=treatment.case_id,
            kind=RequestKind.MESSAGE if message else RequestKind.HAND_TO_AGENT,
            person_id=treatment.debtor if message else None,
            channel=message.channel if message else Channel.UNSPECIFIED,
            purpose=message.purpose if message else Purpose.UNSPECIFIED,
            template=message.template if message else "",
            wants_link=message is not None and message.pay is Pay.LINK,
            promise_id=treatment.promises.newest if message and message.purpose is Purpose.PROMISE_FOLLOW_UP else None,
            strategy_version=at.strategy_version,
            step=at.step,
            decision_id=decision_id,
            attempt=at.asks + 1,
            team_id=hand_over.team_id if hand_over else None,
            skills=hand_over.skills if hand_over else (),
            language=hand_over.language if hand_over else "",
            reason_code=hand_over.reason_code if hand_over else "",
            currency_code=treatment.standing.balance.currency_code,
            wants_reference=message is not None and message.pay is Pay.REFERENCE,
        )
    )


def note_answer(
    treatment: Treatment,
    request_id: UUID,
    answer: RequestAnswer,
    origin: Causation,
    until: datetime | None = None,
    reason_codes: tuple[str, ...] = (),
    interaction_id: UUID | None = None,
) -> None:
    """Contacts says what came of a request. What comes late, after a word that goes further, is passed over."""
    asked = treatment.course.asked.get(request_id)
    if asked is None or RANK[answer] <= asked.rank:
        return
    if answer is RequestAnswer.CANCELLED and ASKED_AGAIN & set(reason_codes):
        zone = treatment.zone
        until = start_of(date_at(treatment.now, zone) + timedelta(days=1), zone)
    treatment.tell(
        RequestAnswered(
            **treatment.next(),
            case_id=treatment.case_id,
            request_id=request_id,
            answer=answer,
            origin=origin,
            until=until,
            reason_codes=reason_codes,
            interaction_id=interaction_id,
        )
    )


def is_out(at: Position) -> bool:
    """Whether a message of this step may be under way: nothing else is begun before it is known what came of it."""
    return at.kind is StepKind.MESSAGE and at.request_id is not None
