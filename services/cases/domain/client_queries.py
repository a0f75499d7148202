"""Queries to the creditor ("I have paid already", a copy of the contract): asked, answered, and late when the day has gone by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import deadlines, holding
from services.cases.domain.debts import known
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind
from services.kernel.facts import Due, Fact
from services.kernel.refusal import IsUnknown, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

QUERIES_PER_CASE_MAX = 500

# What happened ---------------------------------------------------------------


class QueryState(Enum):
    """Where a query is in its life."""

    OPEN = "OPEN"
    OVERDUE = "OVERDUE"
    ANSWERED = "ANSWERED"
    CANCELLED = "CANCELLED"


class ClientQueryOpened(Fact):
    query_id: UUID
    subject: str
    debt_id: UUID | None
    question: Sealed | None
    due: date
    hold_id: UUID | None

    def apply(self, case: Case) -> None:
        case.client_queries.by_id[self.query_id] = ClientQuery(
            self.query_id, self.subject, self.debt_id, self.question, self.timestamp, self.due, self.hold_id
        )


class ClientQueryAnswered(Fact):
    query_id: UUID
    answer_code: str
    answer: Sealed | None
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        query = case.client_queries.by_id[self.query_id]
        query.state = QueryState.ANSWERED
        query.answer_code = self.answer_code
        query.answer, query.answered_at = self.answer, self.timestamp
        query.evidence_refs = self.evidence_refs


class ClientQueryOverdue(Fact):
    query_id: UUID
    due: date

    def apply(self, case: Case) -> None:
        case.client_queries.by_id[self.query_id].state = QueryState.OVERDUE


class ClientQueryCancelled(Fact):
    query_id: UUID
    reason_code: str

    def apply(self, case: Case) -> None:
        case.client_queries.by_id[self.query_id].state = QueryState.CANCELLED


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class ClientQuery:
    id: UUID
    subject: str
    debt_id: UUID | None
    question: Sealed | None
    opened_at: datetime
    due: date
    hold_id: UUID | None
    state: QueryState = QueryState.OPEN
    answer_code: str = ""
    answer: Sealed | None = None
    answered_at: datetime | None = None
    evidence_refs: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.state in (QueryState.OPEN, QueryState.OVERDUE)


@dataclass(slots=True)
class ClientQueries:
    by_id: dict[UUID, ClientQuery] = field(default_factory=dict)


# What may be decided ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What we ask of the creditor, of the case or of one of its debts. No last day for the answer: by the rule."""

    subject: str
    debt_id: UUID | None = None
    question: Sealed | None = None
    due: date | None = None


class ClientQueryIsUnknown(IsUnknown):
    """The case has no such query."""


class ClientQueryIsOver(Refusal):
    """The query has been answered or cancelled: another one is opened."""


class CaseHasTooManyQueries(Refusal):
    """The case holds as many queries as it may."""


def open_query(case: Case, query_id: UUID, hold_id: UUID | None, inquiry: Inquiry) -> None:
    """With a hold until the answer, where one is given. Asked twice, told once."""
    case.must_be_reportable()
    if query_id in case.client_queries.by_id:
        return
    if len(case.client_queries.by_id) >= QUERIES_PER_CASE_MAX:
        raise CaseHasTooManyQueries(queries_max=QUERIES_PER_CASE_MAX)
    if inquiry.debt_id is not None:
        known(case, inquiry.debt_id)
    case.must_have_begun_by(case.happened_on)
    due_on = deadlines.answer_due(case, "query", inquiry.due, "due")
    hold = HoldTerms(HoldKind.CLIENT_QUERY, inquiry.subject, case.happened_on, debt_id=inquiry.debt_id, ground_id=query_id)
    if hold_id is not None:
        holding.check(case, hold)
    case.tell(
        ClientQueryOpened(
            **case.next(),
            query_id=query_id,
            subject=inquiry.subject,
            debt_id=inquiry.debt_id,
            question=inquiry.question,
            due=due_on,
            hold_id=hold_id,
        )
    )
    if hold_id is not None:
        holding.place(case, hold_id, hold)


def answer(case: Case, query_id: UUID, answer_code: str, said: Sealed | None, evidence_refs: tuple[str, ...]) -> None:
    """Late or in time; its hold ends. The same answer again: told once."""
    case.must_be_reportable()
    found = _known(case, query_id)
    if (found.state, found.answer_code, found.evidence_refs) == (QueryState.ANSWERED, answer_code, evidence_refs):
        return
    _must_be_open(found)
    case.tell(ClientQueryAnswered(**case.next(), query_id=query_id, answer_code=answer_code, answer=said, evidence_refs=evidence_refs))
    holding.lift_all_of(case, query_id, "QUERY_ANSWERED")


def cancel(case: Case, query_id: UUID, reason_code: str) -> None:
    case.must_be_reportable()
    found = _known(case, query_id)
    if found.state is QueryState.CANCELLED:
        return
    _must_be_open(found)
    case.tell(ClientQueryCancelled(**case.next(), query_id=query_id, reason_code=reason_code))
    holding.lift_all_of(case, query_id, "QUERY_CANCELLED")


def tell_overdue(case: Case) -> None:
    """Of every query whose last day has gone by without an answer. It stays open."""
    for found in case.client_queries.by_id.values():
        if found.state is QueryState.OPEN and found.due < case.today:
            case.tell(ClientQueryOverdue(**case.next(), query_id=found.id, due=found.due))


def due(case: Case) -> Iterable[Due]:
    for found in case.client_queries.by_id.values():
        if found.state is QueryState.OPEN:
            yield deadlines.gone_by(case, f"query.deadline/{found.id}", found.due)


def _must_be_open(found: ClientQuery) -> None:
    if not found.is_open:
        raise ClientQueryIsOver(state=found.state.name)


def _known(case: Case, query_id: UUID) -> ClientQuery:
    if query_id not in case.client_queries.by_id:
        raise ClientQueryIsUnknown(query_id=query_id)
    return case.client_queries.by_id[query_id]
