"""A case, its portfolio and its dockets without any server: changes decide on them, and timers fire as the clock moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.cases.application import CaseKey, commitments, stops
from services.cases.domain import portfolio as portfolios
from services.cases.domain.case import Case, open_case
from services.cases.domain.components import Component
from services.cases.domain.crediting import Credit
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind, HoldScope
from services.cases.domain.payments import PaymentLine
from services.cases.domain.pledges import Promise, PromisePart, PromiseTolerance
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.promising import PromiseTerms
from services.cases.domain.registration import register
from services.cases.domain.terms import PortfolioTerms
from services.cases.domain.transit import MoneyKind
from services.cases.timers import TIMERS
from services.chassis.log.origins import TimerFired
from services.kernel.calendar import start_of, zone
from services.kernel.facts import Causation, Change, Fact, Stream
from services.kernel.ids import derived
from services.kernel.money import Money
from tests.services.cases.examples import THE_CASE, THE_DEBT, THE_PORTFOLIO, a_client, a_row, at, eur, terms

BANK, FILE = UUID(int=901), UUID(int=902)
THE_PROMISE = UUID(int=910)
THE_HOLD = UUID(int=920)
STEPS_MAX = 500

THURSDAY = datetime(2026, 3, 12, 11, tzinfo=zone("Europe/Madrid"))
FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 3, day) for day in (13, 14, 15, 16))


class World:
    """The one case of one portfolio, whose payments come through a bank and the creditor's file."""

    def __init__(self, of: PortfolioTerms | None = None, now: datetime = THURSDAY) -> None:
        of = of or terms(payment_source_ids=(str(BANK), str(FILE)))
        self.now = now
        self.streams: dict[UUID, Stream] = {}
        self.statements = 0
        self.key = CaseKey(THE_CASE, THE_PORTFOLIO)
        portfolio, case = at(Portfolio.blank(THE_PORTFOLIO), now), at(Case.blank(THE_CASE), now)
        portfolios.open_portfolio(portfolio, a_client(), "cards-2026", "Cards", of)
        register(case, portfolio, a_row())
        open_case(case, "REGISTERED")
        self.streams.update({THE_PORTFOLIO: portfolio, THE_CASE: case})

    @property
    def case(self) -> Case:
        case = self.streams[THE_CASE]
        assert isinstance(case, Case)
        return case

    def case_now(self) -> Case:
        """To decide on by itself."""
        return at(self.case, self.now)

    @property
    def portfolio(self) -> Portfolio:
        portfolio = self.streams[THE_PORTFOLIO]
        assert isinstance(portfolio, Portfolio)
        return portfolio

    @property
    def promise(self) -> Promise:
        return self.case.promises.by_id[THE_PROMISE]

    def run(self, *changes: Change[Any]) -> None:
        for change in changes:
            stream = self._stream(change.stream, change.id)
            change.decide(stream, *[self._stream(kind, stream_id) for kind, stream_id in change.given])

    def run_and_fire(self, *changes: Change[Any]) -> None:
        """What the changes made due at once is fired."""
        self.run(*changes)
        self.pass_until(self.now)

    def pass_until(self, until: datetime) -> None:
        """Timers fire in order, each at its own instant; one that comes to nothing would fire for ever, and fails."""
        for _ in range(STEPS_MAX):
            due = [(each.at, str(stream.id), each.key, stream) for stream in list(self.streams.values()) for each in stream.due()]
            ripe = min((each for each in due if each[0] <= until), key=lambda each: each[:3], default=None)
            if ripe is None:
                self.now = max(self.now, until)
                return
            due_at, _, key, stream = ripe
            self.now = max(self.now, due_at)
            version = stream.version
            fired = TimerFired("demo", stream.id, version, key, due_at)
            self.run(*TIMERS[key.partition("/")[0]].wake(stream, fired))
            assert stream.version > version, f"{key} came to nothing"
        raise AssertionError("the clock never stands still")

    def pass_to_midnight_of(self, day: date, in_zone: str = "Europe/Madrid") -> None:
        self.pass_until(start_of(day, zone(in_zone)))

    def _stream(self, kind: type[Stream], stream_id: UUID) -> Stream:
        stream = self.streams.setdefault(stream_id, kind.blank(stream_id))
        return at(stream, self.now)

    # What may happen -----------------------------------------------------------

    def promise_to_pay(
        self,
        *parts: tuple[date, int],
        grace_days: int = 0,
        basis_points: int = 0,
        promise_id: UUID = THE_PROMISE,
        debt_ids: Sequence[UUID] = (),
        zone_name: str = "",
        reminder_days: int | None = None,
    ) -> None:
        """(day, whole euros) …"""
        wanted = PromiseTerms(
            tuple(PromisePart(day, eur(euros)) for day, euros in parts),
            tuple(debt_ids),
            PromiseTolerance(basis_points) if basis_points else None,
            grace_days,
            zone_name,
            reminder_days=reminder_days,
        )
        self.run_and_fire(commitments.make_promise(self.key, promise_id, wanted))

    def pay(self, name: str, on: date, euros: int, debt_id: UUID = THE_DEBT, commitment_id: UUID | None = None) -> None:
        line = PaymentLine(debt_id, Component.PRINCIPAL, eur(euros), 0, commitment_id)
        credit = Credit(derived("allocation", name), derived("payment", name), eur(euros), (line,), on, "BANK")
        self.run_and_fire(stops.apply_payment(THE_CASE, credit, Causation(derived("ledger"), self.case.version)))

    def take_back(self, name: str, on: date, cause: str = "RETURNED") -> None:
        origin = Causation(derived("ledger"), self.case.version)
        self.run_and_fire(stops.unapply_payment(THE_CASE, derived("allocation", name), cause, on, origin))

    def complete(self, source_id: UUID, through: date) -> None:
        self.statements += 1
        origin = Causation(source_id, self.statements)
        self.run_and_fire(commitments.note_completeness(THE_PORTFOLIO, source_id, through, "file", origin))

    def complete_all(self, through: date) -> None:
        self.complete(BANK, through)
        self.complete(FILE, through)

    def note_money(self, money_id: UUID, euros: int, on: date | None, kind: MoneyKind = MoneyKind.PAYMENT) -> None:
        self.run_and_fire(commitments.note_money_on_its_way(THE_CASE, money_id, kind, eur(euros), on, Causation(money_id, 1)))

    def settle_money(self, money_id: UUID, reason_code: str = "FAILED") -> None:
        self.run_and_fire(commitments.settle_money_on_its_way(THE_CASE, money_id, reason_code, Causation(money_id, 2)))

    def hold(self, from_: date, through: date | None, hold_id: UUID = THE_HOLD) -> None:
        wanted = HoldTerms(HoldKind.LEGAL, "ASKED", from_, through, frozenset({HoldScope.BREACH_CLOCK}))
        self.run_and_fire(stops.place_hold(self.key, hold_id, wanted))

    def lift(self, on: date, hold_id: UUID = THE_HOLD) -> None:
        self.run_and_fire(stops.lift_hold(self.key, hold_id, on, "ENOUGH", (), frozenset({"supervisor"})))

    def told(self) -> list[str]:
        """Names of what was told of promises, in order."""
        return [type(fact).__name__ for fact in self.facts() if type(fact).__name__.startswith("Promise")]

    def facts(self, wanted: Callable[[Fact], bool] = lambda fact: True) -> list[Any]:
        return [fact for fact in self.case.pending_events if wanted(fact)]  # type: ignore[arg-type]  # a Stream tells Facts only


def euros(amount: Money) -> int:
    return amount.minor_units // 100


def days_after(day: date, number: int) -> date:
    return day + timedelta(days=number)
