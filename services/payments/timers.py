"""Told by the clock: what falls due in payments, and what we do then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from services.chassis.heard import Timer
from services.chassis.log.origins import TimerFired
from services.kernel.facts import Change
from services.payments.application import receiving
from services.payments.domain.ledger import AllocationLedger
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


TIMERS: Mapping[str, Timer] = {
    "ledger.draw": Timer(AllocationLedger, draw_what_waited_with_a_case),
    "suspense.draw": Timer(Suspense, draw_what_waited_under_a_reference),
}
