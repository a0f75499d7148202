"""The case file: what contacts has heard of one case, as far as contacting people rests on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.contacts.domain.channels import Channel
from services.kernel import ids
from services.kernel.calendar import date_at, zone
from services.kernel.facts import Causation, Fact, Stream
from services.kernel.refusal import IsUnknown

# What happened ---------------------------------------------------------------


class CaseNoted(Fact):
    case_id: UUID
    client_id: UUID
    portfolio_id: UUID
    external_ref: str
    jurisdiction: str
    zone: str
    calendar: str
    currency_code: str
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        file.case_id, file.client_id, file.portfolio_id = self.case_id, self.client_id, self.portfolio_id
        file.external_ref, file.currency_code = self.external_ref, self.currency_code
        file.terms.append(TermsNoted(date.min, self.jurisdiction, self.zone, self.calendar))


class CaseTermsNoted(Fact):
    jurisdiction: str
    zone: str
    calendar: str
    effective_from: date
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        file.terms.append(TermsNoted(self.effective_from, self.jurisdiction, self.zone, self.calendar))


class PartyNoted(Fact):
    case_id: UUID
    person_id: UUID
    role: str
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        file.parties[self.person_id] = self.role


class PartyGoneNoted(Fact):
    case_id: UUID
    person_id: UUID
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        del file.parties[self.person_id]


class DebtNoted(Fact):
    debt_id: UUID
    external_ref: str
    product: str
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        file.debts[self.debt_id] = self.external_ref


class DebtGoneNoted(Fact):
    debt_id: UUID
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        del file.debts[self.debt_id]


class HoldNoted(Fact):
    hold_id: UUID
    kind: str
    from_: date
    through: date | None
    debt_id: UUID | None
    is_of_a_part: bool
    origin: Causation
    stops_contact: bool

    def apply(self, file: CaseFile) -> None:
        file.holds[self.hold_id] = HoldKnown(
            self.hold_id, self.kind, self.from_, self.through, self.debt_id, self.is_of_a_part, self.stops_contact
        )


class HoldEndNoted(Fact):
    hold_id: UUID
    on: date
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        file.holds[self.hold_id] = replace(file.holds[self.hold_id], ended_on=self.on)


class CaseClosedNoted(Fact):
    outcome: str
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        file.is_closed = True


class CaseReopenedNoted(Fact):
    origin: Causation

    def apply(self, file: CaseFile) -> None:
        file.is_closed = False


@dataclass(frozen=True, slots=True)
class ContactMade:
    interaction_id: UUID
    at: datetime
    channel: Channel


class HoldHeeded(Fact):
    case_id: UUID
    hold_id: UUID
    origin: Causation
    heeded_at: datetime
    permits_revoked: tuple[UUID, ...]
    contacts_between: tuple[ContactMade, ...]

    def apply(self, file: CaseFile) -> None:
        file.heeded.add(self.hold_id)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TermsNoted:
    """On what terms from a day on. A later version covers every day from its first on."""

    effective_from: date
    jurisdiction: str
    zone: str
    calendar: str


@dataclass(frozen=True, slots=True)
class HoldKnown:
    """A hold, from its first day through its last (None: open-ended), unless it ended before."""

    hold_id: UUID
    kind: str
    from_: date
    through: date | None
    debt_id: UUID | None
    is_of_a_part: bool
    stops_contact: bool
    ended_on: date | None = None

    def stops_contact_on(self, day: date) -> bool:
        return self.stops_contact and self.holds_on(day)

    def holds_on(self, day: date) -> bool:
        return self.from_ <= day and (self.through is None or day <= self.through) and (self.ended_on is None or day < self.ended_on)


class CaseFile(Stream):
    begins_with = ("CaseNoted",)

    def __init__(self) -> None:
        self.case_id = UUID(int=0)
        self.client_id = UUID(int=0)
        self.portfolio_id = UUID(int=0)
        self.external_ref = ""
        self.currency_code = ""
        self.terms: list[TermsNoted] = []
        self.parties: dict[UUID, str] = {}
        """Role by person, as cases names them: a person that has since been merged stands under its first id."""
        self.debts: dict[UUID, str] = {}
        self.holds: dict[UUID, HoldKnown] = {}
        self.is_closed = False
        self.heeded: set[UUID] = set()

    def terms_at(self, instant: datetime) -> TermsNoted:
        # Which day it is depends on the zone, which may change with the terms: the UTC date is near enough to choose between two versions.
        near = next(noted for noted in reversed(self.terms) if noted.effective_from <= instant.date())
        today = date_at(instant, zone(near.zone))
        return next(noted for noted in reversed(self.terms) if noted.effective_from <= today)

    def today(self, instant: datetime) -> date:
        """The day in the portfolio's zone."""
        return date_at(instant, zone(self.terms_at(instant).zone))

    def holds_at(self, instant: datetime) -> list[HoldKnown]:
        """Holds of the whole case that stop contact at that instant; those of a debt or a part of one leave the rest to be spoken of."""
        day = self.today(instant)
        return [hold for hold in self.holds.values() if hold.debt_id is None and hold.stops_contact_on(day)]

    def debts_held_at(self, instant: datetime) -> frozenset[UUID]:
        """Debts that are not to be spoken of."""
        day = self.today(instant)
        return frozenset(
            hold.debt_id
            for hold in self.holds.values()
            if hold.debt_id is not None and not hold.is_of_a_part and hold.stops_contact_on(day)
        )

    def stopped_at(self, instant: datetime) -> tuple[UUID, ...]:
        """Holds by which nobody of the case may be contacted: of the whole case, or of each of its debts."""
        whole = tuple(hold.hold_id for hold in self.holds_at(instant))
        held = self.debts_held_at(instant)
        if whole or not self.debts or not held >= self.debts.keys():
            return whole
        day = self.today(instant)
        return tuple(
            hold.hold_id for hold in self.holds.values() if hold.debt_id in held and not hold.is_of_a_part and hold.stops_contact_on(day)
        )

    def must_be_known(self) -> None:
        if not self.exists:
            raise CaseIsNotHeardYet


def stream_of(case_id: UUID) -> UUID:
    """The stream of the case's file."""
    return ids.derived("case-file", case_id)


# What may be decided ---------------------------------------------------------


class CaseIsNotHeardYet(IsUnknown):
    """There is no such case, or contacts has not heard of it yet."""
