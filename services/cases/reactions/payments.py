"""Told by payments: money allocated and taken back, money on its way, and up to where payment sources have told everything.

What holds a judgement back is heard at once. What lets it go is heard behind that (`EVIDENCE`): when everything told before it, in every
partition of payments, has been heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from uuid import UUID

from acuerdo.cases.v1.types_pb2 import Component as WireComponent
from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import receipts_pb2 as receipts
from acuerdo.payments.v1.events_pb2 import AllocationLine, AllocationReversed, PaymentAllocated, ReversalCause

from services.cases.application import commitments, stops
from services.cases.domain.case import Case
from services.cases.domain.components import Component
from services.cases.domain.crediting import Credit
from services.cases.domain.heeding import Heeded
from services.cases.domain.payments import PaymentLine
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.transit import MoneyKind
from services.cases.reactions import heeding
from services.chassis.heard import Heard, Look, Looking, Reactions
from services.chassis.rpc import words
from services.kernel.facts import Change


def apply_payment(heard: Heard[PaymentAllocated]) -> Iterable[Change[Case]]:
    """Payments has spread money over the debts of a case: its balance, its lateness and its promises follow."""
    fact = heard.fact
    credit = Credit(
        allocation_id=UUID(bytes=fact.allocation_id),
        payment_id=UUID(bytes=fact.payment_id),
        amount=words.money(fact.amount),
        lines=tuple(_line(each) for each in fact.lines),
        value_date=words.day(fact.value_date, "value_date"),
        source=fact.source,
    )
    yield stops.apply_payment(UUID(bytes=fact.case_id), credit, heard.origin)


def unapply_payment(heard: Heard[AllocationReversed]) -> Iterable[Change[Case]]:
    """Money that was credited is not any more."""
    fact = heard.fact
    cause = ReversalCause.Name(fact.cause).removeprefix("REVERSAL_CAUSE_")
    value_date = words.day(fact.value_date, "value_date")
    yield stops.unapply_payment(UUID(bytes=fact.case_id), UUID(bytes=fact.allocation_id), cause, value_date, heard.origin)


def note_money_in_suspense(heard: Heard[receipts.SuspenseItemOpened]) -> Iterable[Change[Any]]:
    """It may be for the cases that are named, or, where nothing at all says whose it is, for any of the source's portfolios.

    What came under a reference that no case has is none of our cases'; what is more than is owed pays no promise.
    """
    fact = heard.fact
    item_id, amount, value_date = UUID(bytes=fact.item_id), words.money(fact.amount), words.day(fact.value_date, "value_date")
    for case_id in _waiting_cases(fact):
        yield commitments.note_money_on_its_way(case_id, item_id, MoneyKind.UNMATCHED, amount, value_date, heard.origin)
    for portfolio_id in _waiting_portfolios(fact):
        yield commitments.note_unmatched_money(portfolio_id, item_id, amount, value_date, heard.origin)


def let_go_of_money_in_suspense(heard: Heard[receipts.SuspenseItemResolved]) -> Iterable[Change[Any]]:
    """Whose it is has been found out, and allocated before this is heard."""
    fact = heard.fact
    for case_id in _waiting_cases(fact):
        for money_id in (fact.item_id, fact.payment_id):
            yield commitments.settle_money_on_its_way(case_id, UUID(bytes=money_id), "RESOLVED", heard.origin)
    for portfolio_id in _waiting_portfolios(fact):
        yield commitments.settle_unmatched_money(portfolio_id, UUID(bytes=fact.item_id), heard.origin)


def note_payment_under_way(heard: Heard[told.PaymentInitiated]) -> Iterable[Change[Case]]:
    """Until it is allocated, fails or times out nobody is blamed for what it may pay."""
    fact = heard.fact
    case_id, payment_id = UUID(bytes=fact.case_id), UUID(bytes=fact.payment_id)
    yield commitments.note_money_on_its_way(case_id, payment_id, MoneyKind.PAYMENT, words.money(fact.amount), None, heard.origin)


def let_go_of_a_failed_payment(heard: Heard[told.PaymentFailed]) -> Iterable[Change[Case]]:
    yield commitments.settle_money_on_its_way(UUID(bytes=heard.fact.case_id), UUID(bytes=heard.fact.payment_id), "FAILED", heard.origin)


def let_go_of_a_lost_payment(heard: Heard[told.PaymentTimedOut]) -> Iterable[Change[Case]]:
    """Nobody has said what became of it. Money that comes later all the same counts all the same."""
    yield commitments.settle_money_on_its_way(UUID(bytes=heard.fact.case_id), UUID(bytes=heard.fact.payment_id), "TIMED_OUT", heard.origin)


async def acknowledge_hold(heard: Heard[told.HoldHeeded], look: Look) -> Iterable[Change[Case]]:
    fact = heard.fact
    heeded = Heeded(words.instant(fact.heeded_at, "heeded_at"), stopped=len(fact.links_frozen))
    return await heeding.acknowledge(heard, look, "payments", heeded)


def note_completeness(heard: Heard[receipts.PaymentSourceCompleted]) -> Iterable[Change[Portfolio]]:
    """A payment source has told everything through a day."""
    through = words.day(heard.fact.complete_through, "complete_through")
    yield from _completeness(heard, through)


def note_correction(heard: Heard[receipts.PaymentSourceCorrected]) -> Iterable[Change[Portfolio]]:
    """It had been declared complete in error."""
    through = words.day_or_none(heard.fact, "complete_through")
    yield from _completeness(heard, through or date.min)


def _completeness(heard: Heard[Any], through: date) -> Iterator[Change[Portfolio]]:
    source_id, evidence_ref = UUID(bytes=heard.fact.source_id), heard.fact.evidence_ref
    for portfolio_id in heard.fact.portfolio_ids:
        yield commitments.note_completeness(UUID(bytes=portfolio_id), source_id, through, evidence_ref, heard.origin)


def _waiting_cases(fact: receipts.SuspenseItemOpened | receipts.SuspenseItemResolved) -> list[UUID]:
    if fact.reason == receipts.SUSPENSE_REASON_EXCESS:
        return []
    return [UUID(bytes=case_id) for case_id in fact.candidate_case_ids]


def _waiting_portfolios(fact: receipts.SuspenseItemOpened | receipts.SuspenseItemResolved) -> list[UUID]:
    if fact.candidate_case_ids or fact.reason not in (receipts.SUSPENSE_REASON_NO_REFERENCE, receipts.SUSPENSE_REASON_UNMATCHED):
        return []
    return [UUID(bytes=portfolio_id) for portfolio_id in fact.portfolio_ids]


def _line(wire: AllocationLine) -> PaymentLine:
    component = Component[WireComponent.Name(wire.component).removeprefix("COMPONENT_")]
    commitment_id = UUID(bytes=wire.commitment_id) if wire.commitment_id else None
    return PaymentLine(UUID(bytes=wire.debt_id), component, words.money(wire.amount), wire.instalment, commitment_id)


REACTIONS: Reactions = {
    PaymentAllocated: apply_payment,
    AllocationReversed: unapply_payment,
    receipts.SuspenseItemOpened: note_money_in_suspense,
    told.PaymentInitiated: note_payment_under_way,
    told.HoldHeeded: Looking(acknowledge_hold),
}

EVIDENCE: Reactions = {
    receipts.PaymentSourceCompleted: note_completeness,
    receipts.PaymentSourceCorrected: note_correction,
    receipts.SuspenseItemResolved: let_go_of_money_in_suspense,
    told.PaymentFailed: let_go_of_a_failed_payment,
    told.PaymentTimedOut: let_go_of_a_lost_payment,
}
