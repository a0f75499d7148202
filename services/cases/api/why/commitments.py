"""Why, of promises: what was promised, what came of it, and what is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from acuerdo.cases.v1 import promises_pb2 as pb
from google.protobuf.message import Message

from services.cases.api.why.wording import code, counted, day, money, word


def parts(of: Iterable[pb.PromisePart]) -> str:
    return ", ".join(f"{money(part.amount)} by {day(part.date)}" for part in of)


def _made(fact: pb.PromiseMade) -> str:
    grace = f", {counted(fact.grace_days, 'day')} of grace" if fact.grace_days else ""
    return f"{parts(fact.parts)}{grace}{_tolerance(fact)}"


def _tolerance(fact: pb.PromiseMade) -> str:
    if not fact.HasField("tolerance"):
        return ""
    if fact.tolerance.HasField("amount"):
        return f", {money(fact.tolerance.amount)} may be missing"
    whole, hundredths = divmod(fact.tolerance.basis_points, 100)
    return f", {whole}{f'.{hundredths:02}' if hundredths else ''} % may be missing"


def _kept(fact: pb.PromiseKept) -> str:
    tolerated = f", {money(fact.tolerated)} less by the tolerance" if fact.tolerated.minor_units else ""
    return f"{money(fact.paid)} paid, the last with value date {day(fact.on)}{tolerated}"


def _unpaid_so_far(fact: pb.PromiseUnpaidSoFar) -> str:
    waits = [
        *([f"{counted(len(fact.waiting_for), 'payment source')} still to speak"] if fact.waiting_for else []),
        *([f"money on its way ({len(fact.money_ids)})"] if fact.money_ids else []),
    ]
    return f"{money(fact.shortfall)} missing at its midnight; {' and '.join(waits) or 'no payment source can say that it was not paid'}"


def _partly(fact: pb.PromisePartlyKept) -> str:
    return f"{money(fact.paid)} paid in time, {money(fact.shortfall)} missing; {_spoken(fact.evidence)}"


def _broken(fact: pb.PromiseBroken) -> str:
    return f"nothing paid in time, {money(fact.shortfall)} missing; {_spoken(fact.evidence)}"


def _spoken(evidence: Iterable[pb.SourceEvidence]) -> str:
    through = [day(each.complete_through) for each in evidence]
    return f"every payment source has spoken, through {min(through)}" if through else "every payment source has spoken"


def _cancelled(fact: pb.PromiseCancelled) -> str:
    return f"by {word(pb.PromiseCancelledBy.Name(fact.by), 'PROMISE_CANCELLED_BY_')} ({code(fact.reason_code)})"


COMMITMENTS: Mapping[type[Message], Callable[[Any], str]] = {
    pb.PromiseMade: _made,
    pb.PromiseReminderDue: lambda fact: f"{money(fact.missing)} by {day(fact.date)}",
    pb.PromisePartPaid: lambda fact: f"part {fact.part}, {money(fact.paid)} so far, with value date {day(fact.on)}",
    pb.PromisePartRevoked: lambda fact: f"part {fact.part}: {code(fact.cause)}, {money(fact.paid)} is left",
    pb.PromiseKept: _kept,
    pb.PromiseUnpaidSoFar: _unpaid_so_far,
    pb.PromisePartlyKept: _partly,
    pb.PromiseBroken: _broken,
    pb.PromiseKeptRevoked: lambda fact: f"{code(fact.cause)}, {money(fact.paid)} is left",
    pb.PromiseBreakRevoked: lambda fact: code(fact.cause),
    pb.PromiseCancelled: _cancelled,
    pb.PromiseSuperseded: lambda fact: f"by another promise ({code(fact.reason_code)})",
    pb.PromiseSuspended: lambda fact: f"a hold has stopped its clock since {day(fact.since)}",
    pb.PromiseResumed: lambda fact: f"{parts(fact.parts)}",
}
