"""Told by the clock: what falls due in cases, and what we do then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.cases import application
from services.cases.application import CaseKey, circumstances, commitments, disputes, grievances, stops, work
from services.cases.domain import evidence, keeping
from services.cases.domain.batch import Batch, BatchState
from services.cases.domain.case import Case
from services.cases.domain.docket import Docket
from services.cases.domain.portfolio import Portfolio
from services.chassis.heard import Timer
from services.chassis.log.origins import TimerFired
from services.chassis.telemetry.metrics import HOLDS_UNHEEDED
from services.kernel.facts import Change


def handle_next_rows(batch: Batch, fired: TimerFired) -> Iterable[Change[Batch] | Change[Case]]:
    """Open the next cases of a released batch, or reject those of a rejected one. One unit for each step."""
    cases = batch.next_cases()
    yield application.record_batch_opened(batch.id, batch.done + len(cases))
    for case_id, external_ref in cases:
        if batch.state is BatchState.RELEASED:
            yield application.open_case(case_id)
        else:
            yield application.reject_case(case_id, batch.id, batch.client_id, external_ref)


def tell_boundary(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """A midnight has brought the case into another bucket."""
    yield application.tell_boundary(CaseKey(case.id, case.portfolio_id))


def expire_holds(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """A midnight has come after a hold's last day."""
    yield stops.expire_holds(CaseKey(case.id, case.portfolio_id))


def tell_dispute_deadlines(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """The last day for the answer to a dispute has gone by."""
    yield disputes.tell_deadlines(CaseKey(case.id, case.portfolio_id))


def tell_reviews(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """The day has come to look at a circumstance again."""
    yield circumstances.tell_reviews(CaseKey(case.id, case.portfolio_id))


def tell_overdue_complaints(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """The last day for the answer to a complaint has gone by."""
    yield grievances.tell_overdue_complaints(CaseKey(case.id, case.portfolio_id))


def tell_overdue_queries(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """The last day for the creditor's answer has gone by."""
    yield grievances.tell_overdue_queries(CaseKey(case.id, case.portfolio_id))


def expire_lease(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """Whoever had the case has not asked for more time."""
    yield work.expire_lease(CaseKey(case.id, case.portfolio_id))


def judge_promises(case: Case, fired: TimerFired) -> Iterable[Change[Any]]:
    """A promise's midnight has come, or what it waited for is settled. Where it is short, the case stands on that day's docket."""
    days = keeping.docket_days(case)
    yield commitments.judge_promises(CaseKey(case.id, case.portfolio_id), days)
    for day in days:
        yield commitments.enter_docket(CaseKey(case.id, case.portfolio_id), day)


def remind_of_promises(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """The date of a promise comes near."""
    yield commitments.remind_of_promises(CaseKey(case.id, case.portfolio_id))


def turn_clocks(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """A midnight has come at which a hold stops the clock of promises, or lets it go on."""
    yield commitments.turn_clocks(CaseKey(case.id, case.portfolio_id))


def tell_missed_acknowledgements(case: Case, fired: TimerFired) -> Iterable[Change[Case]]:
    """Somebody has not acted on a hold in time."""
    HOLDS_UNHEEDED.add(1, {"service": "cases"})
    yield stops.tell_missed_acknowledgements(CaseKey(case.id, case.portfolio_id))


def call_dockets(portfolio: Portfolio, fired: TimerFired) -> Iterable[Change[Any]]:
    """Every payment source is complete through a day that promises wait for, or is not any more."""
    for day in evidence.to_call(portfolio)[:DAYS_PER_WAKE]:
        yield from commitments.call_dockets(portfolio.id, day)


def announce_docket(docket: Docket, fired: TimerFired) -> Iterable[Change[Any]]:
    """The first case stands on a docket: the portfolio is told that its day is waited for."""
    yield from commitments.announce_docket(docket)


def judge_next_cases(docket: Docket, fired: TimerFired) -> Iterable[Change[Any]]:
    """The next cases of a docket that was called. One unit for each step."""
    yield from commitments.judge_next_cases(docket)


DAYS_PER_WAKE = 4
"""For how many days the dockets are called in one unit."""

TIMERS: Mapping[str, Timer] = {
    "assignment.lease": Timer(Case, expire_lease),
    "batch.rows": Timer(Batch, handle_next_rows),
    "delinquency.boundary": Timer(Case, tell_boundary),
    "hold.expiry": Timer(Case, expire_holds),
    "dispute.deadline": Timer(Case, tell_dispute_deadlines),
    "circumstance.review": Timer(Case, tell_reviews),
    "complaint.deadline": Timer(Case, tell_overdue_complaints),
    "query.deadline": Timer(Case, tell_overdue_queries),
    "promise.deadline": Timer(Case, judge_promises),
    "promise.reminder": Timer(Case, remind_of_promises),
    "promise.clock": Timer(Case, turn_clocks),
    "hold.heeding": Timer(Case, tell_missed_acknowledgements),
    "evidence.call": Timer(Portfolio, call_dockets),
    "docket.announce": Timer(Docket, announce_docket),
    "docket.page": Timer(Docket, judge_next_cases),
}
