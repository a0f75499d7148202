"""Reconciling: the creditor's word is compared with ours; what differs is told by cause, until somebody settles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from services.cases.domain import balance, causes, closing, delinquency, lateness
from services.cases.domain.balance import ledger_at
from services.cases.domain.buckets import BucketUnit
from services.cases.domain.reconciliation import (
    ArrearsDifferenceExplained,
    BalanceDifferenceExplained,
    BalanceDifferenceResolved,
    Difference,
    ReportRetracted,
)
from services.cases.domain.steps import Declared
from services.kernel.facts import Causation
from services.kernel.money import Money, total
from services.kernel.refusal import IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

SNAPSHOTS_LOOKED_AT_MAX = 31
"""Of one case: the newest ones are compared again when something of the past is booked."""


@dataclass(frozen=True, slots=True)
class Report:
    """One row of a creditor's file: how late on that day, how much is owed, or both."""

    as_of: date
    source_ref: str
    declared: Declared | None = None
    past_due: Money | None = None
    theirs: Money | None = None


class ReportIsUnknown(IsUnknown):
    """That file has said nothing of the case on that day."""


class DifferenceIsUnknown(IsUnknown):
    """The snapshot of that day agrees with us, or there is none."""


class NothingIsUnexplained(Refusal):
    """The causes explain all of that difference."""


def report(case: Case, row: Report) -> None:
    """All of a row is taken, or nothing. What it takes away from a closed case's ground reopens that."""
    case.must_be_reportable()
    on = case.day_or_today(row.as_of, "as_of")
    if row.theirs is not None:
        before = case.version
        balance.report_balance(case, on, row.theirs, row.source_ref)
        if case.version > before:
            explain_since(case, on)
            closing.reopen_where_ground_is_gone(case, Causation(case.id, before + 1))
    if row.declared is not None:
        delinquency.catch_up(case)
        before = case.version
        delinquency.report_arrears(case, on, row.declared, row.past_due, row.source_ref)
        if case.version > before:
            _explain_arrears(case, on, row)
            closing.reopen_where_ground_is_gone(case, Causation(case.id, before + 1))


def explain_since(case: Case, since: date) -> None:
    """Compare the creditor's snapshots from that day on with our ledger; tell what differs otherwise than we last told."""
    newest = sorted(case.balance.reported)[-SNAPSHOTS_LOOKED_AT_MAX:]
    days = {day for day in newest if day >= since} | ({since} & case.balance.reported.keys())
    for as_of in sorted(days):
        found, told = _difference(case, as_of), case.reconciliation.by_day.get(as_of)
        if found == told or (told is None and found.ours == found.theirs) or _says_the_same(found, told):
            continue
        case.tell(
            BalanceDifferenceExplained(
                **case.next(),
                as_of=as_of,
                ours=found.ours,
                theirs=found.theirs,
                causes=found.causes,
                unexplained=found.unexplained,
                unexplained_since=found.unexplained_since,
                source_ref=found.source_ref,
            )
        )


def resolve(case: Case, as_of: date, reason_code: str, evidence_refs: Sequence[str]) -> None:
    """Somebody accepts what no cause explains: it is no longer listed, and explains the same in later snapshots."""
    case.must_be_reportable()
    found = case.reconciliation.by_day.get(as_of)
    if found is None:
        raise DifferenceIsUnknown(as_of=as_of)
    if found.is_resolved:
        return
    if found.unexplained.is_zero:
        raise NothingIsUnexplained(as_of=as_of)
    case.tell(
        BalanceDifferenceResolved(
            **case.next(), as_of=as_of, amount=found.unexplained, reason_code=reason_code, evidence_refs=tuple(evidence_refs)
        )
    )
    explain_since(case, as_of)


