"""The verbs of people's circumstances."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import hardship, reviews, special, vulnerability
from services.cases.domain.case import Case
from services.cases.domain.hardship import HardshipMeasure
from services.cases.domain.special import CircumstanceTerms
from services.cases.domain.vulnerability import Need, VulnerabilityTerms
from services.kernel.facts import Change
from services.kernel.sealed import Sealed


def flag_vulnerability(key: CaseKey, flag_id: UUID, hold_id: UUID | None, terms: VulnerabilityTerms) -> Change[Case]:
    return on_terms(key, partial(vulnerability.flag, flag_id=flag_id, hold_id=hold_id, terms=terms))


def review_vulnerability(key: CaseKey, flag_id: UUID, outcome_code: str, needs: Sequence[Need], review_on: date) -> Change[Case]:
    decide = partial(vulnerability.review, flag_id=flag_id, outcome_code=outcome_code, needs=tuple(needs), review_on=review_on)
    return on_terms(key, decide)


def clear_vulnerability(key: CaseKey, flag_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(vulnerability.clear, flag_id=flag_id, reason_code=reason_code))


def declare_hardship(
    key: CaseKey, hardship_id: UUID, hold_id: UUID | None, person_id: UUID, declaration: Sealed, source: str
) -> Change[Case]:
    decide = partial(
        hardship.declare, hardship_id=hardship_id, hold_id=hold_id, person_id=person_id, declaration=declaration, source=source
    )
    return on_terms(key, decide)


def request_evidence(key: CaseKey, hardship_id: UUID, subjects: Sequence[str], due: date) -> Change[Case]:
    return on_terms(key, partial(hardship.request_evidence, hardship_id=hardship_id, subjects=tuple(subjects), due_on=due))


def accept_hardship(
    key: CaseKey, hardship_id: UUID, hold_id: UUID, measures: Sequence[HardshipMeasure], review_on: date, evidence_refs: Sequence[str]
) -> Change[Case]:
    decide = partial(
        hardship.accept,
        hardship_id=hardship_id,
        hold_id=hold_id,
        measures=tuple(measures),
        review_on=review_on,
        evidence_refs=tuple(evidence_refs),
    )
    return on_terms(key, decide)


def reject_hardship(key: CaseKey, hardship_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(hardship.reject, hardship_id=hardship_id, reason_code=reason_code))


def review_hardship(key: CaseKey, hardship_id: UUID, hold_id: UUID, measures: Sequence[HardshipMeasure], review_on: date) -> Change[Case]:
    decide = partial(hardship.review, hardship_id=hardship_id, hold_id=hold_id, measures=tuple(measures), review_on=review_on)
    return on_terms(key, decide)


def end_hardship(key: CaseKey, hardship_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(hardship.end, hardship_id=hardship_id, reason_code=reason_code))


def record_circumstance(
    key: CaseKey, circumstance_id: UUID, hold_id: UUID | None, terms: CircumstanceTerms, *, is_known: bool
) -> Change[Case]:
    decide = partial(special.record, circumstance_id=circumstance_id, hold_id=hold_id, terms=terms, is_known=is_known)
    return on_terms(key, decide)


def end_circumstance(key: CaseKey, circumstance_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(special.end, circumstance_id=circumstance_id, reason_code=reason_code))


def tell_reviews(key: CaseKey) -> Change[Case]:
    """The day has come to look at a circumstance again."""
    return on_terms(key, reviews.tell_due)
