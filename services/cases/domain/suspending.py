"""Suspending: holds that stop the breach clock stop it for promises too. What is due later because of them is told when they end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from services.cases.domain.holds import Hold, HoldScope
from services.cases.domain.periods import Union
from services.cases.domain.pledges import ADVERSE, Promise, PromisePart, PromiseState
from services.cases.domain.promises import PromiseResumed, PromiseSuspended
from services.kernel.calendar import start_of
from services.kernel.facts import Due

if TYPE_CHECKING:
    from services.cases.domain.case import Case

_ONE_DAY = timedelta(days=1)


def settle(case: Case) -> None:
    """Suspended on the days on which such a hold holds; resumed, with the dates there are then, on the day after."""
    for promise in case.promises.counting():
        stopped = _stopped(case, promise)
        if promise.is_open and stopped.holds(case.today):
            if not promise.is_suspended:
                holds = tuple(hold.id for hold in _stopping(case, promise) if hold.holds_on(case.today))
                case.tell(PromiseSuspended(**case.next(), promise_id=promise.id, hold_ids=holds, since=case.today))
            continue
        parts = _moved(promise, stopped, case.today)
        if promise.is_suspended or _are_other(promise, parts) or _stood_still(promise, stopped, case.today):
            case.tell(PromiseResumed(**case.next(), promise_id=promise.id, on=case.today, parts=parts))


def parts_on(case: Case, promise: Promise, today: date) -> tuple[PromisePart, ...]:
    """As they are due; while a hold has stopped the clock, as if it went on after today."""
    return _moved(promise, _stopped(case, promise), today) if promise.is_suspended else promise.parts


def due(case: Case) -> Iterable[Due]:
    """The next midnight at which a clock stops or goes on."""
    days = [day for promise in case.promises.open() if (day := _next_edge(promise, _stopped(case, promise))) is not None]
    if days:
        yield Due("promise.clock", start_of(min(days), case.terms.zone_at(case.modified_on)))


def _next_edge(promise: Promise, stopped: Union) -> date | None:
    if promise.suspended_since is None:
        return next((period.from_ for period in stopped.periods if period.from_ > promise.clock_on), None)
    return stopped.end_after(promise.suspended_since) if stopped.holds(promise.suspended_since) else promise.suspended_since


def _stopping(case: Case, promise: Promise) -> list[Hold]:
    """Holds of the whole case, or of one of its debts; a hold of a part of a debt leaves the rest to be paid."""
    return [
        hold
        for hold in case.holds.by_id.values()
        if HoldScope.BREACH_CLOCK in hold.scopes and hold.amount is None and (hold.debt_id is None or hold.debt_id in promise.debt_ids)
    ]


def _stopped(case: Case, promise: Promise) -> Union:
    return Union(hold.period for hold in _stopping(case, promise))


def _moved(promise: Promise, stopped: Union, today: date) -> tuple[PromisePart, ...]:
    """The parts as they were agreed, each later by the days on which the clock has stood still before its last day."""
    grace = timedelta(days=promise.grace_days)
    return tuple(
        PromisePart(_later(part.date + grace, stopped, promise.made_on + _ONE_DAY, today) - grace, part.amount) for part in promise.agreed
    )


def _later(day: date, stopped: Union, since: date, today: date) -> date:
    """The day that comes after as many days of a running clock, from `since` on."""
    for period in stopped.periods:
        from_, through = max(period.from_, since), min(period.through or today, today)
        if from_ > day:
            break
        day += timedelta(days=max(0, (through - from_).days + 1))
    return day


def _are_other(promise: Promise, parts: tuple[PromisePart, ...]) -> bool:
    """Of what is open or was judged; a promise that is kept is looked at only where it would have to be paid sooner."""
    if promise.state is PromiseState.KEPT:
        return any(now.date < told.date for now, told in zip(parts, promise.parts, strict=True))
    judged = promise.parts_paid + 1 if promise.state in ADVERSE else len(parts)
    return parts[:judged] != promise.parts[:judged]


def _stood_still(promise: Promise, stopped: Union, today: date) -> bool:
    """Whether the clock has stood still since it was last told of, and nobody has said so."""
    return promise.is_open and stopped.days_within(promise.clock_on + _ONE_DAY, today + _ONE_DAY) > 0
