"""Told by the clock: what falls due in payments, and what we do then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from services.chassis.heard import Timer
from services.chassis.log.origins import TimerFired
from services.kernel.facts import Change
from services.payments.application import links, receiving
from services.payments.domain.case_links import CaseLinks
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.link import PaymentLink
from services.payments.domain.payment import Payment
from services.payments.domain.suspense import Suspense, payments_of

DRAWN_AT_ONCE_MAX = 50
"""Payments in one unit; what is left is due at once again."""


def draw_what_waited_under_a_reference(waits: Suspense, fired: TimerFired) -> Iterable[Change[Any]]:
    """The reference has become a case's."""
    if waits.case_id is None:
        return
    payment_ids = list(islice(payments_of(list(waits.waiting.items.values())), DRAWN_AT_ONCE_MAX))
    for payment_id in payment_ids:
        yield from receiving.draw_from_suspense(payment_id, waits.id)
        yield receiving.take_drawn(fired.tenant_id, payment_id, waits.case_id)


def draw_what_waited_with_a_case(of: AllocationLedger, fired: TimerFired) -> Iterable[Change[Any]]:
    """The case has opened, or a debt has come."""
    for payment_id in islice(payments_of(of.drawable()), DRAWN_AT_ONCE_MAX):
        yield receiving.draw_in_ledger(fired.tenant_id, payment_id, of.id)


def heed_holds(of: CaseLinks, fired: TimerFired) -> Iterable[Change[Any]]:
    """Cases has said something of a hold, or its first or last day has come."""
    yield from links.heed_holds(of)


def expire_link(link: PaymentLink, fired: TimerFired) -> Iterable[Change[Any]]:
    yield links.expire_link(link.id)


def time_out_payment(payment: Payment, fired: TimerFired) -> Iterable[Change[Any]]:
    """Nobody has said what became of it."""
    if payment.under_way is not None:
        yield from links.time_out_payment(payment.id, payment.under_way.link_id)


TIMERS: Mapping[str, Timer] = {
    "ledger.draw": Timer(AllocationLedger, draw_what_waited_with_a_case),
    "case_links.holds": Timer(CaseLinks, heed_holds),
    "link.expiry": Timer(PaymentLink, expire_link),
    "payment.timeout": Timer(Payment, time_out_payment),
    "suspense.draw": Timer(Suspense, draw_what_waited_under_a_reference),
}
