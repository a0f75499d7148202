"""The payment link: a way to pay for one obligation, made for one message, opened by whoever holds its token. What happened to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Due, Fact, Stream
from services.kernel.money import Money
from services.payments.domain.amount_rule import AmountRule, AmountRuleKind, Choice

# What happened ---------------------------------------------------------------


class PaymentLinkIssued(Fact):
    link_id: UUID
    case_id: UUID
    client_id: UUID
    person_id: UUID | None
    interaction_id: UUID | None
    token_hash: bytes
    amount_rule: AmountRule
    currency_code: str
    expires_at: datetime

    def apply(self, link: PaymentLink) -> None:
        link.case_id, link.client_id, link.person_id = self.case_id, self.client_id, self.person_id
        link.interaction_id, link.token_hash = self.interaction_id, self.token_hash
        link.rule, link.expires_at = self.amount_rule, self.expires_at
        link.paid = Money.zero(self.currency_code)


class PaymentLinkRefused(Fact):
    link_id: UUID
    case_id: UUID
    person_id: UUID | None
    interaction_id: UUID | None
    reason_code: str

    def apply(self, link: PaymentLink) -> None:
        link.case_id, link.person_id, link.interaction_id = self.case_id, self.person_id, self.interaction_id
        link.refused_for = self.reason_code


class PaymentLinkOpened(Fact):
    link_id: UUID
    case_id: UUID
    due: Money
    least: Money
    most: Money

    def apply(self, link: PaymentLink) -> None:
        link.offered = Choice(self.due, self.least, self.most)


class PaymentLinkFrozen(Fact):
    link_id: UUID
    case_id: UUID
    hold_id: UUID

    def apply(self, link: PaymentLink) -> None:
        link.frozen_by.append(self.hold_id)


class PaymentLinkUnfrozen(Fact):
    link_id: UUID
    case_id: UUID
    hold_id: UUID

    def apply(self, link: PaymentLink) -> None:
        link.frozen_by.remove(self.hold_id)


class PaymentLinkRevoked(Fact):
    link_id: UUID
    case_id: UUID
    reason_code: str

    def apply(self, link: PaymentLink) -> None:
        link.revoked_for = self.reason_code


class PaymentLinkExpired(Fact):
    link_id: UUID
    case_id: UUID

    def apply(self, link: PaymentLink) -> None:
        link.is_expired = True


class CheckoutStarted(Fact):
    link_id: UUID
    payment_id: UUID
    number: int
    amount: Money
    due: Money

    def apply(self, link: PaymentLink) -> None:
        link.checkouts = self.number
        link.checkout = Checkout(self.payment_id, self.amount, self.due)


class CheckoutEnded(Fact):
    link_id: UUID
    payment_id: UUID
    cause: str

    def apply(self, link: PaymentLink) -> None:
        link.checkout = None


class PaymentLinkPaid(Fact):
    link_id: UUID
    case_id: UUID
    payment_id: UUID
    amount: Money
    is_in_full: bool

    def apply(self, link: PaymentLink) -> None:
        link.paid += self.amount
        link.paid_by.append(self.payment_id)
        link.is_paid_in_full = link.is_paid_in_full or self.is_in_full
        if link.checkout is not None and link.checkout.payment_id == self.payment_id:
            link.checkout = None


# Where it stands -------------------------------------------------------------


class LinkState(Enum):
    ISSUED = "ISSUED"
    OPENED = "OPENED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    FROZEN = "FROZEN"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A payment under way. `due`: what was proposed when it was chosen."""

    payment_id: UUID
    amount: Money
    due: Money


class PaymentLink(Stream):
    begins_with = ("PaymentLinkIssued", "PaymentLinkRefused")

    def __init__(self) -> None:
        self.case_id = UUID(int=0)
        self.client_id = UUID(int=0)
        self.person_id: UUID | None = None
        self.interaction_id: UUID | None = None
        self.token_hash = b""
        self.rule = AmountRule(AmountRuleKind.BALANCE)
        self.expires_at: datetime | None = None
        self.refused_for = ""
        self.revoked_for = ""
        self.is_expired = False
        self.frozen_by: list[UUID] = []
        self.offered: Choice | None = None
        self.checkouts = 0
        self.checkout: Checkout | None = None
        self.paid = Money.zero("")
        self.paid_by: list[UUID] = []
        self.is_paid_in_full = False

    @property
    def is_over(self) -> bool:
        """It opens nothing any more, and never will."""
        return bool(self.refused_for or self.revoked_for or self.is_expired or not self.exists)

    @property
    def state(self) -> LinkState:
        return next(state for state, holds in self._states() if holds)

    def _states(self) -> Iterable[tuple[LinkState, bool]]:
        yield LinkState.REFUSED, bool(self.refused_for)
        yield LinkState.PAID, self.is_paid_in_full
        yield LinkState.REVOKED, bool(self.revoked_for)
        yield LinkState.EXPIRED, self.is_expired
        yield LinkState.FROZEN, bool(self.frozen_by)
        yield LinkState.PARTIALLY_PAID, bool(self.paid_by)
        yield LinkState.OPENED, self.offered is not None
        yield LinkState.ISSUED, True

    def due(self) -> Iterable[Due]:
        if self.expires_at is not None and not self.is_over:
            yield Due("link.expiry", self.expires_at)


def stream_of(token_hash: bytes) -> UUID:
    """The link that a token with this SHA-256 opens. Who knows the link's id knows nothing of the token."""
    return ids.derived("payment-link", token_hash.hex())


def payment_of(link_id: UUID, number: int) -> UUID:
    """The payment that the link's checkout of that number is."""
    return ids.derived("link-payment", link_id, number)
