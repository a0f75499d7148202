"""Queries to the creditor ("I have paid already", a copy of the contract): asked, answered, and late when the day has gone by."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case

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
        query.answer = self.answer
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
    evidence_refs: tuple[str, ...] = ()


@dataclass(slots=True)
class ClientQueries:
    by_id: dict[UUID, ClientQuery] = field(default_factory=dict)
