"""Why a balance is what it is: every booking of our ledger, and what the creditor's snapshot differs by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from acuerdo.cases.v1 import explain_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types

from services.cases.api import wire
from services.cases.api.because import rules
from services.cases.api.because.chain import Chain, Link
from services.cases.api.desk import Moment
from services.cases.api.why import code, money
from services.cases.domain.balance import BalanceReported, balance_at, ledger_at
from services.cases.domain.case import Case
from services.cases.domain.components import ComponentAmount
from services.cases.domain.debts import DebtAttached, DebtBalanceAdjusted, DebtDetached
from services.cases.domain.payments import PaymentApplied, PaymentUnapplied
from services.cases.domain.reconciliation import BalanceDifferenceExplained, BalanceDifferenceResolved
from services.cases.domain.terms import Authority
from services.chassis.rpc import words
from services.kernel.facts import Fact
from services.kernel.money import Money, total


@dataclass(frozen=True, slots=True)
class _Said:
    """The creditor's latest snapshot, and what it differs by. Differences are ours minus theirs."""

    as_of: date
    theirs: Money
    differences: list[pb.Ground]
    unexplained: Money


def explain(at: Moment, chain: Chain) -> pb.ExplainBalanceResponse:
    case, day = at.case, at.as_of
    booked = list(_booked(case, day, chain))
    said = _said(case, day, chain)
    return pb.ExplainBalanceResponse(
        balance=words.wire_money(balance_at(case, day)),
        authority=wire.wire_value(case.terms.at(day).balance_authority, types.Authority),
        grounds=[link.ground(amount=amount) for link, amount in booked],
        ledger_balance=words.wire_money(ledger_at(case, day)),
        reported_balance=words.wire_money(said.theirs) if said else None,
        differences=said.differences if said else [],
        unexplained=words.wire_money(said.unexplained) if said else None,
        rules=[rules.balance_authority(case, day, chain)],
        sentence=_sentence(case, day, booked, said),
        as_of=words.wire_date(day),
        as_known_at=words.timestamp(at.known_at),
    )


# Our ledger ----------------------------------------------------------------------------------------------------------


def _booked(case: Case, day: date, chain: Chain) -> Iterator[tuple[Link, Money]]:
    """What each fact adds to the ledger of that day: together they are it."""
    for link in chain.links:
        amount = _adds(case, day, link.fact)
        if amount is not None:
            yield link, amount


def _adds(case: Case, day: date, fact: Fact) -> Money | None:
    match fact:
        case DebtAttached() if fact.value_date <= day:
            return _sum(case, fact.components)
        case DebtBalanceAdjusted() if fact.value_date <= day:
            return _sum(case, fact.deltas)
        case PaymentApplied() if fact.value_date <= day:
            return -total((line.amount for line in fact.lines), case.currency_code)
        case PaymentUnapplied() if fact.value_date <= day:
            return total((line.amount for line in fact.lines), case.currency_code)
        case DebtDetached() if fact.value_date <= day:
            # Whatever was booked on it, before and since, does not count any more.
            return -_sum(case, (amount for booked_on, amount in case.debts.by_id[fact.debt_id].entries if booked_on <= day))
        case _:
            return None


def _sum(case: Case, amounts: Iterable[ComponentAmount]) -> Money:
    return total((each.amount for each in amounts), case.currency_code)


# The creditor's word -------------------------------------------------------------------------------------------------


def _said(case: Case, day: date, chain: Chain) -> _Said | None:
    reported = case.balance.reported_as_of(day)
    if reported is None:
        return None
    as_of, theirs = reported
    snapshot = [link for link, fact in chain.of(BalanceReported) if fact.as_of == as_of][-1]
    differences = [snapshot.ground()]
    known = case.reconciliation.by_day.get(as_of)
    if known is None:
        return _Said(as_of, theirs, differences, ledger_at(case, as_of) - theirs)
    explained = [link for link, fact in chain.of(BalanceDifferenceExplained) if fact.as_of == as_of][-1]
    by_version = {link.record.version: link for link in chain.links}
    for cause in known.causes:
        says = code(cause.kind.name) + (f" ({cause.source_ref})" if cause.source_ref else "")
        differences.append(by_version.get(cause.version, explained).ground(says, cause.amount))
    if known.is_resolved:
        differences += [link.ground(amount=fact.amount) for link, fact in chain.of(BalanceDifferenceResolved) if fact.as_of == as_of][-1:]
    return _Said(as_of, theirs, differences, Money.zero(case.currency_code) if known.is_resolved else known.unexplained)


# In one sentence -----------------------------------------------------------------------------------------------------


def _sentence(case: Case, day: date, booked: Iterable[tuple[Link, Money]], said: _Said | None) -> str:
    ledger, zero = ledger_at(case, day), Money.zero(case.currency_code)
    amounts = [(type(link.fact), amount) for link, amount in booked]
    parts = {
        "opening balances": sum((amount for kind, amount in amounts if kind is DebtAttached), zero),
        "adjustments": sum((amount for kind, amount in amounts if kind is DebtBalanceAdjusted), zero),
        "payments": sum((amount for kind, amount in amounts if kind in (PaymentApplied, PaymentUnapplied)), zero),
        "debts no longer counted": sum((amount for kind, amount in amounts if kind is DebtDetached), zero),
    }
    ours = ", ".join(f"{name} {_shown(amount)}" for name, amount in parts.items() if not amount.is_zero) or "nothing was booked"
    is_ours = case.terms.at(day).balance_authority is Authority.OURS or said is None
    if said is None:
        return f"On {day} {_shown(ledger)} is owed by our ledger: {ours}."
    theirs = f"the creditor said {_shown(said.theirs)} as of {said.as_of}"
    left = "nothing of the difference is unexplained" if said.unexplained.is_zero else f"{_shown(said.unexplained)} is unexplained"
    if is_ours:
        return f"On {day} {_shown(ledger)} is owed by our ledger: {ours}; {theirs}, and {left}."
    return f"On {day} {_shown(said.theirs)} is owed: {theirs}, whose word counts; our ledger says {_shown(ledger)} ({ours}), and {left}."


def _shown(amount: Money) -> str:
    return money(words.wire_money(amount))
