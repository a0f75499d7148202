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
from services.cases.domain import assigning, booking, closing, crediting, holding, lateness, scheduling
from services.cases.domain.agent import Agent, AgentKind, Skill
from services.cases.domain.assigning import Asker, Standing, Wish
from services.cases.domain.assignment import Requirements, UnassignReason
from services.cases.domain.balance import ledger_at
from services.cases.domain.case import Case, open_case
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.crediting import Credit
from services.cases.domain.debts import AdjustmentReason
from services.cases.domain.delinquency import bucket_at
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind, HoldScope
from services.cases.domain.instalments import Instalment
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.cases.domain.payments import PaymentLine
from services.cases.domain.registration import register
from services.cases.domain.steps import bucket_at as bucket_of_steps
from services.cases.domain.terms import Authority, DelinquencyPolicy
from services.cases.timers import TIMERS
from services.kernel.facts import Causation, told
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from tests.services.cases.examples import DAYS, NOON, THE_CASE, THE_DEBT, a_portfolio, a_row, again, at, principal, terms

OURS = terms(
    DAYS,
    balance_authority=Authority.OURS,
    delinquency_authority=Authority.OURS,
    delinquency_policy=DelinquencyPolicy(grace_days=2, tolerance_minor_units=100),
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
            self.attempt(holding.lift, hold_id, "ENOUGH", on)

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

    @rule(outcome=st.sampled_from([CloseOutcome.PAID_IN_FULL, CloseOutcome.CURED, CloseOutcome.UNTRACEABLE]))
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
        for change in TIMERS[key.partition("/")[0]].wake(self.case, None):  # type: ignore[arg-type]  # it does not look at the timer
            change.decide(self.case, a_portfolio(OURS))

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
        assert not any(case.holds.effect(scope, case.today).of_case for scope in HoldScope)
        assert not any(case.holds.effect(scope, case.today).of_debts for scope in HoldScope)
        assert bucket_at(case, case.today) in ("", "current")
        assert case.assignment.holder_at(case.now) is None
        assigning.assign(case, AGENTS[1], Standing(), Wish("NEXT"), SUPERVISOR)

    @invariant()
    def is_nobodys_once_it_is_closed(self) -> None:
        if self.case.lifecycle is Lifecycle.CLOSED:
            assert self.case.assignment.agent_id is None


def reopen(case: Case) -> None:
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


def give_back(case: Case) -> None:
    for agent in AGENTS:
        if case.assignment.holder_at(case.now) == agent.id:
            assigning.unassign(case, agent, UnassignReason.RELEASED, SUPERVISOR)


WAYS_BACK: Sequence[Callable[[Case], None]] = (reopen, lift_every_hold, owe_nothing, give_back)
"""One for each region that can be in another state than at first."""

TestLivesInDepth = LivesInDepth.TestCase
TestLivesInDepth.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
