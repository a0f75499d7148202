"""Told by cases: where a case stands, what stops it, what was paid and promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1 import recorded_pb2 as recorded
from acuerdo.cases.v1.holds_pb2 import HOLD_SCOPE_TREATMENT
from acuerdo.cases.v1.types_pb2 import Authority, CloseOutcome, ComponentAmount, PortfolioTerms
from acuerdo.cases.v1.types_pb2 import PartyRole as WirePartyRole
from google.protobuf.message import Message

from services.chassis.heard import Heard, Reaction
from services.chassis.rpc import words
from services.kernel.facts import Change
from services.kernel.money import Money, total
from services.strategy import application
from services.strategy.domain.happenings import PartyRole, PromiseState
from services.strategy.domain.standing import BalanceAuthority, Report
from services.strategy.domain.treatment import Treatment

ALLOCATION_DAYS_MAX = 1
"""How long received money is waited for to count on the case: it may have been another's."""
RECEIVED = "RECEIVED"

Changes = Iterable[Change[Treatment]]


def start_treatment(heard: Heard[cases.CaseRegistered]) -> Changes:
    fact = heard.fact
    yield application.start_treatment(
        heard.stream_id,
        UUID(bytes=fact.client_id),
        UUID(bytes=fact.portfolio_id),
        heard.origin,
        fact.terms.currency_code,
        _authority(fact.terms),
        fact.terms.zone,
    )


def open_treatment(heard: Heard[cases.CaseOpened]) -> Changes:
    yield application.open_treatment(heard.tenant_id, heard.origin, heard.fact.initial_bucket)


def end_treatment(heard: Heard[cases.CaseClosed]) -> Changes:
    outcome = CloseOutcome.Name(heard.fact.outcome).removeprefix("CLOSE_OUTCOME_")
    yield application.end_treatment(heard.tenant_id, heard.origin, outcome)


def end_treatment_of_a_rejected_case(heard: Heard[cases.CaseRejected]) -> Changes:
    yield application.end_treatment(heard.tenant_id, heard.origin, "REJECTED")


def resume_treatment(heard: Heard[cases.CaseReopened]) -> Changes:
    yield application.resume_treatment(heard.tenant_id, heard.origin)


def note_terms(heard: Heard[cases.CaseTermsChanged]) -> Changes:
    fact = heard.fact
    yield application.note_terms(
        heard.tenant_id, heard.origin, _authority(fact.terms), fact.terms.zone, words.day(fact.effective_from, "effective_from")
    )


def note_bucket(heard: Heard[cases.BucketChanged]) -> Changes:
    fact = heard.fact
    since = words.day(fact.since, "since") if fact.HasField("since") else heard.recorded_at.date()
    yield application.note_bucket(heard.tenant_id, heard.origin, fact.to, fact.past_due_units, since)


def note_attached_debt(heard: Heard[cases.DebtAttached]) -> Changes:
    fact = heard.fact
    yield application.note_debt(heard.tenant_id, heard.origin, UUID(bytes=fact.debt_id), _sum(fact.components))


def note_adjusted_debt(heard: Heard[cases.DebtBalanceAdjusted]) -> Changes:
    fact = heard.fact
    yield application.note_debt(heard.tenant_id, heard.origin, UUID(bytes=fact.debt_id), _sum(fact.deltas))


def note_payment(heard: Heard[cases.PaymentApplied]) -> Changes:
    fact = heard.fact
    changes = {debt_id: -paid for debt_id, paid in _paid(fact).items()}
    yield application.note_payment(heard.tenant_id, heard.origin, changes, *_allocation(fact))


def note_payment_taken_back(heard: Heard[cases.PaymentUnapplied]) -> Changes:
    yield application.note_payment(heard.tenant_id, heard.origin, _paid(heard.fact), *_allocation(heard.fact), is_taken_back=True)


def note_debt_gone(heard: Heard[cases.DebtDetached]) -> Changes:
    yield application.note_debt_gone(heard.tenant_id, heard.origin, UUID(bytes=heard.fact.debt_id))


