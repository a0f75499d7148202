"""Dockets: the cases with a promise that was short when its day had gone by. They are called when every payment source has spoken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.pledges import ADVERSE, Promise, PromiseState
from services.kernel import ids
from services.kernel.facts import Due, Fact, Stream

if TYPE_CHECKING:
    from services.cases.domain.case import Case

DOCKETS_PER_DAY = 8
"""A portfolio and a day have so many, so that those who come at one midnight do not wait for one another."""
CASES_PER_WAKE = 64

# What happened ---------------------------------------------------------------


class DocketEntered(Fact):
    client_id: UUID
    portfolio_id: UUID
    day: date
    case_id: UUID

    def apply(self, docket: Docket) -> None:
        docket.client_id, docket.portfolio_id, docket.day = self.client_id, self.portfolio_id, self.day
        docket.cases[self.case_id] = None
        # Who comes has just been judged: it is not looked at before the next call.
        if docket.done == len(docket.cases) - 1:
            docket.done += 1


class DocketAnnounced(Fact):
    day: date

    def apply(self, docket: Docket) -> None:
        docket.is_announced = True


class DocketCalled(Fact):
    day: date

    def apply(self, docket: Docket) -> None:
        docket.done = 0


class DocketPaged(Fact):
    done: int

    def apply(self, docket: Docket) -> None:
        docket.done = self.done


# Where it stands -------------------------------------------------------------


class Docket(Stream):
    """Nobody outside ever names one: its id is worked out."""

    def __init__(self) -> None:
        self.client_id = UUID(int=0)
        self.portfolio_id = UUID(int=0)
        self.day = date.max
        self.cases: dict[UUID, None] = {}
        self.done = 0
        self.is_announced = False
        """The portfolio knows that this day is waited for."""

    def next_cases(self) -> list[UUID]:
        return list(self.cases)[self.done : self.done + CASES_PER_WAKE]

    def due(self) -> Iterable[Due]:
        if self.cases and not self.is_announced:
            yield Due("docket.announce", self.modified_on)
        if self.done < len(self.cases):
            yield Due("docket.page", self.modified_on)


def docket_of(portfolio_id: UUID, day: date, case_id: UUID) -> UUID:
    """The one of that portfolio and day that the case stands on."""
    return ids.derived("docket", portfolio_id, day, case_id.bytes[-1] % DOCKETS_PER_DAY)


def dockets_of(portfolio_id: UUID, day: date) -> list[UUID]:
    return [ids.derived("docket", portfolio_id, day, number) for number in range(DOCKETS_PER_DAY)]


# What may be decided ---------------------------------------------------------


def enter(docket: Docket, case: Case, day: date) -> None:
    """Where the case has a promise that was short when that day had gone by. Twice: told once."""
    if case.id not in docket.cases and any(_is_short_on(promise, day) for promise in case.promises.by_id.values()):
        docket.tell(DocketEntered(**docket.next(), client_id=case.client_id, portfolio_id=case.portfolio_id, day=day, case_id=case.id))


def announce(docket: Docket) -> None:
    if not docket.is_announced:
        docket.tell(DocketAnnounced(**docket.next(), day=docket.day))


def call(docket: Docket) -> None:
    if docket.cases:
        docket.tell(DocketCalled(**docket.next(), day=docket.day))


def page(docket: Docket, done: int) -> None:
    if done > docket.done:
        docket.tell(DocketPaged(**docket.next(), done=done))


def _is_short_on(promise: Promise, day: date) -> bool:
    return (promise.state is PromiseState.UNPAID_SO_FAR or promise.state in ADVERSE) and promise.open_last_day == day
