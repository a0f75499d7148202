"""Payments under way: money that may be on its way. Nobody is pressed and nothing is broken until it is there, has failed, or has taken
too long. A region of the payment, before it is received."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Due, Fact
from services.kernel.money import Money
from services.kernel.refusal import IsUnknown

if TYPE_CHECKING:
    from services.payments.domain.link import PaymentLink
    from services.payments.domain.payment import Payment

UNDER_WAY_HOURS = 48
"""How long a payment that nobody speaks of counts as under way."""

# What happened ---------------------------------------------------------------


class PaymentInitiated(Fact):
    payment_id: UUID
    case_id: UUID
    amount: Money
    method: str
    provider: str
    link_id: UUID | None
    attempt_id: UUID | None
    times_out_at: datetime

    def apply(self, payment: Payment) -> None:
        payment.under_way = UnderWay(self.case_id, self.amount, self.provider, self.link_id, self.attempt_id, self.times_out_at)


class PaymentFailed(Fact):
    payment_id: UUID
    case_id: UUID
    cause: str

    def apply(self, payment: Payment) -> None:
        if payment.under_way is not None:
            payment.under_way.ended_by = self.cause


class PaymentTimedOut(Fact):
    payment_id: UUID
    case_id: UUID

    def apply(self, payment: Payment) -> None:
        if payment.under_way is not None:
            payment.under_way.ended_by = "TIMED_OUT"


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class UnderWay:
    """`ended_by`: why nothing came of it, so far; empty while it is under way or once it was received."""

    case_id: UUID
    amount: Money
    provider: str
    link_id: UUID | None
    attempt_id: UUID | None
    times_out_at: datetime
    ended_by: str = ""


# What may be decided ---------------------------------------------------------


class PaymentWasNotInitiated(IsUnknown):
    """No payment of that reference was begun here."""


def initiate(payment: Payment, link: PaymentLink, provider: str) -> None:
    """The link's checkout is this payment. Asked twice, told once."""
    checkout = link.checkout
    if payment.exists or checkout is None or checkout.payment_id != payment.id:
        return
    payment.tell(
        PaymentInitiated(
            **payment.next(),
            payment_id=payment.id,
            case_id=link.case_id,
            amount=checkout.amount,
            method="LINK",
            provider=provider,
            link_id=link.id,
            attempt_id=link.interaction_id,
            times_out_at=payment.now + timedelta(hours=UNDER_WAY_HOURS),
        )
    )


def fail(payment: Payment, cause: str) -> None:
    """The provider says that nothing will come. What is received or has failed already stays as it is."""
    under_way = payment.under_way
    if under_way is None:
        raise PaymentWasNotInitiated
    if is_under_way(payment):
        payment.tell(PaymentFailed(**payment.next(), payment_id=payment.id, case_id=under_way.case_id, cause=cause))


def time_out(payment: Payment) -> None:
    under_way = payment.under_way
    if under_way is not None and is_under_way(payment) and payment.now >= under_way.times_out_at:
        payment.tell(PaymentTimedOut(**payment.next(), payment_id=payment.id, case_id=under_way.case_id))


def is_under_way(payment: Payment) -> bool:
    return payment.under_way is not None and not payment.under_way.ended_by and not payment.is_received


def due(payment: Payment) -> Iterable[Due]:
    if payment.under_way is not None and is_under_way(payment):
        yield Due("payment.timeout", payment.under_way.times_out_at)
