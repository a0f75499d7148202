"""Withdrawals (bajas): the creditor takes a case back, or has done so by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from services.cases.domain import booking, closing
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.kernel.facts import Causation, Fact
from services.kernel.refusal import IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class CaseWithdrawn(Fact):
    reason_code: str
    source_ref: str
    effective_on: date

    def apply(self, case: Case) -> None:
        case.withdrawal.effective_on = self.effective_on
        case.withdrawal.source_ref = self.source_ref


class WithdrawalRevoked(Fact):
    reason_code: str
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        case.withdrawal.effective_on = None


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Withdrawal:
    """Without a day: the case has not been taken back."""

    effective_on: date | None = None
    source_ref: str = ""


# What may be decided ---------------------------------------------------------


class CaseIsNotWithdrawn(Refusal):
    """The client has not taken the case back."""


class DebtRefIsUnknown(IsUnknown):
    """The case has no debt of this reference, or none that still counts."""


def withdraw(case: Case, reason_code: str, source_ref: str, effective_on: date | None) -> None:
    """The client takes the case back: it closes with that, and its ledger stays as it was. Sent twice, told once."""
    case.must_be_reportable()
    if case.withdrawal.effective_on is not None:
        return
    case.must_be_workable()
    if case.lifecycle is not Lifecycle.OPEN:
        raise closing.CaseIsNotOpen
    on = case.day_or_today(effective_on, "effective_on")
    case.must_have_begun_by(on)
    case.tell(CaseWithdrawn(**case.next(), reason_code=reason_code, source_ref=source_ref, effective_on=on))
    closing.close(case, CloseOutcome.RECALLED_BY_CLIENT, [source_ref])


def withdraw_debt(case: Case, external_ref: str, reason_code: str, effective_on: date | None) -> None:
    """The client takes one debt back: from that day on it no longer counts."""
    case.must_be_workable()
    debt = case.debts.of_ref(external_ref)
    if debt is None:
        if any(known.external_ref == external_ref for known in case.debts.by_id.values()):
            return
        raise DebtRefIsUnknown(external_ref=external_ref)
    booking.detach(case, debt.id, reason_code, effective_on)


def revoke(case: Case, reason_code: str, evidence_refs: Sequence[str]) -> None:
    """It was taken back by mistake: the case goes on where it was, with whatever has come for it meanwhile."""
    case.must_be_reportable()
    if case.withdrawal.effective_on is None:
        raise CaseIsNotWithdrawn
    case.tell(WithdrawalRevoked(**case.next(), reason_code=reason_code, evidence_refs=tuple(evidence_refs)))
    closing.reopen(case, ReopenReason.WITHDRAWAL_REVOKED, evidence_refs, Causation(case.id, case.version))
