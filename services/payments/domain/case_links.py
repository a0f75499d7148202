"""The links of a case: which there are, and the holds that stop them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.kernel import ids
from services.kernel.calendar import date_at, start_of, zone
from services.kernel.facts import Causation, Due, Fact, Stream
from services.payments.domain import owing
from services.payments.domain.ledger import AllocationLedger
from services.payments.domain.link import PaymentLink

_ONE_DAY = timedelta(days=1)

# What happened ---------------------------------------------------------------


class CaseLinkNoted(Fact):
    case_id: UUID
    link_id: UUID

    def apply(self, links: CaseLinks) -> None:
        links.link_ids.append(self.link_id)


class CaseHoldNoted(Fact):
    case_id: UUID
    hold_id: UUID
    is_stopping: bool
    from_: date
    through: date | None
    zone: str
    origin: Causation

    def apply(self, links: CaseLinks) -> None:
        known = links.holds.get(self.hold_id)
        links.holds[self.hold_id] = HoldNoted(
            self.hold_id,
            self.is_stopping,
            self.from_,
            self.through,
            self.zone,
            self.origin,
            self.timestamp,
            is_acting=known.is_acting if known else False,
        )


class HoldHeeded(Fact):
    case_id: UUID
    hold_id: UUID
    origin: Causation
    heeded_at: datetime
    links_frozen: tuple[UUID, ...]
    is_acting: bool

    def apply(self, links: CaseLinks) -> None:
        hold = links.holds[self.hold_id]
        hold.heeded_at, hold.is_acting = self.heeded_at, self.is_acting


class CaseHoldEnded(Fact):
    case_id: UUID
    hold_id: UUID

    def apply(self, links: CaseLinks) -> None:
        links.holds[self.hold_id].is_acting = False


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class HoldNoted:
    """A hold as cases told it last. `heeded_at`: when that was answered; `is_acting`: the links are frozen by it."""

    id: UUID
    is_stopping: bool
    from_: date
    through: date | None
    zone: str
    origin: Causation
    noted_at: datetime
    heeded_at: datetime | None = None
    is_acting: bool = False

    def stops_at(self, now: datetime) -> bool:
        day = date_at(now, zone(self.zone))
        return self.is_stopping and self.from_ <= day and (self.through is None or day <= self.through)

    def changes_at(self) -> datetime | None:
        """When something is to be done about it next; None: nothing by itself."""
        if self.heeded_at is None:
            return self.noted_at
        if self.is_acting:
            return None if self.through is None else start_of(self.through + _ONE_DAY, zone(self.zone))
        if not self.is_stopping or (self.through is not None and self.through < self.from_):
            return None
        begins_at = start_of(self.from_, zone(self.zone))
        return begins_at if begins_at > self.heeded_at else None


class CaseLinks(Stream):
    def __init__(self) -> None:
        self.link_ids: list[UUID] = []
        self.holds: dict[UUID, HoldNoted] = {}

    def stopped_by(self, now: datetime) -> list[UUID]:
        """Holds that stop the links at that moment, whether they are frozen already or not."""
        return [hold.id for hold in self.holds.values() if hold.stops_at(now)]

    def due(self) -> Iterable[Due]:
        moments = [moment for hold in self.holds.values() if (moment := hold.changes_at()) is not None]
        if moments:
            yield Due("case_links.holds", min(moments))


def stream_of(case_id: UUID) -> UUID:
    """The stream of the case's links."""
    return ids.derived("case-links", case_id)


# What may be decided ---------------------------------------------------------


def note_link(links: CaseLinks, link: PaymentLink, case_id: UUID) -> None:
    """One more, unless it was refused."""
    if link.id not in links.link_ids and not link.refused_for:
        links.tell(CaseLinkNoted(**links.next(), case_id=case_id, link_id=link.id))


def note_hold(
    links: CaseLinks,
    ledger: AllocationLedger,
    case_id: UUID,
    hold_id: UUID,
    is_stopping: bool,
    from_: date,
    through: date | None,
    origin: Causation,
) -> None:
    """Cases placed a hold. Its effect follows at once, by a timer: one unit freezes every link and says so."""
    if hold_id not in links.holds:
        _note(links, case_id, hold_id, is_stopping, from_, through, owing.zone_of(ledger), origin)


def note_hold_end(links: CaseLinks, case_id: UUID, hold_id: UUID, through: date | None, origin: Causation) -> None:
    """Its last day is another one now (before the first: it never held)."""
    hold = links.holds.get(hold_id)
    if hold is not None and origin.version > hold.origin.version and through != hold.through:
        _note(links, case_id, hold_id, hold.is_stopping, hold.from_, through, hold.zone, origin)


def _note(
    links: CaseLinks, case_id: UUID, hold_id: UUID, is_stopping: bool, from_: date, through: date | None, zone: str, origin: Causation
) -> None:
    links.tell(
        CaseHoldNoted(
            **links.next(),
            case_id=case_id,
            hold_id=hold_id,
            is_stopping=is_stopping,
            from_=from_,
            through=through,
            zone=zone,
            origin=origin,
        )
    )


def settle_holds(links: CaseLinks, *each: PaymentLink) -> None:
    """After every link has been frozen, or let go, as the holds say now (`each`, in the same unit): say that they are heeded."""
    for hold in list(links.holds.values()):
        stops = hold.stops_at(links.now)
        if hold.heeded_at is None or (stops and not hold.is_acting):
            frozen = tuple(link.id for link in each if hold.id in link.frozen_by)
            links.tell(
                HoldHeeded(
                    **links.next(),
                    case_id=hold.origin.stream_id,
                    hold_id=hold.id,
                    origin=hold.origin,
                    heeded_at=links.now,
                    links_frozen=frozen,
                    is_acting=stops,
                )
            )
        elif hold.is_acting and not stops:
            links.tell(CaseHoldEnded(**links.next(), case_id=hold.origin.stream_id, hold_id=hold.id))
