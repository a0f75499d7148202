"""Promising: what may be decided about promises: made, cancelled, superseded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import keeping
from services.cases.domain.balance import balance_at
from services.cases.domain.booking import DebtIsDetached
from services.cases.domain.closing import CaseIsNotOpen
from services.cases.domain.components import check_money
from services.cases.domain.debts import known
from services.cases.domain.lifecycle import Lifecycle
from services.cases.domain.parties import PartyIsUnknown
from services.cases.domain.pledges import OVER, Promise, PromisePart, PromiseState, PromiseTolerance
from services.cases.domain.promises import CancelledBy, PromiseCancelled, PromiseMade, PromiseSuperseded
from services.kernel.calendar import date_at, zone
from services.kernel.money import Money, total
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

PROMISES_PER_CASE_MAX = 1_000
AHEAD_DAYS_MAX = 366
GRACE_DAYS_MAX = 30


@dataclass(frozen=True, slots=True)
class PromiseTerms:
    """A promise as it is asked for. No debts: all of the case. No zone: the portfolio's."""

    parts: tuple[PromisePart, ...]
    debt_ids: tuple[UUID, ...] = ()
    tolerance: PromiseTolerance | None = None
    grace_days: int = 0
    zone: str = ""
    method: str = ""
    attempt_id: UUID | None = None
    made_with: UUID | None = None
    reminder_days: int | None = None


class PromiseIsUnknown(IsUnknown):
    """The case has no such promise."""


class DebtIsPromisedAlready(Refusal):
    """A promise for the debt is open: another one takes its place, or it is cancelled."""


class PromiseExceedsDebt(Refusal):
    """More is promised than is owed."""


class PromiseIsJudged(Refusal):
    """The promise was kept or broken: no more can be decided about it."""


class PromiseIsOver(Refusal):
    """The promise was cancelled, or another one has taken its place."""


class CaseHasTooManyPromises(Refusal):
    """The case holds as many promises as it may."""


def make(case: Case, promise_id: UUID, terms: PromiseTerms) -> None:
    case.must_exist()
    if promise_id in case.promises.by_id:
        return
    debt_ids = _check(case, terms)
    for promise in case.promises.open():
        if promise.debt_ids & set(debt_ids):
            raise DebtIsPromisedAlready(promise_id=promise.id)
    _tell(case, promise_id, terms, debt_ids)
    keeping.settle(case, "PAYMENT_COUNTS_ELSEWHERE")


def cancel(case: Case, promise_id: UUID, by: CancelledBy, reason_code: str) -> None:
    case.must_be_reportable()
    promise = _known(case, promise_id)
    if promise.state is PromiseState.CANCELLED:
        return
    _must_be_open(promise)
    case.tell(PromiseCancelled(**case.next(), promise_id=promise_id, by=by, reason_code=reason_code))
    keeping.settle(case, "PAYMENT_RECORDED_LATE")


def supersede(case: Case, promise_id: UUID, new_promise_id: UUID, reason_code: str, asked: PromiseTerms) -> None:
    """`asked`: the parts of the new one, how and with whom it was made; the rest is as it was."""
    case.must_be_reportable()
    promise = _known(case, promise_id)
    if promise.new_promise_id == new_promise_id:
        return
    _must_be_open(promise)
    terms = PromiseTerms(
        asked.parts,
        promise.debt_ids_in_order,
        promise.tolerance,
        promise.grace_days,
        promise.zone,
        asked.method,
        asked.attempt_id,
        asked.made_with,
        promise.reminder_days,
    )
    debt_ids = _check(case, terms)
    case.tell(PromiseSuperseded(**case.next(), promise_id=promise_id, new_promise_id=new_promise_id, reason_code=reason_code))
    _tell(case, new_promise_id, terms, debt_ids)
    keeping.settle(case, "PAYMENT_COUNTS_ELSEWHERE")


# Checks ------------------------------------------------------------------------------------------------------------------


def _tell(case: Case, promise_id: UUID, terms: PromiseTerms, debt_ids: tuple[UUID, ...]) -> None:
    case.tell(
        PromiseMade(
            **case.next(),
            promise_id=promise_id,
            debt_ids=debt_ids,
            parts=terms.parts,
            tolerance=terms.tolerance if terms.tolerance != PromiseTolerance() else None,
            grace_days=terms.grace_days,
            zone=_zone_of(case, terms),
            method=terms.method,
            attempt_id=terms.attempt_id,
            made_with=terms.made_with,
            made_on=_made_on(case, terms),
            reminder_days=terms.reminder_days,
        )
    )


