"""Contest: what of a debt may be disputed, and what of that may fall away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain.booking import DebtIsDetached
from services.cases.domain.components import ComponentAmount, amount_of, check_amounts, negated, summed
from services.cases.domain.debts import known
from services.cases.domain.disputes import Dispute, DisputeResolution
from services.kernel.money import total
from services.kernel.refusal import IsInvalid, Refusal
from services.kernel.sealed import Sealed

if TYPE_CHECKING:
    from services.cases.domain.case import Case


@dataclass(frozen=True, slots=True)
class DisputeTerms:
    """What is contested, by whom and why. No last day for the answer: by the rule."""

    debt_id: UUID
    disputed: tuple[ComponentAmount, ...]
    reason_code: str
    person_id: UUID
    statement: Sealed | None = None
    evidence_refs: tuple[str, ...] = ()
    answer_due: date | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """Why the answer is not accepted."""

    reason_code: str
    statement: Sealed | None = None
    evidence_refs: tuple[str, ...] = ()
    answer_due: date | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Our answer. `upheld`: what falls away, where the dispute is partly upheld. No value date: today."""

    resolution: DisputeResolution
    reason_code: str
    upheld: tuple[ComponentAmount, ...] = ()
    evidence_refs: tuple[str, ...] = ()
    value_date: date | None = None


class MoreIsDisputedThanOwed(Refusal):
    """No more can be disputed of a debt than is owed of it and not disputed already."""


class MoreIsUpheldThanDisputed(Refusal):
    """No more can fall away than was disputed."""


def check_disputed(case: Case, terms: DisputeTerms) -> None:
    debt = known(case, terms.debt_id)
    if not debt.counts_on(case.today):
        raise DebtIsDetached(debt_id=debt.id)
    check_amounts(terms.disputed, case.currency_code, "components")
    _must_be_positive(terms.disputed, "components")
    free = summed((*debt.components_on(case.today), *negated(case.disputes.contested(debt.id))))
    for part in terms.disputed:
        if part.amount.minor_units > amount_of(free, part.component):
            raise MoreIsDisputedThanOwed(component=part.component.name, minor_units_max=max(0, amount_of(free, part.component)))
    left = total((part.amount for part in free), case.currency_code)
    if total((part.amount for part in terms.disputed), case.currency_code) > left:
        raise MoreIsDisputedThanOwed(minor_units_max=max(0, left.minor_units))


def upheld_by(case: Case, finding: Finding, found: Dispute) -> tuple[ComponentAmount, ...]:
    if finding.resolution is not DisputeResolution.PARTLY_UPHELD:
        if finding.upheld:
            raise IsInvalid("upheld", "must be empty unless the dispute is partly upheld")
        return found.disputed if finding.resolution is DisputeResolution.UPHELD else ()
    check_amounts(finding.upheld, case.currency_code, "upheld")
    _must_be_positive(finding.upheld, "upheld")
    for part in finding.upheld:
        if part.amount.minor_units > amount_of(found.disputed, part.component):
            raise MoreIsUpheldThanDisputed(component=part.component.name, minor_units_max=amount_of(found.disputed, part.component))
    upheld = summed(finding.upheld)
    if upheld == found.disputed:
        raise IsInvalid("upheld", "must be less than all that is disputed: else it is upheld")
    return upheld


def _must_be_positive(amounts: Iterable[ComponentAmount], field: str) -> None:
    for place, part in enumerate(amounts):
        if part.amount.minor_units <= 0:
            raise IsInvalid(f"{field}[{place}].amount.minor_units", "must be more than nothing")
