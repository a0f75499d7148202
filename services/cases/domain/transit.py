"""Transit: money on its way that may be for the case. While there is any, nobody is blamed for what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from services.kernel.calendar import date_at
from services.kernel.facts import Causation, Fact
from services.kernel.money import Money
from services.kernel.refusal import Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

MONEY_PER_CASE_MAX = 20_000

# What happened ---------------------------------------------------------------


class MoneyKind(Enum):
    """A payment under way, or money that came and may be for this case."""

    PAYMENT = "PAYMENT"
    UNMATCHED = "UNMATCHED"


class MoneyOnItsWayNoted(Fact):
    money_id: UUID
    kind: MoneyKind
    amount: Money
    value_date: date | None
    origin: Causation

    def apply(self, case: Case) -> None:
        case.transit.on_its_way[self.money_id] = Underway(self.money_id, self.kind, self.amount, self.value_date, self.timestamp)


class MoneyOnItsWaySettled(Fact):
    money_id: UUID
    reason_code: str
    origin: Causation

    def apply(self, case: Case) -> None:
        case.transit.on_its_way.pop(self.money_id, None)
        case.transit.settled.add(self.money_id)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Underway:
    """Money on its way, and the day from which it would count; None: not before the day it was noted on."""

    id: UUID
    kind: MoneyKind
    amount: Money
    value_date: date | None
    noted_at: datetime


@dataclass(slots=True)
class Transit:
    on_its_way: dict[UUID, Underway] = field(default_factory=dict)
    settled: set[UUID] = field(default_factory=set)


# What may be decided ---------------------------------------------------------


class CaseHasTooMuchMoneyOnItsWay(Refusal):
    """The case has had as many payments under way as it may."""


def note(case: Case, money_id: UUID, kind: MoneyKind, amount: Money, value_date: date | None, origin: Causation) -> None:
    """Heard twice, or after it was settled: told once."""
    case.must_be_reportable()
    if money_id in case.transit.on_its_way or money_id in case.transit.settled:
        return
    if len(case.transit.on_its_way) + len(case.transit.settled) >= MONEY_PER_CASE_MAX:
        raise CaseHasTooMuchMoneyOnItsWay(money_max=MONEY_PER_CASE_MAX)
    case.tell(MoneyOnItsWayNoted(**case.next(), money_id=money_id, kind=kind, amount=amount, value_date=value_date, origin=origin))


def settle(case: Case, money_id: UUID, reason_code: str, origin: Causation) -> None:
    """It has come, or it will not: whoever waited for it is judged by the clock, at once."""
    case.must_be_reportable()
    if money_id in case.transit.on_its_way:
        case.tell(MoneyOnItsWaySettled(**case.next(), money_id=money_id, reason_code=reason_code, origin=origin))


def possibly_for(case: Case, since: date, through: date, in_zone: ZoneInfo, currency_code: str) -> tuple[UUID, ...]:
    """Money on its way that would count between these days, if it is the case's."""
    return tuple(
        each.id
        for each in case.transit.on_its_way.values()
        if each.amount.currency_code == currency_code and _from(each, since, in_zone) <= through
    )


def _from(money: Underway, since: date, in_zone: ZoneInfo) -> date:
    if money.value_date is None:
        return max(since, date_at(money.noted_at, in_zone))
    return money.value_date if money.value_date >= since else date.max
