"""Told by the clock: what falls due in strategy, and what we do then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.chassis.follower.calling import Call
from services.chassis.heard import Timer
from services.chassis.log.origins import TimerFired
from services.kernel.facts import Change
from services.strategy import application
from services.strategy.domain.treatment import Treatment
from services.strategy.domain.waking import TIMER


def go_on(treatment: Treatment, fired: TimerFired) -> Iterable[Change[Treatment]]:
    """A wait is over, it is time to ask again, a hold or a pause has ended, or patience has."""
    yield application.look_again(fired.tenant_id, treatment.case_id)


def call(found: Call) -> Change[Treatment]:
    """Nothing wakes this case, and it has something to do: a strategy has come into force, or another version of it."""
    return application.look_again(found.tenant_id, found.subject)


TIMERS: Mapping[str, Timer] = {
    TIMER: Timer(Treatment, go_on),
}
