"""The verbs of what stops and starts the clock: holds, instalments, payments heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import crediting, heeding, holding, scheduling
from services.cases.domain.case import Case
from services.cases.domain.crediting import Credit
from services.cases.domain.heeding import Heeded
from services.cases.domain.holding import HoldTerms
from services.cases.domain.instalments import Instalment
from services.kernel.facts import Causation, Change


def place_hold(key: CaseKey, hold_id: UUID, terms: HoldTerms) -> Change[Case]:
    return on_terms(key, partial(holding.place, hold_id=hold_id, terms=terms))


def extend_hold(key: CaseKey, hold_id: UUID, through: date | None, reason_code: str, evidence_refs: Sequence[str]) -> Change[Case]:
    decide = partial(holding.extend, hold_id=hold_id, through=through, reason_code=reason_code, evidence_refs=tuple(evidence_refs))
    return on_terms(key, decide)


def lift_hold(
    key: CaseKey, hold_id: UUID, effective_on: date | None, reason_code: str, evidence_refs: Sequence[str], by: frozenset[str]
) -> Change[Case]:
    decide = partial(
        holding.lift, hold_id=hold_id, effective_on=effective_on, reason_code=reason_code, evidence_refs=tuple(evidence_refs), by=by
    )
    return on_terms(key, decide)


def expire_holds(key: CaseKey) -> Change[Case]:
    """A midnight has come after a hold's last day."""
    return on_terms(key, holding.expire)


def acknowledge_hold(case_id: UUID, hold_id: UUID, service: str, acknowledged: Heeded, origin: Causation) -> Change[Case]:
    return Change(Case, case_id, partial(heeding.acknowledge, hold_id=hold_id, service=service, acknowledged=acknowledged, origin=origin))


def tell_missed_acknowledgements(key: CaseKey) -> Change[Case]:
    """Whoever has to act on a hold has had its time."""
    return on_terms(key, heeding.tell_missed)


def schedule_instalments(key: CaseKey, debt_id: UUID, instalments: Sequence[Instalment], source_ref: str) -> Change[Case]:
    return on_terms(key, partial(scheduling.schedule, debt_id=debt_id, instalments=tuple(instalments), source_ref=source_ref))


def apply_payment(case_id: UUID, credit: Credit, origin: Causation) -> Change[Case]:
    """Told by payments, which knows no portfolio: the case decides on the terms it has."""
    return Change(Case, case_id, partial(crediting.apply, credit=credit, origin=origin))


def unapply_payment(case_id: UUID, allocation_id: UUID, cause: str, value_date: date, origin: Causation) -> Change[Case]:
    return Change(Case, case_id, partial(crediting.unapply, allocation_id=allocation_id, cause=cause, value_date=value_date, origin=origin))
