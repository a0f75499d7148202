"""Noting: what cases tells of a case is put into its book, each fact once and in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from typing import Any
from uuid import UUID

from services.kernel.facts import Causation
from services.kernel.money import Money
from services.kernel.refusal import IsUnknown
from services.payments.domain.book import (
    AllocationCredited,
    BookState,
    CaseBookOpened,
    CaseBookTurned,
    CaseTraits,
    CommitmentNoted,
    CommitmentPart,
    CommitmentTurned,
    DebtChangeNoted,
    DebtGoneNoted,
    DebtNoted,
    InstalmentsNoted,
    NotedInstalment,
)
from services.payments.domain.components import ComponentAmount
from services.payments.domain.ledger import AllocationLedger


class CaseBookIsUnknown(IsUnknown):
    """Payments has not heard of such a case, or of none that the caller may see."""


def open_book(ledger: AllocationLedger, traits: CaseTraits, origin: Causation) -> None:
    if ledger.book is None:
        ledger.tell(
            CaseBookOpened(
                **ledger.next(),
                case_id=traits.case_id,
                client_id=traits.client_id,
                portfolio_id=traits.portfolio_id,
                external_ref=traits.external_ref,
                product=traits.product,
                jurisdiction=traits.jurisdiction,
                currency_code=traits.currency_code,
                zone=traits.zone,
                origin=origin,
            )
        )


def _news(note: Callable[..., None]) -> Callable[..., None]:
    """Of a case that is known, and not heard before. What comes late, after a newer word, is passed over."""

    @wraps(note)
    def noted(ledger: AllocationLedger, *, origin: Causation, **said: Any) -> None:
        if ledger.book is None:
            raise CaseBookIsUnknown
        if origin.version > ledger.heard:
            note(ledger, origin=origin, **said)

    return noted


@_news
def turn(ledger: AllocationLedger, *, state: BookState, origin: Causation) -> None:
    ledger.tell(CaseBookTurned(**ledger.next(), state=state, origin=origin))


@_news
def note_debt(
    ledger: AllocationLedger,
    *,
    debt_id: UUID,
    product: str,
    components: Sequence[ComponentAmount],
    oldest_due_date: date | None,
    counts_from: date,
    origin: Causation,
) -> None:
    ledger.tell(
        DebtNoted(
            **ledger.next(),
            debt_id=debt_id,
            product=product,
            components=tuple(components),
            oldest_due_date=oldest_due_date,
            counts_from=counts_from,
            origin=origin,
        )
    )


@_news
def note_change(ledger: AllocationLedger, *, debt_id: UUID, deltas: Sequence[ComponentAmount], value_date: date, origin: Causation) -> None:
    ledger.tell(DebtChangeNoted(**ledger.next(), debt_id=debt_id, deltas=tuple(deltas), value_date=value_date, origin=origin))


@_news
def note_debt_gone(ledger: AllocationLedger, *, debt_id: UUID, value_date: date, origin: Causation) -> None:
    ledger.tell(DebtGoneNoted(**ledger.next(), debt_id=debt_id, value_date=value_date, origin=origin))


@_news
def note_instalments(ledger: AllocationLedger, *, debt_id: UUID, instalments: Sequence[NotedInstalment], origin: Causation) -> None:
    ledger.tell(InstalmentsNoted(**ledger.next(), debt_id=debt_id, instalments=tuple(instalments), origin=origin))


@_news
def note_commitment(
    ledger: AllocationLedger,
    *,
    commitment_id: UUID,
    debt_ids: Sequence[UUID],
    parts: Sequence[CommitmentPart],
    made_on: date,
    through: date | None,
    origin: Causation,
) -> None:
    ledger.tell(
        CommitmentNoted(
            **ledger.next(),
            commitment_id=commitment_id,
            debt_ids=tuple(debt_ids),
            parts=tuple(sorted(parts, key=lambda part: part.due_date)),
            made_on=made_on,
            origin=origin,
            through=through,
        )
    )


@_news
def move_commitment(ledger: AllocationLedger, *, commitment_id: UUID, parts: Sequence[CommitmentPart], origin: Causation) -> None:
    """A hold has stopped its clock for some days: its parts fall due later, and so does its last day."""
    assert ledger.book is not None
    known = ledger.book.commitments.get(commitment_id)
    if known is None or not parts:
        return
    last = max(part.due_date for part in parts)
    later = known.through and known.through + (last - known.parts[-1].due_date)
    ledger.tell(
        CommitmentNoted(
            **ledger.next(),
            commitment_id=commitment_id,
            debt_ids=known.debt_ids,
            parts=tuple(sorted(parts, key=lambda part: part.due_date)),
            made_on=known.made_on,
            origin=origin,
            through=later,
        )
    )


@_news
def turn_commitment(ledger: AllocationLedger, *, commitment_id: UUID, is_open: bool, origin: Causation) -> None:
    assert ledger.book is not None
    known = ledger.book.commitments.get(commitment_id)
    if known is not None and known.is_open != is_open:
        ledger.tell(CommitmentTurned(**ledger.next(), commitment_id=commitment_id, is_open=is_open, origin=origin))


@_news
def note_credit(ledger: AllocationLedger, *, allocation_id: UUID, credit: Money, origin: Causation) -> None:
    if not credit.is_zero:
        ledger.tell(AllocationCredited(**ledger.next(), allocation_id=allocation_id, credit=credit, origin=origin))
