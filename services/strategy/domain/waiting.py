"""Waiting: how long, counted from the day of a fact, never from when somebody got round to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from services.kernel.calendar import start_of
from services.strategy.domain.graph import Wait, WaitAnchor

if TYPE_CHECKING:
    from services.strategy.domain.course import Position
    from services.strategy.domain.treatment import Treatment

_ONE_DAY = timedelta(days=1)


def anchored(treatment: Treatment, at: Position, wait: Wait) -> tuple[date | None, datetime | None]:
    """The day it is counted from and its end; (None, None) while the fact is still to come."""
    day = _day_of(treatment, at, wait.after)
    if day is None:
        return None, None
    if wait.is_moved_by_payments:
        # Who has paid a part since is given the same time again.
        day = max([day, *(paid_on for _, paid_on in treatment.payments.values() if paid_on <= treatment.today)])
    return day, _end(treatment, at, wait, day)


def _day_of(treatment: Treatment, at: Position, anchor: WaitAnchor) -> date | None:
    if anchor is WaitAnchor.MESSAGE:
        # Where none has gone out (it was denied, it failed), from when that was known.
        return treatment.course.last_message_on or at.on
    if anchor is WaitAnchor.SEGMENT:
        return treatment.segment_since
    if anchor is WaitAnchor.BUCKET:
        return treatment.bucket_since
    if anchor is WaitAnchor.PROMISE:
        promise = treatment.promises.standing
        return promise.deadline if promise is not None else at.on
    return at.on


def _end(treatment: Treatment, at: Position, wait: Wait, day: date) -> datetime:
    zone = treatment.zone
    # The last day of a promise belongs to it whole.
    last = day + timedelta(days=wait.days) + (_ONE_DAY if wait.after is WaitAnchor.PROMISE else timedelta())
    if wait.at is None:
        return start_of(last, zone)
    end = datetime.combine(last, wait.at, tzinfo=zone).astimezone(UTC)
    if not wait.days and end < at.entered_at and wait.after is WaitAnchor.STEP:
        # Until that hour comes: the next time it does.
        end = datetime.combine(last + _ONE_DAY, wait.at, tzinfo=zone).astimezone(UTC)
    return end
