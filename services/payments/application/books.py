"""The verbs of case books: what cases tells is noted on the case's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from services.kernel.facts import Causation, Change
from services.kernel.money import Money
from services.payments.domain import ledger, noting, payment, suspense
from services.payments.domain.book import BookState, CaseTraits, CommitmentPart, NotedInstalment
from services.payments.domain.components import ComponentAmount
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.suspense import Suspense


def open_book(traits: CaseTraits, origin: Causation) -> tuple[Change[Any], ...]:
    """The case is known: by its id, and by the creditor's reference, under which money may wait."""
    named = partial(suspense.name_case, client_id=traits.client_id, external_ref=traits.external_ref, case_id=traits.case_id)
    return (
        Change(AllocationLedger, ledger.stream_of(traits.case_id), partial(noting.open_book, traits=traits, origin=origin)),
        Change(Suspense, payment.suspense_of_reference(traits.client_id, traits.external_ref), named),
    )


def turn_book(case_id: UUID, state: BookState, origin: Causation) -> Change[AllocationLedger]:
    return _noted(case_id, partial(noting.turn, state=state, origin=origin))


def note_debt(
    case_id: UUID,
    debt_id: UUID,
    product: str,
    components: Sequence[ComponentAmount],
    oldest_due_date: date | None,
    counts_from: date,
    origin: Causation,
) -> Change[AllocationLedger]:
    decide = partial(
        noting.note_debt,
        debt_id=debt_id,
        product=product,
        components=components,
        oldest_due_date=oldest_due_date,
        counts_from=counts_from,
        origin=origin,
    )
    return _noted(case_id, decide)


def note_change(
    case_id: UUID, debt_id: UUID, deltas: Sequence[ComponentAmount], value_date: date, origin: Causation
) -> Change[AllocationLedger]:
    return _noted(case_id, partial(noting.note_change, debt_id=debt_id, deltas=deltas, value_date=value_date, origin=origin))


def note_debt_gone(case_id: UUID, debt_id: UUID, value_date: date, origin: Causation) -> Change[AllocationLedger]:
    return _noted(case_id, partial(noting.note_debt_gone, debt_id=debt_id, value_date=value_date, origin=origin))


def note_instalments(case_id: UUID, debt_id: UUID, instalments: Sequence[NotedInstalment], origin: Causation) -> Change[AllocationLedger]:
    return _noted(case_id, partial(noting.note_instalments, debt_id=debt_id, instalments=instalments, origin=origin))


def note_commitment(
    case_id: UUID,
    commitment_id: UUID,
    debt_ids: Sequence[UUID],
    parts: Sequence[CommitmentPart],
    made_on: date,
    through: date,
    origin: Causation,
) -> Change[AllocationLedger]:
    decide = partial(
        noting.note_commitment, commitment_id=commitment_id, debt_ids=debt_ids, parts=parts, made_on=made_on, through=through, origin=origin
    )
    return _noted(case_id, decide)


def move_commitment(case_id: UUID, commitment_id: UUID, parts: Sequence[CommitmentPart], origin: Causation) -> Change[AllocationLedger]:
    return _noted(case_id, partial(noting.move_commitment, commitment_id=commitment_id, parts=parts, origin=origin))


def turn_commitment(case_id: UUID, commitment_id: UUID, is_open: bool, origin: Causation) -> Change[AllocationLedger]:
    return _noted(case_id, partial(noting.turn_commitment, commitment_id=commitment_id, is_open=is_open, origin=origin))


def note_credit(case_id: UUID, allocation_id: UUID, credit: Money, origin: Causation) -> Change[AllocationLedger]:
    return _noted(case_id, partial(noting.note_credit, allocation_id=allocation_id, credit=credit, origin=origin))


def _noted(case_id: UUID, decide: Any) -> Change[AllocationLedger]:
    return Change(AllocationLedger, ledger.stream_of(case_id), decide)
