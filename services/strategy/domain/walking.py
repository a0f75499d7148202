"""Walking: one unit's way of one case through the graph. It moves along edges only: nothing is skipped untold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.kernel import ids
from services.kernel.facts import Causation
from services.strategy.domain import asking, choosing, heeding
from services.strategy.domain.choosing import ASK, AT_ASKING, AT_BEGIN, AT_TABLE, GIVE_UP, Choice, MatchRow
from services.strategy.domain.course import (
    Position,
    StepCompleted,
    StepEntered,
    StepSkipped,
    TreatmentDecided,
    TreatmentMoved,
    WaitAnchored,
)
from services.strategy.domain.graph import NEEDED, OPTIONAL, Graph, Read, StepKind
from services.strategy.domain.happenings import OPEN, PromiseState
from services.strategy.domain.seeing import seen
from services.strategy.domain.segments import Evaluate
from services.strategy.domain.strategies import Migration, Strategies
from services.strategy.domain.treatment import Treatment
from services.strategy.domain.waiting import anchored


@dataclass(frozen=True, slots=True)
class Engine:
    """The ports that decisions are taken with. All are pure functions."""

    read: Read
    match_row: MatchRow
    evaluate: Evaluate


class Walk:
    """One unit's way of one case through the graph."""

    def __init__(self, treatment: Treatment, strategies: Strategies, engine: Engine, origin: Causation | None) -> None:
        self.of, self._strategies, self._engine, self._origin = treatment, strategies, engine, origin

    def go(self, changed: Iterable[str]) -> None:
        changed = list(changed)
        if not self.of.is_treated:
            if (at := self.of.course.at) is not None:
                self._leave(at, "CASE_CLOSED", None, is_done=at.kind is StepKind.END)
            return
        if self.of.course.at is None:
            if self._strategies.active is None:
                return
            self._begin("")
        else:
            # What has changed is followed by the version that the case is at; another one takes over after that.
            for occasion in changed:
                self._route(occasion)
            self._move_over()
        self._settle()

    def put_to(self, step: str) -> None:
        at = self.of.course.at
        if at is not None:
            self._leave(at, "OVERRIDDEN", None)
        self._enter(self._strategies.active_version, step, at.step if at else "", None, self.of.today)
        self._settle()

    def _settle(self) -> None:
        """Whatever needs no time is done at once. A graph without circles that take no time comes to rest."""
        while self._step():
            pass

    def _step(self) -> bool:
        """Whether the case has moved."""
        at = self._at
        if at.kind is StepKind.DECIDE:
            return self._route(AT_TABLE)
        if at.kind is StepKind.WAIT:
            return self._wait(at)
        if at.kind is StepKind.FOLLOW_PROMISE:
            return self._follow()
        return self._ask(at) if at.kind in (StepKind.MESSAGE, StepKind.HAND_TO_AGENT) else False

    @property
    def _at(self) -> Position:
        assert self.of.course.at is not None
        return self.of.course.at

    def _graph(self, version: int) -> Graph:
        return self._engine.read(self._strategies.known(version).document)

    # Steps ------------------------------------------------------------------------

    def _wait(self, at: Position) -> bool:
        step = self._graph(at.strategy_version).steps[at.step]
        assert step.wait is not None
        anchored_on, until = anchored(self.of, at, step.wait)
        if not at.is_anchored or (at.anchored_on, at.until) != (anchored_on, until):
            self.of.tell(
                WaitAnchored(
                    **self.of.next(),
                    case_id=self.of.case_id,
                    step=at.step,
                    anchor=step.wait.after,
                    anchored_on=anchored_on,
                    until=until,
                )
            )
        if until is None or until > self.of.now or heeding.free_from(self.of, self.of.now) != self.of.now:
            return False
        return self._route("next", on=self.of.day_of(until))

    def _follow(self) -> bool:
        promise = self.of.promises.standing
        if promise is not None and promise.state in OPEN:
            return False
        state = promise.state if promise is not None else PromiseState.CANCELLED
        return self._route(f"on_promise_{state.name.lower()}")

    def _ask(self, at: Position) -> bool:
        if at.request_id is not None and at.kind is StepKind.MESSAGE:
            return self._lose_patience(at)
        if (at.kind is StepKind.HAND_TO_AGENT and at.asks) or (at.ask_at is not None and at.ask_at > self.of.now):
            return False
        choice = self._choose(AT_ASKING)
        assert choice is not None
        if choice.chosen == GIVE_UP:
            decision_id = self._decide(AT_ASKING, choice)
            return self._go_to(at, choice.leads_to, "on_denied", decision_id, self.of.day_of(self.of.happened_at), is_done=True)
        if choice.chosen != ASK:
            if choice.chosen != at.said:
                self._decide(AT_ASKING, choice)
            return False
        decision_id = self._decide(AT_ASKING, choice)
        asking.ask(self.of, at, self._graph(at.strategy_version).steps[at.step], decision_id)
        return False

    def _lose_patience(self, at: Position) -> bool:
        """What was never answered has failed; what went out and did not come back has arrived."""
        if at.patient_until is None or at.patient_until > self.of.now:
            return False
        assert at.request_id is not None
        has_gone_out = self.of.course.asked[at.request_id].rank >= asking.RANK[asking.RequestAnswer.DISPATCHED]
        return self._route("on_delivered" if has_gone_out else "on_failed")

    # Edges ------------------------------------------------------------------------

    def _route(self, occasion: str, on: date | None = None) -> bool:
        at = self._at
        choice = self._choose(occasion)
        if choice is None or (choice.leads_to == at.step and occasion not in NEEDED[at.kind] + OPTIONAL[at.kind]):
            return False
        decision_id = self._decide(occasion, choice)
        on = on or self.of.day_of(self.of.happened_at)
        return self._go_to(at, choice.leads_to, choice.chosen if choice.row_id == "" else AT_TABLE, decision_id, on, _is_done(at, choice))

    def _go_to(self, at: Position, step: str, edge: str, decision_id: UUID, on: date, is_done: bool) -> bool:
        self._leave(at, edge, decision_id, is_done)
        active = self._strategies.active_version
        if at.strategy_version == active or not self._is_finishing:
            self._enter(at.strategy_version, step, at.step, decision_id, on)
            return True
        self._tell_moved(at)
        if step in self._graph(active).steps:
            self._enter(active, step, at.step, decision_id, on)
        else:
            self._begin(at.step)
        return True

    @property
    def _is_finishing(self) -> bool:
        return self._strategies.migration is Migration.FINISH_STEP

    def _leave(self, at: Position, edge: str, decision_id: UUID | None, is_done: bool = False) -> None:
        case_id, version, step = self.of.case_id, at.strategy_version, at.step
        if is_done:
            self.of.tell(StepCompleted(**self.of.next(), case_id=case_id, strategy_version=version, step=step, outcome=edge))
            return
        self.of.tell(
            StepSkipped(**self.of.next(), case_id=case_id, strategy_version=version, step=step, reason_code=edge, decision_id=decision_id)
        )

    def _enter(self, version: int, step: str, from_step: str, decision_id: UUID | None, on: date) -> None:
        self.of.tell(
            StepEntered(
                **self.of.next(),
                case_id=self.of.case_id,
                strategy_version=version,
                step=step,
                kind=self._graph(version).steps[step].kind,
                from_step=from_step,
                decision_id=decision_id,
                on=on,
            )
        )

    def _begin(self, from_step: str) -> None:
        version = self._strategies.active_version
        choice = choosing.choose(self._graph(version), "", AT_BEGIN, seen(self.of), self._engine.match_row)
        assert choice is not None
        decision_id = self._decide(AT_BEGIN, choice)
        self._enter(version, choice.leads_to, from_step, decision_id, self.of.day_of(self.of.happened_at))

    # Another version ----------------------------------------------------------------

    def _move_over(self) -> None:
        """By the migration rule. A message that is under way is waited for: whatever comes next begins after its answer."""
        at, active = self._at, self._strategies.active_version
        if at.strategy_version == active or asking.is_out(at):
            return
        new = self._graph(active)
        if self._strategies.migration is Migration.RESTART:
            self._leave(at, "STRATEGY_CHANGED", None, is_done=at.kind is StepKind.END)
            self._tell_moved(at)
            self._begin(at.step)
        elif self._strategies.migration is Migration.JUMP:
            target = self._strategies.jumps.get(at.step, at.step)
            if target not in new.steps:
                # Of a version before the one that the jumps were made for.
                self._leave(at, "STRATEGY_CHANGED", None)
                self._tell_moved(at)
                self._begin(at.step)
            elif target == at.step and new.steps[target].kind is at.kind:
                self._tell_moved(at)
            else:
                self._leave(at, "STRATEGY_CHANGED", None)
                self._tell_moved(at)
                self._enter(active, target, at.step, None, self.of.today)
        elif at.kind is StepKind.END:
            # It has nothing left to finish.
            if at.step in new.steps and new.steps[at.step].kind is StepKind.END:
                self._tell_moved(at)
            else:
                self._leave(at, "STRATEGY_CHANGED", None, is_done=True)
                self._tell_moved(at)
                self._begin(at.step)

    def _tell_moved(self, at: Position) -> None:
        self.of.tell(
            TreatmentMoved(
                **self.of.next(),
                case_id=self.of.case_id,
                from_version=at.strategy_version,
                to_version=self._strategies.active_version,
                migration=self._strategies.migration,
                from_step=at.step,
            )
        )

    # Decisions ----------------------------------------------------------------------

    def _choose(self, occasion: str) -> Choice | None:
        at = self._at
        return choosing.choose(self._graph(at.strategy_version), at.step, occasion, seen(self.of), self._engine.match_row)

    def _decide(self, occasion: str, choice: Choice) -> UUID:
        at = self.of.course.at
        version = at.strategy_version if at is not None else self._strategies.active_version
        inputs = choosing.recorded(seen(self.of))
        decision_id = ids.derived("treatment_decision", self.of.id, self.of.version + 1)
        self.of.tell(
            TreatmentDecided(
                **self.of.next(),
                case_id=self.of.case_id,
                decision_id=decision_id,
                strategy_version=version,
                document_hash=self._strategies.known(version).document_hash,
                table_version=self.of.table_version,
                step=at.step if at is not None else "",
                occasion=occasion,
                inputs=inputs,
                inputs_hash=choosing.hash_of(inputs),
                candidates=choice.candidates,
                chosen=choice.chosen,
                leads_to=choice.leads_to,
                row_id=choice.row_id,
                reason=choice.reason,
                origin=self._origin,
            )
        )
        return decision_id


def _is_done(at: Position, choice: Choice) -> bool:
    """Whether the step has done what it is for: it is left by an edge of its own kind, or had nothing more to do."""
    own = NEEDED[at.kind] + OPTIONAL[at.kind]
    if at.kind is StepKind.FOLLOW_PROMISE:
        own += ("on_promise_partly_kept",)
    is_handed_over = at.kind is StepKind.HAND_TO_AGENT and at.asks > 0
    return choice.row_id != "" or choice.chosen in own or at.kind is StepKind.END or is_handed_over
