"""Pledges: where a promise stands, as its facts have told it: its parts, its deadlines, and what was said of it last."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from uuid import UUID

from services.cases.domain.evidence import SourceEvidence
from services.kernel.calendar import start_of, zone
from services.kernel.money import Money, total


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
    judged_at: datetime | None = None
    """The midnight that it was judged for; None: it is not."""
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
        self.waiting_for, self.money_ids, self.evidence, self.shortfall, self.judged_at = (), (), (), None, None


@dataclass(slots=True)
class Promises:
    by_id: dict[UUID, Promise] = field(default_factory=dict)

    def open(self) -> list[Promise]:
        return [promise for promise in self.by_id.values() if promise.is_open]

    def counting(self) -> list[Promise]:
        """Those that payments may count for."""
        return [promise for promise in self.by_id.values() if promise.state not in OVER]
