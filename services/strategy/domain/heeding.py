"""Heeding: holds of the case that stop its treatment, and people who take it over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.calendar import date_at, start_of
from services.kernel.facts import Causation, Fact
from services.kernel.refusal import IsInvalid

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment

_ONE_DAY = timedelta(days=1)

# What happened ---------------------------------------------------------------


class HoldHeeded(Fact):
    case_id: UUID
    hold_id: UUID
    origin: Causation
    heeded_at: datetime
    steps_stopped: tuple[str, ...]
    stops_treatment: bool
    from_: date
    through: date | None
    debt_id: UUID | None
    is_of_a_part: bool

    def apply(self, treatment: Treatment) -> None:
        treatment.heard = self.origin.version
        if self.stops_treatment and not self.is_of_a_part:
            treatment.holds.by_id[self.hold_id] = Hold(self.from_, self.through, self.debt_id)


class HoldChangeNoted(Fact):
    case_id: UUID
    hold_id: UUID
    origin: Causation
    through: date | None

    def apply(self, treatment: Treatment) -> None:
        treatment.heard = self.origin.version
        treatment.holds.by_id[self.hold_id].through = self.through


class AutomationPaused(Fact):
    case_id: UUID
    reason_code: str
    until: datetime | None

    def apply(self, treatment: Treatment) -> None:
        treatment.pause = Pause(self.until)


class AutomationResumed(Fact):
    case_id: UUID
    reason_code: str

    def apply(self, treatment: Treatment) -> None:
        treatment.pause = None


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Hold:
    """It stops treatment from its first day through its last; of one debt where one is named."""

    from_: date
    through: date | None
    debt_id: UUID | None

    def covers(self, day: date) -> bool:
        return self.from_ <= day and (self.through is None or day <= self.through)


@dataclass(slots=True)
class Holds:
    by_id: dict[UUID, Hold] = field(default_factory=dict)

    def stop(self, day: date, debts: Iterable[UUID]) -> bool:
        """One of the whole case does, or those of its debts that together leave none."""
        covering = [hold for hold in self.by_id.values() if hold.covers(day)]
        held = {hold.debt_id for hold in covering}
        return None in held or (bool(held) and set(debts) <= held)


@dataclass(frozen=True, slots=True)
class Pause:
    until: datetime | None
    """When it ends by itself; None: when somebody says so."""


# What may be decided ---------------------------------------------------------


def is_held(treatment: Treatment, day: date) -> bool:
    return treatment.holds.stop(day, treatment.standing.debts)


def free_from(treatment: Treatment, instant: datetime) -> datetime | None:
    """The first instant from that one on at which neither a hold nor people stop the strategy; None: not known."""
    if treatment.pause is not None:
        if treatment.pause.until is None:
            return None
        instant = max(instant, treatment.pause.until)
    day = first = date_at(instant, treatment.zone)
    while is_held(treatment, day):
        # The next day on which anything can be otherwise: after a last day.
        ends = [hold.through for hold in treatment.holds.by_id.values() if hold.covers(day) and hold.through is not None]
        if not ends:
            return None
        day = min(ends) + _ONE_DAY
    return instant if day == first else start_of(day, treatment.zone)


def heed_hold(
    treatment: Treatment,
    origin: Causation,
    hold_id: UUID,
    stops_treatment: bool,
    from_: date,
    through: date | None,
    debt_id: UUID | None,
    is_of_a_part: bool,
) -> None:
    """From now on nothing is asked for where the hold stops treatment. Cases hears that we know."""
    known = Hold(from_, through, debt_id)
    before = is_held(treatment, treatment.today)
    holds = Holds({**treatment.holds.by_id, hold_id: known}) if stops_treatment and not is_of_a_part else treatment.holds
    now_stops = not before and holds.stop(treatment.today, treatment.standing.debts)
    at = treatment.course.at
    treatment.tell(
        HoldHeeded(
            **treatment.next(),
            case_id=treatment.case_id,
            hold_id=hold_id,
            origin=origin,
            heeded_at=treatment.now,
            steps_stopped=(at.step,) if at is not None and now_stops else (),
            stops_treatment=stops_treatment,
            from_=from_,
            through=through,
            debt_id=debt_id,
            is_of_a_part=is_of_a_part,
        )
    )


def note_hold_change(treatment: Treatment, origin: Causation, hold_id: UUID, through: date | None) -> None:
    """Extended, lifted or over: another last day. Holds that stop no treatment are nothing to us."""
    hold = treatment.holds.by_id.get(hold_id)
    if hold is not None and hold.through != through:
        treatment.tell(HoldChangeNoted(**treatment.next(), case_id=treatment.case_id, hold_id=hold_id, origin=origin, through=through))


def pause(treatment: Treatment, reason_code: str, until: datetime | None) -> None:
    """People take over. Paused already until then: told once."""
    if until is not None and until <= treatment.now:
        raise IsInvalid("until", "has gone by")
    if treatment.pause is None or treatment.pause.until != until:
        treatment.tell(AutomationPaused(**treatment.next(), case_id=treatment.case_id, reason_code=reason_code, until=until))


def resume(treatment: Treatment, reason_code: str) -> None:
    if treatment.pause is not None:
        treatment.tell(AutomationResumed(**treatment.next(), case_id=treatment.case_id, reason_code=reason_code))


def expire_pause(treatment: Treatment) -> None:
    """Its time is over."""
    if treatment.pause is not None and treatment.pause.until is not None and treatment.pause.until <= treatment.now:
        resume(treatment, "EXPIRED")
