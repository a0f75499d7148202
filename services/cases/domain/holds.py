"""Holds: what stops part of the work on a case, from when to when, and why. Kinds overlap freely; what is stopped is their union."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.periods import Period, Union
from services.kernel.facts import Fact
from services.kernel.money import Money

if TYPE_CHECKING:
    from services.cases.domain.case import Case

# What happened ---------------------------------------------------------------


class HoldKind(Enum):
    """Why a case, a debt or a part of a debt is left alone."""

    STATUTORY_BREATHING_SPACE = "STATUTORY_BREATHING_SPACE"
    MENTAL_HEALTH_CRISIS = "MENTAL_HEALTH_CRISIS"
    DISPUTE = "DISPUTE"
    HARDSHIP_REVIEW = "HARDSHIP_REVIEW"
    VULNERABILITY = "VULNERABILITY"
    DECEASED = "DECEASED"
    INSOLVENCY = "INSOLVENCY"
    LEGAL = "LEGAL"
    CLIENT_REQUEST = "CLIENT_REQUEST"
    COMPLAINT = "COMPLAINT"
    PAYMENT_IN_FLIGHT = "PAYMENT_IN_FLIGHT"
    DATA_QUALITY = "DATA_QUALITY"
    CLIENT_QUERY = "CLIENT_QUERY"


class HoldScope(Enum):
    """What a hold stops."""

    CONTACT = "CONTACT"
    TREATMENT = "TREATMENT"
    INTEREST = "INTEREST"
    DPD = "DPD"
    BREACH_CLOCK = "BREACH_CLOCK"
    ENFORCEMENT = "ENFORCEMENT"
    REPORTING = "REPORTING"


class HoldPlaced(Fact):
    hold_id: UUID
    kind: HoldKind
    scopes: tuple[HoldScope, ...]
    from_: date
    through: date | None
    reason_code: str
    legal_basis: str
    evidence_refs: tuple[str, ...]
    debt_id: UUID | None
    amount: Money | None
    ground_id: UUID | None
    heeded_by: tuple[str, ...] = ()
    heed_by: datetime | None = None

    def apply(self, case: Case) -> None:
        case.holds.by_id[self.hold_id] = Hold(
            self.hold_id,
            self.kind,
            frozenset(self.scopes),
            self.from_,
            self.through,
            self.reason_code,
            self.legal_basis,
            self.evidence_refs,
            self.debt_id,
            self.amount,
            self.ground_id,
            self.originator_version,
            heeded_by=self.heeded_by,
            heed_by=self.heed_by,
        )


class HoldExtended(Fact):
    hold_id: UUID
    before: date | None
    through: date | None
    reason_code: str
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        hold = case.holds.by_id[self.hold_id]
        hold.through = self.through
        hold.is_expiry_told = False


class HoldLifted(Fact):
    hold_id: UUID
    effective_on: date
    reason_code: str
    evidence_refs: tuple[str, ...]

    def apply(self, case: Case) -> None:
        case.holds.by_id[self.hold_id].lifted_on = self.effective_on


class HoldExpired(Fact):
    hold_id: UUID
    through: date

    def apply(self, case: Case) -> None:
        case.holds.by_id[self.hold_id].is_expiry_told = True


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Hold:
    """One hold. It holds from its first day through its last, both included; lifted, until before the day it was lifted on."""

    id: UUID
    kind: HoldKind
    scopes: frozenset[HoldScope]
    from_: date
    through: date | None
    reason_code: str
    legal_basis: str
    evidence_refs: tuple[str, ...]
    debt_id: UUID | None
    amount: Money | None
    ground_id: UUID | None
    version: int
    lifted_on: date | None = None
    is_expiry_told: bool = False
    heeded_by: tuple[str, ...] = ()
    heed_by: datetime | None = None
    """Services that have to act on it, and until when they have time."""

    @property
    def last_day(self) -> date | None:
        """Before the first day where it never held; None: open-ended."""
        lifted = None if self.lifted_on is None else self.lifted_on - timedelta(days=1)
        return min((day for day in (self.through, lifted) if day is not None), default=None)

    @property
    def period(self) -> Period:
        return Period(self.from_, self.last_day)

    def holds_on(self, day: date) -> bool:
        return self.period.holds(day)


@dataclass(frozen=True, slots=True)
class Effect:
    """What is stopped of one scope on a day, and by which holds: of the whole case, of some of its debts, of parts of debts."""

    scope: HoldScope
    of_case: tuple[Hold, ...]
    of_debts: tuple[Hold, ...]
    of_parts: tuple[Hold, ...]
    until: date | None
    """First day on which the holds of the whole case no longer stop it; None: open-ended, or it is not stopped."""

    @property
    def is_stopped(self) -> bool:
        return bool(self.of_case)


@dataclass(slots=True)
class Holds:
    by_id: dict[UUID, Hold] = field(default_factory=dict)

    def effect(self, scope: HoldScope, day: date) -> Effect:
        """The union: what any of the holds stops is stopped, whatever the others do."""
        acting = [hold for hold in self.by_id.values() if scope in hold.scopes and hold.holds_on(day)]
        of_case = tuple(hold for hold in acting if hold.debt_id is None)
        return Effect(
            scope,
            of_case,
            tuple(hold for hold in acting if hold.debt_id is not None and hold.amount is None),
            tuple(hold for hold in acting if hold.amount is not None),
            self.union(scope).end_after(day) if of_case else None,
        )

    def union(self, scope: HoldScope, debt_id: UUID | None = None) -> Union:
        """The days on which the scope is stopped for the whole case, or for that debt. A hold of a part stops nothing for the rest."""
        return Union(
            hold.period for hold in self.by_id.values() if scope in hold.scopes and hold.amount is None and hold.debt_id in (None, debt_id)
        )
