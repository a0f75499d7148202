"""The words of a promise on the wire: how it stands on a day, by what was known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acuerdo.cases.v1 import promises_pb2 as pb

from services.cases.api import wire
from services.cases.api.desk import Moment
from services.cases.domain import counting, keeping, suspending
from services.cases.domain.keeping import Standing
from services.cases.domain.pledges import Promise, PromiseState
from services.chassis.rpc import words
from services.kernel.calendar import start_of, zone


def wire_promise(at: Moment, promise: Promise) -> pb.Promise:
    now, payments = standing_at(at, promise), counting.counted(at.case, at.as_of, through=at.as_of).get(promise.id, ())
    is_today = at.as_of >= at.case.terms.today(at.known_at)
    number = now.parts_paid + 1
    is_running = promise.is_open and not promise.is_suspended and number <= len(promise.parts)
    return pb.Promise(
        promise_id=str(promise.id),
        case_id=str(at.case.id),
        state=wire.wire_value(promise.state if is_today else state_by(promise, now), pb.PromiseState),
        is_suspended=promise.is_suspended,
        debt_ids=[str(debt_id) for debt_id in promise.debt_ids_in_order],
        parts=[pb.PromisePart(date=words.wire_date(part.date), amount=words.wire_money(part.amount)) for part in promise.parts],
        tolerance=_tolerance(promise),
        grace_days=promise.grace_days,
        zone=promise.zone,
        made_on=words.wire_date(promise.made_on),
        promised=words.wire_money(promise.promised),
        paid=words.wire_money(counting.paid(payments, at.case.currency_code)),
        parts_paid=now.parts_paid,
        deadline=words.timestamp(promise.deadline_of(number)) if is_running else None,
        waiting_for=[str(source_id) for source_id in promise.waiting_for],
        money_ids=[str(money_id) for money_id in promise.money_ids],
        method=promise.method,
        attempt_id=str(promise.attempt_id or ""),
        made_with=str(promise.made_with or ""),
        version=promise.version,
        new_promise_id=str(promise.new_promise_id or ""),
    )


def standing_at(at: Moment, promise: Promise) -> Standing:
    """By the payments that count through the day asked about, at the end of that day or at the instant, whichever comes first."""
    payments = counting.counted(at.case, at.as_of, through=at.as_of).get(promise.id, ())
    end = start_of(at.as_of + timedelta(days=1), zone(promise.zone))
    parts = suspending.parts_on(at.case, promise, at.as_of)
    return keeping.standing(
        promise, parts, payments, None if promise.is_suspended else min(end, max(at.known_at, datetime(1, 1, 2, tzinfo=UTC)))
    )


def state_by(promise: Promise, now: Standing) -> PromiseState:
    """On a day gone by, whatever was judged since: kept, due, or short so far. What ended it without a judgement stays so."""
    if promise.state in (PromiseState.CANCELLED, PromiseState.SUPERSEDED):
        return promise.state
    if now.is_kept:
        return PromiseState.KEPT
    return PromiseState.UNPAID_SO_FAR if now.is_short else PromiseState.DUE


def _tolerance(promise: Promise) -> pb.PromiseTolerance | None:
    of = promise.tolerance
    if of.amount is None and not of.basis_points:
        return None
    return pb.PromiseTolerance(basis_points=of.basis_points, amount=None if of.amount is None else words.wire_money(of.amount))
