"""The verbs of disputes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import disputing
from services.cases.domain.case import Case
from services.cases.domain.contest import Appeal, DisputeTerms, Finding
from services.kernel.facts import Change


def dispute_debt(key: CaseKey, dispute_id: UUID, hold_id: UUID, terms: DisputeTerms) -> Change[Case]:
    return on_terms(key, partial(disputing.dispute, dispute_id=dispute_id, hold_id=hold_id, terms=terms))


def request_information(key: CaseKey, dispute_id: UUID, asked_of: str, subject: str, due: date | None) -> Change[Case]:
    return on_terms(key, partial(disputing.request_information, dispute_id=dispute_id, asked_of=asked_of, subject=subject, due_on=due))


def record_information(key: CaseKey, dispute_id: UUID, evidence_refs: Sequence[str]) -> Change[Case]:
    return on_terms(key, partial(disputing.record_information, dispute_id=dispute_id, evidence_refs=tuple(evidence_refs)))


def review_dispute(key: CaseKey, dispute_id: UUID) -> Change[Case]:
    return on_terms(key, partial(disputing.review, dispute_id=dispute_id))


def resolve_dispute(key: CaseKey, dispute_id: UUID, finding: Finding) -> Change[Case]:
    return on_terms(key, partial(disputing.resolve, dispute_id=dispute_id, finding=finding))


def appeal_dispute(key: CaseKey, dispute_id: UUID, hold_id: UUID, asked: Appeal) -> Change[Case]:
    return on_terms(key, partial(disputing.appeal, dispute_id=dispute_id, hold_id=hold_id, asked=asked))


def withdraw_dispute(key: CaseKey, dispute_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(disputing.withdraw, dispute_id=dispute_id, reason_code=reason_code))


def close_dispute(key: CaseKey, dispute_id: UUID) -> Change[Case]:
    return on_terms(key, partial(disputing.close, dispute_id=dispute_id))


def tell_deadlines(key: CaseKey) -> Change[Case]:
    """A midnight has come after the last day for an answer."""
    return on_terms(key, disputing.tell_deadlines)
