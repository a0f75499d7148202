"""Causes: what may explain that the creditor's balance is not ours, and which of it does. A function of the ledger, in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from services.cases.domain.components import ComponentAmount
from services.cases.domain.debts import AdjustmentReason, Debt
from services.cases.domain.payments import Allocation
from services.cases.domain.reconciliation import DifferenceCause, DifferenceKind, Settled
from services.kernel.money import Money, total

if TYPE_CHECKING:
    from services.cases.domain.case import Case

LOOKED_BACK_DAYS = 92
"""How far back the creditor may not have booked something yet, where no snapshot in between agreed with us."""
CANDIDATES_MAX = 10
"""The newest are tried; of ten, every combination is."""
ROUNDING_MINOR_UNITS_MAX = 2
CREDITORS_OWN = frozenset({"CREDITOR_FILE"})
"""Sources of payments that the creditor told us of: it has booked them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something of a day that one of us may have booked and the other not. The amount is ours minus theirs, if so."""

    day: date
    kind: DifferenceKind
    amount: Money
    version: int
    source_ref: str

    @property
    def place(self) -> tuple[date, str, int, str]:
        """Newest last, whatever came first."""
        return self.day, self.kind.name, self.amount.minor_units, self.source_ref

    def cause(self) -> DifferenceCause:
        return DifferenceCause(self.kind, self.amount, self.version, self.source_ref)


def causes_of(case: Case, as_of: date, agreed_on: date | None, difference: Money) -> tuple[DifferenceCause, ...]:
    """Of a difference in the snapshot of `as_of`; `agreed_on`: the newest snapshot before it in which there was none."""
    earliest = as_of - timedelta(days=LOOKED_BACK_DAYS)
    after = earliest if agreed_on is None else max(earliest, agreed_on)
    candidates = sorted(_candidates(case, after, as_of), key=lambda each: each.place, reverse=True)[:CANDIDATES_MAX]
    chosen = _chosen(candidates, difference.minor_units)
    causes = [each.cause() for each in chosen]
    rest = difference - total((each.amount for each in chosen), difference.currency_code)
    if 0 < abs(rest.minor_units) <= ROUNDING_MINOR_UNITS_MAX:
        causes.append(DifferenceCause(DifferenceKind.ROUNDING, rest, 0, ""))
    return tuple(causes)


def _chosen(candidates: Sequence[Candidate], wanted: int) -> Sequence[Candidate]:
    """The fewest and newest that come to what is wanted, but for rounding; else those of its sign that come nearest, not beyond."""
    for tolerated in (0, ROUNDING_MINOR_UNITS_MAX):
        for count in range(len(candidates) + 1):
            for some in combinations(candidates, count):
                if abs(wanted - _sum(some)) <= tolerated:
                    return some
    same_sign = [each for each in candidates if (each.amount.minor_units > 0) == (wanted > 0)]
    within = (some for count in range(len(same_sign) + 1) for some in combinations(same_sign, count) if abs(_sum(some)) <= abs(wanted))
    return max(within, key=lambda some: abs(_sum(some)))


def _sum(some: Iterable[Candidate]) -> int:
    return sum(each.amount.minor_units for each in some)


def _candidates(case: Case, after: date, as_of: date) -> Iterator[Candidate]:
    """Of the days after `after` through `as_of`."""
    for allocation in case.payments.by_allocation.values():
        yield from _of_payment(case, allocation, after, as_of)
    for debt in case.debts.by_id.values():
        yield from _of_debt(case, debt, after, as_of)
    for settled in case.reconciliation.settled.values():
        if after <= settled.as_of < as_of:
            yield Candidate(settled.as_of, _found_out(settled), settled.amount, settled.version, settled.reason_code)


def _of_payment(case: Case, allocation: Allocation, after: date, as_of: date) -> Iterator[Candidate]:
    paid = total((line.amount for line in allocation.lines), case.currency_code)
    gone_on, is_new = allocation.unapplied_on, after < allocation.value_date <= as_of
    if is_new and allocation.counts_on(as_of) and allocation.source not in CREDITORS_OWN:
        kind = DifferenceKind.PAYMENT_NOT_BOOKED_BY_CREDITOR
        yield Candidate(allocation.value_date, kind, -paid, allocation.version, str(allocation.payment_id))
    if not is_new and gone_on is not None and after < gone_on <= as_of and allocation.value_date < gone_on:
        kind = DifferenceKind.ADJUSTMENT_NOT_BOOKED_BY_CREDITOR
        yield Candidate(gone_on, kind, paid, allocation.unapplied_version, str(allocation.payment_id))


def _of_debt(case: Case, debt: Debt, after: date, as_of: date) -> Iterator[Candidate]:
    if case.began_on < debt.attached_on and after < debt.attached_on <= as_of:
        yield Candidate(debt.attached_on, DifferenceKind.DEBT_NOT_IN_BOTH, _of(case, debt.opening), debt.version, debt.external_ref)
    if debt.detached_on is not None and after < debt.detached_on <= as_of:
        owed = _of(case, debt.components_on(debt.detached_on - timedelta(days=1)))
        yield Candidate(debt.detached_on, DifferenceKind.DEBT_NOT_IN_BOTH, -owed, debt.detached_version, debt.external_ref)
    for each in debt.adjustments:
        if each.reason is not AdjustmentReason.CLIENT_UPDATE and debt.counts_on(as_of) and after < each.value_date <= as_of:
            kind = _NOT_BOOKED.get(each.reason, DifferenceKind.ADJUSTMENT_NOT_BOOKED_BY_CREDITOR)
            yield Candidate(each.value_date, kind, _of(case, each.deltas), each.version, each.source_ref)


def _found_out(settled: Settled) -> DifferenceKind:
    """What the creditor has booked and we have not, no ledger of ours can tell: whoever settled the difference may have said so."""
    kind, sign = _FOUND_OUT.get(settled.reason_code, (DifferenceKind.SETTLED_BEFORE, 0))
    return kind if settled.amount.minor_units * sign > 0 else DifferenceKind.SETTLED_BEFORE


def _of(case: Case, amounts: Iterable[ComponentAmount]) -> Money:
    return total((each.amount for each in amounts), case.currency_code)


_NOT_BOOKED = {AdjustmentReason.DISPUTE_UPHELD: DifferenceKind.DISPUTE_NOT_BOOKED_BY_CREDITOR}
_FOUND_OUT = {
    "PAYMENT_UNKNOWN_TO_US": (DifferenceKind.PAYMENT_UNKNOWN_TO_US, 1),
    "CHARGE_UNKNOWN_TO_US": (DifferenceKind.CHARGE_UNKNOWN_TO_US, -1),
}
"""By the reason of a settlement, and the sign of ours minus theirs that it can be the reason of."""
