"""The verbs of one case: its registration, debts, parties, reports, facts, closing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from uuid import UUID

from services.cases.application.naming import CaseKey, case_name, on_terms
from services.cases.domain import (
    access,
    booking,
    case,
    closing,
    delinquency,
    dossier,
    parties,
    registration,
    segment,
)
from services.cases.domain.access import AccessLog
from services.cases.domain.batch import Batch
from services.cases.domain.booking import DebtTerms
from services.cases.domain.case import Case
from services.cases.domain.components import ComponentAmount
from services.cases.domain.debts import AdjustmentReason
from services.cases.domain.dossier import Confidence, Learnt
from services.cases.domain.lifecycle import CloseOutcome, ReopenReason
from services.cases.domain.parties import Party
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.registration import CaseTerms
from services.kernel.facts import Causation, Change
from services.kernel.sealed import Sealed


def register_batch_row(case_id: UUID, batch_id: UUID, portfolio_id: UUID, client_id: UUID, row: CaseTerms) -> Change[Case]:
    return Change(
        Case,
        case_id,
        partial(registration.register_row, row=row),
        given=((Batch, batch_id), (Portfolio, portfolio_id)),
        claims=(case_name(client_id, row.external_ref),),
    )


def register_case(case_id: UUID, portfolio_id: UUID, client_id: UUID, row: CaseTerms) -> Change[Case]:
    """Registers and opens one case without a batch."""

    def decide(new: Case, of: Portfolio) -> None:
        registration.register(new, of, row)
        case.open_case(new, "REGISTERED")

    return Change(Case, case_id, decide, given=((Portfolio, portfolio_id),), claims=(case_name(client_id, row.external_ref),))


def open_case(case_id: UUID) -> Change[Case]:
    """Its batch was released."""
    return Change(Case, case_id, partial(case.open_case, reason="RELEASED"))


def reject_case(case_id: UUID, batch_id: UUID, client_id: UUID, external_ref: str) -> Change[Case]:
    """Its batch was rejected: another one may bring the same reference again."""
    return Change(Case, case_id, partial(registration.reject, batch_id=batch_id), releases=(case_name(client_id, external_ref),))


def give_back_row(case_id: UUID, batch_id: UUID, client_id: UUID, external_ref: str) -> Change[Case]:
    """Its batch did not count it: another one may bring the same reference."""
    name = case_name(client_id, external_ref)
    return Change(Case, case_id, registration.give_back, given=((Batch, batch_id),), releases=(name,))


def attach_debt(key: CaseKey, debt_id: UUID, debt: DebtTerms, value_date: date | None) -> Change[Case]:
    return on_terms(key, partial(booking.attach, debt_id=debt_id, debt=debt, value_date=value_date))


def detach_debt(key: CaseKey, debt_id: UUID, reason_code: str, value_date: date | None) -> Change[Case]:
    return on_terms(key, partial(booking.detach, debt_id=debt_id, reason_code=reason_code, value_date=value_date))


def adjust_balance(
    key: CaseKey,
    debt_id: UUID,
    deltas: Sequence[ComponentAmount],
    reason: AdjustmentReason,
    source_ref: str,
    value_date: date | None,
) -> Change[Case]:
    decide = partial(booking.adjust, debt_id=debt_id, deltas=tuple(deltas), reason=reason, source_ref=source_ref, value_date=value_date)
    return on_terms(key, decide)


def add_party(key: CaseKey, party: Party) -> Change[Case]:
    return on_terms(key, partial(parties.add, party=party))


def change_party_role(key: CaseKey, party: Party) -> Change[Case]:
    return on_terms(key, partial(parties.change_role, party=party))


def remove_party(key: CaseKey, person_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(parties.remove, person_id=person_id, reason_code=reason_code))


def tell_boundary(key: CaseKey) -> Change[Case]:
    """Days have gone by: tell the buckets that they have changed."""
    return on_terms(key, delinquency.catch_up)


def record_fact(
    key: CaseKey,
    fact_id: UUID,
    name: str,
    value: Sealed,
    source: str,
    confidence: Confidence,
    supersedes: UUID | None,
    learnt: Learnt | None = None,
) -> Change[Case]:
    decide = partial(
        dossier.record_fact,
        fact_id=fact_id,
        key=name,
        value=value,
        source=source,
        confidence=confidence,
        supersedes=supersedes,
        learnt=learnt,
    )
    return on_terms(key, decide)


def retract_fact(key: CaseKey, fact_id: UUID, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(dossier.retract_fact, fact_id=fact_id, reason_code=reason_code))


def close_case(key: CaseKey, outcome: CloseOutcome, evidence_refs: Sequence[str]) -> Change[Case]:
    return on_terms(key, partial(closing.close, outcome=outcome, evidence_refs=tuple(evidence_refs)))


def reopen_case(key: CaseKey, reason: ReopenReason, evidence_refs: Sequence[str]) -> Change[Case]:
    return on_terms(key, partial(closing.reopen, reason=reason, evidence_refs=tuple(evidence_refs)))


def record_segment(case_id: UUID, origin: Causation, to: str, table_version: str, reason: str) -> Change[Case]:
    return Change(Case, case_id, partial(segment.record_segment, origin=origin, to=to, table_version=table_version, reason=reason))


def record_access(case_id: UUID, reader: str, purpose: str, fields: Sequence[str]) -> Change[AccessLog]:
    return Change(
        AccessLog,
        access.stream_of(case_id),
        partial(access.record_access, reader=reader, purpose=purpose, fields=tuple(fields)),
        given=((Case, case_id),),
    )
