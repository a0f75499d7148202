"""Whatever happens to a case, in any order: it moves along edges only, asks nothing at a bad moment, and says why it did what it did."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.strategy.application.strategies import ENGINE, read_strategy
from services.strategy.domain import treatment
from services.strategy.domain.asking import RANK, RequestAnswer, RequestKind
from services.strategy.domain.course import StepCompleted, StepEntered, StepSkipped, TreatmentDecided
from services.strategy.domain.explaining import is_reproduced
from services.strategy.domain.graph import BEGIN, PRESSING, Graph
from services.strategy.domain.happenings import OPEN, PromiseState
from services.strategy.domain.heeding import is_held
from services.strategy.domain.seeing import is_money_on_its_way
from services.strategy.domain.strategies import Migration
from tests.services.strategy.examples import again
from tests.services.strategy.stories import LISTEN_FIRST, LISTEN_FIRST_2, Story

STATES = [state for state in PromiseState if state is not PromiseState.OPEN]


class AnyCourse(RuleBasedStateMachine):
    """One case, and everything that can come to its treatment."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story.of_a_case(LISTEN_FIRST, LISTEN_FIRST_2)
        self.paid = 0
        self.looked_at = 0
        self.is_closed = False

    # What can happen ----------------------------------------------------------------------

    @rule(days=st.integers(1, 25))
    def time_goes_by(self, days: int) -> None:
        self._watched(lambda: self.story.pass_days(days))

    @rule(bucket=st.sampled_from(["current", "1", "2", "3", "4+"]))
    def lateness_changes(self, bucket: str) -> None:
        self._watched(lambda: self.story.bucket(bucket, 0 if bucket == "current" else int(bucket[0])))

    @rule(euros=st.integers(1, 600))
    def a_payment_comes(self, euros: int) -> None:
        self.paid += 1
        self._watched(lambda: self.story.pays(euros, self.paid))

    @precondition(lambda self: self.story.of.payments)
    @rule(chance=st.randoms(use_true_random=False))
    def a_payment_is_taken_back(self, chance: object) -> None:
        allocation, (amount, _) = next(iter(self.story.of.payments.items()))
        self._watched(lambda: self.story.pays(amount.minor_units // 100, allocation.int - 60, is_taken_back=True))

    @precondition(lambda self: self.story.requests)
    @rule(answer=st.sampled_from(RequestAnswer), days=st.integers(0, 9), which=st.integers(0, 3))
    def contacts_answers(self, answer: RequestAnswer, days: int, which: int) -> None:
        messages = [request for request in self.story.requests if request.kind is RequestKind.MESSAGE]
        if messages:
            request = messages[-1 - min(which, len(messages) - 1)].request_id
            until = self.story.now + timedelta(days=days) if answer is RequestAnswer.DEFERRED else None
            codes = ("CONTACT_IS_ON_HOLD",) if answer is RequestAnswer.CANCELLED and days > 4 else ()
            self._watched(lambda: self.story.answers(answer, until, *codes, request=request))

    @rule(number=st.integers(1, 2), days=st.integers(0, 12))
    def a_promise_is_made(self, number: int, days: int) -> None:
        self._watched(lambda: self.story.promise_made(UUID(int=30 + number), days))

    @precondition(lambda self: self.story.of.promises.by_id)
    @rule(state=st.sampled_from(STATES), which=st.integers(0, 1))
    def a_promise_is_judged(self, state: PromiseState, which: int) -> None:
        known = list(self.story.of.promises.by_id)
        self._watched(lambda: self.story.promise(state, known[which % len(known)]))

    @precondition(lambda self: self.story.of.promises.by_id)
    @rule()
    def a_promise_comes_due(self) -> None:
        self._watched(lambda: self.story.case(lambda live, origin: None, occasion="on_reminder_due"))

    @rule(days=st.one_of(st.none(), st.integers(1, 20)), number=st.integers(1, 2), ahead=st.integers(0, 5))
    def a_hold_is_placed(self, days: int | None, number: int, ahead: int) -> None:
        self._watched(lambda: self.story.hold(days, UUID(int=50 + number), ahead))

    @rule(number=st.integers(1, 2))
    def a_hold_is_lifted(self, number: int) -> None:
        self._watched(lambda: self.story.lift(UUID(int=50 + number)))

    @rule(days=st.one_of(st.none(), st.integers(1, 20)))
    def people_take_over(self, days: int | None) -> None:
        until = None if days is None else self.story.now + timedelta(days=days)
        self._watched(lambda: self.story.pause(until))

    @rule()
    def people_hand_back(self) -> None:
        self._watched(self.story.resume)

    @rule(number=st.integers(1, 2), days=st.one_of(st.none(), st.integers(1, 9)))
    def money_is_on_its_way(self, number: int, days: int | None) -> None:
        until = None if days is None else self.story.now + timedelta(days=days)
        self._watched(lambda: self.story.payment_under_way(UUID(int=40 + number), until))

    @rule(number=st.integers(1, 2))
    def it_does_not_come(self, number: int) -> None:
        self._watched(lambda: self.story.payment_failed(UUID(int=40 + number)))

    @rule(version=st.sampled_from([1, 2]), migration=st.sampled_from([Migration.FINISH_STEP, Migration.RESTART]))
    def another_version_takes_over(self, version: int, migration: Migration) -> None:
        if version == 1 and migration is Migration.JUMP:
            return
        self.story.activate(version, migration)
        self._watched(self.story.look_again)

    @rule()
    def the_case_is_closed_or_reopened(self) -> None:
        self.is_closed = not self.is_closed
        verb, words = (treatment.end_treatment, ("SETTLED",)) if self.is_closed else (treatment.resume_treatment, ())
        self._watched(lambda: self.story.case(verb, *words))

    # What is always so ----------------------------------------------------------------------

    def _watched(self, happens: object) -> None:
        """Whatever was asked because of it was asked at a good moment: looked at before the moment has passed."""
        before = len(self.story.told)
        assert callable(happens)
        happens()
        of = self.story.of
        for fact in self.story.told[before:]:
            if isinstance(fact, TreatmentDecided) and fact.chosen == "ask":
                seen = {each.name: each.value for each in fact.inputs}
                assert (seen["hold"], seen["automation"], seen["money"]) == ("none", "on", "none")
                step = self._graph(fact.strategy_version).steps[fact.step]
                if step.message is not None and step.message.purpose in PRESSING:
                    assert seen["promise"] not in {state.name.lower() for state in OPEN}
        if (at := of.course.at) is not None and at.kind.name == "MESSAGE" and at.request_id is None and at.ask_at is None:
            # Whoever is not asked has a reason not to be.
            is_pressing = any(promise.state in OPEN for promise in of.promises.by_id.values())
            held = is_held(of, self.story.today) or of.pause is not None
            assert held or is_money_on_its_way(of) or is_pressing

    @invariant()
    def it_moves_along_edges_and_says_what_became_of_each_step(self) -> None:
        at: StepEntered | None = None
        left: StepCompleted | StepSkipped | None = None
        for fact in self.story.told:
            if isinstance(fact, StepEntered):
                assert at is None, "entered a step without having left the one before"
                if left is not None and fact.from_step:
                    assert fact.from_step == left.step
                at = fact
            elif isinstance(fact, StepCompleted | StepSkipped):
                assert at is not None
                assert (fact.step, fact.strategy_version) == (at.step, at.strategy_version) or self._has_moved(fact)
                assert isinstance(fact, StepCompleted) or fact.reason_code
                at, left = None, fact

    def _has_moved(self, fact: StepCompleted | StepSkipped) -> bool:
        return any(getattr(each, "to_version", 0) == fact.strategy_version for each in self.story.told)

    @invariant()
    def every_way_taken_is_one_that_the_strategy_has(self) -> None:
        for decided in self.story.decisions[self.looked_at :]:
            assert (decided.chosen, decided.leads_to) in {(each.name, each.leads_to) for each in decided.candidates}
            if decided.step and decided.occasion not in ("ask", "decide"):
                graph = self._graph(decided.strategy_version)
                edges = graph.edges_of(decided.step)
                target = edges.get(decided.chosen, BEGIN)
                assert decided.leads_to == target or target == BEGIN
        self.looked_at = len(self.story.decisions)

    @invariant()
    def nobody_is_called_for_want_of_an_answer_who_was_not_warned(self) -> None:
        """Golden scenario 4: `sort_out` is reached only through a second reminder that arrived, or a promise that was called off."""
        warned = False
        for place, fact in enumerate(self.story.told):
            if isinstance(fact, StepCompleted) and fact.step == "remind_again" and fact.outcome == "on_delivered":
                warned = True
            if isinstance(fact, StepSkipped | StepCompleted) and getattr(fact, "outcome", getattr(fact, "reason_code", "")) == (
                "on_promise_cancelled"
            ):
                warned = True
            if isinstance(fact, StepEntered) and fact.step == "sort_out":
                assert warned, self.story.told[max(0, place - 8) : place + 1]

    @invariant()
    def no_more_than_one_message_is_under_way(self) -> None:
        asked = self.story.of.course.asked
        at = self.story.of.course.at
        open_here = [each for each, one in asked.items() if one.rank < RANK[RequestAnswer.DEFERRED] and at and each == at.request_id]
        assert len(open_here) <= 1

    def teardown(self) -> None:
        """Folded again it stands where it stands; each decision comes out the same again."""
        folded = again(self.story.of, self.story.told)
        for name in ("course", "promises", "holds", "money", "payments", "parties", "standing", "pause", "heard"):
            assert repr(getattr(folded, name)) == repr(getattr(self.story.of, name))
        assert list(folded.due()) == list(self.story.of.due())
        for decided in self.story.decisions:
            assert is_reproduced(decided, self.story.strategies, ENGINE)

    def _graph(self, version: int) -> Graph:
        return read_strategy(self.story.strategies.known(version).document)


AnyCourse.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyCourse = AnyCourse.TestCase
