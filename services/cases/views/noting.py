"""Noting what facts come to for the read models: one function for each kind of fact of a case's own stream, in one pass over a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as told
from acuerdo.cases.v1 import heeding_pb2 as heeding
from acuerdo.cases.v1 import recorded_pb2 as recorded
from acuerdo.cases.v1 import types_pb2 as types
from google.protobuf.message import Message
from google.type.date_pb2 import Date

from services.cases.views import promising, working
from services.cases.views.differences import Differences
from services.chassis.heard import Heard


@dataclass(slots=True)
class Notes:
    """What the facts of one batch come to, for each table."""

    registered: list[tuple[Any, ...]] = field(default_factory=list)
    versions: dict[UUID, int] = field(default_factory=dict)
    lifecycles: dict[UUID, str] = field(default_factory=dict)
    buckets: dict[UUID, str] = field(default_factory=dict)
    segments: dict[UUID, str] = field(default_factory=dict)
    parties: dict[tuple[UUID, UUID], tuple[str, str | None]] = field(default_factory=dict)
    lives: list[tuple[Any, ...]] = field(default_factory=list)
    buckets_told: list[tuple[Any, ...]] = field(default_factory=list)
    overlays: dict[UUID, list[tuple[date, date | None, str]]] = field(default_factory=dict)
    tenants: dict[UUID, str] = field(default_factory=dict)
    ledger: list[tuple[Any, ...]] = field(default_factory=list)
    detached: list[tuple[Any, ...]] = field(default_factory=list)
    reported: list[tuple[Any, ...]] = field(default_factory=list)
    differences: Differences = field(default_factory=Differences)


def note(facts: Iterable[Heard[Any]]) -> Notes:
    notes = Notes()
    for heard in facts:
        noting = NOTES.get(type(heard.fact))
        if noting is None:
            continue
        case_id = heard.stream_id
        notes.versions[case_id] = heard.meta.version
        notes.tenants[case_id] = heard.tenant_id
        noting(notes, heard, case_id)
    return notes


# One function for each kind of fact ------------------------------------------------------------------------------------


def _registered(notes: Notes, heard: Heard[told.CaseRegistered], case_id: UUID) -> None:
    fact = heard.fact
    batch_id = UUID(bytes=fact.batch_id) if fact.batch_id else None
    client_id, portfolio_id = UUID(bytes=fact.client_id), UUID(bytes=fact.portfolio_id)
    currency_code = fact.terms.currency_code
    notes.registered.append((case_id, heard.tenant_id, heard.position, client_id, portfolio_id, batch_id, fact.external_ref, currency_code))


def _opened(notes: Notes, heard: Heard[Any], case_id: UUID) -> None:
    _live(notes, heard, case_id, "OPEN", "OPEN")


def _closed(notes: Notes, heard: Heard[Any], case_id: UUID) -> None:
    _live(notes, heard, case_id, "CLOSED", "CLOSED")


def _reopened(notes: Notes, heard: Heard[Any], case_id: UUID) -> None:
    _live(notes, heard, case_id, "OPEN", "REOPENED")


def _rejected(notes: Notes, heard: Heard[Any], case_id: UUID) -> None:
    _live(notes, heard, case_id, "REJECTED", "REJECTED")


def _live(notes: Notes, heard: Heard[Any], case_id: UUID, lifecycle: str, what: str) -> None:
    notes.lifecycles[case_id] = lifecycle
    occurred_at = heard.meta.occurred_at.ToDatetime(heard.recorded_at.tzinfo)
    notes.lives.append((case_id, heard.position, heard.tenant_id, occurred_at, heard.recorded_at, what))


def _party_added(notes: Notes, heard: Heard[told.PartyAdded], case_id: UUID) -> None:
    _party(notes, heard, case_id, types.PartyRole.Name(heard.fact.role))


def _party_changed(notes: Notes, heard: Heard[told.PartyRoleChanged], case_id: UUID) -> None:
    _party(notes, heard, case_id, types.PartyRole.Name(heard.fact.to))


def _party_removed(notes: Notes, heard: Heard[told.PartyRemoved], case_id: UUID) -> None:
    _party(notes, heard, case_id, None)


def _party(notes: Notes, heard: Heard[Any], case_id: UUID, role: str | None) -> None:
    notes.parties[case_id, UUID(bytes=heard.fact.person_id)] = (heard.tenant_id, role and role.removeprefix("PARTY_ROLE_"))


def _bucket_changed(notes: Notes, heard: Heard[told.BucketChanged], case_id: UUID) -> None:
    fact = heard.fact
    notes.buckets[case_id] = fact.to
    notes.buckets_told.append((case_id, heard.position, heard.tenant_id, heard.recorded_at, fact.to))
    notes.overlays.setdefault(case_id, []).append((_day(fact.since), None, fact.to))


def _restated(notes: Notes, heard: Heard[told.DelinquencyRestated], case_id: UUID) -> None:
    for interval in heard.fact.intervals:
        to = _day(interval.to) if interval.HasField("to") else None
        notes.overlays.setdefault(case_id, []).append((_day(getattr(interval, "from")), to, interval.after))


def _attached(notes: Notes, heard: Heard[told.DebtAttached], case_id: UUID) -> None:
    _booked(notes, heard, case_id, heard.fact.components)


def _adjusted(notes: Notes, heard: Heard[told.DebtBalanceAdjusted], case_id: UUID) -> None:
    _booked(notes, heard, case_id, heard.fact.deltas)


def _booked(notes: Notes, heard: Heard[Any], case_id: UUID, amounts: Iterable[types.ComponentAmount]) -> None:
    # A case has one currency, the portfolio's: its components may be added here.
    minor_units = sum(amount.amount.minor_units for amount in amounts)
    debt_id = UUID(bytes=heard.fact.debt_id)
    _book(notes, heard, case_id, debt_id, minor_units)


def _paid(notes: Notes, heard: Heard[told.PaymentApplied], case_id: UUID) -> None:
    for debt_id, minor_units in _by_debt(heard.fact.lines).items():
        _book(notes, heard, case_id, debt_id, -minor_units)


def _unpaid(notes: Notes, heard: Heard[told.PaymentUnapplied], case_id: UUID) -> None:
    for debt_id, minor_units in _by_debt(heard.fact.lines).items():
        _book(notes, heard, case_id, debt_id, minor_units)


def _by_debt(lines: Iterable[told.PaymentLine]) -> dict[UUID, int]:
    paid: dict[UUID, int] = {}
    for line in lines:
        debt_id = UUID(bytes=line.debt_id)
        paid[debt_id] = paid.get(debt_id, 0) + line.amount.minor_units
    return paid


def _book(notes: Notes, heard: Heard[Any], case_id: UUID, debt_id: UUID, minor_units: int) -> None:
    notes.ledger.append((case_id, heard.position, heard.tenant_id, debt_id, _day(heard.fact.value_date), heard.recorded_at, minor_units))


def _detached(notes: Notes, heard: Heard[told.DebtDetached], case_id: UUID) -> None:
    fact = heard.fact
    notes.detached.append((case_id, UUID(bytes=fact.debt_id), heard.tenant_id, _day(fact.value_date), heard.recorded_at))


def _reported(notes: Notes, heard: Heard[told.BalanceReported], case_id: UUID) -> None:
    fact = heard.fact
    theirs = fact.theirs.minor_units
    notes.reported.append((case_id, _day(fact.as_of), heard.position, heard.tenant_id, heard.recorded_at, theirs, fact.source_ref))


def _segment(notes: Notes, heard: Heard[told.SegmentRecorded], case_id: UUID) -> None:
    notes.segments[case_id] = heard.fact.to


def _moved_on(notes: Notes, heard: Heard[Any], case_id: UUID) -> None:
    """Nothing of it is in a table but the case's version."""


