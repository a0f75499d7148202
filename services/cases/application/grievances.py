"""The verbs of complaints, and of queries to the creditor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import client_queries, complaints
from services.cases.domain.case import Case
from services.cases.domain.client_queries import Inquiry
from services.cases.domain.complaints import ComplaintOutcome, Grievance
from services.kernel.facts import Change
from services.kernel.money import Money
from services.kernel.sealed import Sealed


def file_complaint(key: CaseKey, complaint_id: UUID, hold_id: UUID | None, grievance: Grievance) -> Change[Case]:
    return on_terms(key, partial(complaints.file, complaint_id=complaint_id, hold_id=hold_id, grievance=grievance))


def resolve_complaint(
    key: CaseKey, complaint_id: UUID, outcome: ComplaintOutcome, reason_code: str, redress: Money | None, evidence_refs: Sequence[str]
) -> Change[Case]:
    decide = partial(
        complaints.resolve,
        complaint_id=complaint_id,
        outcome=outcome,
        reason_code=reason_code,
        redress=redress,
        evidence_refs=tuple(evidence_refs),
    )
    return on_terms(key, decide)


def tell_overdue_complaints(key: CaseKey) -> Change[Case]:
    """A midnight has come after the last day for an answer."""
    return on_terms(key, complaints.tell_overdue)


def open_query(key: CaseKey, query_id: UUID, hold_id: UUID | None, inquiry: Inquiry) -> Change[Case]:
    return on_terms(key, partial(client_queries.open_query, query_id=query_id, hold_id=hold_id, inquiry=inquiry))


def answer_query(key: CaseKey, query_id: UUID, answer_code: str, said: Sealed | None, evidence_refs: Sequence[str]) -> Change[Case]:
    decide = partial(client_queries.answer, query_id=query_id, answer_code=answer_code, said=said, evidence_refs=tuple(evidence_refs))
    return on_terms(key, decide)


def cancel_query(key: CaseKey, query_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(client_queries.cancel, query_id=query_id, reason_code=reason_code))


def tell_overdue_queries(key: CaseKey) -> Change[Case]:
    """A midnight has come after the last day for the creditor's answer."""
    return on_terms(key, client_queries.tell_overdue)
