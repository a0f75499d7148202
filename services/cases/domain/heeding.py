"""Heeding: who has to act on a hold, who has acted and how soon, and the alarm when somebody has not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.holds import Hold, HoldScope
from services.cases.domain.recorded import Channel
from services.kernel.facts import Causation, Due, Fact

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContactBetween:
    """Somebody was contacted after the hold was placed and before it was heeded."""

    interaction_id: UUID
    at: datetime
    channel: Channel


class HoldAcknowledged(Fact):
    hold_id: UUID
    service: str
    origin: Causation
    heeded_at: datetime
    contacts_between: tuple[ContactBetween, ...]
    stopped: int

    def apply(self, case: Case) -> None:
        case.heeding.by_hold.setdefault(self.hold_id, {})[self.service] = Acknowledgement(
            self.heeded_at, self.contacts_between, self.stopped, self.originator_version
        )


class HoldAcknowledgementMissed(Fact):
    hold_id: UUID
    services: tuple[str, ...]
    heed_by: datetime

    def apply(self, case: Case) -> None:
        case.heeding.missed[self.hold_id] = self.services


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    heeded_at: datetime
    contacts_between: tuple[ContactBetween, ...]
    stopped: int
    version: int


@dataclass(slots=True)
class Heeding:
    by_hold: dict[UUID, dict[str, Acknowledgement]] = field(default_factory=dict)
    missed: dict[UUID, tuple[str, ...]] = field(default_factory=dict)

    def awaited(self, hold: Hold) -> tuple[str, ...]:
        """Who has to act on it and has not."""
        acknowledged = self.by_hold.get(hold.id, {})
        return tuple(service for service in hold.heeded_by if service not in acknowledged)


# What may be decided ---------------------------------------------------------


def asked_of(scopes: Iterable[HoldScope]) -> tuple[str, ...]:
    """The services that a hold of these scopes concerns."""
    return tuple(service for service, concern in HEEDED_BY.items() if concern & set(scopes))


def acknowledge(case: Case, hold_id: UUID, service: str, acknowledged: Heeded, origin: Causation) -> None:
    """Another service has acted on it. Heard twice, told once; of a hold that the case does not know: passed over."""
    case.must_be_reportable()
    if hold_id not in case.holds.by_id or service in case.heeding.by_hold.get(hold_id, {}):
        return
    case.tell(
        HoldAcknowledged(
            **case.next(),
            hold_id=hold_id,
            service=service,
            origin=origin,
            heeded_at=acknowledged.heeded_at,
            contacts_between=tuple(acknowledged.contacts_between),
            stopped=acknowledged.stopped,
        )
    )


@dataclass(frozen=True, slots=True)
class Heeded:
    """What a service says it did."""

    heeded_at: datetime
    contacts_between: Sequence[ContactBetween] = ()
    stopped: int = 0


def tell_missed(case: Case) -> None:
    """Of every hold that somebody has not acted on in time. Once: who acts later is told as such."""
    for hold in _watched(case):
        if hold.heed_by is not None and hold.heed_by <= case.now:
            case.tell(HoldAcknowledgementMissed(**case.next(), hold_id=hold.id, services=case.heeding.awaited(hold), heed_by=hold.heed_by))


def due(case: Case) -> Iterable[Due]:
    """When the first of those who still have to act has had its time."""
    instants = [hold.heed_by for hold in _watched(case) if hold.heed_by is not None]
    if instants:
        yield Due("hold.heeding", min(instants))


def _watched(case: Case) -> list[Hold]:
    return [hold for hold in case.holds.by_id.values() if hold.id not in case.heeding.missed and case.heeding.awaited(hold)]


HEED_WITHIN = timedelta(seconds=30)
"""How long the others have to act on a hold before somebody is told."""

HEEDED_BY: Mapping[str, frozenset[HoldScope]] = {
    "contacts": frozenset({HoldScope.CONTACT}),
    "payments": frozenset({HoldScope.CONTACT, HoldScope.TREATMENT}),
    "strategy": frozenset({HoldScope.TREATMENT}),
}
"""Whom a hold concerns, by what it stops: permits and messages, payment links, steps."""
