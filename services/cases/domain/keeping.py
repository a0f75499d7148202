"""Keeping: whether a promise is kept. What is good for the debtor is told at once, by whoever hears of it; that a promise is short is told
by the clock alone, and that it is broken only when every payment source has spoken and no money is on its way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from services.cases.domain import counting, evidence, suspending, transit
from services.cases.domain.counting import Counted
from services.cases.domain.pledges import ADVERSE, Promise, PromisePart, PromiseState
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.promises import (
    PromiseBreakRevoked,
    PromiseBroken,
    PromiseKept,
    PromiseKeptRevoked,
    PromisePartlyKept,
    PromisePartPaid,
    PromisePartRevoked,
    PromiseReminderDue,
    PromiseUnpaidSoFar,
)
from services.kernel.calendar import start_of, zone
from services.kernel.facts import Due
from services.kernel.money import Money

if TYPE_CHECKING:
    from services.cases.domain.case import Case


@dataclass(frozen=True, slots=True)
class Standing:
    """How a promise stands by what was paid: parts paid, and whether the next one is short, its midnight gone by."""

    parts_paid: int
    paid: Money
    """Of a promise that is short: in time for the part that is missing."""
    on: date
    """Value date of the payment with which it came that far."""
    missing: Money
    """Of what is promised through the next part; of a promise that is kept: of all of it."""
    is_kept: bool
    is_short: bool


def standing(promise: Promise, parts: Sequence[PromisePart], payments: Sequence[Counted], now: datetime | None) -> Standing:
    """By its parts as they are due, at `now`; None: as if no midnight had come.

    Until its midnight a part is paid when it is paid in full, after it within the tolerance.
    Money counts for the earliest part first: a part is paid when what counts through its last day reaches all that is promised through it.
    """
    currency_code = promise.paid.currency_code
    whole, on, promised = counting.paid(payments, currency_code), promise.made_on, Money.zero(currency_code)
    missing = Money.zero(currency_code)
    for number, part in enumerate(parts, start=1):
        promised += part.amount
        last_day = part.date + timedelta(days=promise.grace_days)
        in_time = [each for each in payments if each.value_date <= last_day]
        paid_in_time = counting.paid(in_time, currency_code)
        missing = promised - paid_in_time
        is_over = now is not None and now >= promise.deadline_of(number)
        tolerated = promise.tolerance.of(promised) if is_over else Money.zero(currency_code)
        if missing > tolerated:
            return Standing(number - 1, paid_in_time if is_over else whole, on, missing, is_kept=False, is_short=is_over)
        on = _reached_on(in_time, promised - tolerated, on)
    return Standing(len(parts), whole, on, max(missing, Money.zero(currency_code)), is_kept=True, is_short=False)


@dataclass(frozen=True, slots=True)
class Bench:
    """Before whom promises are judged: what the portfolio knows, and the last days that are judged now. The clock comes for the others."""

    portfolio: Portfolio
    days: frozenset[date]


def settle(case: Case, cause: str, bench: Bench | None = None) -> None:
    """After whatever may have changed how the promises stand. With a bench, those that are short are judged by evidence."""
    if not case.promises.by_id:
        return
    suspending.settle(case)
    # One after the other by what counts now: a payment that another one needs more is not counted twice.
    for promise_id, payments in counting.counted(case, case.today).items():
        _settle_one(case, case.promises.by_id[promise_id], payments, cause, bench)
    suspending.settle(case)


def judge(case: Case, portfolio: Portfolio, days: Iterable[date]) -> None:
    """The clock speaks: a midnight has come, every source has spoken, or money that was on its way has arrived or will not.

    Whoever is found short on one of these days stands on that day's docket, or is entered there in the same unit.
    """
    settle(case, "PAYMENT_RECORDED_LATE", Bench(portfolio, frozenset(days)))


def remind(case: Case) -> None:
    """Of parts whose date comes near and that are not paid."""
    for promise in case.promises.open():
        at = _reminder_at(promise)
        if at is None or at > case.now or promise.is_suspended:
            continue
        now = standing(promise, promise.parts, counting.counted(case, case.today)[promise.id], None)
        number = now.parts_paid + 1
        case.tell(
            PromiseReminderDue(**case.next(), promise_id=promise.id, part=number, date=promise.parts[number - 1].date, missing=now.missing)
        )


def docket_days(case: Case) -> list[date]:
    """Last days of the parts that are open, each once: on their dockets the case stands where it is short of them."""
    open_parts = ((promise, range(promise.parts_paid + 1, len(promise.parts) + 1)) for promise in case.promises.open())
    return sorted({promise.last_day_of(number) for promise, numbers in open_parts for number in numbers})


def due(case: Case) -> Iterable[Due]:
    for promise in case.promises.open():
        if promise.is_suspended:
            continue
        if promise.state is PromiseState.DUE:
            yield Due(f"promise.deadline/{promise.id}", promise.deadline_of(promise.parts_paid + 1))
        elif any(money_id in case.transit.settled for money_id in promise.money_ids):
            yield Due(f"promise.deadline/{promise.id}", case.modified_on)
        reminder_at = _reminder_at(promise)
        if reminder_at is not None:
            yield Due(f"promise.reminder/{promise.id}", reminder_at)


# One promise -------------------------------------------------------------------------------------------------------------


def _settle_one(case: Case, promise: Promise, payments: Sequence[Counted], cause: str, bench: Bench | None) -> None:
    parts = suspending.parts_on(case, promise, case.today)
    now = standing(promise, parts, payments, None if promise.is_suspended else case.now)
    if now.is_kept:
        _tell_kept(case, promise, now, cause)
        return
    if promise.state is PromiseState.KEPT:
        case.tell(PromiseKeptRevoked(**case.next(), promise_id=promise.id, cause=cause, paid=now.paid))
    if promise.state in ADVERSE:
        _look_again(case, promise, now, cause, bench)
        return
    _tell_parts(case, promise, now, cause)
    _judge_one(case, promise, now, bench)


def _tell_kept(case: Case, promise: Promise, now: Standing, cause: str) -> None:
    if promise.state is PromiseState.KEPT:
        return
    if promise.state in ADVERSE:
        case.tell(PromiseBreakRevoked(**case.next(), promise_id=promise.id, cause=cause))
    case.tell(PromiseKept(**case.next(), promise_id=promise.id, paid=now.paid, on=now.on, tolerated=now.missing))


def _tell_parts(case: Case, promise: Promise, now: Standing, cause: str) -> None:
    if now.parts_paid > promise.parts_paid:
        case.tell(PromisePartPaid(**case.next(), promise_id=promise.id, part=now.parts_paid, paid=now.paid, on=now.on))
    elif now.parts_paid < promise.parts_paid:
        case.tell(PromisePartRevoked(**case.next(), promise_id=promise.id, part=now.parts_paid + 1, paid=now.paid, cause=cause))


def _look_again(case: Case, promise: Promise, now: Standing, cause: str, bench: Bench | None) -> None:
    """It was judged. What it was judged on may be so no more: it was paid in time after all, or a source had said too much."""
    through = promise.last_day_of(min(now.parts_paid + 1, len(promise.parts)))
    if bench is not None and now.is_short and not evidence.is_complete(bench.portfolio, through):
        cause = "SOURCE_CORRECTED"
    elif now.is_short and now.parts_paid == promise.parts_paid and promise.judged_at == promise.deadline_of(now.parts_paid + 1):
        _judge_anew(case, promise, now, cause)
        return
    # Also where a hold has moved the midnight at which it was judged: the clock judges it by what is known of the new one.
    case.tell(PromiseBreakRevoked(**case.next(), promise_id=promise.id, cause=cause))
    _tell_parts(case, promise, now, cause)
    _judge_one(case, promise, now, bench)


def _judge_anew(case: Case, promise: Promise, now: Standing, cause: str) -> None:
    """Still short of the same part, by the evidence there was: other amounts may make another word."""
    nothing = now.paid.minor_units <= 0
    if nothing and promise.state is PromiseState.BROKEN and promise.shortfall == now.missing:
        return
    if not nothing and promise.state is PromiseState.PARTLY_KEPT and (promise.paid, promise.shortfall) == (now.paid, now.missing):
        return
    given = promise.evidence
    if promise.state is PromiseState.BROKEN and not nothing:
        case.tell(PromiseBreakRevoked(**case.next(), promise_id=promise.id, cause=cause))
    _tell_adverse(case, promise, now, given)


def _judge_one(case: Case, promise: Promise, now: Standing, bench: Bench | None) -> None:
    number = now.parts_paid + 1
    if bench is None or not now.is_short or promise.is_suspended or promise.last_day_of(number) not in bench.days:
        return
    through, portfolio = promise.last_day_of(number), bench.portfolio
    waiting_for = evidence.lacking(portfolio, through)
    money_ids = (
        *transit.possibly_for(case, promise.made_on, through, zone(promise.zone), case.currency_code),
        *evidence.unmatched_within(portfolio, promise.made_on, through),
    )
    if evidence.is_complete(portfolio, through) and not money_ids:
        _tell_adverse(case, promise, now, evidence.given_by(portfolio, through))
        return
    known = (promise.state, promise.waiting_for, promise.money_ids, promise.shortfall)
    if known != (PromiseState.UNPAID_SO_FAR, waiting_for, money_ids, now.missing):
        case.tell(
            PromiseUnpaidSoFar(
                **case.next(),
                promise_id=promise.id,
                shortfall=now.missing,
                waiting_for=waiting_for,
                deadline=promise.deadline_of(number),
                part=number,
                money_ids=money_ids,
            )
        )


def _tell_adverse(case: Case, promise: Promise, now: Standing, given: tuple[evidence.SourceEvidence, ...]) -> None:
    number = now.parts_paid + 1
    deadline = promise.deadline_of(number)
    if now.paid.minor_units > 0:
        case.tell(
            PromisePartlyKept(
                **case.next(),
                promise_id=promise.id,
                paid=now.paid,
                shortfall=now.missing,
                deadline=deadline,
                part=number,
                evidence=given,
            )
        )
    else:
        case.tell(
            PromiseBroken(**case.next(), promise_id=promise.id, shortfall=now.missing, deadline=deadline, part=number, evidence=given)
        )


def _reached_on(payments: Sequence[Counted], amount: Money, otherwise: date) -> date:
    """Value date of the payment with which that amount was reached."""
    so_far = Money.zero(amount.currency_code)
    for each in payments:
        so_far += each.amount
        if so_far >= amount:
            return each.value_date
    return otherwise


def _reminder_at(promise: Promise) -> datetime | None:
    """When somebody may be reminded of the next part; None: nobody is, has been already, or that lies before it was made."""
    number = promise.parts_paid + 1
    if promise.reminder_days is None or promise.state is not PromiseState.DUE or promise.reminded >= number:
        return None
    at = start_of(promise.parts[number - 1].date - timedelta(days=promise.reminder_days), zone(promise.zone))
    return at if at > promise.made_at else None
