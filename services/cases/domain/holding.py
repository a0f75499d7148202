"""Holding: what may be decided about holds. Placing, extending and lifting one leaves the others as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import delinquency, heeding, keeping
from services.cases.domain.components import check_money
from services.cases.domain.debts import known
from services.cases.domain.hold_rules import RULES, HoldRule
from services.cases.domain.holds import Hold, HoldExpired, HoldExtended, HoldKind, HoldLifted, HoldPlaced, HoldScope
from services.kernel.calendar import start_of
from services.kernel.facts import Due
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

HOLDS_PER_CASE_MAX = 1_000
AHEAD_DAYS_MAX = 3_660
"""How far ahead a hold may begin, and how long it may be where its kind has no longest time."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """A hold as it is asked for. No first day: today. No last day: open-ended, or the kind's longest time. No scopes: the kind's own."""

    kind: HoldKind
    reason_code: str
    from_: date | None = None
    through: date | None = None
    scopes: frozenset[HoldScope] = frozenset()
    legal_basis: str = ""
    evidence_refs: tuple[str, ...] = ()
    debt_id: UUID | None = None
    amount: Money | None = None
    ground_id: UUID | None = None


class HoldIsUnknown(IsUnknown):
    """The case has no such hold."""


class HoldEndsBeforeItBegins(Refusal):
    """A hold's last day lies before its first."""


class HoldIsTooLong(Refusal):
    """A hold of this kind may not last that long."""


class HoldStopsTooLittle(Refusal):
    """A hold of this kind stops more than that in any case."""


class HoldIsLifted(Refusal):
    """The hold has been lifted: place another one."""


class HoldIsOver(Refusal):
    """The hold has ended by itself before that day."""


class HoldIsNotExtended(Refusal):
    """That would end the hold earlier: lift it instead."""


class HoldIsNotYoursToLift(Refusal):
    """Holds of this kind are lifted by others."""


class HoldRestsOnItsDispute(Refusal):
    """The hold is lifted with the answer to its dispute, or with its withdrawal."""


class CaseHasTooManyHolds(Refusal):
    """The case holds as many holds as it may."""


def place(case: Case, hold_id: UUID, terms: HoldTerms) -> None:
    """Also in the past, and beside any others. Where days on hold are not counted, what that changes of the past is told as restated."""
    case.must_be_reportable()
    if hold_id in case.holds.by_id:
        return
    from_, through = check(case, terms)
    rule = RULES[terms.kind]
    scopes = terms.scopes or rule.scopes
    # A hold that is over already stops nobody.
    heeded_by = heeding.asked_of(scopes) if through is None or through >= case.today else ()
    delinquency.catch_up(case)
    case.tell(
        HoldPlaced(
            **case.next(),
            hold_id=hold_id,
            kind=terms.kind,
            scopes=tuple(scope for scope in HoldScope if scope in scopes),
            from_=from_,
            through=through,
            reason_code=terms.reason_code,
            legal_basis=terms.legal_basis or rule.citation,
            evidence_refs=terms.evidence_refs,
            debt_id=terms.debt_id,
            amount=terms.amount,
            ground_id=terms.ground_id,
            heeded_by=heeded_by,
            heed_by=case.now + heeding.HEED_WITHIN if heeded_by else None,
        )
    )
    delinquency.tell_after(case, "HOLD_PLACED")
    keeping.settle(case, "HOLD_CHANGED")


def check(case: Case, terms: HoldTerms) -> tuple[date, date | None]:
    """That such a hold may be placed; its first day and its last."""
    if len(case.holds.by_id) >= HOLDS_PER_CASE_MAX:
        raise CaseHasTooManyHolds(holds_max=HOLDS_PER_CASE_MAX)
    rule = RULES[terms.kind]
    if terms.scopes and not rule.must_stop <= terms.scopes:
        raise HoldStopsTooLittle(kind=terms.kind.name, missing=_listed(rule.must_stop - terms.scopes))
    from_ = terms.from_ or case.today
    case.must_have_begun_by(from_)
    if (from_ - case.today).days > AHEAD_DAYS_MAX:
        raise IsInvalid("from", f"must not lie more than {AHEAD_DAYS_MAX} days ahead")
    _check_subject(case, terms)
    return from_, _last_day(rule, from_, terms.through)


def extend(case: Case, hold_id: UUID, through: date | None, reason_code: str, evidence_refs: Iterable[str] = ()) -> None:
    """Through another last day (none: open-ended), also where the former one has gone by: an extension may be recorded late."""
    case.must_be_reportable()
    hold = _known(case, hold_id)
    if hold.lifted_on is not None:
        raise HoldIsLifted(hold_id=hold_id)
    last_day = _last_day(RULES[hold.kind], hold.from_, through)
    if last_day == hold.through:
        return
    if hold.through is None or (last_day is not None and last_day < hold.through):
        raise HoldIsNotExtended(through=hold.through)
    delinquency.catch_up(case)
    case.tell(
        HoldExtended(
            **case.next(),
            hold_id=hold_id,
            before=hold.through,
            through=last_day,
            reason_code=reason_code,
            evidence_refs=tuple(evidence_refs),
        )
    )
    delinquency.tell_after(case, "HOLD_EXTENDED")
    keeping.settle(case, "HOLD_CHANGED")


