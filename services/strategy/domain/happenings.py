"""Happenings: what a treatment was told besides balance and bucket: who owes, how late, what was paid, promised, or is on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Causation, Fact
from services.kernel.money import Money

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment


class PartyRole(Enum):
    """As cases calls them."""

    DEBTOR = "DEBTOR"
    CO_DEBTOR = "CO_DEBTOR"
    GUARANTOR = "GUARANTOR"
    REPRESENTATIVE = "REPRESENTATIVE"
    HEIR = "HEIR"


class PromiseState(Enum):
    OPEN = "OPEN"
    UNPAID_SO_FAR = "UNPAID_SO_FAR"
    SUSPENDED = "SUSPENDED"
    KEPT = "KEPT"
    PARTLY_KEPT = "PARTLY_KEPT"
    BROKEN = "BROKEN"
    CANCELLED = "CANCELLED"


OPEN = (PromiseState.OPEN, PromiseState.UNPAID_SO_FAR, PromiseState.SUSPENDED)

# What happened ---------------------------------------------------------------


class DebtorNoted(Fact):
    case_id: UUID
    person_id: UUID
    role: PartyRole
    is_gone: bool
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.heard = self.origin.version
        treatment.parties.pop(self.person_id, None)
        if not self.is_gone:
            treatment.parties[self.person_id] = self.role


class LatenessNoted(Fact):
    case_id: UUID
    past_due_units: int
    since: date
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.heard = self.origin.version
        treatment.past_due_units, treatment.in_bucket_since = self.past_due_units, self.since


class PaymentNoted(Fact):
    case_id: UUID
    payment_id: UUID
    allocation_id: UUID
    amount: Money
    value_date: date
    is_taken_back: bool
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.heard = self.origin.version
        treatment.payments.pop(self.allocation_id, None)
        if not self.is_taken_back:
            treatment.payments[self.allocation_id] = (self.amount, self.value_date)


class PromiseNoted(Fact):
    case_id: UUID
    promise_id: UUID
    state: PromiseState
    deadline: date | None
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.heard = self.origin.version
        before = treatment.promises.by_id.pop(self.promise_id, None)
        deadline = self.deadline or (before.deadline if before else None)
        treatment.promises.by_id[self.promise_id] = Promise(self.state, deadline)


class MoneyOnItsWayNoted(Fact):
    case_id: UUID
    money_id: UUID
    until: datetime | None
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.heard_of(self.origin)
        treatment.money[self.money_id] = self.until


class MoneyOnItsWaySettled(Fact):
    case_id: UUID
    money_id: UUID
    reason_code: str
    origin: Causation

    def apply(self, treatment: Treatment) -> None:
        treatment.heard_of(self.origin)
        treatment.money.pop(self.money_id, None)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promise:
    state: PromiseState
    deadline: date | None


@dataclass(slots=True)
class Promises:
    """In the order in which they were last spoken of."""

    by_id: dict[UUID, Promise] = field(default_factory=dict)

    @property
    def newest(self) -> UUID | None:
        """The one that counts: the last that is open, else the last."""
        by_last = list(reversed(self.by_id))
        return next((each for each in by_last if self.by_id[each].state in OPEN), by_last[0] if by_last else None)

    @property
    def standing(self) -> Promise | None:
        return self.by_id[self.newest] if self.newest is not None else None

    def number_of(self, state: PromiseState) -> int:
        return sum(promise.state is state for promise in self.by_id.values())


# What may be decided ---------------------------------------------------------


def note_debtor(treatment: Treatment, origin: Causation, person_id: UUID, role: PartyRole, is_gone: bool = False) -> None:
    if treatment.parties.get(person_id) is not (None if is_gone else role):
        treatment.tell(
            DebtorNoted(**treatment.next(), case_id=treatment.case_id, person_id=person_id, role=role, is_gone=is_gone, origin=origin)
        )


def note_lateness(treatment: Treatment, origin: Causation, past_due_units: int, since: date) -> None:
    if (treatment.past_due_units, treatment.in_bucket_since) != (past_due_units, since):
        treatment.tell(
            LatenessNoted(**treatment.next(), case_id=treatment.case_id, past_due_units=past_due_units, since=since, origin=origin)
        )


def note_payment(
    treatment: Treatment, origin: Causation, payment_id: UUID, allocation_id: UUID, amount: Money, value_date: date, is_taken_back: bool
) -> None:
    """It has come, so it is on its way no longer."""
    if (allocation_id in treatment.payments) is is_taken_back:
        treatment.tell(
            PaymentNoted(
                **treatment.next(),
                case_id=treatment.case_id,
                payment_id=payment_id,
                allocation_id=allocation_id,
                amount=amount,
                value_date=value_date,
                is_taken_back=is_taken_back,
                origin=origin,
            )
        )
    settle_money(treatment, origin, payment_id, "APPLIED")


def note_promise(treatment: Treatment, origin: Causation, promise_id: UUID, state: PromiseState, deadline: date | None = None) -> None:
    known = treatment.promises.by_id.get(promise_id)
    if known is None or known.state is not state or (deadline is not None and known.deadline != deadline):
        treatment.tell(
            PromiseNoted(
                **treatment.next(), case_id=treatment.case_id, promise_id=promise_id, state=state, deadline=deadline, origin=origin
            )
        )


def note_promise_due_again(treatment: Treatment, origin: Causation, promise_id: UUID) -> None:
    """Kept no more, or broken no more. Its last day has gone by: until it is judged, nobody knows more than that it is unpaid so far."""
    known = treatment.promises.by_id.get(promise_id)
    if known is not None:
        is_ahead = known.deadline is not None and treatment.today <= known.deadline
        note_promise(treatment, origin, promise_id, PromiseState.OPEN if is_ahead else PromiseState.UNPAID_SO_FAR)


def note_money(treatment: Treatment, origin: Causation, money_id: UUID, until: datetime | None) -> None:
    """Money may come. Told by two who know, in any order: whoever notes it last settles it last, too."""
    if money_id not in treatment.money or treatment.money[money_id] != until:
        treatment.tell(MoneyOnItsWayNoted(**treatment.next(), case_id=treatment.case_id, money_id=money_id, until=until, origin=origin))


def settle_money(treatment: Treatment, origin: Causation, money_id: UUID, reason_code: str) -> None:
    if money_id in treatment.money:
        treatment.tell(
            MoneyOnItsWaySettled(**treatment.next(), case_id=treatment.case_id, money_id=money_id, reason_code=reason_code, origin=origin)
        )