def note_report(heard: Heard[cases.BalanceReported]) -> Changes:
    yield application.note_report(heard.tenant_id, heard.origin, words.day(heard.fact.as_of, "as_of"), words.money(heard.fact.theirs))


def note_report_gone(heard: Heard[cases.ReportRetracted]) -> Changes:
    fact = heard.fact
    newest = Report(words.day(fact.reported_as_of, "reported_as_of"), words.money(fact.reported)) if fact.HasField("reported") else None
    yield application.note_report_gone(heard.tenant_id, heard.origin, newest)


def note_party(heard: Heard[cases.PartyAdded]) -> Changes:
    yield _party(heard, heard.fact.person_id, heard.fact.role)


def note_party_role(heard: Heard[cases.PartyRoleChanged]) -> Changes:
    yield _party(heard, heard.fact.person_id, heard.fact.to)


def note_party_gone(heard: Heard[cases.PartyRemoved]) -> Changes:
    yield application.note_debtor(heard.tenant_id, heard.origin, UUID(bytes=heard.fact.person_id), PartyRole.DEBTOR, is_gone=True)


def heed_hold(heard: Heard[cases.HoldPlaced]) -> Changes:
    fact = heard.fact
    yield application.heed_hold(
        heard.tenant_id,
        heard.origin,
        hold_id=UUID(bytes=fact.hold_id),
        stops_treatment=HOLD_SCOPE_TREATMENT in fact.scopes,
        from_=words.day(getattr(fact, "from"), "from"),
        through=words.day_or_none(fact, "through"),
        debt_id=UUID(bytes=fact.debt_id) if fact.debt_id else None,
        is_of_a_part=fact.HasField("amount"),
    )


def note_hold_extended(heard: Heard[cases.HoldExtended]) -> Changes:
    fact = heard.fact
    yield application.note_hold_change(heard.tenant_id, heard.origin, UUID(bytes=fact.hold_id), words.day_or_none(fact, "through"))


def note_hold_lifted(heard: Heard[cases.HoldLifted]) -> Changes:
    """From that day on it holds no longer: the day before is its last."""
    fact = heard.fact
    last = words.day(fact.effective_on, "effective_on") - timedelta(days=1)
    yield application.note_hold_change(heard.tenant_id, heard.origin, UUID(bytes=fact.hold_id), last)


# Promises, and money that may come ----------------------------------------------------


def note_promise_made(heard: Heard[promises.PromiseMade]) -> Changes:
    yield _promise(heard, PromiseState.OPEN, _last_day(heard.fact.parts, heard.fact.grace_days))


def note_promise_resumed(heard: Heard[promises.PromiseResumed]) -> Changes:
    yield _promise(heard, PromiseState.OPEN, _last_day(heard.fact.parts))


def note_promise_due_again(heard: Heard[promises.PromiseKeptRevoked | promises.PromiseBreakRevoked]) -> Changes:
    """Kept no more, or broken no more: it is judged anew."""
    yield application.note_promise_due_again(heard.tenant_id, heard.origin, UUID(bytes=heard.fact.promise_id))


def remind_of_promise(heard: Heard[promises.PromiseReminderDue]) -> Changes:
    yield application.note_reminder(heard.tenant_id, heard.origin)


def note_money(heard: Heard[recorded.MoneyOnItsWayNoted]) -> Changes:
    yield application.note_money(heard.tenant_id, heard.origin, UUID(bytes=heard.fact.money_id))


def settle_money(heard: Heard[recorded.MoneyOnItsWaySettled]) -> Changes:
    """What has been received is told once more when it counts on the case, on another way: until then nobody is asked for it."""
    money_id, reason_code = UUID(bytes=heard.fact.money_id), heard.fact.reason_code
    if reason_code == RECEIVED:
        until = heard.recorded_at + timedelta(days=ALLOCATION_DAYS_MAX)
        yield application.note_money(heard.tenant_id, heard.origin, money_id, until)
    else:
        yield application.settle_money(heard.tenant_id, heard.origin, money_id, reason_code)


def _stands(state: PromiseState) -> Reaction:
    """A reaction to a fact that says how a promise stands."""

    def note_promise(heard: Heard[Any]) -> Changes:
        yield _promise(heard, state)

    return note_promise


