"""Withdrawals (bajas): the creditor takes a case back, or has done so by mistake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from services.kernel.facts import Fact

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
