"""Seeing: what a decision looks at, and what of it a fact has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.money import total
from services.strategy.domain.asking import RequestAnswer
from services.strategy.domain.choosing import Seen
from services.strategy.domain.graph import ON_SEGMENT
from services.strategy.domain.happenings import OPEN, PromiseState
from services.strategy.domain.heeding import is_held

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment

UNKNOWN = -1
"""A number that is not known."""


def seen(treatment: Treatment) -> Seen:
    """All of it, by name. No personal data, and nothing but facts: the day is there only as days since one of them."""
    course, standing, promises = treatment.course, treatment.standing, treatment.promises
    return {
        "asks": course.at.asks if course.at else 0,
        "automation": "paused" if treatment.pause is not None else "on",
        "balance_minor_units": standing.balance.minor_units,
        "bucket": standing.bucket,
        "client_id": str(treatment.client_id),
        "currency_code": standing.balance.currency_code,
        "days_in_bucket": _days_since(treatment, treatment.bucket_since),
        "days_in_segment": _days_since(treatment, treatment.segment_since),
        "debtor": "known" if treatment.debtor else "unknown",
        "hold": "on" if is_held(treatment, treatment.today) else "none",
        "is_past_due": is_past_due(treatment),
        "last_answer": course.last_answer,
        "messages_sent": course.messages_sent,
        "money": "on_its_way" if is_money_on_its_way(treatment) else "none",
        "paid_minor_units": total([amount for amount, _ in treatment.payments.values()], standing.balance.currency_code).minor_units,
        "past_due_units": UNKNOWN if treatment.past_due_units is None else treatment.past_due_units,
        "promise": promises.standing.state.name.lower() if promises.standing else "none",
        "promises_broken": promises.number_of(PromiseState.BROKEN),
        "promises_kept": promises.number_of(PromiseState.KEPT),
        "segment": treatment.segment,
    }


def is_past_due(treatment: Treatment) -> str:
    """yes, no or unknown: nothing is owed, or nothing of it late."""
    if treatment.standing.balance.minor_units <= 0:
        return "no"
    if treatment.past_due_units is None:
        return "unknown"
    return "yes" if treatment.past_due_units > 0 else "no"


def is_money_on_its_way(treatment: Treatment) -> bool:
    return any(until is None or until > treatment.now for until in treatment.money.values())


def _days_since(treatment: Treatment, day: date | None) -> int:
    return (treatment.today - day).days if day is not None else UNKNOWN


# What a fact has changed ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Glance:
    """What edges look at, at one moment."""

    request_id: UUID | None
    rank: int
    promises: dict[UUID, PromiseState]
    is_past_due: str
    payments: frozenset[UUID]
    segment: str

    @classmethod
    def at(cls, treatment: Treatment) -> Glance:
        course = treatment.course
        request_id = course.at.request_id if course.at else None
        return cls(
            request_id,
            course.asked[request_id].rank if request_id else 0,
            {promise_id: promise.state for promise_id, promise in treatment.promises.by_id.items()},
            is_past_due(treatment),
            frozenset(treatment.payments),
            treatment.segment,
        )


def occasions(before: Glance, treatment: Treatment) -> Iterator[str]:
    """The edges that what has changed opens, the answer to a request first: it ends what the case was at."""
    now = Glance.at(treatment)
    if before.request_id is not None and treatment.course.asked[before.request_id].rank > before.rank:
        yield from _answered(treatment)
    for promise_id, state in now.promises.items():
        if state is not before.promises.get(promise_id):
            yield from _promised(
                before.promises.get(promise_id), state, is_another_open=any(each in OPEN for each in now.promises.values())
            )
    if now.is_past_due == "no" and before.is_past_due != "no":
        yield "on_paid"
    elif now.is_past_due == "yes" and before.is_past_due == "no":
        yield "on_fell_behind"
    elif now.payments - before.payments:
        yield "on_part_paid"
    if now.segment != before.segment:
        yield f"{ON_SEGMENT}{now.segment}"


def _answered(treatment: Treatment) -> Iterator[str]:
    at, answer = treatment.course.at, RequestAnswer[treatment.course.last_answer.upper()]
    if answer is RequestAnswer.DISPATCHED:
        return
    if answer is RequestAnswer.CANCELLED:
        if at is not None and at.ask_at is None:
            yield "on_failed"
        return
    yield f"on_{answer.name.lower()}"


def _promised(before: PromiseState | None, now: PromiseState, is_another_open: bool) -> Iterator[str]:
    if now is PromiseState.OPEN and before is None:
        yield "on_promise_made"
    elif before is PromiseState.KEPT and now is not PromiseState.PARTLY_KEPT:
        yield "on_promise_kept_revoked"
    elif before is PromiseState.BROKEN:
        yield "on_promise_break_revoked"
    # While another one is open that one is followed first.
    if now not in OPEN and not is_another_open:
        yield f"on_promise_{now.name.lower()}"
