"""Holds nest, overlap, lie in the past and end in every way; what is stopped is their union, and lifting one leaves the others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain import closing, holding
from services.cases.domain.case import Case, CaseIsRejected, CaseIsUnknown, FactLiesBeforeTheCase
from services.cases.domain.debts import DebtIsUnknown
from services.cases.domain.hold_rules import RULES
from services.cases.domain.holding import (
    HoldEndsBeforeItBegins,
    HoldIsLifted,
    HoldIsNotExtended,
    HoldIsNotYoursToLift,
    HoldIsOver,
    HoldIsTooLong,
    HoldIsUnknown,
    HoldStopsTooLittle,
    HoldTerms,
)
from services.cases.domain.holds import HoldKind, HoldPlaced, HoldScope
from services.cases.domain.lifecycle import CloseOutcome
from services.cases.domain.registration import reject
from services.cases.timers import TIMERS
from services.kernel.calendar import start_of, zone
from services.kernel.facts import told
from services.kernel.refusal import IsInvalid, Refusal
from tests.services.cases.examples import (
    NOON,
    THE_BATCH,
    THE_CASE,
    THE_DEBT,
    TODAY,
    a_portfolio,
    a_registered_case,
    an_open_case,
    at,
    eur,
    names,
    refused,
    stored,
)

MADRID = zone("Europe/Madrid")
FIRST, SECOND, THIRD = UUID(int=101), UUID(int=102), UUID(int=103)
COMPLIANCE, AGENT = frozenset({"compliance"}), frozenset({"agent"})


def march(day: int) -> date:
    return date(2026, 3, day)


def place(case: Case, hold_id: UUID = FIRST, kind: HoldKind = HoldKind.CLIENT_REQUEST, **other: Any) -> None:
    holding.place(case, hold_id, HoldTerms(kind=kind, reason_code="ASKED", **other))


def stopped(case: Case, scope: HoldScope, day: date) -> list[UUID]:
    return [hold.id for hold in case.holds.effect(scope, day).of_case]


# Placing ---------------------------------------------------------------------------


def test_a_hold_stops_what_its_kind_stops_from_its_first_day_through_its_last() -> None:
    case = an_open_case()
    place(case, from_=march(10), through=march(20))
    assert names(case) == ["HoldPlaced"]
    assert [bool(stopped(case, HoldScope.CONTACT, march(day))) for day in (9, 10, 20, 21)] == [False, True, True, False]
    assert [scope.name for scope in HoldScope if stopped(case, scope, march(15))] == ["CONTACT", "TREATMENT"]


def test_asked_twice_told_once() -> None:
    case = an_open_case()
    place(case)
    place(case)
    assert names(case) == ["HoldPlaced"]
    (fact,) = told(case)
    assert (fact.from_, fact.through) == (TODAY, TODAY + timedelta(days=365))


def test_breathing_space_is_one_command_and_sixty_days() -> None:
    case = an_open_case()
    place(case, kind=HoldKind.STATUTORY_BREATHING_SPACE, from_=march(1))
    (fact,) = told(case)
    assert isinstance(fact, HoldPlaced)
    assert (fact.through, fact.legal_basis) == (date(2026, 4, 29), "UK SI 2020/1311 regs 7, 26")
    assert all(stopped(case, scope, TODAY) for scope in HoldScope if scope is not HoldScope.REPORTING)


@pytest.mark.parametrize("kind", list(HoldKind))
def test_every_kind_has_a_rule_that_it_keeps_itself(kind: HoldKind) -> None:
    rule = RULES[kind]
    assert rule.must_stop <= rule.scopes
    assert rule.lifted_by
    case = an_open_case()
    place(case, kind=kind)
    assert {scope for scope in HoldScope if stopped(case, scope, TODAY)} == rule.scopes


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        ({"through": march(30)}, HoldEndsBeforeItBegins),
        ({"from_": date(2025, 12, 31)}, FactLiesBeforeTheCase),
        ({"through": TODAY + timedelta(days=366)}, HoldIsTooLong),
        ({"kind": HoldKind.PAYMENT_IN_FLIGHT, "through": TODAY + timedelta(days=10)}, HoldIsTooLong),
        ({"kind": HoldKind.STATUTORY_BREATHING_SPACE, "scopes": frozenset({HoldScope.CONTACT})}, HoldStopsTooLittle),
        ({"from_": date(2046, 1, 1)}, IsInvalid),
        ({"debt_id": UUID(int=9)}, DebtIsUnknown),
        ({"amount": eur(1)}, IsInvalid),
        ({"debt_id": THE_DEBT, "amount": eur(0)}, IsInvalid),
    ],
)
def test_a_broken_hold_is_refused_and_nothing_is_told(asked: dict[str, Any], rule: type[Refusal]) -> None:
    case = an_open_case()
    with pytest.raises(rule):
        place(case, **asked)
    assert names(case) == []


def test_a_case_that_is_none_or_was_rejected_takes_no_hold_and_a_closed_one_does() -> None:
    with refused(CaseIsUnknown):
        place(at(Case.blank(THE_CASE), NOON))
    rejected = a_registered_case()
    reject(rejected, THE_BATCH)
    with refused(CaseIsRejected):
        place(rejected)
    closed = an_open_case()
    closing.close(closed, CloseOutcome.RECALLED_BY_CLIENT, ["letter-1"])
    place(stored(closed), kind=HoldKind.STATUTORY_BREATHING_SPACE)
    assert names(closed) == ["HoldPlaced"]


def test_a_hold_of_one_debt_or_of_a_part_of_it_leaves_the_rest() -> None:
    case = an_open_case()
    place(case, FIRST, debt_id=THE_DEBT)
    place(case, SECOND, kind=HoldKind.DISPUTE, debt_id=THE_DEBT, amount=eur(400), ground_id=THIRD)
    effect = case.holds.effect(HoldScope.TREATMENT, TODAY)
    assert not effect.is_stopped
    assert ([hold.id for hold in effect.of_debts], [(hold.id, hold.amount) for hold in effect.of_parts]) == ([FIRST], [(SECOND, eur(400))])


# Extending, lifting, expiring --------------------------------------------------------


def test_an_extension_names_the_day_before_and_the_day_now() -> None:
    case = an_open_case()
    place(case, from_=march(1), through=march(10))
    holding.extend(case, FIRST, march(20), "MORE_TIME")
    holding.extend(case, FIRST, march(20), "MORE_TIME")
    assert names(case) == ["HoldPlaced", "HoldExtended"]
    assert (told(case)[1].before, told(case)[1].through) == (march(10), march(20))
    with refused(HoldIsNotExtended):
        holding.extend(case, FIRST, march(15), "LESS_TIME")
    with refused(HoldIsUnknown):
        holding.extend(case, SECOND, march(15), "WHO")


def test_a_hold_without_a_longest_time_may_be_opened_and_not_closed_by_extending() -> None:
    case = an_open_case()
    place(case, kind=HoldKind.LEGAL, from_=march(1), through=march(10))
    holding.extend(case, FIRST, None, "UNTIL_FURTHER_NOTICE")
    assert case.holds.effect(HoldScope.CONTACT, TODAY).until is None
    with refused(HoldIsNotExtended):
        holding.extend(case, FIRST, march(31), "LESS")


def test_lifting_one_leaves_the_others() -> None:
    case = an_open_case()
    place(case, FIRST, from_=march(1), through=march(31))
    place(case, SECOND, kind=HoldKind.COMPLAINT, from_=march(20), through=date(2026, 4, 10))
    assert case.holds.effect(HoldScope.CONTACT, march(25)).until == date(2026, 4, 11)
    holding.lift(case, FIRST, "ENOUGH", march(22))
    assert [stopped(case, HoldScope.CONTACT, march(day)) for day in (19, 21, 22)] == [[FIRST], [FIRST, SECOND], [SECOND]]
    holding.lift(case, FIRST, "ENOUGH")
    assert names(case) == ["HoldPlaced", "HoldPlaced", "HoldLifted"]
    with refused(HoldIsLifted):
        holding.extend(case, FIRST, TODAY, "AGAIN")
    with refused(HoldIsLifted):
        holding.lift(case, FIRST, "ENOUGH", march(23))


def test_a_hold_lifted_on_its_first_day_never_held() -> None:
    case = an_open_case()
    place(case, from_=march(10), through=march(20))
    holding.lift(case, FIRST, "PLACED_IN_ERROR", march(10))
    assert not any(stopped(case, HoldScope.CONTACT, march(day)) for day in range(1, 32))


def test_a_hold_ends_within_its_own_days_and_by_who_may_end_it() -> None:
    case = an_open_case()
    place(case, FIRST, from_=march(10), through=march(20))
    with refused(HoldEndsBeforeItBegins):
        holding.lift(case, FIRST, "ENOUGH", march(9))
    with refused(HoldIsOver):
        holding.lift(case, FIRST, "ENOUGH", march(21))
    place(case, SECOND, kind=HoldKind.STATUTORY_BREATHING_SPACE)
    with refused(HoldIsNotYoursToLift, lifted_by="compliance"):
        holding.lift(case, SECOND, "ENOUGH", by=AGENT)
    holding.lift(case, SECOND, "ENOUGH", by=COMPLIANCE)
    assert names(case)[-1] == "HoldLifted"


def wake(case: Case) -> None:
    for change in TIMERS["hold.expiry"].wake(case, None):  # type: ignore[arg-type]  # it does not look at the timer
        change.decide(case, a_portfolio(case.terms.versions[0][1]))


def test_a_hold_expires_at_the_midnight_after_its_last_day_and_may_be_extended_late() -> None:
    case = an_open_case()
    place(case, FIRST, from_=march(20), through=date(2026, 4, 2))
    place(case, SECOND, kind=HoldKind.COMPLAINT, from_=march(20), through=date(2026, 4, 5))
    assert [(due.key, due.at) for due in case.due() if due.key == "hold.expiry"] == [("hold.expiry", start_of(date(2026, 4, 3), MADRID))]
    stored(at(case, start_of(date(2026, 4, 3), MADRID)))
    wake(case)
    wake(case)
    assert [(type(fact).__name__, fact.hold_id) for fact in told(case)] == [("HoldExpired", FIRST)]
    holding.extend(case, FIRST, date(2026, 4, 4), "RECORDED_LATE")
    assert stopped(case, HoldScope.CONTACT, date(2026, 4, 3)) == [FIRST, SECOND]
    assert [due.at for due in case.due() if due.key == "hold.expiry"] == [start_of(date(2026, 4, 5), MADRID)]


def test_a_lifted_hold_and_an_open_ended_one_expire_never() -> None:
    case = an_open_case()
    place(case, FIRST, through=date(2026, 4, 2))
    place(case, SECOND, kind=HoldKind.LEGAL)
    holding.lift(case, FIRST, "ENOUGH")
    assert [due.key for due in case.due()] == ["hold.heeding"]


# The law -----------------------------------------------------------------------------

some_day = st.integers(-60, 60).map(lambda n: TODAY + timedelta(days=n))
asked_holds = st.lists(
    st.tuples(st.sampled_from(list(HoldKind)), some_day, st.one_of(st.none(), st.integers(0, 9)), st.one_of(st.none(), st.integers(0, 80))),
    max_size=6,
)


@given(asked_holds, st.permutations(range(6)))
def test_effect_is_the_union_of_the_holds_whatever_the_order(asked: list[Any], order: list[int]) -> None:
    case, shuffled = an_open_case(), an_open_case()
    for this, places in ((case, range(len(asked))), (shuffled, [place for place in order if place < len(asked)])):
        for number in places:
            kind, from_, length, lift_after = asked[number]
            through = None if length is None else from_ + timedelta(days=length)
            holding.place(this, UUID(int=number), HoldTerms(kind=kind, reason_code="ASKED", from_=from_, through=through))
            last_day = this.holds.by_id[UUID(int=number)].last_day
            lifted_on = None if lift_after is None else from_ + timedelta(days=lift_after)
            if lifted_on is not None and (last_day is None or lifted_on <= last_day):
                holding.lift(this, UUID(int=number), "ENOUGH", lifted_on)
    for day in (TODAY + timedelta(days=n) for n in range(-61, 62, 3)):
        for scope in HoldScope:
            expected = {hold.id for hold in case.holds.by_id.values() if scope in hold.scopes and hold.holds_on(day)}
            assert set(stopped(case, scope, day)) == set(stopped(shuffled, scope, day)) == expected
            assert case.holds.union(scope).holds(day) == bool(expected)
