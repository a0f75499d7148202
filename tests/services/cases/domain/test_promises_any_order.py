"""Promises as law: what is known in the end decides, in whatever order it became known; a midnight is one in every zone of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cases.application import commitments, stops
from services.cases.domain import counting
from services.cases.domain.pledges import ADVERSE, PromisePart, PromiseState, PromiseTolerance
from services.cases.domain.promises import PromiseMade
from services.cases.domain.promising import PromiseTerms
from services.kernel.facts import Causation
from services.kernel.ids import derived
from services.kernel.money import Money
from tests.services.cases.examples import THE_PORTFOLIO, eur
from tests.services.cases.promise_world import BANK, FILE, THE_PROMISE, World

MADE_ON = date(2026, 3, 12)
END = datetime(2026, 6, 1, tzinfo=ZoneInfo("Europe/Madrid"))

# Every fact carries what it says and when it counts; when it becomes known is drawn apart --------------------------------

days = st.integers(-2, 25).map(lambda n: MADE_ON + timedelta(days=n))


@dataclass(frozen=True)
class Paid:
    name: str
    on: date
    euros: int
    is_taken_back: bool


@dataclass(frozen=True)
class Said:
    """A source's statement; the version says which is the newer."""

    source_id: UUID
    through: date
    version: int


@dataclass(frozen=True)
class Held:
    name: str
    from_: date
    through: date | None
    lifted_on: date | None


@dataclass(frozen=True)
class UnderWay:
    name: str
    on: date


payments = st.lists(st.tuples(days, st.integers(1, 120), st.booleans()), max_size=4).map(
    lambda drawn: [Paid(f"p{number}", *each) for number, each in enumerate(drawn)]
)
statements = st.lists(st.tuples(st.sampled_from([BANK, FILE]), days), max_size=5).map(
    lambda drawn: [Said(*each, number + 1) for number, each in enumerate(drawn)]
)
holds = st.lists(st.tuples(days, st.integers(0, 6), st.none() | st.integers(0, 6)), max_size=2).map(
    lambda drawn: [
        Held(
            f"h{number}",
            from_,
            from_ + timedelta(days=length),
            from_ + timedelta(days=lift) if lift is not None and lift <= length else None,
        )
        for number, (from_, length, lift) in enumerate(drawn)
        if from_ >= date(2026, 3, 1)
    ]
)
# Money that is still under way holds a judgement back, and takes none back that was spoken before: of that, the order decides.
under_way = st.lists(days, max_size=1).map(lambda drawn: [UnderWay(f"m{number}", on) for number, on in enumerate(drawn)])
promises = st.tuples(
    st.lists(st.integers(0, 14), min_size=1, max_size=3, unique=True).map(sorted),
    st.integers(0, 2),
    st.sampled_from([PromiseTolerance(), PromiseTolerance(500), PromiseTolerance(0, Money("EUR", 700))]),
)


def make(world: World, of: tuple[list[int], int, PromiseTolerance]) -> None:
    dates, grace_days, tolerance = of
    parts = tuple(PromisePart(MADE_ON + timedelta(days=each), eur(50)) for each in dates)
    wanted = PromiseTerms(parts, tolerance=tolerance, grace_days=grace_days)
    world.run_and_fire(commitments.make_promise(world.key, THE_PROMISE, wanted))


def tell(world: World, fact: Any) -> None:
    match fact:
        case Paid():
            world.pay(fact.name, fact.on, fact.euros)
            if fact.is_taken_back:
                world.take_back(fact.name, fact.on + timedelta(days=3))
        case Said():
            origin = Causation(fact.source_id, fact.version)
            world.run_and_fire(commitments.note_completeness(THE_PORTFOLIO, fact.source_id, fact.through, "file", origin))
        case Held():
            hold_id = derived("hold", fact.name)
            world.hold(fact.from_, fact.through, hold_id)
            if fact.lifted_on is not None:
                world.run_and_fire(stops.lift_hold(world.key, hold_id, fact.lifted_on, "ENOUGH", (), frozenset({"supervisor"})))
        case UnderWay():
            world.note_money(derived("money", fact.name), 10, fact.on)
            world.settle_money(derived("money", fact.name))


def played(facts: Sequence[Any], order: Sequence[int], pauses: Sequence[int], of: tuple[list[int], int, PromiseTolerance]) -> World:
    world = World()
    make(world, of)
    for place, number in enumerate(order):
        world.pass_until(world.now + timedelta(hours=pauses[place]))
        tell(world, facts[number])
    world.pass_until(END)
    return world