def lift(
    case: Case,
    hold_id: UUID,
    reason_code: str,
    effective_on: date | None = None,
    evidence_refs: Iterable[str] = (),
    by: frozenset[str] | None = None,
) -> None:
    """From `effective_on` (today, where none is given; may lie in the past or ahead) it no longer holds; the others do.

    `by`: the roles of who asks; None: it follows from another decision on the case.
    """
    case.must_be_reportable()
    hold = _known(case, hold_id)
    on = effective_on or case.today
    if hold.lifted_on is not None:
        if effective_on is None or hold.lifted_on == on:
            return
        # A lift that lies ahead may be brought forward: until then the hold still holds, and somebody may want it to stop today.
        if not case.today <= on < hold.lifted_on:
            raise HoldIsLifted(hold_id=hold_id, effective_on=hold.lifted_on)
    lifted_by = RULES[hold.kind].lifted_by
    if by is not None and not by & lifted_by:
        raise HoldIsNotYoursToLift(kind=hold.kind.name, lifted_by=", ".join(sorted(lifted_by)))
    if by is not None and any(dispute.hold_id == hold_id for dispute in case.disputes.open()):
        raise HoldRestsOnItsDispute(dispute_id=hold.ground_id)
    if effective_on is None:
        on = max(on, hold.from_)
    if on < hold.from_:
        raise HoldEndsBeforeItBegins(first_day=hold.from_)
    if hold.through is not None and on > hold.through:
        raise HoldIsOver(through=hold.through)
    delinquency.catch_up(case)
    case.tell(HoldLifted(**case.next(), hold_id=hold_id, effective_on=on, reason_code=reason_code, evidence_refs=tuple(evidence_refs)))
    delinquency.tell_after(case, "HOLD_LIFTED")
    keeping.settle(case, "HOLD_CHANGED")


def lift_all_of(case: Case, ground_id: UUID, reason_code: str) -> None:
    """What they rested on is over: every hold that came of it and still goes on ends today."""
    for hold in going_on(case, ground_id):
        lift(case, hold.id, reason_code, max(case.today, hold.from_))


def going_on(case: Case, ground_id: UUID) -> list[Hold]:
    """The holds that rest on that ground and are not over."""
    resting = [hold for hold in case.holds.by_id.values() if hold.ground_id == ground_id]
    return [hold for hold in resting if hold.last_day is None or hold.last_day >= case.today]


def expire(case: Case) -> None:
    """Tell of every hold whose last day has gone by that it is over."""
    for hold in _to_expire(case):
        if hold.through is not None and hold.through < case.today:
            case.tell(HoldExpired(**case.next(), hold_id=hold.id, through=hold.through))
    keeping.settle(case, "HOLD_CHANGED")


def due(case: Case) -> Iterable[Due]:
    """The midnight after the next last day."""
    last_days = [hold.through for hold in _to_expire(case) if hold.through is not None]
    if last_days:
        yield Due("hold.expiry", start_of(min(last_days) + _ONE_DAY, case.terms.zone_at(case.modified_on)))


def _to_expire(case: Case) -> list[Hold]:
    return [hold for hold in case.holds.by_id.values() if hold.lifted_on is None and not hold.is_expiry_told]


def _last_day(rule: HoldRule, from_: date, through: date | None) -> date | None:
    longest = rule.days_max if rule.days_max is not None else AHEAD_DAYS_MAX
    if through is None:
        return None if rule.days_max is None else from_ + timedelta(days=rule.days_max - 1)
    if through < from_:
        raise HoldEndsBeforeItBegins(first_day=from_)
    if (through - from_).days >= longest:
        raise HoldIsTooLong(days_max=longest)
    return through


def _check_subject(case: Case, terms: HoldTerms) -> None:
    if terms.debt_id is not None:
        known(case, terms.debt_id)
    if terms.amount is None:
        return
    if terms.debt_id is None:
        raise IsInvalid("subject.debt_id", "must be given: a part is a part of one debt")
    check_money(terms.amount, case.currency_code, "subject.amount")
    if terms.amount.minor_units <= 0:
        raise IsInvalid("subject.amount.minor_units", "must be more than nothing")


def _known(case: Case, hold_id: UUID) -> Hold:
    if hold_id not in case.holds.by_id:
        raise HoldIsUnknown(hold_id=hold_id)
    return case.holds.by_id[hold_id]


def _listed(scopes: Iterable[HoldScope]) -> str:
    return ", ".join(sorted(scope.name for scope in scopes))
