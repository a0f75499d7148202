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

    def apply(self, case: Case) -> None:
        case.balance.reported.pop(self.as_of, None)
        case.delinquency.reports.pop(self.as_of, None)
        case.delinquency.past_due.pop(self.as_of, None)
        case.reconciliation.by_day.pop(self.as_of, None)
        case.reconciliation.arrears.pop(self.as_of, None)


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


@dataclass(slots=True)
class Reconciliation:
    """By the day the creditor spoke of."""

    by_day: dict[date, Difference] = field(default_factory=dict)
    arrears: dict[date, tuple[int, int, str]] = field(default_factory=dict)
