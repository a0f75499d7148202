"""Registration: a client's row becomes a case, or its batch is rejected and takes the case with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.cases.domain import booking, delinquency, parties
from services.cases.domain.batch import Batch
from services.cases.domain.booking import DebtTerms
from services.cases.domain.buckets import BucketUnit
from services.cases.domain.case import Case, CaseIsOfAnotherPortfolio, CaseTermsChanged
from services.cases.domain.lifecycle import Lifecycle
from services.cases.domain.parties import CaseHasNoDebtor, Party, PartyRole
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.steps import Declared
from services.cases.domain.terms import PortfolioTerms
from services.kernel import ids
from services.kernel.facts import Fact
from services.kernel.refusal import AlreadyExists, IsInvalid, Refusal

DEBTS_PER_ROW_MAX = 50
PARTIES_PER_ROW_MAX = 20

# What happened ---------------------------------------------------------------


class CaseRegistered(Fact):
    client_id: UUID
    portfolio_id: UUID
    external_ref: str
    product: str
    jurisdiction: str
    batch_id: UUID | None
    line: int
    terms: PortfolioTerms

    def apply(self, case: Case) -> None:
        case.lifecycle = Lifecycle.REGISTERED
        case.client_id = self.client_id
        case.portfolio_id = self.portfolio_id
        case.external_ref = self.external_ref
        case.product = self.product
        case.jurisdiction = self.jurisdiction
        case.batch_id = self.batch_id
        case.line = self.line
        case.terms.versions.append((date.min, self.terms))
        case.registered_at = self.timestamp


class CaseRejected(Fact):
    batch_id: UUID

    def apply(self, case: Case) -> None:
        case.lifecycle = Lifecycle.REJECTED


# What may be decided ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseTerms:
    """A case as a row brings it."""

    external_ref: str
    product: str
    parties: tuple[Party, ...]
    debts: tuple[DebtTerms, ...]
    value_date: date | None = None
    batch_id: UUID | None = None
    line: int = 0


class CaseIsRegisteredAlready(AlreadyExists):
    """The case is registered already, with other content."""


class CaseIsOpen(Refusal):
    """The case is open already: a batch can no longer reject it."""


def register(case: Case, portfolio: Portfolio, row: CaseTerms) -> None:
    """The row becomes a case with its parties and debts, and, where days are counted, with the due date that the debts bring."""
    portfolio.must_exist()
    if case.exists:
        if (case.portfolio_id, case.external_ref, case.batch_id) == (portfolio.id, row.external_ref, row.batch_id):
            return
        raise CaseIsRegisteredAlready(external_ref=case.external_ref)
    _check_row(row)
    (_, first_terms), *later_terms = portfolio.terms.versions
    case.tell(
        CaseRegistered(
            **case.next(),
            client_id=portfolio.client_id,
            portfolio_id=portfolio.id,
            external_ref=row.external_ref,
            product=row.product,
            jurisdiction=portfolio.terms.at(portfolio.terms.today(case.now)).jurisdiction,
            batch_id=row.batch_id,
            line=row.line,
            terms=first_terms,
        )
    )
    for effective_from, terms in later_terms:
        case.tell(CaseTermsChanged(**case.next(), terms=terms, effective_from=effective_from))
    for party in row.parties:
        parties.add(case, party)
    for place, debt in enumerate(row.debts):
        booking.attach(case, ids.derived(case.id, "debt", place), debt, row.value_date, f"debts[{place}]")
    _count_from_oldest_due_date(case, row)


def register_row(case: Case, batch: Batch, portfolio: Portfolio, row: CaseTerms) -> None:
    """A row of a batch: it opens when the batch is released."""
    batch.must_take_rows()
    if batch.portfolio_id != portfolio.id:
        raise CaseIsOfAnotherPortfolio
    register(case, portfolio, row)


def reject(case: Case, batch_id: UUID) -> None:
    """Its batch was rejected before release."""
    case.must_exist()
    if case.lifecycle is Lifecycle.REJECTED:
        return
    if case.lifecycle is not Lifecycle.REGISTERED:
        raise CaseIsOpen
    case.tell(CaseRejected(**case.next(), batch_id=batch_id))


def give_back(case: Case, batch: Batch) -> None:
    """The batch did not count the row that made the case: released or rejected in between, or over its limits. Nobody else would end it."""
    if case.id not in batch.cases and case.lifecycle is Lifecycle.REGISTERED:
        reject(case, batch.id)


def _check_row(row: CaseTerms) -> None:
    for field, value in (("external_ref", row.external_ref), ("product", row.product)):
        if not value.strip():
            raise IsInvalid(field, "must not be empty")
    if not 1 <= len(row.debts) <= DEBTS_PER_ROW_MAX:
        raise IsInvalid("debts", f"must be 1 to {DEBTS_PER_ROW_MAX}")
    if not 1 <= len(row.parties) <= PARTIES_PER_ROW_MAX:
        raise IsInvalid("parties", f"must be 1 to {PARTIES_PER_ROW_MAX}")
    if not any(party.role is PartyRole.DEBTOR for party in row.parties):
        raise CaseHasNoDebtor


def _count_from_oldest_due_date(case: Case, row: CaseTerms) -> None:
    """Where the portfolio counts days, the due dates that come with the debts say how late the case is from the start."""
    due_dates = [debt.oldest_due_date for debt in row.debts if debt.oldest_due_date is not None]
    as_of = case.day_or_today(row.value_date, "value_date")
    if due_dates and case.terms.at(as_of).bucket_set.unit is BucketUnit.DAYS:
        delinquency.report_arrears(case, as_of, Declared(oldest_unpaid_due_date=min(due_dates)), None, "registration")
