"""Disputing: what may be decided about disputes. The disputed part is left alone until it is answered; the rest goes on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.cases.domain import booking, closing, contest, deadlines, holding
from services.cases.domain.components import ComponentAmount, negated, summed
from services.cases.domain.contest import Appeal, DisputeTerms, Finding
from services.cases.domain.debts import AdjustmentReason, known
from services.cases.domain.disputes import (
    DebtDisputed,
    Dispute,
    DisputeAppealed,
    DisputeClosed,
    DisputeDeadlinePassed,
    DisputeInformationReceived,
    DisputeInformationRequested,
    DisputeResolved,
    DisputeReviewStarted,
    DisputeState,
    DisputeWithdrawn,
)
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind
from services.cases.domain.parties import must_be_party
from services.kernel.facts import Causation, Due
from services.kernel.money import total
from services.kernel.refusal import IsInvalid, IsUnknown, Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

DISPUTES_PER_CASE_MAX = 200
EVIDENCE_REFS_PER_DISPUTE_MAX = 200
ASKED_OF = ("DEBTOR", "CREDITOR")


class DisputeIsUnknown(IsUnknown):
    """The case has no such dispute."""


class DisputeIsOver(Refusal):
    """The dispute has been answered, withdrawn or closed."""


class DisputeIsNotAnswered(Refusal):
    """Only a dispute that has been answered can be appealed, and only one that is over can be closed."""


class NothingIsLeftToAppeal(Refusal):
    """All that was disputed has been upheld."""


class CaseHasTooManyDisputes(Refusal):
    """The case holds as many disputes as it may."""


class DisputeHasTooMuchEvidence(Refusal):
    """The dispute holds as many references as it may."""


def dispute(case: Case, dispute_id: UUID, hold_id: UUID, terms: DisputeTerms) -> None:
    """Contest a part of one debt, or all of it. Asked twice, told once."""
    case.must_be_workable()
    if dispute_id in case.disputes.by_id:
        return
    if len(case.disputes.by_id) >= DISPUTES_PER_CASE_MAX:
        raise CaseHasTooManyDisputes(disputes_max=DISPUTES_PER_CASE_MAX)
    must_be_party(case, terms.person_id)
    contest.check_disputed(case, terms)
    due_on = deadlines.answer_due(case, "dispute", terms.answer_due, "answer_due")
    hold = _hold(case, dispute_id, terms.debt_id, terms.disputed, terms.reason_code)
    holding.check(case, hold)
    case.tell(
        DebtDisputed(
            **case.next(),
            dispute_id=dispute_id,
            debt_id=terms.debt_id,
            disputed=summed(terms.disputed),
            reason_code=terms.reason_code,
            statement=terms.statement,
            person_id=terms.person_id,
            evidence_refs=terms.evidence_refs,
            answer_due=due_on,
            hold_id=hold_id,
        )
    )
    holding.place(case, hold_id, hold)


def request_information(case: Case, dispute_id: UUID, asked_of: str, subject: str, due_on: date | None) -> None:
    """We wait for what was asked; the day for our own answer stays."""
    found = _open(case, dispute_id)
    if asked_of not in ASKED_OF:
        raise IsInvalid("asked_of", f"must be one of {', '.join(ASKED_OF)}")
    if due_on is not None:
        deadlines.checked(case.happened_on, due_on, "due")
    if found.state is DisputeState.WAITING and found.asked == (asked_of, subject):
        return
    case.tell(DisputeInformationRequested(**case.next(), dispute_id=dispute_id, asked_of=asked_of, subject=subject, due=due_on))


def record_information(case: Case, dispute_id: UUID, evidence_refs: Iterable[str]) -> None:
    """Also what nobody asked for. References that are known already say nothing new."""
    found = _open(case, dispute_id)
    refs = tuple(ref for ref in dict.fromkeys(evidence_refs) if ref not in found.evidence_refs)
    if not refs:
        return
    if len(found.evidence_refs) + len(refs) > EVIDENCE_REFS_PER_DISPUTE_MAX:
        raise DisputeHasTooMuchEvidence(evidence_refs_max=EVIDENCE_REFS_PER_DISPUTE_MAX)
    case.tell(DisputeInformationReceived(**case.next(), dispute_id=dispute_id, evidence_refs=refs))


def review(case: Case, dispute_id: UUID) -> None:
    if _open(case, dispute_id).state is not DisputeState.UNDER_REVIEW:
        case.tell(DisputeReviewStarted(**case.next(), dispute_id=dispute_id))


def resolve(case: Case, dispute_id: UUID, finding: Finding) -> None:
    """Answer it: with what is upheld the balance falls, and its hold is lifted. Also on a closed case: an answer is owed there too."""
    case.must_be_reportable()
    found = _known(case, dispute_id)
    upheld = contest.upheld_by(case, finding, found)
    if found.state is DisputeState.RESOLVED and (found.resolution, found.upheld) == (finding.resolution, upheld):
        return
    _must_be_open(found)
    # An appeal is answered in the place of the first answer: only what differs from that is booked.
    deltas = tuple(part for part in summed((*found.upheld, *negated(upheld))) if not part.amount.is_zero)
    is_booked = bool(deltas) and known(case, found.debt_id).detached_on is None
    if is_booked:
        booking.checked_value_date(case, found.debt_id, deltas, finding.value_date)
    case.tell(
        DisputeResolved(
            **case.next(),
            dispute_id=dispute_id,
            resolution=finding.resolution,
            upheld=upheld,
            reason_code=finding.reason_code,
            evidence_refs=finding.evidence_refs,
        )
    )
    if is_booked:
        booking.book(case, found.debt_id, deltas, AdjustmentReason.DISPUTE_UPHELD, str(dispute_id), finding.value_date)
    holding.lift_all_of(case, dispute_id, "DISPUTE_RESOLVED")


def appeal(case: Case, dispute_id: UUID, hold_id: UUID, asked: Appeal) -> None:
    """The answer is not accepted: what was not upheld is left alone again. A case that was closed on the answer reopens."""
    case.must_be_reportable()
    found = _known(case, dispute_id)
    if found.hold_id == hold_id:
        return
    if found.state is not DisputeState.RESOLVED:
        raise DisputeIsNotAnswered(state=found.state.name)
    if not found.left:
        raise NothingIsLeftToAppeal
    due_on = deadlines.answer_due(case, "dispute", asked.answer_due, "answer_due")
    hold = _hold(case, dispute_id, found.debt_id, found.left, asked.reason_code)
    holding.check(case, hold)
    case.tell(
        DisputeAppealed(
            **case.next(),
            dispute_id=dispute_id,
            reason_code=asked.reason_code,
            statement=asked.statement,
            evidence_refs=asked.evidence_refs,
            answer_due=due_on,
            hold_id=hold_id,
        )
    )
    appealed = Causation(case.id, case.version)
    holding.place(case, hold_id, hold)
    closing.reopen_where_ground_is_gone(case, appealed)


def withdraw(case: Case, dispute_id: UUID, reason_code: str) -> None:
    """Whoever disputed it no longer does. What was upheld before an appeal stays so."""
    case.must_be_reportable()
    found = _known(case, dispute_id)
    if found.state is DisputeState.WITHDRAWN:
        return
    _must_be_open(found)
    case.tell(DisputeWithdrawn(**case.next(), dispute_id=dispute_id, reason_code=reason_code))
    holding.lift_all_of(case, dispute_id, "DISPUTE_WITHDRAWN")


def close(case: Case, dispute_id: UUID) -> None:
    """No more can be said of it: an answer can no longer be appealed."""
    case.must_be_reportable()
    found = _known(case, dispute_id)
    if found.state is DisputeState.CLOSED:
        return
    if found.is_open:
        raise DisputeIsNotAnswered(state=found.state.name)
    case.tell(DisputeClosed(**case.next(), dispute_id=dispute_id))


def tell_deadlines(case: Case) -> None:
    """Of every dispute whose last day for our answer has gone by without one."""
    for found in case.disputes.open():
        if not found.is_overdue and found.answer_due < case.today:
            case.tell(DisputeDeadlinePassed(**case.next(), dispute_id=found.id, answer_due=found.answer_due))


def due(case: Case) -> Iterable[Due]:
    for found in case.disputes.open():
        if not found.is_overdue:
            yield deadlines.gone_by(case, f"dispute.deadline/{found.id}", found.answer_due)


def _hold(case: Case, dispute_id: UUID, debt_id: UUID, disputed: tuple[ComponentAmount, ...], reason_code: str) -> HoldTerms:
    """On the part that is disputed; where that is all that is owed, on the debt."""
    amount = total((part.amount for part in disputed), case.currency_code)
    owed = total((part.amount for part in known(case, debt_id).components_on(case.today)), case.currency_code)
    part = None if amount == owed else amount
    return HoldTerms(HoldKind.DISPUTE, reason_code, case.happened_on, debt_id=debt_id, amount=part, ground_id=dispute_id)


def _open(case: Case, dispute_id: UUID) -> Dispute:
    case.must_be_reportable()
    found = _known(case, dispute_id)
    _must_be_open(found)
    return found


def _must_be_open(found: Dispute) -> None:
    if not found.is_open:
        raise DisputeIsOver(state=found.state.name)


def _known(case: Case, dispute_id: UUID) -> Dispute:
    if dispute_id not in case.disputes.by_id:
        raise DisputeIsUnknown(dispute_id=dispute_id)
    return case.disputes.by_id[dispute_id]
