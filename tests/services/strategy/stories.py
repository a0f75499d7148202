"""A story: one case, told fact by fact to its treatment, with a clock that wakes it when it asked to be woken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from services.kernel.facts import Causation, Fact, told
from services.strategy.adapters import strategy_file
from services.strategy.application.strategies import ENGINE
from services.strategy.domain import advancing, asking, happenings, heeding, strategies, treatment
from services.strategy.domain.asking import RequestAnswer, TreatmentRequested
from services.strategy.domain.course import TreatmentDecided
from services.strategy.domain.happenings import PartyRole, PromiseState
from services.strategy.domain.standing import BalanceAuthority
from services.strategy.domain.strategies import Jump, Migration, Strategies
from services.strategy.domain.treatment import Treatment
from tests.services.strategy.examples import SAMPLE, THE_CASE, THE_CLIENT, THE_DEBT, THE_PORTFOLIO, THE_TENANT, at, eur, stored, tables

F = TypeVar("F", bound=Fact)

FOLDER = Path(__file__).parents[3] / "data" / "strategies"
LISTEN_FIRST = (FOLDER / "listen-first.v1.yaml").read_bytes()
LISTEN_FIRST_2 = (FOLDER / "listen-first.v2.yaml").read_bytes()
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""Nine in the morning in Madrid."""
THE_DEBTOR, ANOTHER = UUID(int=21), UUID(int=22)
A_PROMISE, A_PAYMENT, A_HOLD = UUID(int=31), UUID(int=41), UUID(int=51)
LATE_MINUTES_MAX = 1
"""How late the clock of a story wakes."""


def published(*documents: bytes, active: int = 1) -> Strategies:
    """The tenant's strategies, judged and published one after the other."""
    of = at(Strategies.blank(strategies.stream_of(THE_TENANT)), MONDAY)
    for document in documents or (LISTEN_FIRST,):
        strategies.publish(of, tables(SAMPLE), document, strategy_file.judge)
    if active:
        strategies.activate(of, active, Migration.FINISH_STEP, (), "", strategy_file.read)
    return stored(of)


