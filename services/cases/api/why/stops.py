"""Why, of what stops and starts: holds, instalments, and payments as they were applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import holds_pb2 as holds
from google.protobuf.message import Message

from services.cases.api.why.wording import code, day, money, word


def _placed(fact: told.HoldPlaced) -> str:
    kind = word(holds.HoldKind.Name(fact.kind), "HOLD_KIND_")
    stops = ", ".join(word(holds.HoldScope.Name(scope), "HOLD_SCOPE_") for scope in fact.scopes)
    until = f"through {day(fact.through)}" if fact.HasField("through") else "until further notice"
    part = f", of {money(fact.amount)} of one debt" if fact.HasField("amount") else ", of one debt" if fact.debt_id else ""
    return f"{kind}{part}: {stops} stopped from {day(getattr(fact, 'from'))} {until} ({code(fact.reason_code)})"


def _extended(fact: told.HoldExtended) -> str:
    until = f"through {day(fact.through)}" if fact.HasField("through") else "until further notice"
    return f"{until} ({code(fact.reason_code)})"


def _applied(fact: told.PaymentApplied) -> str:
    credit = f", {money(fact.credit)} more than was owed" if fact.credit.minor_units else ""
    return f"{money(fact.amount)} with value date {day(fact.value_date)}{credit}"


STOPS: Mapping[type[Message], Callable[[Any], str]] = {
    told.HoldPlaced: _placed,
    told.HoldExtended: _extended,
    told.HoldLifted: lambda fact: f"from {day(fact.effective_on)} ({code(fact.reason_code)})",
    told.HoldExpired: lambda fact: f"{day(fact.through)} was its last day",
    told.InstalmentsScheduled: lambda fact: f"{len(fact.instalments)} instalments ({fact.source_ref or 'no source'})",
    told.PaymentApplied: _applied,
    told.PaymentUnapplied: lambda fact: f"{money(fact.amount)} {code(fact.cause)}, from {day(fact.value_date)}",
}
