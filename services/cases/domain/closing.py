"""Closing and reopening: every outcome has its precondition and its evidence, and no closed case is without a way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from services.cases.domain import delinquency, dropping
from services.cases.domain.arrears import policy_on
from services.cases.domain.assignment import UnassignReason, release
from services.cases.domain.balance import balance_at
from services.cases.domain.circumstances import CircumstanceKind
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


class CaseIsWithdrawn(Refusal):
    """The client has taken the case back: revoke the withdrawal, and it reopens."""


class CaseHasAnOpenDispute(Refusal):
    """A dispute is not answered yet: answer it first."""


class BalanceIsNotPaid(Refusal):
    """There is still something to collect."""


class BalanceIsNotSmall(Refusal):
    """The balance is larger than what may be let go as small."""


class CaseIsNotCured(Refusal):
    """The case is not in the first bucket of its set."""


class NoDisputeIsUpheld(Refusal):
    """No dispute of the case was upheld, not even in part."""


class CircumstanceIsNotConfirmed(Refusal):
    """No circumstance of that kind is confirmed of the case's people."""


def close(case: Case, outcome: CloseOutcome, evidence_refs: Sequence[str]) -> None:
    case.must_be_reportable()
    if case.lifecycle is Lifecycle.CLOSED and case.outcome is outcome:
        return
    case.must_be_workable()
    if case.lifecycle is not Lifecycle.OPEN:
        raise CaseIsNotOpen
    if not 1 <= len(evidence_refs) <= EVIDENCE_REFS_MAX:
        raise IsInvalid("evidence_refs", f"must be 1 to {EVIDENCE_REFS_MAX} references")
    if case.disputes.open() and outcome not in DISPUTES_GO_WITH_IT:
        raise CaseHasAnOpenDispute(dispute_id=case.disputes.open()[0].id)
    missing = missing_ground(case, outcome, case.today)
    if missing is not None:
        raise missing
    components = case.debts.components_on(case.today)
    dropping.cancel_open(case, outcome.name)
    case.tell(CaseClosed(**case.next(), outcome=outcome, balance_at_close=components, evidence_refs=tuple(evidence_refs)))
    release(case, UnassignReason.CASE_CLOSED)


def reopen(case: Case, reason: ReopenReason, evidence_refs: Sequence[str], trigger: Causation | None = None) -> None:
    """The same case goes on; what days gone by have changed while it was closed is told now. `trigger`: the fact that made it reopen."""
    case.must_be_reportable()
    if case.lifecycle is not Lifecycle.CLOSED:
        raise CaseIsNotClosed
    if case.withdrawal.effective_on is not None:
        raise CaseIsWithdrawn(effective_on=case.withdrawal.effective_on)
    case.tell(CaseReopened(**case.next(), reason=reason, evidence_refs=tuple(evidence_refs), trigger=trigger))
    delinquency.catch_up(case)


def reopen_where_ground_is_gone(
    case: Case, trigger: Causation, reason: ReopenReason = ReopenReason.GROUND_DISAPPEARED, on: date | None = None
) -> None:
    """After the fact `trigger`: a case that was closed on what is no longer so, today or on that later day, is active again."""
    if case.lifecycle is not Lifecycle.CLOSED or case.outcome is None or case.withdrawal.effective_on is not None:
        return
    if missing_ground(case, case.outcome, max(case.today, on or case.today)) is not None:
        reopen(case, reason, (), trigger)


def missing_ground(case: Case, outcome: CloseOutcome, day: date) -> Refusal | None:
    """What stands in the way of that outcome on that day; None: nothing. Outcomes not in the table rest on their evidence alone."""
    ground = GROUNDS.get(outcome)
    return None if ground is None else ground(case, day)


def _is_paid(case: Case, day: date) -> Refusal | None:
    balance = balance_at(case, day)
    if balance.minor_units > policy_on(case.terms, day).tolerance_minor_units:
        return BalanceIsNotPaid(minor_units=balance.minor_units, currency_code=balance.currency_code)
    return None


def _is_small(case: Case, day: date) -> Refusal | None:
    balance = balance_at(case, day)
    if balance.minor_units > SMALL_BALANCE_MINOR_UNITS_MAX:
        return BalanceIsNotSmall(minor_units=balance.minor_units, minor_units_max=SMALL_BALANCE_MINOR_UNITS_MAX)
    return None


def _is_cured(case: Case, day: date) -> Refusal | None:
    first, bucket = case.terms.at(day).bucket_set.first.name, bucket_at(case, day)
    return CaseIsNotCured(bucket=bucket, first=first) if bucket != first else None


def _is_upheld(case: Case, day: date) -> Refusal | None:
    return _is_paid(case, day) if case.disputes.is_any_upheld() else NoDisputeIsUpheld()


def _is_insolvent(case: Case, day: date) -> Refusal | None:
    return _is_confirmed(case, CircumstanceKind.INSOLVENCY, CircumstanceKind.SECOND_CHANCE)


def _is_deceased(case: Case, day: date) -> Refusal | None:
    return _is_confirmed(case, CircumstanceKind.DECEASED)


def _is_confirmed(case: Case, *kinds: CircumstanceKind) -> Refusal | None:
    return None if case.circumstances.is_confirmed(*kinds) else CircumstanceIsNotConfirmed(kinds=", ".join(kind.name for kind in kinds))


GROUNDS: Mapping[CloseOutcome, Callable[[Case, date], Refusal | None]] = {
    CloseOutcome.PAID_IN_FULL: _is_paid,
    CloseOutcome.SETTLED: _is_paid,
    CloseOutcome.CURED: _is_cured,
    CloseOutcome.SMALL_BALANCE: _is_small,
    CloseOutcome.DISPUTE_UPHELD: _is_upheld,
    CloseOutcome.INSOLVENCY: _is_insolvent,
    CloseOutcome.DECEASED_NO_ESTATE: _is_deceased,
}
"""What an outcome rests on besides its evidence. Where it is no longer so, the case reopens by itself."""

DISPUTES_GO_WITH_IT = frozenset(
    {CloseOutcome.RECALLED_BY_CLIENT, CloseOutcome.DUPLICATE, CloseOutcome.REGISTERED_IN_ERROR, CloseOutcome.NO_LEGAL_BASIS}
)
"""Outcomes with which the answer to an open dispute is no longer ours to give."""
