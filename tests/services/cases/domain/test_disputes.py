"""A part of a debt is disputed: it is left alone until it is answered, the balance falls by what is upheld, and every end has a way on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.cases.domain import booking, closing, disputing, holding
from services.cases.domain.balance import ledger_at
from services.cases.domain.booking import DebtIsDetached
from services.cases.domain.case import Case, CaseIsClosed, FactLiesBeforeTheCase
from services.cases.domain.closing import CaseHasAnOpenDispute, NoDisputeIsUpheld
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.contest import Appeal, DisputeTerms, Finding, MoreIsDisputedThanOwed, MoreIsUpheldThanDisputed
from services.cases.domain.deadlines import DeadlineLiesBeforeItBegins
from services.cases.domain.debts import AdjustmentReason, DebtIsUnknown
from services.cases.domain.disputes import DisputeResolution, DisputeState
from services.cases.domain.disputing import DisputeIsNotAnswered, DisputeIsOver, DisputeIsUnknown, NothingIsLeftToAppeal
from services.cases.domain.holding import HoldRestsOnItsDispute
from services.cases.domain.holds import HoldScope
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.cases.domain.parties import PartyIsUnknown
from services.cases.domain.terms import Authority
from services.cases.timers import TIMERS
from services.kernel.calendar import start_of, zone
from services.kernel.facts import Causation, told
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import (
    NOON,
    THE_DEBT,
    THE_DEBTOR,
    TODAY,
    a_debt,
    a_portfolio,
    an_open_case,
    at,
    eur,
    interest,
    names,
    principal,
    refused,
    sealed,
    stored,
    terms,
)

OURS = terms(balance_authority=Authority.OURS)
FIRST, SECOND, HOLD, ANOTHER_HOLD = UUID(int=301), UUID(int=302), UUID(int=311), UUID(int=312)
MADRID = zone("Europe/Madrid")


def dispute(case: Case, amount: int = 400, dispute_id: UUID = FIRST, hold_id: UUID = HOLD, **other: Any) -> None:
    usual: dict[str, Any] = {"debt_id": THE_DEBT, "disputed": (principal(amount),), "reason_code": "NOT_MINE", "person_id": THE_DEBTOR}
    disputing.dispute(case, dispute_id, hold_id, DisputeTerms(**{**usual, **other}))


def resolve(case: Case, resolution: DisputeResolution, *upheld: ComponentAmount, **other: Any) -> None:
    disputing.resolve(case, FIRST, Finding(resolution, "CHECKED", upheld, **other))


def a_disputed_case(amount: int = 400, **other: Any) -> Case:
    case = an_open_case(OURS)
    dispute(case, amount, **other)
    return stored(case)


def owed(case: Case) -> Money:
    return ledger_at(case, TODAY)


# Disputing -------------------------------------------------------------------------


def test_the_disputed_part_is_left_alone_and_the_rest_goes_on() -> None:
    case = an_open_case(OURS)
    dispute(case, statement=sealed("not mine"))
    dispute(case)
    assert names(case) == ["DebtDisputed", "HoldPlaced"]
    effect = case.holds.effect(HoldScope.TREATMENT, TODAY)
    assert (effect.is_stopped, [hold.amount for hold in effect.of_parts]) == (False, [eur(400)])
    assert case.disputes.by_id[FIRST].answer_due == TODAY + timedelta(days=30)


def test_where_all_of_a_debt_is_disputed_the_debt_is_left_alone() -> None:
    effect = a_disputed_case(1_000).holds.effect(HoldScope.TREATMENT, TODAY)
    assert [hold.debt_id for hold in effect.of_debts] == [THE_DEBT]


def test_no_more_is_disputed_than_is_owed_and_not_disputed_already() -> None:
    case = a_disputed_case()
    with refused(MoreIsDisputedThanOwed, component="PRINCIPAL", minor_units_max=60_000):
        dispute(case, 601, SECOND, ANOTHER_HOLD)
    with refused(MoreIsDisputedThanOwed, component="INTEREST", minor_units_max=0):
        dispute(case, dispute_id=SECOND, hold_id=ANOTHER_HOLD, disputed=(interest(1),))
    assert told(case) == []
    dispute(case, 600, SECOND, ANOTHER_HOLD)
    assert names(case) == ["DebtDisputed", "HoldPlaced"]


def test_a_credit_in_one_component_lowers_what_may_be_disputed_of_all() -> None:
    case = an_open_case(OURS, debts=(a_debt(principal(100), interest(-40)),))
    with refused(MoreIsDisputedThanOwed, minor_units_max=6_000):
        dispute(case, 61)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"disputed": (ComponentAmount(Component.PRINCIPAL, Money("USD", 100)),)}, "components[0].amount.currency_code"),
        ({"disputed": ()}, "components"),
        ({"disputed": (principal(0),)}, "components[0].amount.minor_units"),
        ({"disputed": (principal(1), principal(1))}, "components[1].component"),
        ({"answer_due": date(2030, 1, 1)}, "answer_due"),
    ],
)
def test_what_no_state_could_make_true_names_its_field(wrong: dict[str, Any], field: str) -> None:
    case = an_open_case(OURS)
    with refused(IsInvalid, field=field):
        dispute(case, **wrong)
    assert told(case) == []


def test_what_is_not_the_case_s_is_not_disputed() -> None:
    case = an_open_case(OURS)
    with refused(DebtIsUnknown):
        dispute(case, debt_id=UUID(int=9))
    with refused(PartyIsUnknown):
        dispute(case, person_id=UUID(int=9))
    with refused(DeadlineLiesBeforeItBegins, begins_on=TODAY):
        dispute(case, answer_due=TODAY - timedelta(days=1))
    case.happened_at = datetime(2025, 12, 31, 12, tzinfo=UTC)
    with refused(FactLiesBeforeTheCase):
        dispute(case)
    case.happened_at = datetime.min.replace(tzinfo=UTC)
    with refused(FactLiesBeforeTheCase):
        dispute(case)
    assert told(case) == []
    at(case, NOON)
    booking.detach(case, THE_DEBT, "SOLD", TODAY)
    with refused(DebtIsDetached):
        dispute(case)


def test_a_dispute_that_is_told_late_holds_from_the_day_it_was_made() -> None:
    case = an_open_case(OURS)
    case.happened_at = datetime(2026, 2, 10, 12, tzinfo=UTC)
    dispute(case)
    assert (case.holds.by_id[HOLD].from_, case.disputes.by_id[FIRST].answer_due) == (date(2026, 2, 10), date(2026, 3, 12))


# Looking into it ----------------------------------------------------------------------


def test_information_is_asked_for_received_and_looked_into() -> None:
    case = a_disputed_case()
    for _ in range(2):
        disputing.request_information(case, FIRST, "CREDITOR", "CONTRACT_COPY", None)
    assert case.disputes.by_id[FIRST].state is DisputeState.WAITING
    for _ in range(2):
        disputing.record_information(case, FIRST, ["contract-1"])
    for _ in range(2):
        disputing.review(case, FIRST)
    assert names(case) == ["DisputeInformationRequested", "DisputeInformationReceived", "DisputeReviewStarted"]
    with refused(IsInvalid, field="asked_of"):
        disputing.request_information(case, FIRST, "NEIGHBOUR", "GOSSIP", None)
    with refused(DisputeIsUnknown):
        disputing.review(case, SECOND)


def test_a_deadline_that_goes_by_is_told_at_the_midnight_after_it_and_once() -> None:
    case = a_disputed_case(answer_due=TODAY + timedelta(days=5))
    (due,) = [due for due in case.due() if due.key.startswith("dispute.deadline/")]
    assert (due.key, due.at) == (f"dispute.deadline/{FIRST}", start_of(date(2026, 4, 6), MADRID))

    def wake(when: datetime) -> None:
        (change,) = TIMERS["dispute.deadline"].wake(at(case, when), None)  # type: ignore[arg-type]  # it does not look at the timer
        change.decide(case, a_portfolio(OURS))

    wake(due.at - timedelta(microseconds=1))
    assert names(case) == []
    wake(due.at)
    wake(due.at)
    assert names(case) == ["DisputeDeadlinePassed"]
    assert [due for due in case.due() if due.key.startswith("dispute.deadline/")] == []
    resolve(case, DisputeResolution.REJECTED)
    assert not case.disputes.by_id[FIRST].is_overdue


# Answering it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resolution", "upheld", "left"),
    [
        (DisputeResolution.UPHELD, (), 600),
        (DisputeResolution.PARTLY_UPHELD, (principal(150),), 850),
        (DisputeResolution.REJECTED, (), 1_000),
    ],
)
def test_with_what_is_upheld_the_balance_falls_and_the_hold_is_lifted(
    resolution: DisputeResolution, upheld: tuple[ComponentAmount, ...], left: int
) -> None:
    case = a_disputed_case()
    resolve(case, resolution, *upheld)
    resolve(case, resolution, *upheld)
    booked = ["DebtBalanceAdjusted"] if left < 1_000 else []
    assert names(case) == ["DisputeResolved", *booked, "HoldLifted"]
    assert (owed(case), case.holds.effect(HoldScope.TREATMENT, TODAY).of_parts) == (eur(left), ())


def test_no_more_is_upheld_than_was_disputed_and_only_where_it_says_partly() -> None:
    case = a_disputed_case()
    with refused(MoreIsUpheldThanDisputed, minor_units_max=40_000):
        resolve(case, DisputeResolution.PARTLY_UPHELD, principal(401))
    with refused(MoreIsUpheldThanDisputed, minor_units_max=0):
        resolve(case, DisputeResolution.PARTLY_UPHELD, interest(1))
    for resolution, upheld in (
        (DisputeResolution.PARTLY_UPHELD, ()),
        (DisputeResolution.PARTLY_UPHELD, (principal(400),)),
        (DisputeResolution.UPHELD, (principal(1),)),
        (DisputeResolution.REJECTED, (principal(1),)),
    ):
        with refused(IsInvalid):
            resolve(case, resolution, *upheld)
    with refused(IsInvalid, field="value_date"):
        resolve(case, DisputeResolution.UPHELD, value_date=date(2025, 12, 31))
    assert told(case) == []


def test_an_answer_is_given_once() -> None:
    case = a_disputed_case()
    resolve(case, DisputeResolution.REJECTED)
    stored(case)
    for decide in (
        lambda: resolve(case, DisputeResolution.UPHELD),
        lambda: disputing.withdraw(case, FIRST, "SETTLED"),
        lambda: disputing.review(case, FIRST),
        lambda: disputing.record_information(case, FIRST, ["letter"]),
    ):
        with refused(DisputeIsOver, state="RESOLVED"):
            decide()
    assert told(case) == []


def test_a_dispute_is_withdrawn_and_its_hold_lifted() -> None:
    case = a_disputed_case()
    for _ in range(2):
        disputing.withdraw(case, FIRST, "PAID_AFTER_ALL")
    assert names(case) == ["DisputeWithdrawn", "HoldLifted"]
    dispute(case, 1_000, SECOND, ANOTHER_HOLD)
    assert case.disputes.by_id[SECOND].is_open


def test_its_hold_is_not_lifted_apart_from_it() -> None:
    case = a_disputed_case()
    with refused(HoldRestsOnItsDispute):
        holding.lift(case, HOLD, "IN_A_HURRY", by=frozenset({"supervisor"}))
    assert told(case) == []


def test_what_a_detached_debt_was_disputed_for_is_answered_without_booking() -> None:
    case = a_disputed_case()
    booking.detach(case, THE_DEBT, "SOLD", TODAY)
    stored(case)
    resolve(case, DisputeResolution.UPHELD)
    assert names(case) == ["DisputeResolved", "HoldLifted"]


# Appeal ----------------------------------------------------------------------------------


def test_an_appeal_is_about_what_was_not_upheld_and_its_answer_takes_the_first_one_s_place() -> None:
    case = a_disputed_case()
    resolve(case, DisputeResolution.PARTLY_UPHELD, principal(100))
    stored(case)
    for _ in range(2):
        disputing.appeal(case, FIRST, ANOTHER_HOLD, Appeal("NEW_EVIDENCE", evidence_refs=("receipt-1",)))
    assert names(case) == ["DisputeAppealed", "HoldPlaced"]
    assert (case.holds.by_id[ANOTHER_HOLD].amount, case.disputes.contested(THE_DEBT)) == (eur(300), (principal(300),))
    resolve(case, DisputeResolution.UPHELD)
    assert names(case)[2:] == ["DisputeResolved", "DebtBalanceAdjusted", "HoldLifted"]
    assert owed(case) == eur(600)
    with refused(NothingIsLeftToAppeal):
        disputing.appeal(case, FIRST, UUID(int=313), Appeal("MORE"))


def test_only_what_was_answered_is_appealed_and_nothing_that_is_closed() -> None:
    case = a_disputed_case()
    with refused(DisputeIsNotAnswered, state="OPEN"):
        disputing.appeal(case, FIRST, ANOTHER_HOLD, Appeal("MORE"))
    with refused(DisputeIsNotAnswered, state="OPEN"):
        disputing.close(case, FIRST)
    resolve(case, DisputeResolution.REJECTED)
    for _ in range(2):
        disputing.close(case, FIRST)
    assert names(case)[-1] == "DisputeClosed"
    with refused(DisputeIsNotAnswered, state="CLOSED"):
        disputing.appeal(case, FIRST, ANOTHER_HOLD, Appeal("MORE"))


# Closing ------------------------------------------------------------------------------------


def test_a_case_with_an_open_dispute_closes_only_where_the_answer_is_no_longer_ours() -> None:
    case = a_disputed_case()
    with refused(CaseHasAnOpenDispute, dispute_id=FIRST):
        closing.close(case, CloseOutcome.UNTRACEABLE, ["report"])
    closing.close(case, CloseOutcome.RECALLED_BY_CLIENT, ["letter"])
    with refused(CaseIsClosed):
        dispute(case, 1, SECOND, ANOTHER_HOLD)
    resolve(case, DisputeResolution.UPHELD)
    assert owed(case) == eur(600)


def test_a_case_closed_on_an_upheld_dispute_reopens_when_that_is_appealed() -> None:
    case = a_disputed_case(1_000)
    with refused(CaseHasAnOpenDispute):
        closing.close(case, CloseOutcome.DISPUTE_UPHELD, ["finding"])
    resolve(case, DisputeResolution.PARTLY_UPHELD, principal(990))
    booking.adjust(case, THE_DEBT, (principal(-10),), AdjustmentReason.CORRECTION, "waiver", None)
    closing.close(case, CloseOutcome.DISPUTE_UPHELD, ["finding"])
    stored(case)
    disputing.appeal(case, FIRST, ANOTHER_HOLD, Appeal("MORE"))
    assert (names(case), case.lifecycle) == (["DisputeAppealed", "HoldPlaced", "CaseReopened"], Lifecycle.OPEN)
    reopened = told(case)[-1]
    assert (reopened.reason, reopened.trigger) == (ReopenReason.GROUND_DISAPPEARED, Causation(case.id, case.version - 2))


def test_dispute_upheld_is_no_outcome_where_none_was() -> None:
    case = an_open_case(OURS, debts=(a_debt(principal(0)),))
    with refused(NoDisputeIsUpheld):
        closing.close(case, CloseOutcome.DISPUTE_UPHELD, ["finding"])