def retract(case: Case, as_of: date, source_ref: str, by_source_ref: str, reason_code: str) -> None:
    """A file was wrong: its word on that day no longer counts, and the one before it, where there is one, counts again."""
    case.must_be_reportable()
    words = (*case.balance.words.get(as_of, ()), *case.delinquency.words.get(as_of, ()))
    if not any(word[0] == source_ref for word in words):
        if (as_of, source_ref) in case.reconciliation.retracted:
            return
        raise ReportIsUnknown(as_of=as_of, source_ref=source_ref)
    delinquency.catch_up(case)
    newest = case.balance.newest_without(as_of, source_ref)
    case.tell(
        ReportRetracted(
            **case.next(),
            as_of=as_of,
            source_ref=source_ref,
            by_source_ref=by_source_ref,
            reason_code=reason_code,
            reported_as_of=newest[0] if newest else None,
            reported=newest[1] if newest else None,
        )
    )
    retracted = Causation(case.id, case.version)
    delinquency.tell_after(case, "REPORT_RETRACTED")
    explain_since(case, as_of)
    closing.reopen_where_ground_is_gone(case, retracted)


def _difference(case: Case, as_of: date) -> Difference:
    ours, theirs, source_ref = ledger_at(case, as_of), case.balance.reported[as_of], case.balance.source_of(as_of)
    if ours == theirs:
        return Difference(as_of, ours, theirs, (), Money.zero(ours.currency_code), None, source_ref)
    earlier = sorted((day for day in case.balance.reported if day < as_of), reverse=True)[:SNAPSHOTS_LOOKED_AT_MAX]
    agreed_on = next((day for day in earlier if ledger_at(case, day) == case.balance.reported[day]), None)
    explained = causes.causes_of(case, as_of, agreed_on, ours - theirs)
    unexplained = ours - theirs - total((cause.amount for cause in explained), ours.currency_code)
    before = case.reconciliation.by_day.get(earlier[0]) if earlier else None
    since = before.unexplained_since if before is not None and before.is_unexplained else as_of
    return Difference(as_of, ours, theirs, explained, unexplained, None if unexplained.is_zero else since, source_ref)


def _says_the_same(found: Difference, told: Difference | None) -> bool:
    """But for somebody having settled it."""
    return told is not None and (found.ours, found.theirs, found.causes, found.unexplained_since) == (
        told.ours,
        told.theirs,
        told.causes,
        told.unexplained_since,
    )


def _explain_arrears(case: Case, as_of: date, row: Report) -> None:
    """Where we count the days ourselves: the creditor's own count is a second opinion."""
    due_date = row.declared.oldest_unpaid_due_date if row.declared else None
    count = lateness.of_case(case)
    clocks = count.clocks_on(as_of)
    if due_date is None or not clocks or case.terms.at(as_of).bucket_set.unit is not BucketUnit.DAYS:
        return
    ours, theirs = count.units_on(as_of) or 0, max(0, (as_of - due_date).days)
    if ours == theirs:
        return
    case.tell(
        ArrearsDifferenceExplained(
            **case.next(),
            as_of=as_of,
            unit=BucketUnit.DAYS,
            ours=ours,
            theirs=theirs,
            cause=_arrears_cause(case, count, as_of, due_date),
            source_ref=row.source_ref,
        )
    )


def _arrears_cause(case: Case, count: lateness.Lateness, as_of: date, due_date: date) -> str:
    counts = [found for clock in count.clocks_on(as_of) if (found := count.count_of(clock, as_of)) is not None]
    same = [found for found in counts if found.due_date == due_date]
    if same:
        return "PAUSES" if same[0].paused else "GRACE"
    if any(due_date <= each.value_date <= as_of and each.counts_on(as_of) for each in case.payments.by_allocation.values()):
        return "PAYMENT_NOT_BOOKED_BY_CREDITOR"
    known = {each.due_date for clock in count.clocks_on(as_of) for each in clock.debt.schedule()}
    return "INSTALMENTS" if due_date not in known else "UNEXPLAINED"
