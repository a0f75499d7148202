"""Whatever happens to a case, in any order and at any pace: what was told is true, a fold is the case, and every region has a way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.cases.domain import agent as agents
from services.cases.domain import (
    assigning,
    booking,
    client_queries,
    closing,
    complaints,
    counting,
    crediting,
    disputing,
    evidence,
    hardship,
    holding,
    keeping,
    lateness,
    promising,
    reconciling,
    scheduling,
    special,
    suspending,
    transit,
    vulnerability,
    withdrawals,
)
from services.cases.domain.agent import Agent, AgentKind, Skill
from services.cases.domain.assigning import Asker, Standing, Wish
from services.cases.domain.assignment import Requirements, UnassignReason
from services.cases.domain.balance import ledger_at
from services.cases.domain.case import Case, open_case
from services.cases.domain.circumstances import CircumstanceKind, CircumstanceStatus, Visibility
from services.cases.domain.client_queries import Inquiry
from services.cases.domain.complaints import ComplaintOutcome, Grievance
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.contest import Appeal, DisputeTerms, Finding
from services.cases.domain.crediting import Credit
from services.cases.domain.debts import AdjustmentReason
from services.cases.domain.delinquency import bucket_at
from services.cases.domain.disputes import DisputeResolution
from services.cases.domain.hardship import HardshipMeasure
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind, HoldScope
from services.cases.domain.instalments import Instalment
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.cases.domain.payments import PaymentLine
from services.cases.domain.pledges import ADVERSE, PromisePart, PromiseState, PromiseTolerance
from services.cases.domain.promises import CancelledBy, PromiseBreakRevoked, PromiseKeptRevoked
from services.cases.domain.promising import PromiseTerms
from services.cases.domain.reconciling import Report
from services.cases.domain.registration import register
from services.cases.domain.special import CircumstanceTerms
from services.cases.domain.steps import bucket_at as bucket_of_steps
from services.cases.domain.terms import Authority, DelinquencyPolicy
from services.cases.domain.transit import MoneyKind
from services.cases.domain.vulnerability import Need, VulnerabilityTerms
from services.cases.timers import TIMERS
from services.kernel.facts import Causation, told
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from tests.services.cases.examples import (
    DAYS,
    NOON,
    THE_CASE,
    THE_DEBT,
    THE_DEBTOR,
    a_portfolio,
    a_row,
    again,
    at,
    principal,
    sealed,
    terms,
)

OURS = terms(
    DAYS,
    balance_authority=Authority.OURS,
    delinquency_authority=Authority.OURS,
    delinquency_policy=DelinquencyPolicy(grace_days=2, tolerance_minor_units=100),
    payment_source_ids=(str(UUID(int=901)),),
)
BEGIN = date(2026, 1, 1)
REGIONS = tuple(
    name for name, value in vars(Case.blank(THE_CASE)).items() if not name.startswith("_") and name not in ("now", "happened_at", "terms")
)

SUPERVISOR = Asker("sonia", frozenset({"supervisor"}))


def an_agent(number: int, *skills: str) -> Agent:
    agent = at(Agent.blank(UUID(int=500 + number)), NOON)
    agents.register(agent, subject=f"agent-{number}", kind=AgentKind.HUMAN, languages=["es"], cases_max=0)
    for skill in skills:
        agents.grant_skill(agent, Skill(skill, "", None))
    return agent


AGENTS = (an_agent(1), an_agent(2, "MORTGAGE"))

days_back = st.integers(0, 60)
amounts = st.integers(1, 120).map(lambda euros: Money("EUR", euros * 100))


class LivesInDepth(RuleBasedStateMachine):
    """Refusals are fine: they change nothing. What is told must be true, and every state must be left again."""

    def __init__(self) -> None:
        super().__init__()
        self.case = at(Case.blank(THE_CASE), NOON)
        self.portfolio = a_portfolio(OURS)
        self.number = 0
        self.expected_ledger = 0

    @initialize()
    def is_registered(self) -> None:
        register(self.case, a_portfolio(OURS), a_row())
        open_case(self.case, "REGISTERED")
        self.expected_ledger = 100_000

    def next_id(self) -> UUID:
        self.number += 1
        return UUID(int=10_000 + self.number)

    def attempt(self, decide: Callable[..., None], *args: Any, **other: Any) -> bool:
        before = self.case.version
        try:
            decide(self.case, *args, **other)
        except Refusal:
            assert self.case.version == before
            return False
        return True

    def ago(self, days: int) -> date:
        return self.case.today - timedelta(days=days)

    # What may happen -----------------------------------------------------------

    @rule(kind=st.sampled_from(HoldKind), back=days_back, length=st.none() | st.integers(-1, 90), of_debt=st.booleans())
    def is_held(self, kind: HoldKind, back: int, length: int | None, of_debt: bool) -> None:
        from_ = self.ago(back)
        wanted = HoldTerms(
            kind, "ASKED", from_, None if length is None else from_ + timedelta(days=length), debt_id=THE_DEBT if of_debt else None
        )
        self.attempt(holding.place, self.next_id(), wanted)

    @precondition(lambda self: self.case.holds.by_id)
    @rule(data=st.data(), days=st.integers(-20, 40), what=st.sampled_from(["extend", "lift"]))
    def has_a_hold_changed(self, data: st.DataObject, days: int, what: str) -> None:
        hold_id = data.draw(st.sampled_from(list(self.case.holds.by_id)))
        on = self.case.today + timedelta(days=days)
        if what == "extend":
            self.attempt(holding.extend, hold_id, on, "MORE")
        else:
            self.attempt(holding.lift, hold_id, "ENOUGH", on, by=frozenset({"compliance", "supervisor"}))

    @rule(number=st.integers(1, 4), due=st.integers(-80, 60), parts=st.lists(amounts, max_size=1))
    def has_an_instalment_scheduled(self, number: int, due: int, parts: Sequence[Money]) -> None:
        components = tuple(ComponentAmount(Component.PRINCIPAL, part) for part in parts)
        on = self.case.today + timedelta(days=due)
        self.attempt(scheduling.schedule, THE_DEBT, [Instalment(number, on, components)], "contract")

    @rule(amount=amounts, back=days_back, instalment=st.integers(0, 3))
    def is_paid(self, amount: Money, back: int, instalment: int) -> None:
        lines = (PaymentLine(THE_DEBT, Component.PRINCIPAL, amount, instalment),)
        credit = Credit(self.next_id(), self.next_id(), amount, lines, self.ago(back), "PSP")
        if self.attempt(crediting.apply, credit, Causation(UUID(int=1), self.number)):
            self.expected_ledger -= amount.minor_units

    @precondition(lambda self: any(each.unapplied_on is None for each in self.case.payments.by_allocation.values()))
    @rule(data=st.data(), back=days_back)
    def has_a_payment_returned(self, data: st.DataObject, back: int) -> None:
        open_ = [each for each in self.case.payments.by_allocation.values() if each.unapplied_on is None]
        allocation = data.draw(st.sampled_from(open_))
        assert self.attempt(crediting.unapply, allocation.id, "RETURNED", self.ago(back), Causation(UUID(int=1), 9_999))
        self.expected_ledger += sum(line.amount.minor_units for line in allocation.lines)

    @rule(amount=st.integers(-500, 500), back=days_back, upheld=st.booleans())
    def is_adjusted(self, amount: int, back: int, upheld: bool) -> None:
        reason = AdjustmentReason.DISPUTE_UPHELD if upheld else AdjustmentReason.CORRECTION
        if self.attempt(booking.adjust, THE_DEBT, (principal(amount),), reason, "f", self.ago(back)):
            self.expected_ledger += amount * 100

    @rule(amount=st.integers(1, 1_200))
    def is_disputed(self, amount: int) -> None:
        disputed = DisputeTerms(THE_DEBT, (principal(amount),), "NOT_MINE", THE_DEBTOR)
        self.attempt(disputing.dispute, self.next_id(), self.next_id(), disputed)

    @precondition(lambda self: self.case.disputes.by_id)
    @rule(data=st.data(), step=st.sampled_from(["ask", "review", "resolve", "appeal", "withdraw", "close"]), euros=st.integers(1, 1_200))
    def has_its_dispute_moved_on(self, data: st.DataObject, step: str, euros: int) -> None:
        dispute_id = data.draw(st.sampled_from(list(self.case.disputes.by_id)))
        before = self.upheld()
        if step == "ask":
            self.attempt(disputing.request_information, dispute_id, "DEBTOR", "RECEIPT", None)
        elif step == "review":
            self.attempt(disputing.review, dispute_id)
        elif step == "resolve":
            resolution = data.draw(st.sampled_from(DisputeResolution))
            upheld = (principal(euros),) if resolution is DisputeResolution.PARTLY_UPHELD else ()
            self.attempt(disputing.resolve, dispute_id, Finding(resolution, "CHECKED", upheld))
        elif step == "appeal":
            self.attempt(disputing.appeal, dispute_id, self.next_id(), Appeal("MORE"))
        elif step == "withdraw":
            self.attempt(disputing.withdraw, dispute_id, "SETTLED")
        else:
            self.attempt(disputing.close, dispute_id)
        self.expected_ledger -= self.upheld() - before

    def upheld(self) -> int:
        return sum(part.amount.minor_units for each in self.case.disputes.by_id.values() for part in each.upheld)

    @rule(what=st.sampled_from(["vulnerability", "hardship", "special", "complaint", "query"]), ahead=st.integers(-1, 120))
    def has_something_brought_forward(self, what: str, ahead: int) -> None:
        this, hold, day = self.next_id(), self.next_id(), self.case.today + timedelta(days=ahead)
        if what == "vulnerability":
            wanted = VulnerabilityTerms(THE_DEBTOR, sealed("x"), (Need.NO_CALLS,), Visibility.CASE, "debtor", day)
            self.attempt(vulnerability.flag, this, hold, wanted)
        elif what == "hardship":
            if self.attempt(hardship.declare, this, hold, THE_DEBTOR, sealed("x"), "debtor"):
                self.attempt(hardship.accept, this, self.next_id(), (HardshipMeasure.PAUSE,), day, ())
        elif what == "special":
            claimed = CircumstanceTerms(
                THE_DEBTOR, CircumstanceKind.INSOLVENCY, CircumstanceStatus.CONFIRMED, "registry", Visibility.CASE, ("ruling",)
            )
            self.attempt(special.record, this, hold, claimed)
        elif what == "complaint":
            self.attempt(complaints.file, this, hold, Grievance(THE_DEBTOR, "RUDENESS", sealed("x"), answer_due=day))
        else:
            self.attempt(client_queries.open_query, this, hold, Inquiry("ALREADY_PAID", due=day))

    @rule(back=days_back, euros=st.integers(0, 1_500))
    def has_its_balance_reported(self, back: int, euros: int) -> None:
        self.attempt(reconciling.report, Report(self.ago(back), "saldos", theirs=Money("EUR", euros * 100)))

    @precondition(lambda self: self.case.balance.reported)
    @rule(data=st.data(), what=st.sampled_from(["retract", "resolve"]))
    def has_a_report_dealt_with(self, data: st.DataObject, what: str) -> None:
        day = data.draw(st.sampled_from(sorted(self.case.balance.reported)))
        if what == "retract":
            self.attempt(reconciling.retract, day, "saldos", "", "WRONG_FILE")
        else:
            self.attempt(reconciling.resolve, day, "ACCEPTED", ["mail"])

    @rule()
    def is_taken_back_by_the_client(self) -> None:
        self.attempt(withdrawals.withdraw, "SOLD_BY_CREDITOR", "bajas", None)

    @rule(
        outcome=st.sampled_from(
            [CloseOutcome.PAID_IN_FULL, CloseOutcome.CURED, CloseOutcome.UNTRACEABLE, CloseOutcome.INSOLVENCY, CloseOutcome.DISPUTE_UPHELD]
        )
    )
    def is_closed(self, outcome: CloseOutcome) -> None:
        self.attempt(closing.close, outcome, ["proof"])

    @rule()
    def is_reopened(self) -> None:
        self.attempt(closing.reopen, ReopenReason.NEW_EVIDENCE, [])

    @rule(place=st.sampled_from((0, 1)), minutes=st.integers(1, 43_200), by_itself=st.booleans())
    def is_given(self, place: int, minutes: int, by_itself: bool) -> None:
        agent = AGENTS[place]
        by = Asker(agent.subject, frozenset({"agent"})) if by_itself else SUPERVISOR
        holder = self.case.assignment.holder_at(self.case.now)
        if self.attempt(assigning.assign, agent, Standing(), Wish("NEXT", lease_minutes=minutes), by):
            assert self.case.assignment.holder_at(self.case.now) == agent.id
            assert holder in (None, agent.id) or not by_itself

    @rule(skills=st.sampled_from([(), ("MORTGAGE",)]))
    def is_asked_for(self, skills: tuple[str, ...]) -> None:
        self.attempt(assigning.request, Requirements(skills), "NEW")
        candidates = {agent.id: Standing() for agent in AGENTS}
        if self.attempt(assigning.assign_by_rule, candidates, AGENTS, Wish("NEXT")):
            assert self.case.assignment.holder_at(self.case.now) is not None

    @rule(place=st.sampled_from((0, 1)), what=st.sampled_from(["extend", "give back", "decline"]))
    def is_kept_or_not(self, place: int, what: str) -> None:
        agent = AGENTS[place]
        by = Asker(agent.subject, frozenset({"agent"}))
        match what:
            case "extend":
                self.attempt(assigning.extend, agent, 600, by)
            case "decline":
                self.attempt(assigning.decline, agent, "NO", by)
            case _:
                self.attempt(assigning.unassign, agent, UnassignReason.RELEASED, by)

    @rule(days=st.integers(1, 45))
    def grows_older(self, days: int) -> None:
        """Timers fire once at the end: late, which must make no difference."""
        at(self.case, self.case.now + timedelta(days=days))
        for due in list(self.case.due()):
            if due.at <= self.case.now:
                self.wake(due.key)

    def wake(self, key: str) -> None:
        """What a timer of the case does to other streams (dockets) is none of its life."""
        for change in TIMERS[key.partition("/")[0]].wake(self.case, None):  # type: ignore[arg-type]  # it does not look at the timer
            if change.stream is Case:
                change.decide(self.case, self.portfolio)

    # Promises --------------------------------------------------------------------

    @rule(ahead=st.lists(st.integers(0, 20), min_size=1, max_size=3, unique=True), euros=st.integers(1, 60), grace_days=st.integers(0, 3))
    def is_promised(self, ahead: list[int], euros: int, grace_days: int) -> None:
        parts = tuple(PromisePart(self.case.today + timedelta(days=days), Money("EUR", euros * 100)) for days in sorted(ahead))
        self.attempt(promising.make, self.next_id(), PromiseTerms(parts, tolerance=PromiseTolerance(500), grace_days=grace_days))

    @precondition(lambda self: self.case.promises.by_id)
    @rule(data=st.data(), what=st.sampled_from(["cancel", "supersede"]), euros=st.integers(1, 60))
    def has_a_promise_changed(self, data: st.DataObject, what: str, euros: int) -> None:
        promise_id = data.draw(st.sampled_from(list(self.case.promises.by_id)))
        if what == "cancel":
            self.attempt(promising.cancel, promise_id, CancelledBy.DEBTOR, "CHANGED_MIND")
        else:
            part = PromisePart(self.case.today + timedelta(days=5), Money("EUR", euros * 100))
            self.attempt(promising.supersede, promise_id, self.next_id(), "OTHER_DATES", PromiseTerms((part,)))

    @rule(back=st.integers(-5, 20))
    def is_told_how_far_a_source_is_complete(self, back: int) -> None:
        self.number += 1
        at(self.portfolio, self.case.now)
        evidence.note_completeness(self.portfolio, UUID(int=901), self.ago(back), "file", Causation(UUID(int=901), self.number))
        keeping.judge(self.case, self.portfolio, keeping.docket_days(self.case))

    @rule(euros=st.integers(1, 60), settles=st.booleans())
    def has_money_on_its_way(self, euros: int, settles: bool) -> None:
        money_id = self.next_id()
        if self.attempt(transit.note, money_id, MoneyKind.PAYMENT, Money("EUR", euros * 100), None, Causation(money_id, 1)) and settles:
            self.attempt(transit.settle, money_id, "FAILED", Causation(money_id, 2))

    @invariant()
    def promises_stand_where_what_counts_puts_them(self) -> None:
        """A promise that is kept is full, one that is not is not; a broken one was judged by evidence; no two are open for one debt."""
        if not self.case.promises.by_id:
            return
        counted = counting.counted(self.case, self.case.today)
        for promise in self.case.promises.counting():
            parts = suspending.parts_on(self.case, promise, self.case.today)
            now = keeping.standing(promise, parts, counted[promise.id], None if promise.is_suspended else self.case.now)
            if promise.state is PromiseState.KEPT:
                assert now.is_kept
            if promise.state in ADVERSE:
                assert now.is_short
                assert promise.evidence
                assert not promise.is_suspended
            if now.is_kept and self.case.now < promise.deadline_of(len(promise.parts)):
                assert promise.state is PromiseState.KEPT
            assert sum(each.amount.minor_units for each in counted[promise.id]) <= promise.promised.minor_units
        debts = [debt_id for promise in self.case.promises.open() for debt_id in promise.debt_ids]
        were_kept = {fact.promise_id for fact in told(self.case) if isinstance(fact, PromiseKeptRevoked)}
        assert len(set(debts)) == len(debts) or were_kept

    @invariant()
    def closed_cases_wait_for_no_promise(self) -> None:
        """But for one that was kept, and whose money came back since: the clock judges it."""
        if self.case.lifecycle is Lifecycle.CLOSED:
            were_kept = {fact.promise_id for fact in told(self.case) if isinstance(fact, PromiseKeptRevoked | PromiseBreakRevoked)}
            assert {promise.id for promise in self.case.promises.open()} <= were_kept

    # What holds always ----------------------------------------------------------

    @invariant()
    def owes_what_was_booked(self) -> None:
        if self.case.exists:
            assert ledger_at(self.case, self.case.today).minor_units == self.expected_ledger

    @invariant()
    def told_what_is_true_of_every_day(self) -> None:
        if self.case.lifecycle is Lifecycle.OPEN:
            count = lateness.of_case(self.case)
            assert self.case.delinquency.told == count.steps_through(self.case.today)
            for day in (BEGIN, self.ago(17), self.case.today):
                assert bucket_of_steps(self.case.delinquency.told, day) == bucket_at(self.case, day)

    @invariant()
    def explains_its_snapshots_to_the_cent(self) -> None:
        if not self.case.exists:
            return
        for day, theirs in self.case.balance.reported.items():
            found, ours = self.case.reconciliation.by_day.get(day), ledger_at(self.case, day)
            if found is None:
                assert ours == theirs
            else:
                explained = sum(cause.amount.minor_units for cause in found.causes) + found.unexplained.minor_units
                assert (found.ours, found.theirs, explained) == (ours, theirs, ours.minor_units - theirs.minor_units)

    @invariant()
    def leaves_alone_what_is_disputed_and_nothing_else(self) -> None:
        open_ = {each.hold_id for each in self.case.disputes.open()}
        held = {hold.id for hold in self.case.holds.by_id.values() if hold.kind is HoldKind.DISPUTE and hold.ground_id is not None}
        assert {hold_id for hold_id in held if self.case.holds.by_id[hold_id].holds_on(self.case.today)} == open_

    @invariant()
    def is_closed_on_a_ground_that_stands(self) -> None:
        if self.case.outcome in (CloseOutcome.PAID_IN_FULL, CloseOutcome.INSOLVENCY, CloseOutcome.DISPUTE_UPHELD):
            assert closing.missing_ground(self.case, self.case.outcome, self.case.today) is None

    @invariant()
    def is_the_fold_of_its_facts(self) -> None:
        folded = again(self.case, told(self.case))
        for region in REGIONS:
            assert getattr(folded, region) == getattr(self.case, region), region

    @invariant()
    def can_be_brought_back(self) -> None:
        """From here every region returns to where it began."""
        case = again(self.case, told(self.case))
        if not case.exists:
            return
        for way_back in WAYS_BACK:
            way_back(case)
        assert (case.lifecycle, case.outcome) == (Lifecycle.OPEN, None)
        assert not case.disputes.open()
        assert not list(case.circumstances.going_on())
        assert not case.complaints.open()
        assert not any(each.is_open for each in case.client_queries.by_id.values())
        assert not any(each.is_unexplained for each in case.reconciliation.by_day.values())
        assert not any(case.holds.effect(scope, case.today).of_case for scope in HoldScope)
        assert not any(case.holds.effect(scope, case.today).of_debts for scope in HoldScope)
        assert bucket_at(case, case.today) in ("", "current")
        assert case.assignment.holder_at(case.now) is None
        assert not case.promises.open()
        assigning.assign(case, AGENTS[1], Standing(), Wish("NEXT"), SUPERVISOR)

    @invariant()
    def is_nobodys_once_it_is_closed(self) -> None:
        if self.case.lifecycle is Lifecycle.CLOSED:
            assert self.case.assignment.agent_id is None


def reopen(case: Case) -> None:
    if case.withdrawal.effective_on is not None:
        withdrawals.revoke(case, "SENT_IN_ERROR", ["mail"])
    if case.lifecycle is Lifecycle.CLOSED:
        closing.reopen(case, ReopenReason.CLOSED_IN_ERROR, [])


def lift_every_hold(case: Case) -> None:
    for hold in list(case.holds.by_id.values()):
        if hold.holds_on(case.today):
            holding.lift(case, hold.id, "ENOUGH", case.today, by=frozenset({"compliance", "supervisor"}))


def owe_nothing(case: Case) -> None:
    """Cancel what falls due: the case is current again."""
    debt = case.debts.by_id[THE_DEBT]
    due = [Instalment(each.number, each.due_date, ()) for each in debt.instalments.values() if each.components]
    if due:
        scheduling.schedule(case, THE_DEBT, due, "cancelled")


def withdraw_every_dispute(case: Case) -> None:
    for dispute in case.disputes.open():
        disputing.withdraw(case, dispute.id, "SETTLED")


def end_every_circumstance(case: Case) -> None:
    held = case.circumstances
    for flag_id in held.vulnerabilities:
        vulnerability.clear(case, flag_id, "NO_LONGER_SO")
    for each in held.hardships.values():
        if each.is_open:
            hardship.end(case, each.id, "BACK_AT_WORK")
    for circumstance_id in held.special:
        special.end(case, circumstance_id, "NO_LONGER_SO")


def answer_every_grievance(case: Case) -> None:
    for complaint in case.complaints.open():
        complaints.resolve(case, complaint.id, ComplaintOutcome.REJECTED, "HEARD", None, ())
    for query in case.client_queries.by_id.values():
        if query.is_open:
            client_queries.cancel(case, query.id, "FOUND_IT")


def settle_every_difference(case: Case) -> None:
    """From the oldest on: what is settled explains the same in later snapshots."""
    for day in sorted(case.reconciliation.by_day):
        if case.reconciliation.by_day[day].is_unexplained:
            reconciling.resolve(case, day, "ACCEPTED", ["mail"])


def cancel_every_promise(case: Case) -> None:
    for promise in case.promises.open():
        promising.cancel(case, promise.id, CancelledBy.US, "NEW_START")


def give_back(case: Case) -> None:
    for agent in AGENTS:
        if case.assignment.holder_at(case.now) == agent.id:
            assigning.unassign(case, agent, UnassignReason.RELEASED, SUPERVISOR)


WAYS_BACK: Sequence[Callable[[Case], None]] = (
    reopen,
    withdraw_every_dispute,
    end_every_circumstance,
    answer_every_grievance,
    settle_every_difference,
    lift_every_hold,
    owe_nothing,
    give_back,
    cancel_every_promise,
    reopen,
)
"""One for each region that can be in another state than at first."""

TestLivesInDepth = LivesInDepth.TestCase
TestLivesInDepth.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
