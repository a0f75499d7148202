"""Why a promise stands where it does: the payments that count and those that do not, the sources that were waited for, the holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import promises_pb2 as pb

from services.cases.api.because import rules
from services.cases.api.because.chain import Chain
from services.cases.api.desk import Moment
from services.cases.api.why import code, money
from services.cases.api.wire_promises import standing_at, wire_promise
from services.cases.domain import counting, evidence
from services.cases.domain.payments import Allocation
from services.cases.domain.pledges import Promise
from services.cases.domain.portfolio import Portfolio
from services.chassis.rpc import words
from services.kernel.money import Money, total


def explain(at: Moment, promise: Promise, portfolio: Portfolio, chain: Chain) -> pb.ExplainPromiseResponse:
    sources = list(_sources(portfolio, promise))
    wire = wire_promise(at, promise)
    return pb.ExplainPromiseResponse(
        promise=wire,
        payments=list(_payments(at, promise)),
        sources=sources,
        grounds=list(_grounds(promise, chain)),
        rules=[_rule(promise), rules.holds(at.case.terms.today(at.known_at))],
        sentence=_sentence(at, promise, wire, sources),
        as_of=words.wire_date(at.as_of),
        as_known_at=words.timestamp(at.known_at),
    )


def _payments(at: Moment, promise: Promise) -> Iterator[pb.PaymentBeside]:
    """Every allocation that touches its debts, or was given to it."""
    counted = {each.allocation.id: each.amount for each in counting.counted(at.case, at.as_of, through=at.as_of).get(promise.id, ())}
    for allocation in sorted(at.case.payments.by_allocation.values(), key=lambda each: (each.value_date, each.version)):
        if not _is_beside(promise, allocation):
            continue
        amount = counted.get(allocation.id, Money.zero(at.case.currency_code))
        yield pb.PaymentBeside(
            payment_id=str(allocation.payment_id),
            allocation_id=str(allocation.id),
            value_date=words.wire_date(allocation.value_date),
            counted=words.wire_money(amount),
            reason=_reason(at, promise, allocation, amount),
            version=allocation.version,
        )


def _is_beside(promise: Promise, allocation: Allocation) -> bool:
    return any(line.debt_id in promise.debt_ids or line.commitment_id == promise.id for line in allocation.lines)


def _reason(at: Moment, promise: Promise, allocation: Allocation, counted: Money) -> str:
    if counted == total((line.amount for line in allocation.lines), at.case.currency_code):
        return ""
    if allocation.unapplied_on is None and allocation.value_date > at.as_of:
        return "AFTER_THE_DAY_ASKED_ABOUT"
    last_day = counting.last_day_on(at.case, promise, at.as_of)
    why = [counting.why_not(promise, allocation, line, last_day) for line in allocation.lines]
    return next((reason for reason in why if reason), "MORE_THAN_PROMISED")


def _sources(portfolio: Portfolio, promise: Promise) -> Iterator[pb.SourceBeside]:
    for source_id in evidence.named(portfolio, promise.open_last_day):
        known = portfolio.evidence.sources.get(source_id)
        yield pb.SourceBeside(
            source_id=str(source_id),
            complete_through=words.wire_date(known.complete_through) if known else None,
            is_complete=known is not None and known.complete_through >= promise.open_last_day,
        )


def _grounds(promise: Promise, chain: Chain) -> Iterator[explained.Ground]:
    for link in chain.links:
        if getattr(link.fact, "promise_id", None) == promise.id:
            yield link.ground()


def _rule(promise: Promise) -> explained.RuleInForce:
    says = (
        f"payments count with a value date from {promise.made_on} through {promise.last_day}, the last day of grace, for the promise on"
        " their debt that falls due first, unless payments gave them to another; it is broken only when every payment source is complete"
    )
    return explained.RuleInForce(kind="PROMISE_RULES", version="promises-1", says=says)


def _sentence(at: Moment, promise: Promise, wire: pb.Promise, sources: list[pb.SourceBeside]) -> str:
    state = pb.PromiseState.Name(wire.state).removeprefix("PROMISE_STATE_")
    paid, promised = money(wire.paid), money(wire.promised)
    stands = f"On {at.as_of} {paid} of {promised} counts: the promise is {code(state)}"
    if promise.is_suspended:
        return f"{stands}, and a hold has stopped its clock since {promise.suspended_since}."
    if state == "DUE":
        judged = promise.last_day_of(wire.parts_paid + 1) + timedelta(days=1)
        return f"{stands}; it is judged at 00:00 on {judged} ({promise.zone})."
    if state == "UNPAID_SO_FAR":
        waits = sum(not source.is_complete for source in sources)
        missing = money(words.wire_money(standing_at(at, promise).missing))
        told = f"{waits} of {len(sources)} payment sources have not told everything through {promise.open_last_day}"
        return f"{stands}, {missing} is missing; {told if sources else 'no payment source is named that could tell'}."
    return f"{stands}."
