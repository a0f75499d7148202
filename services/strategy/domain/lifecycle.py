"""Lifecycle: a treatment begins with its case, follows where that stands, and ends with it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Causation, Fact
from services.kernel.money import Money
from services.strategy.domain.standing import BalanceAuthority, Report, Standing, TermsNoted

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment

# What happened ---------------------------------------------------------------


class TreatmentStarted(Fact):
    case_id: UUID
    client_id: UUID
    portfolio_id: UUID
    origin: Causation
    currency_code: str
    balance_authority: BalanceAuthority
    zone: str

    def apply(self, treatment: Treatment) -> None:
        treatment.case_id = self.case_id
        treatment.client_id = self.client_id
        treatment.portfolio_id = self.portfolio_id
        treatment.heard = self.origin.version
        treatment.terms.append(TermsNoted(date.min, self.balance_authority, self.zone))
        treatment.standing = Standing("", Money.zero(self.currency_code), {}, None)


class TreatmentOpened(Fact):
    case_id: UUID
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.is_open = True
        treatment.opened_at = self.timestamp
        treatment.heard = self.origin.version


class BalanceAuthorityNoted(Fact):
    balance_authority: BalanceAuthority
    zone: str
    effective_from: date
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.terms.append(TermsNoted(self.effective_from, self.balance_authority, self.zone))
        treatment.heard = self.origin.version


class StandingNoted(Fact):
    bucket: str
    balance: Money
    origin: Causation
    debt_id: UUID | None
    debt_balance: Money | None
    reported_as_of: date | None
    reported: Money | None

    def apply(self, treatment: Treatment) -> None:
        standing = treatment.standing.with_debt(self.debt_id, self.debt_balance) if self.debt_id else treatment.standing
        report = standing.report
        if self.reported_as_of is not None:
            report = Report(self.reported_as_of, self.reported) if self.reported is not None else None
        treatment.standing = Standing(self.bucket, self.balance, standing.debts, report)
        treatment.heard = self.origin.version


class TreatmentEnded(Fact):
    case_id: UUID
    reason_code: str
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.has_ended = True
        treatment.heard = self.origin.version


class TreatmentResumed(Fact):
    case_id: UUID
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.has_ended = False
        treatment.heard = self.origin.version
