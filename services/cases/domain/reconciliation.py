"""Reconciliation: the creditor's word against ours. Each difference is explained by cause, or listed as unexplained until settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING

from services.cases.domain.buckets import BucketUnit
from services.kernel.facts import Fact
from services.kernel.money import Money

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class DifferenceKind(Enum):
    """Why our balance and the creditor's differ."""

    PAYMENT_NOT_BOOKED_BY_CREDITOR = "PAYMENT_NOT_BOOKED_BY_CREDITOR"
    PAYMENT_UNKNOWN_TO_US = "PAYMENT_UNKNOWN_TO_US"
    ADJUSTMENT_NOT_BOOKED_BY_CREDITOR = "ADJUSTMENT_NOT_BOOKED_BY_CREDITOR"
    CHARGE_UNKNOWN_TO_US = "CHARGE_UNKNOWN_TO_US"
    DISPUTE_NOT_BOOKED_BY_CREDITOR = "DISPUTE_NOT_BOOKED_BY_CREDITOR"
    ROUNDING = "ROUNDING"
    DEBT_NOT_IN_BOTH = "DEBT_NOT_IN_BOTH"
    SETTLED_BEFORE = "SETTLED_BEFORE"


@dataclass(frozen=True, slots=True)
class DifferenceCause:
    """A part of a difference that one cause explains: ours minus theirs. `version`: the case's fact behind it; 0: none."""

    kind: DifferenceKind
    amount: Money
    version: int
    source_ref: str


class BalanceDifferenceExplained(Fact):
    as_of: date
    ours: Money
    theirs: Money
    causes: tuple[DifferenceCause, ...]
    unexplained: Money
    unexplained_since: date | None
    source_ref: str

    def apply(self, case: Case) -> None:
        case.reconciliation.by_day[self.as_of] = Difference(
            self.as_of, self.ours, self.theirs, self.causes, self.unexplained, self.unexplained_since, self.source_ref
        )


class BalanceDifferenceResolved(Fact):
    as_of: date
    amount: Money
    reason_code: str
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        case.reconciliation.by_day[self.as_of].is_resolved = True
        case.reconciliation.settled[self.as_of] = Settled(self.as_of, self.amount, self.originator_version, self.reason_code)


class ArrearsDifferenceExplained(Fact):
    as_of: date
    unit: BucketUnit
    ours: int
    theirs: int
    cause: str
    source_ref: str

    def apply(self, case: Case) -> None:
        case.reconciliation.arrears[self.as_of] = (self.ours, self.theirs, self.cause)


class ReportRetracted(Fact):
    as_of: date
    source_ref: str
    by_source_ref: str
    reason_code: str
    reported_as_of: date | None
    reported: Money | None

    def apply(self, case: Case) -> None:
        case.balance.forget(self.as_of, self.source_ref)
        case.delinquency.forget(self.as_of, self.source_ref)
        case.reconciliation.by_day.pop(self.as_of, None)
        case.reconciliation.settled.pop(self.as_of, None)
        case.reconciliation.arrears.pop(self.as_of, None)
        case.reconciliation.retracted.add((self.as_of, self.source_ref))


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Difference:
    """What one snapshot of the creditor's and our ledger differ by."""

    as_of: date
    ours: Money
    theirs: Money
    causes: tuple[DifferenceCause, ...]
    unexplained: Money
    unexplained_since: date | None
    source_ref: str
    is_resolved: bool = False

    @property
    def is_unexplained(self) -> bool:
        return not self.unexplained.is_zero and not self.is_resolved


@dataclass(frozen=True, slots=True)
class Settled:
    """What somebody accepted as a difference: it explains the same difference in later snapshots."""

    as_of: date
    amount: Money
    version: int
    reason_code: str


@dataclass(slots=True)
class Reconciliation:
    """By the day the creditor spoke of."""

    by_day: dict[date, Difference] = field(default_factory=dict)
    settled: dict[date, Settled] = field(default_factory=dict)
    arrears: dict[date, tuple[int, int, str]] = field(default_factory=dict)
    """Where the creditor declares another lateness than we count: ours, theirs, and the cause."""
    retracted: set[tuple[date, str]] = field(default_factory=set)
    """Days and files whose word was taken back."""
