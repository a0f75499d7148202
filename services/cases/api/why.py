"""Why: each fact of a case's story in a few words, for people. No personal data: what is sealed stays sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.common.v1 import types_pb2 as common
from google.protobuf.message import Message
from google.type.date_pb2 import Date


def why(fact: Message) -> str:
    return WHY[type(fact)](fact)


MINOR_DIGITS: Mapping[str, int] = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Currencies that have not two."""

# In words --------------------------------------------------------------------------------------------------------------


def arrears(fact: told.ArrearsReported) -> str:
    """What the creditor declared, as a half sentence."""
    if fact.HasField("oldest_unpaid_due_date"):
        how_late = f"unpaid since {day(fact.oldest_unpaid_due_date)}"
    elif fact.HasField("cycles_past_due"):
        how_late = f"{fact.cycles_past_due} cycles past due"
    else:
        how_late = f"{fact.days_past_due} days past due"
    return f"the creditor reported {how_late} as of {day(fact.as_of)} ({fact.source_ref})"


def day(wire: Date) -> str:
    return f"{wire.year:04}-{wire.month:02}-{wire.day:02}"


def money(wire: common.Money) -> str:
    """With the currency's minor digits (ISO 4217), worked out in whole numbers."""
    digits = MINOR_DIGITS.get(wire.currency_code, 2)
    whole, minor = divmod(abs(wire.minor_units), 10**digits)
    sign = "-" if wire.minor_units < 0 else ""
    return f"{sign}{whole:,}{f'.{minor:0{digits}}' if digits else ''} {wire.currency_code}"


def _amounts(wire: Iterable[types.ComponentAmount]) -> str:
    return ", ".join(f"{_word(types.Component.Name(part.component), 'COMPONENT_')} {money(part.amount)}" for part in wire)


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", " ")


def _bucket(name: str) -> str:
    return name or "no bucket"


def _rolled(fact: told.BucketChanged) -> str:
    because = {"REPORTED": "by the creditor's report", "BOUNDARY": "because days went by", "TERMS_CHANGED": "because the buckets changed"}
    unit = f"{fact.past_due_units} past due"
    return f"from {_bucket(getattr(fact, 'from'))} to {fact.to} since {day(fact.since)} ({unit}), {because.get(fact.cause, fact.cause)}"


def _restated(fact: told.DelinquencyRestated) -> str:
    intervals = [
        f"{day(getattr(each, 'from'))} to {day(each.to) if each.HasField('to') else 'today'}: {_bucket(each.before)} was {each.after}"
        for each in fact.intervals
    ]
    return f"{fact.cause.lower().replace('_', ' ')}: {'; '.join(intervals)}"


def _closed(fact: told.CaseClosed) -> str:
    return f"{_word(types.CloseOutcome.Name(fact.outcome), 'CLOSE_OUTCOME_')}, proved by {', '.join(fact.evidence_refs)}"


def _adjusted(fact: told.DebtBalanceAdjusted) -> str:
    return f"{_word(types.AdjustmentReason.Name(fact.reason), 'ADJUSTMENT_REASON_')}: {_amounts(fact.deltas)}"


def _balance(fact: told.BalanceReported) -> str:
    return f"the creditor says {money(fact.theirs)} as of {day(fact.as_of)}, we had {money(fact.ours)}"


def _role(fact: Any) -> str:
    return _word(types.PartyRole.Name(fact.role), "PARTY_ROLE_")


def _role_changed(fact: told.PartyRoleChanged) -> str:
    was, is_now = (_word(types.PartyRole.Name(role), "PARTY_ROLE_") for role in (getattr(fact, "from"), fact.to))
    return f"from {was} to {is_now}"


WHY: Mapping[type[Message], Callable[[Any], str]] = {
    told.CaseRegistered: lambda fact: f"row {fact.line} of the batch" if fact.line else "registered by itself",
    told.CaseOpened: lambda fact: fact.reason.lower(),
    told.CaseClosed: _closed,
    told.CaseReopened: lambda fact: _word(types.ReopenReason.Name(fact.reason), "REOPEN_REASON_"),
    told.CaseRejected: lambda fact: "its batch was rejected",
    told.CaseTermsChanged: lambda fact: f"bucket set {fact.terms.bucket_set.version} from {day(fact.effective_from)}",
    told.DebtAttached: lambda fact: f"{fact.product} {fact.external_ref}: {_amounts(fact.components)}",
    told.DebtDetached: lambda fact: f"{fact.reason_code.lower()} from {day(fact.value_date)}",
    told.DebtBalanceAdjusted: _adjusted,
    told.BalanceReported: _balance,
    told.PartyAdded: _role,
    told.PartyRoleChanged: _role_changed,
    told.PartyRemoved: lambda fact: fact.reason_code.lower(),
    told.ArrearsReported: arrears,
    told.BucketChanged: _rolled,
    told.DelinquencyRestated: _restated,
    told.FactRecorded: lambda fact: f"{fact.key}, from {fact.source}",
    told.FactSuperseded: lambda fact: "a newer fact took its place",
    told.FactRetracted: lambda fact: fact.reason_code.lower(),
    told.SegmentRecorded: lambda fact: f"from {getattr(fact, 'from') or 'none'} to {fact.to}: {fact.reason}",
}
"""Every fact of a case's stream has its words."""
