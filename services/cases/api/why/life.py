"""Why, of a case's life: registration, debts, parties, what was declared of it, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import types_pb2 as types
from google.protobuf.message import Message

from services.cases.api.why.wording import amounts, code, day, money, word


def arrears(fact: told.ArrearsReported) -> str:
    """What the creditor declared, as a half sentence."""
    if fact.HasField("oldest_unpaid_due_date"):
        how_late = f"unpaid since {day(fact.oldest_unpaid_due_date)}"
    elif fact.HasField("cycles_past_due"):
        how_late = f"{fact.cycles_past_due} cycles past due"
    else:
        how_late = f"{fact.days_past_due} days past due"
    return f"the creditor reported {how_late} as of {day(fact.as_of)} ({fact.source_ref})"


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
    return f"{word(types.CloseOutcome.Name(fact.outcome), 'CLOSE_OUTCOME_')}, proved by {', '.join(fact.evidence_refs)}"


def _adjusted(fact: told.DebtBalanceAdjusted) -> str:
    return f"{word(types.AdjustmentReason.Name(fact.reason), 'ADJUSTMENT_REASON_')}: {amounts(fact.deltas)}"


def _balance(fact: told.BalanceReported) -> str:
    return f"the creditor says {money(fact.theirs)} as of {day(fact.as_of)}, we had {money(fact.ours)}"


def _role(fact: Any) -> str:
    return word(types.PartyRole.Name(fact.role), "PARTY_ROLE_")


def _role_changed(fact: told.PartyRoleChanged) -> str:
    was, is_now = (word(types.PartyRole.Name(role), "PARTY_ROLE_") for role in (getattr(fact, "from"), fact.to))
    return f"from {was} to {is_now}"


LIFE: Mapping[type[Message], Callable[[Any], str]] = {
    told.CaseRegistered: lambda fact: f"row {fact.line} of the batch" if fact.line else "registered by itself",
    told.CaseOpened: lambda fact: fact.reason.lower(),
    told.CaseClosed: _closed,
    told.CaseReopened: lambda fact: word(types.ReopenReason.Name(fact.reason), "REOPEN_REASON_"),
    told.CaseRejected: lambda fact: "its batch was rejected",
    told.CaseTermsChanged: lambda fact: f"bucket set {fact.terms.bucket_set.version} from {day(fact.effective_from)}",
    told.DebtAttached: lambda fact: f"{fact.product} {fact.external_ref}: {amounts(fact.components)}",
    told.DebtDetached: lambda fact: f"{code(fact.reason_code)} from {day(fact.value_date)}",
    told.DebtBalanceAdjusted: _adjusted,
    told.BalanceReported: _balance,
    told.PartyAdded: _role,
    told.PartyRoleChanged: _role_changed,
    told.PartyRemoved: lambda fact: code(fact.reason_code),
    told.ArrearsReported: arrears,
    told.BucketChanged: _rolled,
    told.DelinquencyRestated: _restated,
    told.FactRecorded: lambda fact: f"{fact.key}, from {fact.source}",
    told.FactSuperseded: lambda fact: "a newer fact took its place",
    told.FactRetracted: lambda fact: code(fact.reason_code),
    told.SegmentRecorded: lambda fact: f"from {getattr(fact, 'from') or 'none'} to {fact.to}: {fact.reason}",
}
