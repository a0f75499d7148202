"""Why, of what people and the creditor bring forward: disputes, circumstances, complaints, queries, differences, withdrawals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from acuerdo.cases.v1 import circumstances_pb2 as circumstances
from acuerdo.cases.v1 import complaints_pb2 as complaints
from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import events_pb2 as told
from google.protobuf.message import Message

from services.cases.api.why.wording import amounts, code, counted, day, money, word


def _explained(fact: told.BalanceDifferenceExplained) -> str:
    return f"ours {money(fact.ours)}, theirs {money(fact.theirs)} on {day(fact.as_of)}: {money(fact.unexplained)} unexplained"


def _arrears_differ(fact: told.ArrearsDifferenceExplained) -> str:
    return f"we count {fact.ours}, the creditor says {fact.theirs} on {day(fact.as_of)}: {code(fact.cause)}"


def _disputed(fact: told.DebtDisputed) -> str:
    return f"{amounts(fact.disputed)} ({code(fact.reason_code)}), to be answered by {day(fact.answer_due)}"


def _resolved(fact: told.DisputeResolved) -> str:
    return f"{word(disputes.DisputeResolution.Name(fact.resolution), 'DISPUTE_RESOLUTION_')} ({code(fact.reason_code)})"


def _circumstance(fact: told.SpecialCircumstanceRecorded) -> str:
    """The status alone: what it is, is for those who may see it."""
    return word(circumstances.CircumstanceStatus.Name(fact.status), "CIRCUMSTANCE_STATUS_")


def _complaint_resolved(fact: told.ComplaintResolved) -> str:
    return f"{word(complaints.ComplaintOutcome.Name(fact.outcome), 'COMPLAINT_OUTCOME_')} ({code(fact.reason_code)})"


GROUNDS: Mapping[type[Message], Callable[[Any], str]] = {
    told.BalanceDifferenceExplained: _explained,
    told.BalanceDifferenceResolved: lambda fact: f"{money(fact.amount)} ({code(fact.reason_code)})",
    told.ArrearsDifferenceExplained: _arrears_differ,
    told.ReportRetracted: lambda fact: f"{fact.source_ref} of {day(fact.as_of)} ({code(fact.reason_code)})",
    told.CaseWithdrawn: lambda fact: f"{code(fact.reason_code)} from {day(fact.effective_on)} ({fact.source_ref})",
    told.WithdrawalRevoked: lambda fact: code(fact.reason_code),
    told.DebtDisputed: _disputed,
    told.DisputeInformationRequested: lambda fact: f"{code(fact.subject)}, of the {code(fact.asked_of)}",
    told.DisputeInformationReceived: lambda fact: ", ".join(fact.evidence_refs),
    told.DisputeReviewStarted: lambda fact: "under review",
    told.DisputeResolved: _resolved,
    told.DisputeAppealed: lambda fact: f"{code(fact.reason_code)}, to be answered by {day(fact.answer_due)}",
    told.DisputeWithdrawn: lambda fact: code(fact.reason_code),
    told.DisputeClosed: lambda fact: "no more can be said of it",
    told.DisputeDeadlinePassed: lambda fact: f"was to be answered by {day(fact.answer_due)}",
    told.VulnerabilityFlagged: lambda fact: f"to be looked at again on {day(fact.review_on)}",
    told.VulnerabilityReviewed: lambda fact: f"{code(fact.outcome_code)}, to be looked at again on {day(fact.review_on)}",
    told.VulnerabilityCleared: lambda fact: code(fact.reason_code),
    told.CircumstanceReviewDue: lambda fact: f"was to be looked at on {day(fact.review_on)}",
    told.HardshipDeclared: lambda fact: f"from {fact.source}",
    told.HardshipEvidenceRequested: lambda fact: f"by {day(fact.due)}",
    told.HardshipAccepted: lambda fact: f"to be looked at again on {day(fact.review_on)}",
    told.HardshipRejected: lambda fact: code(fact.reason_code),
    told.HardshipReviewed: lambda fact: f"to be looked at again on {day(fact.review_on)}",
    told.HardshipEnded: lambda fact: code(fact.reason_code),
    told.SpecialCircumstanceRecorded: _circumstance,
    told.SpecialCircumstanceEnded: lambda fact: code(fact.reason_code),
    told.ComplaintFiled: lambda fact: f"{code(fact.category)}, about {counted(len(fact.interaction_ids), 'interaction')}",
    told.ComplaintResolved: _complaint_resolved,
    told.ComplaintOverdue: lambda fact: f"was to be answered by {day(fact.answer_due)}",
    told.ClientQueryOpened: lambda fact: f"{code(fact.subject)}, to be answered by {day(fact.due)}",
    told.ClientQueryAnswered: lambda fact: code(fact.answer_code),
    told.ClientQueryOverdue: lambda fact: f"was to be answered by {day(fact.due)}",
    told.ClientQueryCancelled: lambda fact: code(fact.reason_code),
    told.QuestionnaireAnswered: lambda fact: counted(len(fact.fact_ids), "answer"),
}
