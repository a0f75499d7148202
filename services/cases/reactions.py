"""Told by others: what cases does with the facts of other services."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from acuerdo.cases.v1.types_pb2 import Component as WireComponent
from acuerdo.payments.v1.events_pb2 import AllocationLine, AllocationReversed, PaymentAllocated, ReversalCause
from acuerdo.strategy.v1.events_pb2 import SegmentAssigned

from services.cases import application
from services.cases.application import stops
from services.cases.domain.case import Case
from services.cases.domain.components import Component
from services.cases.domain.crediting import Credit
from services.cases.domain.payments import PaymentLine
from services.chassis.heard import Heard, Reactions
from services.chassis.rpc import words
from services.kernel.facts import Change


def record_segment(heard: Heard[SegmentAssigned]) -> Iterable[Change[Case]]:
    """Strategy has put the case into a segment: the case's history says so, with the row that matched."""
    fact = heard.fact
    yield application.record_segment(UUID(bytes=fact.case_id), heard.origin, fact.to, str(fact.table_version), fact.reason)


def apply_payment(heard: Heard[PaymentAllocated]) -> Iterable[Change[Case]]:
    """Payments has spread money over the debts of a case: its balance and its lateness follow."""
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


def _line(wire: AllocationLine) -> PaymentLine:
    component = Component[WireComponent.Name(wire.component).removeprefix("COMPONENT_")]
    return PaymentLine(UUID(bytes=wire.debt_id), component, words.money(wire.amount), wire.instalment)


# By source; each source is followed on its own.
REACTIONS: dict[str, Reactions] = {
    "payments": {PaymentAllocated: apply_payment, AllocationReversed: unapply_payment},
    "strategy": {SegmentAssigned: record_segment},
}
