"""Told by the clock: what falls due in cases, and what we do then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from services.cases import application
from services.cases.application import CaseKey, circumstances, disputes, grievances, stops, work
from services.cases.domain.batch import Batch, BatchState
from services.cases.domain.case import Case
from services.chassis.heard import Timer
from services.chassis.log.origins import TimerFired
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


TIMERS: Mapping[str, Timer] = {
    "assignment.lease": Timer(Case, expire_lease),
    "batch.rows": Timer(Batch, handle_next_rows),
    "delinquency.boundary": Timer(Case, tell_boundary),
    "hold.expiry": Timer(Case, expire_holds),
    "dispute.deadline": Timer(Case, tell_dispute_deadlines),
    "circumstance.review": Timer(Case, tell_reviews),
    "complaint.deadline": Timer(Case, tell_overdue_complaints),
    "query.deadline": Timer(Case, tell_overdue_queries),
}