def _day(wire: Date) -> date:
    return date(wire.year, wire.month, wire.day)


WITHOUT_TABLE: Sequence[type[Message]] = (
    told.HoldExpired,
    told.InstalmentsScheduled,
    told.ArrearsDifferenceExplained,
    told.CaseWithdrawn,
    told.WithdrawalRevoked,
    told.DebtDisputed,
    told.DisputeInformationRequested,
    told.DisputeInformationReceived,
    told.DisputeReviewStarted,
    told.DisputeResolved,
    told.DisputeAppealed,
    told.DisputeWithdrawn,
    told.DisputeClosed,
    told.DisputeDeadlinePassed,
    told.VulnerabilityFlagged,
    told.VulnerabilityReviewed,
    told.VulnerabilityCleared,
    told.CircumstanceReviewDue,
    told.HardshipDeclared,
    told.HardshipEvidenceRequested,
    told.HardshipAccepted,
    told.HardshipRejected,
    told.HardshipReviewed,
    told.HardshipEnded,
    told.SpecialCircumstanceRecorded,
    told.SpecialCircumstanceEnded,
    told.ComplaintFiled,
    told.ComplaintResolved,
    told.ComplaintOverdue,
    told.ClientQueryOpened,
    told.ClientQueryAnswered,
    told.ClientQueryOverdue,
    told.ClientQueryCancelled,
    told.QuestionnaireAnswered,
    recorded.MoneyOnItsWayNoted,
    recorded.MoneyOnItsWaySettled,
    recorded.InteractionRecorded,
    recorded.OutcomeRevised,
    recorded.PermitRecorded,
    recorded.TreatmentRecorded,
    heeding.HoldAcknowledged,
    heeding.HoldAcknowledgementMissed,
)
"""Nothing of them is in a table yet but the case's version."""

NOTES: Mapping[type[Message], Callable[[Notes, Heard[Any], UUID], None]] = {
    told.CaseRegistered: _registered,
    told.CaseOpened: _opened,
    told.CaseClosed: _closed,
    told.CaseReopened: _reopened,
    told.CaseRejected: _rejected,
    told.CaseTermsChanged: _moved_on,
    told.DebtAttached: _attached,
    told.DebtDetached: _detached,
    told.DebtBalanceAdjusted: _adjusted,
    told.BalanceReported: _reported,
    told.BalanceDifferenceExplained: lambda notes, heard, case_id: notes.differences.explained(heard, case_id),
    told.BalanceDifferenceResolved: lambda notes, heard, case_id: notes.differences.resolved(heard, case_id),
    told.ReportRetracted: lambda notes, heard, case_id: notes.differences.taken_back(heard, case_id),
    told.PartyAdded: _party_added,
    told.PartyRoleChanged: _party_changed,
    told.PartyRemoved: _party_removed,
    told.ArrearsReported: _moved_on,
    told.BucketChanged: _bucket_changed,
    told.DelinquencyRestated: _restated,
    told.FactRecorded: _moved_on,
    told.FactSuperseded: _moved_on,
    told.FactRetracted: _moved_on,
    told.SegmentRecorded: _segment,
    told.PaymentApplied: _paid,
    told.PaymentUnapplied: _unpaid,
    **dict.fromkeys((*working.OF_CASES, *promising.OF_CASES, *WITHOUT_TABLE), _moved_on),
}
"""Every fact of a case's own stream; those of other streams are passed over."""
