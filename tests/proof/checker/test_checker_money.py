"""I9: what was stored of a real story holds; a cent more, a line less, a payment nobody has, a case that was told otherwise: broken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.payments.v1 import events_pb2 as told
from acuerdo.payments.v1 import receipts_pb2 as receipts
from google.protobuf.message import Message

from proof.checker.evidence import Evidence
from proof.checker.findings import Finding
from proof.checker.money import money
from proof.checker.stored import Event, Stored

PAYMENT, CASE, DEBT, ALLOCATION, ITEM = (UUID(int=number).bytes for number in range(1, 6))


def eur(minor_units: int) -> Money:
    return Money(currency_code="EUR", minor_units=minor_units)


def judged(payments: list[Message], of_cases: list[Message] | None = None) -> Finding:
    stored = {"payments": Stored("payments", [_event("payments", told.PaymentEvent, fact) for fact in payments])}
    if of_cases is not None:
        stored["cases"] = Stored("cases", [_event("cases", cases.CaseEvent, fact) for fact in of_cases])
    return money(Evidence(stored, None))


def _event(service: str, envelope: type[Message], fact: Message) -> Event:
    name = fact.DESCRIPTOR.name
    field = next(field.name for field in envelope.DESCRIPTOR.oneofs_by_name["event"].fields if field.message_type is fact.DESCRIPTOR)
    data = envelope(**{field: fact}).SerializeToString()
    return Event(service, b"", 1, datetime(2026, 1, 1, tzinfo=UTC), CASE, 1, 1, "demo", name, "", data, fact=name)


def a_story() -> list[Message]:
    """100 came; 60 of it went to a case, 40 waits."""
    line = told.AllocationLine(debt_id=DEBT, component=types.COMPONENT_PRINCIPAL, amount=eur(60))
    allocated = told.PaymentAllocated(case_id=CASE, allocation_id=ALLOCATION, payment_id=PAYMENT, amount=eur(60), lines=[line])
    return [
        receipts.PaymentReceived(payment_id=PAYMENT, amount=eur(100)),
        allocated,
        receipts.SuspenseItemOpened(item_id=ITEM, payment_id=PAYMENT, amount=eur(40)),
    ]


TAKEN_BACK = [
    receipts.PaymentReversed(payment_id=PAYMENT, amount=eur(100)),
    told.AllocationReversed(allocation_id=ALLOCATION, payment_id=PAYMENT, case_id=CASE, amount=eur(60)),
    receipts.SuspenseItemResolved(item_id=ITEM, payment_id=PAYMENT, amount=eur(40)),
]
APPLIED = cases.PaymentApplied(allocation_id=ALLOCATION, payment_id=PAYMENT, amount=eur(60))


@pytest.mark.parametrize("more", [[], TAKEN_BACK], ids=["spread and waiting", "taken back"])
def test_money_that_adds_up_holds(more: list[Message]) -> None:
    finding = judged(a_story() + more)
    assert (finding.holds, finding.broken) == (True, ())
    assert finding.counted == 3 + len(more)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda story: story[:2],
        lambda story: [*story, story[2]],
        lambda story: [story[0], story[0], *story[1:]],
        lambda story: story[1:],
        lambda story: [*story, *TAKEN_BACK[:2]],
        lambda story: [*story, *TAKEN_BACK[1:]],
        lambda story: [*story, *TAKEN_BACK, TAKEN_BACK[1]],
        lambda story: [story[0], _with_a_cent_less(story[1]), story[2]],
    ],
    ids=["lost", "twice there", "come twice", "never came", "half taken back", "gone", "taken back twice", "lines are less"],
)
def test_a_cent_that_is_not_where_it_should_be_is_found(spoil: Callable[[list[Message]], list[Message]]) -> None:
    assert judged(spoil(a_story())).holds is False


def _with_a_cent_less(fact: Message) -> Message:
    spoilt = told.PaymentAllocated()
    spoilt.CopyFrom(fact)
    spoilt.lines[0].amount.minor_units -= 1
    return spoilt


@pytest.mark.parametrize(
    ("of_cases", "holds"),
    [
        ([APPLIED], True),
        ([], False),
        ([APPLIED, cases.PaymentUnapplied(allocation_id=ALLOCATION, payment_id=PAYMENT, amount=eur(60))], False),
        ([cases.PaymentApplied(allocation_id=ALLOCATION, payment_id=PAYMENT, amount=eur(59))], False),
        ([APPLIED, cases.PaymentApplied(allocation_id=ITEM, payment_id=PAYMENT, amount=eur(1))], False),
    ],
    ids=["applied", "not applied", "unapplied", "applied otherwise", "applied out of nothing"],
)
def test_cases_has_applied_what_payments_allocated(of_cases: list[Message], holds: bool) -> None:
    assert judged(a_story(), of_cases).holds is holds
