"""Closing and reopening: every outcome has its precondition and its evidence, and no closed case is without a way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.cases.domain import delinquency
from services.cases.domain.assignment import UnassignReason, release
from services.cases.domain.balance import balance_at
from services.cases.domain.components import ComponentAmount
from services.cases.domain.delinquency import bucket_at
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.kernel.facts import Causation, Fact
from services.kernel.refusal import IsInvalid, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

SMALL_BALANCE_MINOR_UNITS_MAX = 1_000
"""What may be let go as not worth the work: 10.00 in a currency of two minor digits."""
EVIDENCE_REFS_MAX = 20

# What happened ---------------------------------------------------------------


class CaseClosed(Fact):
    outcome: CloseOutcome
    balance_at_close: tuple[ComponentAmount, ...]
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        case.lifecycle = Lifecycle.CLOSED
        case.outcome = self.outcome


class CaseReopened(Fact):
    reason: ReopenReason
    evidence_refs: tuple[str, ...]
    trigger: Causation | None

    def apply(self, case: Case) -> None:
        case.lifecycle = Lifecycle.OPEN
        case.outcome = None


# What may be decided ---------------------------------------------------------


class CaseIsNotOpen(Refusal):
    """The case has not been opened."""


class CaseIsNotClosed(Refusal):
    """Only a closed case can be reopened."""


class BalanceIsNotPaid(Refusal):
    """There is still something to collect."""


class BalanceIsNotSmall(Refusal):
    """The balance is larger than what may be let go as small."""


class CaseIsNotCured(Refusal):
    """The case is not in the first bucket of its set."""


def close(case: Case, outcome: CloseOutcome, evidence_refs: Sequence[str]) -> None:
    case.must_be_reportable()
    if case.lifecycle is Lifecycle.CLOSED and case.outcome is outcome:
        return
    case.must_be_workable()
    if case.lifecycle is not Lifecycle.OPEN:
        raise CaseIsNotOpen
    if not 1 <= len(evidence_refs) <= EVIDENCE_REFS_MAX:
        raise IsInvalid("evidence_refs", f"must be 1 to {EVIDENCE_REFS_MAX} references")
    _check_outcome(case, outcome)
    components = case.debts.components_on(case.today)
    case.tell(CaseClosed(**case.next(), outcome=outcome, balance_at_close=components, evidence_refs=tuple(evidence_refs)))
    release(case, UnassignReason.CASE_CLOSED)


def reopen(case: Case, reason: ReopenReason, evidence_refs: Sequence[str], trigger: Causation | None = None) -> None:
    """The same case goes on; what days gone by have changed while it was closed is told now. `trigger`: the fact that made it reopen."""
    case.must_be_reportable()
    if case.lifecycle is not Lifecycle.CLOSED:
        raise CaseIsNotClosed
    case.tell(CaseReopened(**case.next(), reason=reason, evidence_refs=tuple(evidence_refs), trigger=trigger))
    delinquency.catch_up(case)


def _check_outcome(case: Case, outcome: CloseOutcome) -> None:
    """Each outcome has its precondition; those that are not in the table rest on their evidence alone."""
    balance = balance_at(case, case.today)
    if outcome in (CloseOutcome.PAID_IN_FULL, CloseOutcome.SETTLED) and balance.minor_units > 0:
        raise BalanceIsNotPaid(minor_units=balance.minor_units, currency_code=balance.currency_code)
    if outcome is CloseOutcome.SMALL_BALANCE and balance.minor_units > SMALL_BALANCE_MINOR_UNITS_MAX:
        raise BalanceIsNotSmall(minor_units=balance.minor_units, minor_units_max=SMALL_BALANCE_MINOR_UNITS_MAX)
    first = case.terms.at(case.today).bucket_set.first.name
    if outcome is CloseOutcome.CURED and bucket_at(case, case.today) != first:
        raise CaseIsNotCured(bucket=bucket_at(case, case.today), first=first)
