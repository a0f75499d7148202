"""What becomes of the sandbox provider's payments: by the card chosen, on a clock of its own, the same each time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DUPLICATE_EVERY = 3
"""Each third event is delivered once more after it was acknowledged."""


@dataclass(frozen=True)
class Card:
    """What a card does: pays (after a while), or fails; and whether the debit comes back."""

    is_paid: bool
    after: timedelta = timedelta()
    returned_after: timedelta | None = None
    cause: str = ""


CARDS: Mapping[str, Card] = {
    "pays": Card(is_paid=True),
    "fails": Card(is_paid=False, cause="CARD_DECLINED"),
    "pays-late": Card(is_paid=True, after=timedelta(hours=3)),
    "pays-too-late": Card(is_paid=True, after=timedelta(days=4)),
    "comes-back": Card(is_paid=True, returned_after=timedelta(days=5)),
}
"""By the name under which the checkout offers them."""


@dataclass
class Checkout:
    """An order, and what became of it."""

    reference: str
    currency_code: str
    minor_units: int
    return_url: str
    card: str = ""
    state: str = "open"
    value_date: date | None = None
    returned_on: date | None = None

    @property
    def id(self) -> str:
        return "chk_" + hashlib.sha256(self.reference.encode()).hexdigest()[:24]

    @property
    def provider_ref(self) -> str:
        return "sbx_" + hashlib.sha256(b"money" + self.reference.encode()).hexdigest()[:24]


@dataclass
class Ledger:
    """Everything the provider knows; gone when it ends."""

    secret: bytes
    webhook: str
    zone: ZoneInfo
    told_now: datetime | None = None
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    """By id."""
    ahead: list[tuple[datetime, str, str, str]] = field(default_factory=list)
    """(when, event type, checkout id, cause)."""
    outbox: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    unacknowledged: int = 0
    delivered: int = 0
    refused: int = 0
    """Deliveries that were not acknowledged, and are tried again."""
    events: int = 0

    @property
    def now(self) -> datetime:
        return self.told_now or datetime.now(UTC)

    def learn(self, now: datetime) -> None:
        """Forward only; what has become due is told."""
        self.told_now = max(now, self.told_now or now)
        self.tell_what_is_due()

    def tell_what_is_due(self) -> None:
        due = sorted(each for each in self.ahead if each[0] <= self.now)
        self.ahead = [each for each in self.ahead if each[0] > self.now]
        for at, kind, checkout_id, cause in due:
            self.tell(self.checkouts[checkout_id], kind, at, cause)

    def pay(self, checkout: Checkout, card: str) -> None:
        """Once: whoever comes back finds it done."""
        if checkout.state != "open":
            return
        does = CARDS[card]
        checkout.card, checkout.state = card, "pending"
        at = self.now + does.after
        self.ahead.append((at, "payment.succeeded" if does.is_paid else "payment.failed", checkout.id, does.cause))
        if does.returned_after is not None:
            self.ahead.append((at + does.returned_after, "payment.returned", checkout.id, "RETURNED"))
        self.tell_what_is_due()

    def tell(self, checkout: Checkout, kind: str, at: datetime, cause: str) -> None:
        day = at.astimezone(self.zone).date()
        match kind:
            case "payment.succeeded":
                checkout.state, checkout.value_date = "paid", day
            case "payment.failed":
                checkout.state = "failed"
            case "payment.returned":
                if checkout.state != "paid":
                    return
                checkout.state, checkout.returned_on = "returned", day
        self.events += 1
        event = {
            "id": "evt_" + hashlib.sha256(f"{checkout.reference} {kind}".encode()).hexdigest()[:24],
            "type": kind,
            "reference": checkout.reference,
            "provider_ref": checkout.provider_ref,
            "amount": {"currency_code": checkout.currency_code, "minor_units": checkout.minor_units},
            "value_date": day.isoformat(),
            "cause": cause,
        }
        for _ in range(2 if self.events % DUPLICATE_EVERY == 0 else 1):
            self.unacknowledged += 1
            self.outbox.put_nowait(event)
