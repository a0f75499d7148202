"""Standing: where a case stands as far as segments look at it, and what that rests on. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from uuid import UUID

from services.kernel.calendar import date_at, zone
from services.kernel.money import Money, total


class BalanceAuthority(Enum):
    """Whose balance counts: our ledger's, or the creditor's latest report."""

    OURS = "OURS"
    CREDITOR = "CREDITOR"


@dataclass(frozen=True, slots=True)
class TermsNoted:
    """Whose balance counts from a day on. A later version covers every day from its first on."""

    effective_from: date
    balance_authority: BalanceAuthority
    zone: str


@dataclass(frozen=True, slots=True)
class Report:
    """The creditor's snapshot of a day."""

    as_of: date
    balance: Money


@dataclass(frozen=True, slots=True)
class Standing:
    """`balance` is the one that counts; debts (our ledger) and report are what it rests on."""

    bucket: str
    balance: Money
    debts: Mapping[UUID, Money]
    report: Report | None

    def with_bucket(self, bucket: str) -> Standing:
        return replace(self, bucket=bucket)

    def with_debt(self, debt_id: UUID, balance: Money | None) -> Standing:
        """None: the debt counts no longer."""
        others = {known: amount for known, amount in self.debts.items() if known != debt_id}
        return replace(self, debts=others if balance is None else {**others, debt_id: balance})

    def with_report(self, report: Report) -> Standing:
        """The report of the latest day counts; of two of the same day, the one that came last."""
        return self if self.report is not None and report.as_of < self.report.as_of else replace(self, report=report)

    def weighed(self, terms: Sequence[TermsNoted], at: datetime) -> Standing:
        """With the balance of those who have the word at that instant: the cases service's own rule, for today."""
        if authority_at(terms, at) is BalanceAuthority.CREDITOR and self.report is not None:
            return replace(self, balance=self.report.balance)
        return replace(self, balance=total(self.debts.values(), self.balance.currency_code))


def authority_at(terms: Sequence[TermsNoted], at: datetime) -> BalanceAuthority:
    # The zone that says which day it is may itself change with the terms; the UTC date is near enough to choose between two versions.
    today = date_at(at, zone(_in_force(terms, at.date()).zone))
    return _in_force(terms, today).balance_authority


def _in_force(terms: Sequence[TermsNoted], day: date) -> TermsNoted:
    return next(noted for noted in reversed(terms) if noted.effective_from <= day)