def _check(case: Case, terms: PromiseTerms) -> tuple[UUID, ...]:
    """That such a promise may be made; the debts it is for."""
    case.must_be_workable()
    if case.lifecycle is not Lifecycle.OPEN:
        raise CaseIsNotOpen
    if len(case.promises.by_id) >= PROMISES_PER_CASE_MAX:
        raise CaseHasTooManyPromises(promises_max=PROMISES_PER_CASE_MAX)
    made_on = _made_on(case, terms)
    case.must_have_begun_by(made_on)
    if not 0 <= terms.grace_days <= GRACE_DAYS_MAX:
        raise IsInvalid("grace_days", f"must be 0 to {GRACE_DAYS_MAX}")
    if terms.made_with is not None and terms.made_with not in case.parties.by_person:
        raise PartyIsUnknown(person_id=terms.made_with)
    _check_parts(case, terms.parts, made_on)
    _check_tolerance(case, terms)
    debt_ids = terms.debt_ids or tuple(debt.id for debt in case.debts.by_id.values() if debt.detached_on is None)
    _must_be_owed(case, debt_ids, total((part.amount for part in terms.parts), case.currency_code))
    return debt_ids


def _check_parts(case: Case, parts: Sequence[PromisePart], made_on: date) -> None:
    if not parts:
        raise IsInvalid("parts", "must hold at least one")
    earliest = made_on
    for place, part in enumerate(parts):
        if part.date < earliest or (place and part.date == earliest):
            raise IsInvalid(f"parts[{place}].date", "must not lie before the promise, and come after the part before it")
        if (part.date - made_on).days > AHEAD_DAYS_MAX:
            raise IsInvalid(f"parts[{place}].date", f"must not lie more than {AHEAD_DAYS_MAX} days ahead")
        check_money(part.amount, case.currency_code, f"parts[{place}].amount")
        if part.amount.minor_units <= 0:
            raise IsInvalid(f"parts[{place}].amount.minor_units", "must be more than nothing")
        earliest = part.date


def _check_tolerance(case: Case, terms: PromiseTerms) -> None:
    tolerance = terms.tolerance
    if tolerance is None or tolerance.amount is None:
        return
    if tolerance.basis_points:
        raise IsInvalid("tolerance", "is either a percentage or an amount")
    check_money(tolerance.amount, case.currency_code, "tolerance.amount")
    if not 0 <= tolerance.amount.minor_units < terms.parts[0].amount.minor_units:
        raise IsInvalid("tolerance.amount.minor_units", "must be less than what is promised first")


def _must_be_owed(case: Case, debt_ids: Sequence[UUID], promised: Money) -> None:
    if not debt_ids:
        raise IsInvalid("debt_ids", "must name at least one: the case has none that counts")
    owed = Money.zero(case.currency_code)
    for debt_id in debt_ids:
        debt = known(case, debt_id)
        if debt.detached_on is not None:
            raise DebtIsDetached(debt_id=debt_id)
        owed += total((part.amount for part in debt.components_on(case.today)), case.currency_code)
    # Where the creditor's word counts it may be more than our ledger has.
    owed = max(owed, balance_at(case, case.today))
    if promised > owed:
        raise PromiseExceedsDebt(promised=promised.minor_units, owed=owed.minor_units)


def _made_on(case: Case, terms: PromiseTerms) -> date:
    return date_at(case.happened_at, zone(_zone_of(case, terms)))


def _zone_of(case: Case, terms: PromiseTerms) -> str:
    return terms.zone or case.terms.at(case.today).zone


def _known(case: Case, promise_id: UUID) -> Promise:
    if promise_id not in case.promises.by_id:
        raise PromiseIsUnknown(promise_id=promise_id)
    return case.promises.by_id[promise_id]


def _must_be_open(promise: Promise) -> None:
    if promise.state in OVER:
        raise PromiseIsOver(state=promise.state.name)
    if not promise.is_open:
        raise PromiseIsJudged(state=promise.state.name)