class Story:
    """`told` is everything that the treatment has told, in order."""

    def __init__(self, *documents: bytes, active: int = 1) -> None:
        self.now, self.version = MONDAY, 0
        self.strategies, self.tables = published(*documents, active=active), tables(SAMPLE)
        self.of = Treatment.blank(treatment.stream_of(THE_CASE))
        self._decide(
            lambda of: treatment.start(
                of, THE_CASE, THE_CLIENT, THE_PORTFOLIO, self._origin(), "EUR", BalanceAuthority.OURS, "Europe/Madrid"
            )
        )

    @classmethod
    def of_a_case(cls, *documents: bytes, active: int = 1, owes: int = 1_000, bucket: str = "1") -> Story:
        """Open, one cycle late with a balance that asks for a friendly reminder, and with somebody to write to."""
        story = cls(*documents, active=active)
        story.party(THE_DEBTOR)
        story.debt(owes)
        story.case(treatment.open_treatment, "")
        story.bucket(bucket, int(bucket) if bucket.isdigit() else 0)
        return story

    # Told by cases --------------------------------------------------------------------

    def case(self, verb: Callable[..., None], *words: Any, occasion: str = "", **more: Any) -> None:
        """The case's next fact."""
        origin = self._origin()
        self._decide(
            lambda of: advancing.take_in(
                of, self.tables, self.strategies, origin, lambda live: verb(live, origin, *words, **more), ENGINE, occasion=occasion
            )
        )

    def party(self, person_id: UUID, is_gone: bool = False) -> None:
        self.case(happenings.note_debtor, person_id, PartyRole.DEBTOR, is_gone)

    def debt(self, euros: int) -> None:
        self.case(treatment.note_debt, THE_DEBT, eur(euros))

    def bucket(self, bucket: str, units: int) -> None:
        def note(live: Treatment, origin: Causation) -> None:
            treatment.note_bucket(live, origin, bucket)
            happenings.note_lateness(live, origin, units, self.today)

        self.case(note)

    def pays(self, euros: int, allocation: int = 1, on: date | None = None, is_taken_back: bool = False) -> None:
        change = eur(euros if is_taken_back else -euros)

        def note(live: Treatment, origin: Causation) -> None:
            treatment.note_payment(live, origin, {THE_DEBT: change})
            day = on or self.today
            happenings.note_payment(live, origin, A_PAYMENT, UUID(int=60 + allocation), eur(euros), day, is_taken_back)

        self.case(note)

    def promise(self, state: PromiseState, promise_id: UUID = A_PROMISE, deadline: date | None = None) -> None:
        self.case(happenings.note_promise, promise_id, state, deadline)

    def promise_made(self, promise_id: UUID = A_PROMISE, days: int = 5) -> None:
        self.promise(PromiseState.OPEN, promise_id, self.today + timedelta(days=days))

    def hold(self, days: int | None, hold_id: UUID = A_HOLD, ahead_days: int = 0) -> None:
        first = self.today + timedelta(days=ahead_days)
        through = first + timedelta(days=days - 1) if days is not None else None
        self.case(heeding.heed_hold, hold_id, True, first, through, None, False)

    def lift(self, hold_id: UUID = A_HOLD) -> None:
        self.case(heeding.note_hold_change, hold_id, self.today - timedelta(days=1))

    # Told by others, and by people ---------------------------------------------------------

    def answers(self, answer: RequestAnswer, until: datetime | None = None, *reason_codes: str, request: UUID | None = None) -> None:
        """Contacts answers the last request, or that one."""
        origin, request_id = Causation(UUID(int=99), self.version + 1), request or self.requests[-1].request_id
        self._decide(
            lambda of: advancing.hear(
                of,
                self.strategies,
                origin,
                lambda live: asking.note_answer(live, request_id, answer, origin, until, tuple(reason_codes)),
                ENGINE,
            )
        )

    def delivered(self) -> None:
        for answer in (RequestAnswer.GRANTED, RequestAnswer.DISPATCHED, RequestAnswer.DELIVERED):
            self.answers(answer)

    def payment_under_way(self, payment_id: UUID = A_PAYMENT, until: datetime | None = None) -> None:
        self._payments(lambda live, origin: happenings.note_money(live, origin, payment_id, until))

    def payment_failed(self, payment_id: UUID = A_PAYMENT) -> None:
        self._payments(lambda live, origin: happenings.settle_money(live, origin, payment_id, "FAILED"))

    def _payments(self, note: Callable[[Treatment, Causation], None]) -> None:
        origin = Causation(A_PAYMENT, 1)
        self._decide(lambda of: advancing.hear(of, self.strategies, origin, lambda live: note(live, origin), ENGINE))

    def pause(self, until: datetime | None = None) -> None:
        self._decide(lambda of: heeding.pause(of, "AGENT_TALKS", until))

    def resume(self) -> None:
        def decide(of: Treatment) -> None:
            heeding.resume(of, "DONE")
            advancing.look_again(of, self.strategies, ENGINE)

        self._decide(decide)

    def activate(self, version: int, migration: Migration, *jumps: Jump) -> None:
        strategies.activate(at(self.strategies, self.now), version, migration, jumps, "BETTER", strategy_file.read)
        stored(self.strategies)

    def look_again(self) -> None:
        self._decide(lambda of: advancing.look_again(of, self.strategies, ENGINE))

    # The clock ---------------------------------------------------------------------------

    def pass_days(self, days: int) -> None:
        """Whatever falls due until then wakes the treatment, each time to some purpose."""
        self.pass_until(self.now + timedelta(days=days))

    def pass_until(self, end: datetime) -> None:
        for _ in range(1_000):
            due = next(iter(self.of.due()), None)
            if due is None or due.at > end:
                break
            self.now = max(self.now, due.at) + timedelta(minutes=LATE_MINUTES_MAX)
            before = self.of.version
            self.look_again()
            assert self.of.version > before, f"woken at {due.at} to no purpose at {self.step}"
        else:
            raise AssertionError("woken again and again")
        self.now = max(self.now, end)

    # What came of it -----------------------------------------------------------------------

    @property
    def told(self) -> list[Fact]:
        return told(self.of)

    def every(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.told if isinstance(fact, kind)]

    @property
    def requests(self) -> Sequence[TreatmentRequested]:
        return self.every(TreatmentRequested)

    @property
    def decisions(self) -> Sequence[TreatmentDecided]:
        return self.every(TreatmentDecided)

    @property
    def asked(self) -> list[str]:
        """By which steps something was asked of others."""
        return [request.step for request in self.requests]

    @property
    def step(self) -> str:
        return self.of.course.at.step if self.of.course.at else ""

    @property
    def today(self) -> date:
        return at(self.of, self.now).day_of(self.now) if self.of.terms else self.now.date()

    def _origin(self) -> Causation:
        self.version += 1
        return Causation(THE_CASE, self.version)

    def _decide(self, decide: Callable[[Treatment], None]) -> None:
        decide(at(self.of, self.now))