def stands(world: World) -> tuple[Any, ...]:
    promise = world.promise
    paid = counting.paid(counting.counted(world.case, world.case.today)[promise.id], "EUR")
    # Later dates are nothing to a promise that is kept, nor later parts to one that was judged for an earlier.
    paid = promise.paid if promise.state in ADVERSE else paid
    judged = 0 if promise.state is PromiseState.KEPT else promise.parts_paid + 1
    return (promise.state, promise.parts[:judged], promise.parts_paid, promise.is_suspended, paid)


def the_order_does_not_matter(
    of: tuple[list[int], int, PromiseTolerance],
    paid: list[Paid],
    said: list[Said],
    held: list[Held],
    money: list[UnderWay],
    data: st.DataObject,
) -> None:
    facts = [*paid, *said, *held, *money]
    pauses = st.lists(st.integers(0, 200), min_size=len(facts), max_size=len(facts))
    orders = st.permutations(range(len(facts)))
    one = played(facts, data.draw(orders), data.draw(pauses), of)
    other = played(facts, data.draw(orders), data.draw(pauses), of)
    assert stands(one) == stands(other)


known_facts = st.tuples(promises, payments, statements, holds, under_way)


@settings(max_examples=40, deadline=None)
@given(known_facts, st.data())
def test_in_whatever_order_it_becomes_known_the_promise_stands_the_same(known: Any, data: st.DataObject) -> None:
    the_order_does_not_matter(*known, data)


@pytest.mark.long
@pytest.mark.timeout(0)
@settings(max_examples=2_000, deadline=None)
@given(known_facts, st.data())
def test_in_whatever_order_also_when_tried_for_long(known: Any, data: st.DataObject) -> None:
    the_order_does_not_matter(*known, data)


@settings(max_examples=40, deadline=None)
@given(promises, payments, statements, st.data())
def test_it_stands_where_a_reading_of_the_rule_says(
    of: tuple[list[int], int, PromiseTolerance], paid: list[Paid], said: list[Said], data: st.DataObject
) -> None:
    facts = [*paid, *said]
    pauses = [0] * len(facts)
    world = played(facts, data.draw(st.permutations(range(len(facts)))), pauses, of)
    assert world.promise.state is expected(of, paid, said)


def expected(of: tuple[list[int], int, PromiseTolerance], paid: list[Paid], said: list[Said]) -> PromiseState:
    """The rule of domain.md 5.5, read on its own: no timers, no events, no order."""
    dates, grace_days, tolerance = of
    complete: dict[UUID, date] = {each.source_id: each.through for each in said}
    promised = 0
    for each in dates:
        promised += 5_000
        last_day = MADE_ON + timedelta(days=each + grace_days)
        in_time = sum(p.euros * 100 for p in paid if MADE_ON <= p.on <= last_day and not p.is_taken_back)
        final = MADE_ON + timedelta(days=dates[-1] + grace_days)
        whole = sum(p.euros * 100 for p in paid if MADE_ON <= p.on <= final and not p.is_taken_back)
        in_time = min(in_time, 5_000 * len(dates)) if whole > 5_000 * len(dates) else in_time
        if promised - in_time <= tolerance.of(Money("EUR", promised)).minor_units:
            continue
        if any(source not in complete or complete[source] < last_day for source in (BANK, FILE)):
            return PromiseState.UNPAID_SO_FAR
        return PromiseState.PARTLY_KEPT if in_time > 0 else PromiseState.BROKEN
    return PromiseState.KEPT


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"})),
    st.dates(date(1990, 1, 1), date(2037, 12, 1)),
    st.integers(0, 30),
)
def test_the_deadline_is_the_first_instant_of_the_day_after_in_every_zone(name: str, due: date, grace_days: int) -> None:
    world = World()
    wanted = PromiseTerms((PromisePart(due, eur(1)),), grace_days=grace_days, zone=name)
    promise = promised_in(world, wanted)
    zone, last_day = ZoneInfo(name), due + timedelta(days=grace_days)
    deadline = promise.deadline_of(1)
    local = [(deadline + timedelta(microseconds=shift)).astimezone(zone).date() for shift in (-1, 0)]
    assert local[0] <= last_day < local[1]


def promised_in(world: World, wanted: PromiseTerms) -> Any:
    """As told, whatever day it is: what may be promised when is tested elsewhere."""
    fact = PromiseMade(
        **world.case_now().next(),
        promise_id=THE_PROMISE,
        debt_ids=(),
        parts=wanted.parts,
        tolerance=None,
        grace_days=wanted.grace_days,
        zone=wanted.zone,
        method="",
        attempt_id=None,
        made_with=None,
        made_on=wanted.parts[0].date,
        reminder_days=None,
    )
    fact.mutate(world.case)
    return world.case.promises.by_id[THE_PROMISE]
