"""Promises: what a debtor said would be paid by when, and what came of it as it was told. What is judged stands in keeping.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.evidence import SourceEvidence
from services.kernel.calendar import start_of, zone
from services.kernel.facts import Fact
from services.kernel.money import Money, total

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PromisePart:
    """What is promised by a day."""

    date: date
    amount: Money


@dataclass(frozen=True, slots=True)
class PromiseTolerance:
    """How much may be missing of what is promised by then: in hundredths of a percent, rounded down, or as an amount."""

    basis_points: int = 0
    amount: Money | None = None

    def of(self, promised: Money) -> Money:
        if self.amount is not None:
            return self.amount
        return Money(promised.currency_code, promised.minor_units * self.basis_points // 10_000)


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
        promise.shortfall, promise.evidence = self.shortfall, self.evidence


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
        promise.shortfall, promise.evidence = self.shortfall, self.evidence


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


# Where it stands -------------------------------------------------------------


class PromiseState(Enum):
    """Where a promise stands, as it was told. Whether a hold has stopped its clock is told beside it."""

    DUE = "DUE"
    UNPAID_SO_FAR = "UNPAID_SO_FAR"
    KEPT = "KEPT"
    PARTLY_KEPT = "PARTLY_KEPT"
    BROKEN = "BROKEN"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"


OPEN = frozenset({PromiseState.DUE, PromiseState.UNPAID_SO_FAR})
"""Nobody has judged it."""
ADVERSE = frozenset({PromiseState.PARTLY_KEPT, PromiseState.BROKEN})
OVER = frozenset({PromiseState.CANCELLED, PromiseState.SUPERSEDED})
"""It no longer counts, neither as kept nor as broken."""


@dataclass(slots=True)
class Promise:
    """One promise. `agreed` are its parts as they were promised, `parts` as they are due since holds moved them."""

    id: UUID
    debt_ids: frozenset[UUID]
    agreed: tuple[PromisePart, ...]
    tolerance: PromiseTolerance
    grace_days: int
    zone: str
    method: str
    attempt_id: UUID | None
    made_with: UUID | None
    made_on: date
    reminder_days: int | None
    version: int
    made_at: datetime
    parts: tuple[PromisePart, ...]
    state: PromiseState = PromiseState.DUE
    parts_paid: int = 0
    reminded: int = 0
    """Through which part somebody may have been reminded."""
    paid: Money = field(init=False)
    """As it was last told."""
    shortfall: Money | None = None
    waiting_for: tuple[UUID, ...] = ()
    money_ids: tuple[UUID, ...] = ()
    evidence: tuple[SourceEvidence, ...] = ()
    suspended_since: date | None = None
    clock_on: date = field(init=False)
    """Through which it was told when its clock ran and when it did not."""
    new_promise_id: UUID | None = None
    debt_ids_in_order: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        self.paid, self.clock_on = Money.zero(self.agreed[0].amount.currency_code), self.made_on

    @property
    def promised(self) -> Money:
        return total((part.amount for part in self.agreed), self.agreed[0].amount.currency_code)

    @property
    def last_day(self) -> date:
        """Through which its last part may be paid."""
        return self.last_day_of(len(self.parts))

    def last_day_of(self, part: int) -> date:
        return self.parts[part - 1].date + timedelta(days=self.grace_days)

    @property
    def open_last_day(self) -> date:
        """Through which the first part may be paid that is not."""
        return self.last_day_of(min(self.parts_paid + 1, len(self.parts)))

    def deadline_of(self, part: int) -> datetime:
        """00:00 after its last day, in the promise's zone."""
        return start_of(self.last_day_of(part) + timedelta(days=1), zone(self.zone))

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_suspended(self) -> bool:
        return self.suspended_since is not None

    def stand(self, state: PromiseState, paid: Money) -> None:
        """From now on so; what was told of the former state is over."""
        self.state, self.paid = state, paid
        self.waiting_for, self.money_ids, self.evidence, self.shortfall = (), (), (), None


@dataclass(slots=True)
class Promises:
    by_id: dict[UUID, Promise] = field(default_factory=dict)

    def open(self) -> list[Promise]:
        return [promise for promise in self.by_id.values() if promise.is_open]

    def counting(self) -> list[Promise]:
        """Those that payments may count for."""
        return [promise for promise in self.by_id.values() if promise.state not in OVER]