def _promise(heard: Heard[Any], state: PromiseState, deadline: date | None = None) -> Change[Treatment]:
    return application.note_promise(heard.tenant_id, heard.origin, UUID(bytes=heard.fact.promise_id), state, deadline)


def _last_day(parts: Sequence[promises.PromisePart], grace_days: int = 0) -> date | None:
    """On which it can still be kept."""
    days = [words.day(part.date, "date") for part in parts]
    return max(days) + timedelta(days=grace_days) if days else None


def _party(heard: Heard[Any], person_id: bytes, role: Any) -> Change[Treatment]:
    name = WirePartyRole.Name(role).removeprefix("PARTY_ROLE_")
    return application.note_debtor(heard.tenant_id, heard.origin, UUID(bytes=person_id), PartyRole[name])


def _allocation(fact: cases.PaymentApplied | cases.PaymentUnapplied) -> tuple[UUID | None, UUID | None, date | None]:
    """Whose money, which allocation of it, and from which day on; of facts that are older than these fields: nothing."""
    if not (fact.payment_id and fact.allocation_id and fact.HasField("value_date")):
        return None, None, None
    return UUID(bytes=fact.payment_id), UUID(bytes=fact.allocation_id), words.day(fact.value_date, "value_date")


def _authority(terms: PortfolioTerms) -> BalanceAuthority:
    return BalanceAuthority[Authority.Name(terms.balance_authority).removeprefix("AUTHORITY_")]


def _paid(fact: cases.PaymentApplied | cases.PaymentUnapplied) -> dict[UUID, Money]:
    """By debt."""
    paid: dict[UUID, Money] = {}
    for line in fact.lines:
        debt_id, amount = UUID(bytes=line.debt_id), words.money(line.amount)
        paid[debt_id] = paid[debt_id] + amount if debt_id in paid else amount
    return paid


def _sum(components: Iterable[ComponentAmount]) -> Money:
    """A fact that the case told holds at least one component, all in one currency."""
    amounts = [words.money(component.amount) for component in components]
    return total(amounts, amounts[0].currency_code)


FACTS: dict[type[Message], Reaction] = {
    cases.CaseRegistered: start_treatment,
    cases.CaseOpened: open_treatment,
    cases.CaseClosed: end_treatment,
    cases.CaseRejected: end_treatment_of_a_rejected_case,
    cases.CaseReopened: resume_treatment,
    cases.CaseTermsChanged: note_terms,
    cases.BucketChanged: note_bucket,
    cases.DebtAttached: note_attached_debt,
    cases.DebtBalanceAdjusted: note_adjusted_debt,
    cases.DebtDetached: note_debt_gone,
    cases.PaymentApplied: note_payment,
    cases.PaymentUnapplied: note_payment_taken_back,
    cases.BalanceReported: note_report,
    cases.ReportRetracted: note_report_gone,
    cases.PartyAdded: note_party,
    cases.PartyRoleChanged: note_party_role,
    cases.PartyRemoved: note_party_gone,
    cases.HoldPlaced: heed_hold,
    cases.HoldExtended: note_hold_extended,
    cases.HoldLifted: note_hold_lifted,
    promises.PromiseMade: note_promise_made,
    promises.PromiseReminderDue: remind_of_promise,
    promises.PromiseUnpaidSoFar: _stands(PromiseState.UNPAID_SO_FAR),
    promises.PromiseKept: _stands(PromiseState.KEPT),
    promises.PromisePartlyKept: _stands(PromiseState.PARTLY_KEPT),
    promises.PromiseBroken: _stands(PromiseState.BROKEN),
    promises.PromiseCancelled: _stands(PromiseState.CANCELLED),
    promises.PromiseSuperseded: _stands(PromiseState.CANCELLED),
    promises.PromiseSuspended: _stands(PromiseState.SUSPENDED),
    promises.PromiseResumed: note_promise_resumed,
    promises.PromiseKeptRevoked: note_promise_due_again,
    promises.PromiseBreakRevoked: note_promise_due_again,
    recorded.MoneyOnItsWayNoted: note_money,
    recorded.MoneyOnItsWaySettled: settle_money,
}
