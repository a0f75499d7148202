"""Advancing: the ways in. What a case was told is noted, and the case goes along the graph as far as that leads it."""

from __future__ import annotations

from collections.abc import Callable

from services.kernel.facts import Causation
from services.kernel.refusal import IsInvalid, Refusal
from services.strategy.domain import heeding
from services.strategy.domain import treatment as treatments
from services.strategy.domain.course import TreatmentOverridden
from services.strategy.domain.seeing import Glance, occasions
from services.strategy.domain.segments import SegmentTables
from services.strategy.domain.strategies import Strategies
from services.strategy.domain.treatment import Treatment, TreatmentIsUnknown
from services.strategy.domain.walking import Engine, Walk

# What may be decided ---------------------------------------------------------


class CaseIsNotTreated(Refusal):
    """The case is closed, not open yet, or no strategy is in force."""


def take_in(
    treatment: Treatment,
    tables: SegmentTables,
    strategies: Strategies,
    origin: Causation,
    note: Callable[[Treatment], None],
    engine: Engine,
    is_history: bool = False,
    occasion: str = "",
) -> None:
    """One fact of the case: noted, put into a segment for it, and taken along the graph. Of history nothing is asked of others.

    `occasion`: the edge that the fact opens by itself, where nothing that it changes does.
    """
    is_late = treatment.exists and origin.version <= treatment.heard
    before = Glance.at(treatment) if treatment.exists else None
    treatments.take_in(treatment, tables, origin, note, engine.evaluate)
    if before is not None and not is_history and not is_late:
        Walk(treatment, strategies, engine, origin).go([*([occasion] if occasion else []), *occasions(before, treatment)])


def hear(
    treatment: Treatment,
    strategies: Strategies,
    origin: Causation,
    note: Callable[[Treatment], None],
    engine: Engine,
    is_history: bool = False,
) -> None:
    """What another service than cases tells of it."""
    if not treatment.exists:
        raise TreatmentIsUnknown
    before = Glance.at(treatment)
    note(treatment)
    if not is_history:
        Walk(treatment, strategies, engine, origin).go(occasions(before, treatment))


def look_again(treatment: Treatment, strategies: Strategies, engine: Engine) -> None:
    """The clock has come to something, or another version is in force."""
    if treatment.exists:
        heeding.expire_pause(treatment)
        Walk(treatment, strategies, engine, None).go(())


def override(treatment: Treatment, strategies: Strategies, step: str, reason_code: str, engine: Engine) -> None:
    """A person puts the case to a step of the strategy in force."""
    if not treatment.exists:
        raise TreatmentIsUnknown
    if not treatment.is_treated or strategies.active is None:
        raise CaseIsNotTreated
    if step not in engine.read(strategies.active.document).steps:
        raise IsInvalid("step", f"is no step of version {strategies.active_version}")
    treatment.tell(TreatmentOverridden(**treatment.next(), case_id=treatment.case_id, step=step, reason_code=reason_code))
    Walk(treatment, strategies, engine, None).put_to(step)
