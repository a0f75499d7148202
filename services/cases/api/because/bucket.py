"""Why a case is in its bucket: what fell due, what was paid, what was on hold, or what the creditor declared, and the set of buckets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.api import wire
from services.cases.api.because import rules
from services.cases.api.because.chain import Chain
from services.cases.api.because.effect import grounds_of
from services.cases.api.desk import Moment
from services.cases.api.why import arrears, money
from services.cases.domain import lateness
from services.cases.domain.arrears import Ledger, policy_on
from services.cases.domain.case import Case
from services.cases.domain.components import ComponentAmount
from services.cases.domain.debts import AdjustmentReason, Debt, DebtAttached, DebtBalanceAdjusted
from services.cases.domain.delinquency import ArrearsReported
from services.cases.domain.holds import Hold, HoldScope
from services.cases.domain.instalments import Instalment, InstalmentsScheduled
from services.cases.domain.lateness import Count, DebtClock, Lateness
from services.cases.domain.payments import PaymentApplied, PaymentLine, PaymentUnapplied
from services.cases.domain.periods import Union
from services.chassis.rpc import words
from services.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class _Because:
    """What the count rests on, and the half sentence that says it."""

    says: str
    grounds: list[explained.Ground]


def explain(at: Moment, chain: Chain) -> pb.ExplainBucketResponse:
    case, day = at.case, at.as_of
    count, of = lateness.of_case(case), case.terms.at(day).bucket_set
    units = count.units_on(day)
    because = _because(case, count, day, chain)
    in_range = None if units is None else of.bucket_of(units)
    in_force = [rules.bucket_set(case, day), rules.policy(case, day, chain)]
    if any(ground.days for ground in because.grounds):
        in_force.append(rules.holds(case.terms.today(at.known_at)))
    sentence = f"On {day} the case is in no bucket: nobody has said yet how late it is."
    if in_range is not None:
        sentence = (
            f"On {day} the case is in bucket {in_range.name}: {because.says}, which makes {units} {of.unit.name.lower()} past due on that"
            f" day, and in set {of.version} this bucket holds {rules.range_of(in_range)}."
        )
    return pb.ExplainBucketResponse(
        bucket="" if in_range is None else in_range.name,
        as_of=words.wire_date(day),
        as_known_at=words.timestamp(at.known_at),
        past_due_units=units,
        unit=wire.wire_value(of.unit, types.BucketUnit),
        bucket_set_version=of.version,
        range=None if in_range is None else wire.wire_bucket(in_range),
        grounds=[
            _as_bucket_ground(each) for each in (chain.terms_on(day).ground(f"bucket set {of.version} is in force"), *because.grounds)
        ],
        sentence=sentence,
        rules=in_force,
    )


def _because(case: Case, count: Lateness, day: date, chain: Chain) -> _Because:
    clocks = count.clocks_on(day)
    if not clocks:
        return _declared(case, count, day, chain)
    counted = [(counting, clock) for clock in clocks if (counting := count.count_of(clock, day)) is not None]
    if not counted:
        grounds = [ground for clock in clocks for ground in (*_scheduled(clock.debt, None, chain), *_paid(clock.debt.id, day, chain))]
        return _Because("nothing that fell due is unpaid", sorted(grounds, key=lambda ground: ground.version))
    return _counted(case, *max(counted, key=lambda each: each[0].late), day, chain)


# Counted by us -------------------------------------------------------------------------------------------------------


def _counted(case: Case, counting: Count, clock: DebtClock, day: date, chain: Chain) -> _Because:
    """The debt that is latest: its oldest unpaid instalment, what was paid on it, and the days that do not count."""
    unpaid = Ledger(clock.debt, case.payments.by_allocation.values()).unpaid_on(day)
    oldest = [each for each in unpaid if each.instalment.due_date == counting.due_date]
    # What is tolerated may be unpaid of an older one: it is not what makes the case late.
    left = {each.instalment.number: _sum(case, each.components) for each in oldest}
    pauses = [] if policy_on(case.terms, day).ignores_pauses else _pauses(case, clock.debt.id, counting.due_date, day, chain)
    grounds = [*_scheduled(clock.debt, left, chain), *_paid(clock.debt.id, day, chain), *pauses]
    amount = money(words.wire_money(sum(left.values(), Money.zero(case.currency_code))))
    says = f"{amount} of what {clock.debt.external_ref} fell due for on {counting.due_date} is unpaid, {_days(counting)}"
    return _Because(says, sorted(grounds, key=lambda ground: ground.version))


def _scheduled(debt: Debt, left: dict[int, Money] | None, chain: Chain) -> Iterator[explained.Ground]:
    """The facts that said when what falls due: of the instalments that are unpaid (`left`), or all of them."""
    for link, attached in chain.of(DebtAttached):
        if attached.debt_id == debt.id and not debt.instalments:
            yield link.ground(f"all of it fell due on {debt.oldest_due_date}", (left or {}).get(0))
    for link, scheduled in chain.of(InstalmentsScheduled):
        if scheduled.debt_id != debt.id:
            continue
        if left is None:
            yield link.ground()
            continue
        for each in scheduled.instalments:
            if each.number in left and debt.instalments[each.number] == each:
                yield link.ground(_fell_due(each), left[each.number])


def _fell_due(each: Instalment) -> str:
    return f"instalment {each.number} fell due on {each.due_date}"


def _paid(debt_id: UUID, day: date, chain: Chain) -> Iterator[explained.Ground]:
    """What moved what is unpaid of a debt, by that day: payments, what was taken back of them, disputes that were upheld."""
    for link in chain.links:
        match link.fact:
            case PaymentApplied(lines=lines, value_date=on) if on <= day and (amount := _on_debt(lines, debt_id)):
                yield link.ground(amount=-amount)
            case PaymentUnapplied(lines=lines, value_date=on) if on <= day and (amount := _on_debt(lines, debt_id)):
                yield link.ground(amount=amount)
            case DebtBalanceAdjusted(deltas=deltas, value_date=on, reason=AdjustmentReason.DISPUTE_UPHELD) as fact if on <= day:
                if fact.debt_id == debt_id:
                    yield link.ground(amount=total((each.amount for each in deltas), deltas[0].amount.currency_code))
            case _:
                continue


def _on_debt(lines: Iterable[PaymentLine], debt_id: UUID) -> Money | None:
    amounts = [line.amount for line in lines if line.debt_id == debt_id]
    return total(amounts, amounts[0].currency_code) if amounts else None


# Declared by the creditor ----------------------------------------------------------------------------------------------


def _declared(case: Case, count: Lateness, day: date, chain: Chain) -> _Because:
    """The report that counts on that day, by its latest word, and where days are counted on from it, those on hold."""
    as_of = max((known for known in case.delinquency.reports if known <= day), default=None)
    if as_of is None:
        return _Because("", [])
    link, _ = [each for each in chain.of(ArrearsReported) if each[1].as_of == as_of][-1]
    says, counting = arrears(link.event.arrears_reported), count.declared_count(day)
    if counting is None:
        return _Because(says, [link.ground(says)])
    pauses = [] if policy_on(case.terms, day).ignores_pauses else _pauses(case, None, counting.due_date, day, chain)
    grounds = sorted([link.ground(says), *pauses], key=lambda ground: ground.version)
    if count.units_on(day) != counting.late:
        return _Because(f"{says}, and by our ledger nothing is left to pay", grounds)
    return _Because(f"{says}, {_days(counting)}", grounds)


# Days that do not count --------------------------------------------------------------------------------------------------


def _pauses(case: Case, debt_id: UUID | None, since: date, until: date, chain: Chain) -> list[explained.Ground]:
    """Holds that stop the count on days from the due date on. Days of several holds at once are counted once: they may add up to more."""
    days = {hold.id: Union([hold.period]).days_within(since, until) for hold in _stopping(case, debt_id)}
    grounds = grounds_of({hold_id for hold_id, held in days.items() if held}, chain)
    placed = {hold.version: days[hold.id] for hold in _stopping(case, debt_id)}
    for ground in grounds:
        ground.days = placed.get(ground.version, 0)
    return grounds


def _stopping(case: Case, debt_id: UUID | None) -> Iterator[Hold]:
    for hold in case.holds.by_id.values():
        if HoldScope.DPD in hold.scopes and hold.amount is None and hold.debt_id in (None, debt_id):
            yield hold


def _days(counting: Count) -> str:
    if counting.gone_by <= 0:
        return "and that day has not gone by"
    less = [f"{counting.paused} on hold"] * bool(counting.paused) + [f"{counting.grace} of grace"] * bool(counting.grace)
    return f"{counting.gone_by} days went by" + (f" less {' and '.join(less)}" if less else "")


def _sum(case: Case, amounts: Iterable[ComponentAmount]) -> Money:
    return total((each.amount for each in amounts), case.currency_code)


def _as_bucket_ground(ground: explained.Ground) -> pb.BucketGround:
    return pb.BucketGround(
        version=ground.version,
        occurred_at=ground.occurred_at,
        recorded_at=ground.recorded_at,
        type=ground.type,
        says=ground.says,
        amount=ground.amount if ground.HasField("amount") else None,
        days=ground.days,
    )
