"""People's circumstances: several at once, with the holds that belong to them, looked at again by the clock, and ended with their holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.cases.domain import closing, hardship, holding, reviews, special, vulnerability
from services.cases.domain.case import Case, FactLiesBeforeTheCase
from services.cases.domain.circumstances import (
    CircumstanceIsOver,
    CircumstanceIsUnknown,
    CircumstanceKind,
    CircumstanceStatus,
    Visibility,
    may_see,
)
from services.cases.domain.closing import CircumstanceIsNotConfirmed
from services.cases.domain.hardship import HardshipIsDeclaredAlready, HardshipIsNotAccepted, HardshipMeasure, HoldEndsBeforeTheReview
from services.cases.domain.holds import HoldScope
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle
from services.cases.domain.parties import PartyIsUnknown
from services.cases.domain.reviews import ReviewLiesBehind
from services.cases.domain.special import CircumstanceIsOfAnotherKind, CircumstanceTerms
from services.cases.domain.vulnerability import Need, VulnerabilityTerms
from services.cases.timers import TIMERS
from services.kernel.calendar import start_of, zone
from services.kernel.facts import told
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import THE_DEBTOR, TODAY, a_portfolio, an_open_case, at, names, refused, sealed, stored

FIRST, SECOND, HOLD, ANOTHER_HOLD = UUID(int=601), UUID(int=602), UUID(int=611), UUID(int=612)
IN_MAY = date(2026, 5, 4)
PAUSE, INTEREST, ADVICE = HardshipMeasure.PAUSE, HardshipMeasure.INTEREST_STOP, HardshipMeasure.DEBT_ADVICE


def flag(case: Case, flag_id: UUID = FIRST, hold_id: UUID | None = HOLD, **other: Any) -> None:
    usual: dict[str, Any] = {
        "person_id": THE_DEBTOR,
        "details": sealed("health"),
        "needs": (Need.NO_CALLS,),
        "visibility": Visibility.RESTRICTED,
        "source": "debtor",
        "review_on": IN_MAY,
    }
    vulnerability.flag(case, flag_id, hold_id, VulnerabilityTerms(**{**usual, **other}))


def declare(case: Case, hardship_id: UUID = FIRST, hold_id: UUID | None = HOLD, person_id: UUID = THE_DEBTOR) -> None:
    hardship.declare(case, hardship_id, hold_id, person_id, sealed("lost the job"), "debtor")


def record(case: Case, kind: CircumstanceKind, status: CircumstanceStatus = CircumstanceStatus.CLAIMED, **other: Any) -> None:
    asked = {key: other.pop(key) for key in ("hold_id", "is_known", "circumstance_id") if key in other}
    usual: dict[str, Any] = {"person_id": THE_DEBTOR, "source": "heir", "visibility": Visibility.RESTRICTED}
    terms = CircumstanceTerms(kind=kind, status=status, **{**usual, **other})
    special.record(case, asked.get("circumstance_id", FIRST), asked.get("hold_id"), terms, is_known=asked.get("is_known", False))


def stopped(case: Case) -> set[str]:
    return {scope.name for scope in HoldScope if case.holds.effect(scope, TODAY).is_stopped}


def wake(case: Case, when: datetime) -> None:
    (change,) = TIMERS["circumstance.review"].wake(at(case, when), None)  # type: ignore[arg-type]  # it does not look at the timer
    change.decide(case, a_portfolio())


# Vulnerability ------------------------------------------------------------------------


def test_a_vulnerability_is_flagged_with_its_hold_and_cleared_with_it() -> None:
    case = an_open_case()
    flag(case)
    flag(case)
    flag(case, SECOND, None, needs=(Need.LARGE_PRINT,))
    assert names(case) == ["VulnerabilityFlagged", "HoldPlaced", "VulnerabilityFlagged"]
    assert stopped(case) == {"CONTACT", "TREATMENT"}
    for _ in range(2):
        vulnerability.clear(case, FIRST, "NO_LONGER_SO")
    assert names(case)[3:] == ["VulnerabilityCleared", "HoldLifted"]
    assert (stopped(case), case.circumstances.vulnerabilities[SECOND].is_cleared) == (set(), False)
    with refused(CircumstanceIsOver):
        vulnerability.review(case, FIRST, "GOES_ON", (), IN_MAY + timedelta(days=1))


def test_its_hold_may_be_lifted_before_and_nothing_is_lifted_twice() -> None:
    case = an_open_case()
    flag(case)
    holding.lift(case, HOLD, "TALKED", by=frozenset({"supervisor"}))
    vulnerability.clear(case, FIRST, "NO_LONGER_SO")
    assert names(case)[2:] == ["HoldLifted", "VulnerabilityCleared"]


def test_the_day_to_look_again_comes_at_its_midnight_is_told_once_and_a_look_sets_the_next() -> None:
    case = an_open_case()
    flag(case)
    stored(case)
    (due,) = list(reviews.due(case))
    assert (due.key, due.at) == (f"circumstance.review/{FIRST}", start_of(IN_MAY, zone("Europe/Madrid")))
    wake(case, due.at - timedelta(microseconds=1))
    assert names(case) == []
    wake(case, due.at)
    wake(case, due.at)
    assert (names(case), list(reviews.due(case))) == (["CircumstanceReviewDue"], [])
    for _ in range(2):
        vulnerability.review(case, FIRST, "GOES_ON", (Need.WRITTEN_ONLY,), date(2026, 8, 1))
    assert names(case)[1:] == ["VulnerabilityReviewed"]
    assert [due.at for due in reviews.due(case)] == [start_of(date(2026, 8, 1), zone("Europe/Madrid"))]


def test_what_is_wrong_is_refused_and_nothing_told() -> None:
    case = an_open_case()
    with refused(ReviewLiesBehind):
        flag(case, review_on=TODAY)
    with refused(IsInvalid, field="review_on"):
        flag(case, review_on=date(2028, 1, 1))
    with refused(PartyIsUnknown):
        flag(case, person_id=UUID(int=9))
    with refused(CircumstanceIsUnknown):
        vulnerability.clear(case, FIRST, "NO_LONGER_SO")
    case.happened_at = datetime(2025, 12, 1, tzinfo=UTC)
    for decide in (flag, declare, lambda case: record(case, CircumstanceKind.DECEASED)):
        with refused(FactLiesBeforeTheCase):
            decide(case)
    assert told(case) == []


@pytest.mark.parametrize(
    ("visibility", "roles"),
    [
        (Visibility.CASE, {"agent", "supervisor", "compliance", "auditor"}),
        (Visibility.RESTRICTED, {"supervisor", "compliance", "auditor"}),
        (Visibility.COMPLIANCE, {"compliance"}),
    ],
)
def test_who_may_see_why(visibility: Visibility, roles: set[str]) -> None:
    everybody = ("agent", "supervisor", "compliance", "auditor", "operator", "system", "client")
    assert {role for role in everybody if may_see(visibility, frozenset({role}))} == roles


# Hardship ---------------------------------------------------------------------------------


def test_a_hardship_is_declared_proved_and_accepted_with_what_its_measures_stop() -> None:
    case = an_open_case()
    declare(case)
    declare(case)
    for _ in range(2):
        hardship.request_evidence(case, FIRST, ("PAYSLIP",), date(2026, 4, 20))
    for _ in range(2):
        hardship.accept(case, FIRST, ANOTHER_HOLD, (INTEREST, ADVICE), IN_MAY, ("payslip-3",))
    assert names(case) == [
        *("HardshipDeclared", "HoldPlaced", "HardshipEvidenceRequested"),
        *("HardshipAccepted", "HoldLifted", "HoldPlaced"),
    ]
    assert stopped(case) == {"INTEREST"}
    hardship.review(case, FIRST, UUID(int=613), (PAUSE, INTEREST), IN_MAY)
    assert stopped(case) == {"TREATMENT", "BREACH_CLOCK", "ENFORCEMENT", "INTEREST"}
    for _ in range(2):
        hardship.end(case, FIRST, "BACK_AT_WORK")
    assert (names(case)[6:], stopped(case)) == (
        ["HardshipReviewed", "HoldLifted", "HoldPlaced", "HardshipEnded", "HoldLifted"],
        set(),
    )
    declare(case, SECOND, None)


def test_a_hold_whose_time_is_over_is_not_lifted_again() -> None:
    case = an_open_case()
    declare(case)
    stored(at(case, datetime(2026, 8, 1, 10, tzinfo=UTC)))
    hardship.reject(case, FIRST, "NOT_PROVED")
    assert names(case) == ["HardshipRejected"]


def test_one_hardship_of_a_person_at_a_time_and_each_step_in_its_place() -> None:
    case = an_open_case()
    declare(case)
    with refused(HardshipIsDeclaredAlready):
        declare(case, SECOND)
    with refused(HardshipIsNotAccepted):
        hardship.review(case, FIRST, ANOTHER_HOLD, (PAUSE,), IN_MAY)
    with refused(HoldEndsBeforeTheReview, days_max=90):
        hardship.accept(case, FIRST, ANOTHER_HOLD, (PAUSE,), date(2026, 8, 1), ())
    hardship.reject(case, FIRST, "NOT_PROVED")
    hardship.reject(case, FIRST, "NOT_PROVED")
    for decide in (
        lambda: hardship.accept(case, FIRST, ANOTHER_HOLD, (PAUSE,), IN_MAY, ()),
        lambda: hardship.end(case, FIRST, "BACK_AT_WORK"),
        lambda: hardship.request_evidence(case, FIRST, ("PAYSLIP",), IN_MAY),
    ):
        with refused(CircumstanceIsOver):
            decide()
    assert names(case)[2:] == ["HardshipRejected", "HoldLifted"]


# Special circumstances -----------------------------------------------------------------------


def test_a_death_is_claimed_confirmed_and_its_hold_placed_once() -> None:
    case = an_open_case()
    record(case, CircumstanceKind.DECEASED, hold_id=HOLD)
    proof = {"evidence_refs": ("certificate",), "is_known": True, "hold_id": ANOTHER_HOLD}
    for _ in range(2):
        record(case, CircumstanceKind.DECEASED, CircumstanceStatus.CONFIRMED, **proof)
    assert names(case) == ["SpecialCircumstanceRecorded", "HoldPlaced", "SpecialCircumstanceRecorded"]
    assert case.circumstances.special[FIRST].hold_id == HOLD
    assert stopped(case) == {"CONTACT", "TREATMENT", "BREACH_CLOCK", "ENFORCEMENT"}
    record(case, CircumstanceKind.DECEASED, CircumstanceStatus.REFUTED, is_known=True)
    assert (names(case)[3:], stopped(case)) == (["SpecialCircumstanceRecorded", "HoldLifted"], set())


def test_what_is_known_better_is_of_the_same_kind_and_what_is_confirmed_is_proved() -> None:
    case = an_open_case()
    with refused(CircumstanceIsUnknown):
        record(case, CircumstanceKind.DECEASED, is_known=True)
    record(case, CircumstanceKind.DECEASED)
    with refused(CircumstanceIsOfAnotherKind):
        record(case, CircumstanceKind.INSOLVENCY, is_known=True)
    with refused(IsInvalid, field="evidence_refs"):
        record(case, CircumstanceKind.DECEASED, CircumstanceStatus.CONFIRMED, is_known=True)
    for _ in range(2):
        special.end(case, FIRST, "MISTAKEN_IDENTITY")
    with refused(CircumstanceIsOver):
        record(case, CircumstanceKind.DECEASED, CircumstanceStatus.REFUTED, is_known=True)
    assert names(case) == ["SpecialCircumstanceRecorded", "SpecialCircumstanceEnded"]


@pytest.mark.parametrize("gone", ["refuted", "ended"])
def test_a_case_closed_on_a_circumstance_reopens_when_that_is_gone(gone: str) -> None:
    case = an_open_case()
    record(case, CircumstanceKind.SECOND_CHANCE)
    with refused(CircumstanceIsNotConfirmed):
        closing.close(case, CloseOutcome.INSOLVENCY, ["ruling"])
    record(case, CircumstanceKind.SECOND_CHANCE, CircumstanceStatus.CONFIRMED, evidence_refs=("ruling",), is_known=True)
    closing.close(case, CloseOutcome.INSOLVENCY, ["ruling"])
    with refused(CircumstanceIsNotConfirmed):
        closing.close(an_open_case(), CloseOutcome.DECEASED_NO_ESTATE, ["letter"])
    if gone == "refuted":
        record(case, CircumstanceKind.SECOND_CHANCE, CircumstanceStatus.REFUTED, is_known=True)
    else:
        special.end(case, FIRST, "RULING_OVERTURNED")
    assert (names(case)[-1], case.lifecycle) == ("CaseReopened", Lifecycle.OPEN)


def test_compliance_holds_stay_where_they_are_when_another_circumstance_ends() -> None:
    case = an_open_case()
    record(case, CircumstanceKind.INSOLVENCY, hold_id=HOLD)
    flag(case, SECOND, ANOTHER_HOLD)
    vulnerability.clear(case, SECOND, "NO_LONGER_SO")
    assert [hold.id for hold in holding.going_on(case, FIRST)] == [HOLD]
    assert "INTEREST" in stopped(case)
