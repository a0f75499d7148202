"""Waking: when a treatment wants to be looked at although nothing was told. A pure function of its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from services.kernel.calendar import start_of
from services.kernel.facts import Due
from services.strategy.domain.choosing import HELD, MONEY, PAUSED
from services.strategy.domain.graph import StepKind
from services.strategy.domain.heeding import free_from

if TYPE_CHECKING:
    from services.strategy.domain.course import Position
    from services.strategy.domain.treatment import Treatment

TIMER = "treatment.step"


def due(treatment: Treatment) -> Iterable[Due]:
    """The first instant at which there is something to do."""
    instants = [*_instants(treatment)] if treatment.is_treated else []
    if instants:
        yield Due(TIMER, min(instants))


def _instants(treatment: Treatment) -> Iterator[datetime]:
    if treatment.pause is not None and treatment.pause.until is not None:
        yield treatment.pause.until
    if (at := treatment.course.at) is None:
        return
    instant = _of_the_step(treatment, at)
    if instant is not None:
        yield instant


def _of_the_step(treatment: Treatment, at: Position) -> datetime | None:
    if at.kind is StepKind.WAIT:
        return free_from(treatment, at.until) if at.until is not None else None
    if at.kind is StepKind.MESSAGE and at.request_id is not None:
        return at.patient_until
    if at.ask_at is not None:
        return free_from(treatment, at.ask_at)
    if at.said in (HELD, PAUSED) and at.said_at is not None:
        return free_from(treatment, at.said_at)
    if at.said == MONEY:
        known = list(treatment.money.values())
        untils = [until for until in known if until is not None]
        # Waited for until the last of it is settled, or has taken too long.
        return max(untils) if untils and len(untils) == len(known) else None
    return None


def midnight_after(treatment: Treatment, day: date) -> datetime:
    """When that day is over, in the case's zone."""
    return start_of(day + timedelta(days=1), treatment.zone)
