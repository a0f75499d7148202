"""Promises: what a debtor said would be paid by when, and what came of it. Where it stands: pledges.py; how it is judged: keeping.py."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.evidence import SourceEvidence
from services.cases.domain.pledges import Promise, PromisePart, PromiseState, PromiseTolerance
from services.kernel.facts import Fact
from services.kernel.money import Money

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class CancelledBy(Enum):
    """Who took a promise back."""

    DEBTOR = "DEBTOR"
    US = "US"
    CLOSING = "CLOSING"


class PromiseMade(Fact):
    promise_id: UUID
    debt_ids: tuple[UUID, ...]
    parts: tuple[PromisePart, ...]
    tolerance: PromiseTolerance | None
    grace_days: int
    zone: str
    method: str
    attempt_id: UUID | None
    made_with: UUID | None
    made_on: date
    reminder_days: int | None

    def apply(self, case: Case) -> None:
        case.promises.by_id[self.promise_id] = Promise(
            self.promise_id,
            frozenset(self.debt_ids),
            self.parts,
            self.tolerance or PromiseTolerance(),
            self.grace_days,
            self.zone,
            self.method,
            self.attempt_id,
            self.made_with,
            self.made_on,
            self.reminder_days,
            self.originator_version,
            self.timestamp,
            self.parts,
            debt_ids_in_order=self.debt_ids,
        )


class PromiseReminderDue(Fact):
    promise_id: UUID
    part: int
    date: date
    missing: Money

    def apply(self, case: Case) -> None:
        case.promises.by_id[self.promise_id].reminded = self.part


class PromisePartPaid(Fact):
    promise_id: UUID
    part: int
    paid: Money
    on: date

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.parts_paid = self.part
        promise.stand(PromiseState.DUE, self.paid)


class PromisePartRevoked(Fact):
    promise_id: UUID
    part: int
    paid: Money
    cause: str

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.parts_paid = self.part - 1
        promise.stand(PromiseState.DUE, self.paid)


class PromiseKept(Fact):
    promise_id: UUID
    paid: Money
    on: date
    tolerated: Money

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.parts_paid, promise.suspended_since = len(promise.parts), None
        promise.stand(PromiseState.KEPT, self.paid)


class PromiseUnpaidSoFar(Fact):
    promise_id: UUID
    shortfall: Money
    waiting_for: tuple[UUID, ...]
    deadline: datetime
    part: int
    money_ids: tuple[UUID, ...]

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.parts_paid = self.part - 1
        promise.stand(PromiseState.UNPAID_SO_FAR, promise.paid)
        promise.waiting_for, promise.money_ids, promise.shortfall = self.waiting_for, self.money_ids, self.shortfall


class PromisePartlyKept(Fact):
    promise_id: UUID
    paid: Money
    shortfall: Money
    deadline: datetime
    part: int
    evidence: tuple[SourceEvidence, ...]

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.parts_paid = self.part - 1
        promise.stand(PromiseState.PARTLY_KEPT, self.paid)
        promise.shortfall, promise.evidence, promise.judged_at = self.shortfall, self.evidence, self.deadline


class PromiseBroken(Fact):
    promise_id: UUID
    shortfall: Money
    deadline: datetime
    part: int
    evidence: tuple[SourceEvidence, ...]

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.parts_paid = self.part - 1
        promise.stand(PromiseState.BROKEN, Money.zero(self.shortfall.currency_code))
        promise.shortfall, promise.evidence, promise.judged_at = self.shortfall, self.evidence, self.deadline


class PromiseKeptRevoked(Fact):
    promise_id: UUID
    cause: str
    paid: Money

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.parts_paid = 0
        promise.stand(PromiseState.DUE, self.paid)


class PromiseBreakRevoked(Fact):
    promise_id: UUID
    cause: str

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.stand(PromiseState.DUE, promise.paid)


class PromiseCancelled(Fact):
    promise_id: UUID
    by: CancelledBy
    reason_code: str

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.suspended_since = None
        promise.stand(PromiseState.CANCELLED, promise.paid)


class PromiseSuperseded(Fact):
    promise_id: UUID
    new_promise_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.suspended_since = None
        promise.stand(PromiseState.SUPERSEDED, promise.paid)
        promise.new_promise_id = self.new_promise_id


class PromiseSuspended(Fact):
    promise_id: UUID
    hold_ids: tuple[UUID, ...]
    since: date

    def apply(self, case: Case) -> None:
        case.promises.by_id[self.promise_id].suspended_since = self.since


class PromiseResumed(Fact):
    promise_id: UUID
    on: date
    parts: tuple[PromisePart, ...]

    def apply(self, case: Case) -> None:
        promise = case.promises.by_id[self.promise_id]
        promise.suspended_since, promise.clock_on, promise.parts = None, self.on, self.parts
        if promise.state is PromiseState.UNPAID_SO_FAR:
            promise.stand(PromiseState.DUE, promise.paid)
