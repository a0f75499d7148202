"""The Case: composes its regions, and holds its life and what concerns several regions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from services.cases.domain import (
    assigning,
    client_queries,
    complaints,
    delinquency,
    disputing,
    heeding,
    holding,
    keeping,
    reviews,
    suspending,
)
from services.cases.domain.assignment import Assignment
from services.cases.domain.balance import Balance
from services.cases.domain.circumstances import Circumstances
from services.cases.domain.client_queries import ClientQueries
from services.cases.domain.complaints import Complaints
from services.cases.domain.debts import Debts
from services.cases.domain.delinquency import Delinquency, bucket_at
from services.cases.domain.disputes import Disputes
from services.cases.domain.dossier import Dossier
from services.cases.domain.heeding import Heeding
from services.cases.domain.holds import Holds
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle
from services.cases.domain.parties import Parties
from services.cases.domain.payments import Payments
from services.cases.domain.pledges import Promises
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.reconciliation import Reconciliation
from services.cases.domain.recorded import Recorded
from services.cases.domain.segment import Segment
from services.cases.domain.terms import PortfolioTerms, TermsInForce
from services.cases.domain.transit import Transit
from services.cases.domain.withdrawals import Withdrawal
from services.kernel.facts import Due, Fact, Stream
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""What is said to have happened before is taken as if on that day: no case had begun by then."""

# What happened ---------------------------------------------------------------


class CaseTermsChanged(Fact):
    terms: PortfolioTerms
    effective_from: date

    def apply(self, case: Case) -> None:
        case.terms.versions.append((self.effective_from, self.terms))


class CaseOpened(Fact):
    reason: str
    initial_bucket: str

    def apply(self, case: Case) -> None:
        case.lifecycle = Lifecycle.OPEN


# Where it stands -------------------------------------------------------------


class Case(Stream):
    begins_with = ("CaseRegistered",)

    def __init__(self) -> None:
        self.lifecycle = Lifecycle.UNSPECIFIED
        self.outcome: CloseOutcome | None = None
        self.client_id = UUID(int=0)
        self.portfolio_id = UUID(int=0)
        self.external_ref = ""
        self.product = ""
        self.jurisdiction = ""
        self.batch_id: UUID | None = None
        self.line = 0
        self.registered_at: datetime | None = None
        self.terms = TermsInForce()
        self.debts = Debts()
        self.payments = Payments()
        self.balance = Balance()
        self.reconciliation = Reconciliation()
        self.withdrawal = Withdrawal()
        self.parties = Parties()
        self.delinquency = Delinquency()
        self.holds = Holds()
        self.heeding = Heeding()
        self.promises = Promises()
        self.transit = Transit()
        self.disputes = Disputes()
        self.circumstances = Circumstances()
        self.complaints = Complaints()
        self.client_queries = ClientQueries()
        self.dossier = Dossier()
        self.assignment = Assignment()
        self.segment = Segment()
        self.recorded = Recorded()

    @property
    def today(self) -> date:
        return self.terms.today(self.now)

    @property
    def currency_code(self) -> str:
        return self.terms.versions[0][1].currency_code

    @property
    def happened_on(self) -> date:
        """The day, in the portfolio's zone, on which what is being decided happened in the world."""
        return self.terms.today(max(self.happened_at, _EARLIEST))

    def day_or_today(self, day: date | None, field: str) -> date:
        """`day`, which may not lie in the future, or today in the portfolio's zone."""
        if day is not None and day > self.today:
            raise IsInvalid(field, "must not lie in the future")
        return day or self.today

    @property
    def began_on(self) -> date:
        """The day from which its first debt counts, or that of its registration where it lies before."""
        days = [debt.attached_on for debt in self.debts.by_id.values()]
        return min([self.terms.today(self.registered_at), *days]) if self.registered_at else min(days, default=date.max)

    def must_have_begun_by(self, day: date) -> None:
        """What is dated before the case existed is not the case's."""
        if day < self.began_on:
            raise FactLiesBeforeTheCase(began_on=self.began_on)

    def due(self) -> Iterable[Due]:
        for region in DUE:
            yield from region(self)

    def must_exist(self) -> None:
        if not self.exists:
            raise CaseIsUnknown

    def must_be_workable(self) -> None:
        """Registered or open: the case itself may be changed."""
        self.must_be_reportable()
        if self.lifecycle is Lifecycle.CLOSED:
            raise CaseIsClosed(outcome=self.outcome.name if self.outcome else "")

    def must_be_reportable(self) -> None:
        """Registered, open or closed: what others say of it is recorded."""
        self.must_exist()
        if self.lifecycle is Lifecycle.REJECTED:
            raise CaseIsRejected


# What may be decided ---------------------------------------------------------


class CaseIsUnknown(IsUnknown):
    """There is no such case, or none that the caller may see."""


class CaseIsRejected(Refusal):
    """The case was rejected together with its batch."""


class CaseIsClosed(Refusal):
    """The case is closed: reopen it first."""


class FactLiesBeforeTheCase(Refusal):
    """The day it speaks of lies before the case existed."""


class CaseIsOfAnotherPortfolio(Refusal):
    """What was asked speaks of another portfolio than the case's."""


def open_case(case: Case, reason: str) -> None:
    case.must_be_workable()
    if case.lifecycle is Lifecycle.REGISTERED:
        case.tell(CaseOpened(**case.next(), reason=reason, initial_bucket=bucket_at(case, case.today)))


def take_on_terms(case: Case, portfolio: Portfolio) -> None:
    """Take on what has changed in the portfolio's terms since the case last decided, so that its history explains itself."""
    if case.exists and case.portfolio_id != portfolio.id:
        raise CaseIsOfAnotherPortfolio
    if not case.exists or len(case.terms.versions) == len(portfolio.terms.versions):
        return
    delinquency.catch_up(case)
    for effective_from, terms in portfolio.terms.versions[len(case.terms.versions) :]:
        case.tell(CaseTermsChanged(**case.next(), terms=terms, effective_from=effective_from))
    delinquency.tell_what_changed(case, "TERMS_CHANGED", "TERMS_CHANGED", plain_since=case.today)


DUE: Sequence[Callable[[Case], Iterable[Due]]] = (
    delinquency.due,
    holding.due,
    heeding.due,
    keeping.due,
    suspending.due,
    disputing.due,
    reviews.due,
    complaints.due,
    client_queries.due,
    assigning.due,
)
"""What the regions want to be woken for."""
