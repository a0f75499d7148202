"""The verbs of the creditor's word: reports, what they differ by, files that were wrong, cases and debts taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import reconciling, withdrawals
from services.cases.domain.case import Case
from services.cases.domain.reconciling import Report
from services.kernel.facts import Change


def report(key: CaseKey, row: Report) -> Change[Case]:
    return on_terms(key, partial(reconciling.report, row=row))


def retract_report(key: CaseKey, as_of: date, source_ref: str, by_source_ref: str, reason_code: str) -> Change[Case]:
    decide = partial(reconciling.retract, as_of=as_of, source_ref=source_ref, by_source_ref=by_source_ref, reason_code=reason_code)
    return on_terms(key, decide)


def resolve_difference(key: CaseKey, as_of: date, reason_code: str, evidence_refs: Sequence[str]) -> Change[Case]:
    return on_terms(key, partial(reconciling.resolve, as_of=as_of, reason_code=reason_code, evidence_refs=tuple(evidence_refs)))


def withdraw_case(key: CaseKey, reason_code: str, source_ref: str, effective_on: date | None) -> Change[Case]:
    return on_terms(key, partial(withdrawals.withdraw, reason_code=reason_code, source_ref=source_ref, effective_on=effective_on))


def withdraw_debt(key: CaseKey, external_ref: str, reason_code: str, effective_on: date | None) -> Change[Case]:
    decide = partial(withdrawals.withdraw_debt, external_ref=external_ref, reason_code=reason_code, effective_on=effective_on)
    return on_terms(key, decide)


def revoke_withdrawal(key: CaseKey, reason_code: str, evidence_refs: Sequence[str]) -> Change[Case]:
    return on_terms(key, partial(withdrawals.revoke, reason_code=reason_code, evidence_refs=tuple(evidence_refs)))
