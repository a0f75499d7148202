"""The case book: what payments heard of a case. What is owed, since when, what was promised, and where the case is in its life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Causation, Fact
from services.kernel.money import Money
from services.payments.domain.components import COMPONENTS, Component, ComponentAmount
from services.payments.domain.waterfall import Committed, DebtTraits, Dueness, Owed, Slot

if TYPE_CHECKING:
    from services.payments.domain.ledger import AllocationLedger


class BookState(Enum):
    REGISTERED = 1
    OPEN = 2
    CLOSED = 3
    REJECTED = 4


@dataclass(frozen=True, slots=True)
class NotedInstalment:
    """What falls due of a debt on one day; without components nothing does any more."""

    number: int
    due_date: date
    components: tuple[ComponentAmount, ...]


@dataclass(frozen=True, slots=True)
class CommitmentPart:
    due_date: date
    amount: Money


@dataclass(frozen=True, slots=True)
class CaseTraits:
    """Whose case it is, and on what terms."""

    case_id: UUID
    client_id: UUID
    portfolio_id: UUID
    external_ref: str
    product: str
    jurisdiction: str
    currency_code: str
    zone: str


# What happened ---------------------------------------------------------------


class CaseBookOpened(Fact):
    case_id: UUID
    client_id: UUID
    portfolio_id: UUID
    external_ref: str
    product: str
    jurisdiction: str
    currency_code: str
    zone: str
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        traits = CaseTraits(
            self.case_id,
            self.client_id,
            self.portfolio_id,
            self.external_ref,
            self.product,
            self.jurisdiction,
            self.currency_code,
            self.zone,
        )
        ledger.book = Book(traits)
        ledger.heard = self.origin.version


class CaseBookTurned(Fact):
    state: BookState
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        book(ledger).state = self.state
        ledger.heard = self.origin.version


class DebtNoted(Fact):
    debt_id: UUID
    product: str
    components: tuple[ComponentAmount, ...]
    oldest_due_date: date | None
    counts_from: date
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        debt = book(ledger).debts[self.debt_id] = DebtBook(self.debt_id, self.product, self.oldest_due_date, self.counts_from)
        debt.charge(self.counts_from, self.components)
        ledger.heard = self.origin.version


class DebtChangeNoted(Fact):
    debt_id: UUID
    deltas: tuple[ComponentAmount, ...]
    value_date: date
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        book(ledger).debts[self.debt_id].charge(self.value_date, self.deltas)
        ledger.heard = self.origin.version


class DebtGoneNoted(Fact):
    debt_id: UUID
    value_date: date
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        book(ledger).debts[self.debt_id].gone_on = self.value_date
        ledger.heard = self.origin.version


class InstalmentsNoted(Fact):
    debt_id: UUID
    instalments: tuple[NotedInstalment, ...]
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        known = book(ledger).debts[self.debt_id].instalments
        known.update((each.number, each) for each in self.instalments)
        ledger.heard = self.origin.version


class CommitmentNoted(Fact):
    commitment_id: UUID
    debt_ids: tuple[UUID, ...]
    parts: tuple[CommitmentPart, ...]
    made_on: date
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        book(ledger).commitments[self.commitment_id] = Commitment(self.commitment_id, self.debt_ids, self.parts, self.made_on)
        ledger.heard = self.origin.version


class CommitmentTurned(Fact):
    commitment_id: UUID
    is_open: bool
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        book(ledger).commitments[self.commitment_id].is_open = self.is_open
        ledger.heard = self.origin.version


class AllocationCredited(Fact):
    allocation_id: UUID
    credit: Money
    origin: Causation

    def apply(self, ledger: AllocationLedger) -> None:
        ledger.credits[self.allocation_id] = self.credit
        ledger.heard = self.origin.version


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class DebtBook:
    """One debt: what was charged by component, and what was paid by our own allocations."""

    id: UUID
    product: str
    oldest_due_date: date | None
    counts_from: date
    gone_on: date | None = None
    charges: list[tuple[date, Component, int]] = field(default_factory=list)
    charged: dict[Component, int] = field(default_factory=dict)
    paid: dict[Component, int] = field(default_factory=dict)
    instalments: dict[int, NotedInstalment] = field(default_factory=dict)

    def charge(self, on: date, amounts: Sequence[ComponentAmount]) -> None:
        for each in amounts:
            self.charges.append((on, each.component, each.amount.minor_units))
            self.charged[each.component] = self.charged.get(each.component, 0) + each.amount.minor_units

    def pay(self, component: Component, minor_units: int) -> None:
        """Taken back, where it is negative."""
        self.paid[component] = self.paid.get(component, 0) + minor_units

    def owed(self, component: Component) -> int:
        """Minor units; a credit is none."""
        return max(0, self.charged.get(component, 0) - self.paid.get(component, 0))

    def counts_on(self, day: date) -> bool:
        return self.counts_from <= day and self.gone_on is None

    @property
    def bears_interest(self) -> bool:
        return self.charged.get(Component.INTEREST, 0) > 0


@dataclass(slots=True)
class Commitment:
    """A promise: what was paid on it is what lines gave to it."""

    id: UUID
    debt_ids: tuple[UUID, ...]
    parts: tuple[CommitmentPart, ...]
    made_on: date
    is_open: bool = True
    paid: int = 0

    @property
    def left(self) -> int:
        return max(0, sum(part.amount.minor_units for part in self.parts) - self.paid)


@dataclass(slots=True)
class Book:
    traits: CaseTraits
    state: BookState = BookState.REGISTERED
    debts: dict[UUID, DebtBook] = field(default_factory=dict)
    commitments: dict[UUID, Commitment] = field(default_factory=dict)

    @property
    def takes_money(self) -> bool:
        """Open, or closed: money that came is money that came."""
        return self.state in (BookState.OPEN, BookState.CLOSED)

    def debts_on(self, day: date) -> list[DebtBook]:
        return [debt for debt in self.debts.values() if debt.counts_on(day)]


def book(ledger: AllocationLedger) -> Book:
    assert ledger.book is not None
    return ledger.book


# What is owed ----------------------------------------------------------------


def owed_on(of: Book, day: date) -> Owed:
    """By what we heard and allocated so far; `day` says what has fallen due."""
    debts = of.debts_on(day)
    slots: list[Slot] = []
    traits: dict[UUID, DebtTraits] = {}
    for debt in debts:
        own, oldest = _slots(debt, day)
        slots += own
        traits[debt.id] = DebtTraits(debt.product, oldest, debt.bears_interest, sum(slot.minor_units for slot in own))
    open_ones = [each for each in of.commitments.values() if each.is_open and each.made_on <= day and each.left]
    committed = tuple(
        Committed(each.id, each.left, each.debt_ids) for each in sorted(open_ones, key=lambda each: (each.parts[0].due_date, each.made_on))
    )
    return Owed(of.traits.currency_code, tuple(slots), traits, committed, debts[0].id if debts else None)


def _slots(debt: DebtBook, day: date) -> tuple[list[Slot], date]:
    """What is owed of one debt by component and dueness, and its oldest unpaid due date.

    What was paid covers the oldest instalments first, each component its own; what is charged beyond the schedule falls due after it.
    """
    sums: dict[tuple[Dueness, Component], int] = {}
    oldest: date | None = None
    schedule = sorted(debt.instalments.values(), key=lambda each: (each.due_date, each.number))
    for component in COMPONENTS:
        left = debt.owed(component)
        if not left:
            continue
        paid = debt.paid.get(component, 0)
        for each in schedule:
            if not left:
                break
            due = _amount_of(each, component)
            covered = min(paid, due)
            paid -= covered
            unpaid = min(left, due - covered)
            if unpaid:
                left -= unpaid
                key = (_dueness(each.due_date, day), component)
                sums[key] = sums.get(key, 0) + unpaid
                oldest = each.due_date if oldest is None else min(oldest, each.due_date)
        if left:
            key = (_dueness_unscheduled(debt, day), component)
            sums[key] = sums.get(key, 0) + left
    slots = [Slot(debt.id, component, dueness, minor_units) for (dueness, component), minor_units in sums.items()]
    return slots, oldest or debt.oldest_due_date or debt.counts_from


def _dueness(due_date: date, day: date) -> Dueness:
    if due_date < day:
        return Dueness.PAST_DUE
    return Dueness.DUE if due_date == day else Dueness.FUTURE


def _dueness_unscheduled(debt: DebtBook, day: date) -> Dueness:
    """Without a schedule: since its oldest due date; where nothing is known, it is due. Beyond a schedule: later."""
    if debt.instalments:
        return Dueness.FUTURE
    return Dueness.DUE if debt.oldest_due_date is None else _dueness(debt.oldest_due_date, day)


def _amount_of(instalment: NotedInstalment, component: Component) -> int:
    return sum(each.amount.minor_units for each in instalment.components if each.component is component)


def totals(of: Book) -> Mapping[Component, int]:
    """What is owed of the case now, by component."""
    return {
        component: owed
        for component in Component
        if (owed := sum(debt.owed(component) for debt in of.debts.values() if debt.gone_on is None))
    }
