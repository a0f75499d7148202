"""The creditor's balance differs from ours: by what one of us has not booked, by what nobody explains, until somebody settles it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from services.cases.domain import booking, closing, crediting, delinquency, disputing, holding, reconciling, scheduling
from services.cases.domain.balance import balance_at
from services.cases.domain.case import Case
from services.cases.domain.components import Component
from services.cases.domain.contest import DisputeTerms, Finding
from services.cases.domain.crediting import Credit
from services.cases.domain.debts import AdjustmentReason
from services.cases.domain.delinquency import bucket_at
from services.cases.domain.disputes import DisputeResolution
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind, HoldScope
from services.cases.domain.instalments import Instalment
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle
from services.cases.domain.payments import PaymentLine
from services.cases.domain.reconciliation import Difference, DifferenceKind
from services.cases.domain.reconciling import DifferenceIsUnknown, NothingIsUnexplained, Report, ReportIsUnknown
from services.cases.domain.steps import Declared
from services.cases.domain.terms import Authority, DelinquencyPolicy
from services.kernel.facts import Causation, told
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import (
    DAYS,
    THE_DEBT,
    THE_DEBTOR,
    TODAY,
    a_debt,
    an_open_case,
    eur,
    names,
    principal,
    refused,
    stored,
    terms,
)

OURS = terms(DAYS, balance_authority=Authority.OURS, delinquency_authority=Authority.OURS)
FIRST, SECOND = UUID(int=501), UUID(int=502)


def march(day: int) -> date:
    return date(2026, 3, day)


def cents(minor_units: int) -> Money:
    return Money("EUR", minor_units)


def report(case: Case, as_of: date, minor_units: int, source_ref: str = "saldos") -> None:
    reconciling.report(case, Report(as_of, source_ref, theirs=cents(minor_units)))


def pay(case: Case, minor_units: int, on: date, payment_id: UUID = FIRST, source: str = "PSP") -> None:
    amount = cents(minor_units)
    credit = Credit(payment_id, payment_id, amount, (PaymentLine(THE_DEBT, Component.PRINCIPAL, amount, 0),), on, source)
    crediting.apply(case, credit, Causation(UUID(int=9), int(payment_id)))


def difference(case: Case, as_of: date) -> Difference:
    return case.reconciliation.by_day[as_of]


def kinds(case: Case, as_of: date) -> dict[str, int]:
    return {cause.kind.name: cause.amount.minor_units for cause in difference(case, as_of).causes}


# By cause -------------------------------------------------------------------------


def test_golden_scenario_22_ten_explained_by_a_payment_and_two_and_a_half_by_nothing() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000, march(10))
    paid_at = case.version
    report(case, march(12), 100_000 + 250)
    assert names(case)[-2:] == ["BalanceReported", "BalanceDifferenceExplained"]
    found = difference(case, march(12))
    assert (found.ours, found.theirs, found.unexplained, found.unexplained_since) == (eur(990), cents(100_250), cents(-250), march(12))
    (cause,) = found.causes
    assert (cause.kind, cause.amount, cause.version) == (DifferenceKind.PAYMENT_NOT_BOOKED_BY_CREDITOR, eur(-10), paid_at)
    # Listed until someone resolves it: the next snapshot still knows since when.
    report(case, march(20), 100_250)
    assert (difference(case, march(20)).unexplained, difference(case, march(20)).unexplained_since) == (cents(-250), march(12))
    for _ in range(2):
        reconciling.resolve(case, march(20), "FEE_ACCEPTED", ["mail-1"])
    assert not difference(case, march(20)).is_unexplained
    report(case, march(25), 100_250)
    assert kinds(case, march(25)) == {"PAYMENT_NOT_BOOKED_BY_CREDITOR": -1_000, "SETTLED_BEFORE": -250}
    assert difference(case, march(25)).unexplained.is_zero


def test_a_snapshot_that_agrees_says_nothing_more() -> None:
    case = an_open_case(OURS)
    report(case, march(1), 100_000)
    report(case, march(1), 100_000)
    assert names(case) == ["BalanceReported"]


def test_what_the_creditor_told_us_of_itself_it_has_booked() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000, march(10), source="CREDITOR_FILE")
    report(case, march(12), 100_000)
    assert (kinds(case, march(12)), difference(case, march(12)).unexplained) == ({}, eur(-10))


def test_what_was_booked_before_a_snapshot_that_agreed_explains_nothing_after_it() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000, march(10))
    report(case, march(11), 99_000)
    report(case, march(12), 100_000)
    assert (kinds(case, march(12)), difference(case, march(12)).unexplained_since) == ({}, march(12))


def test_of_what_may_explain_it_the_exact_sum_is_taken_and_cents_are_rounding() -> None:
    case = an_open_case(OURS)
    for number, amount in enumerate((700, 1_000, 400)):
        pay(case, amount, march(10 + number), UUID(int=510 + number))
    report(case, march(20), 97_900 + 1_100)
    assert sorted(cause.amount.minor_units for cause in difference(case, march(20)).causes) == [-700, -400]
    report(case, march(21), 97_900 + 1_001)
    assert kinds(case, march(21)) == {"PAYMENT_NOT_BOOKED_BY_CREDITOR": -1_000, "ROUNDING": -1}
    report(case, march(22), 97_900 + 1_500)
    assert sum(cause.amount.minor_units for cause in difference(case, march(22)).causes) == -1_400
    assert difference(case, march(22)).unexplained == cents(-100)


def test_disputes_corrections_returns_and_debts_are_causes_too() -> None:
    case = an_open_case(OURS)
    report(case, march(1), 100_000)
    disputing.dispute(case, FIRST, SECOND, DisputeTerms(THE_DEBT, (principal(40),), "NOT_MINE", THE_DEBTOR))
    disputing.resolve(case, FIRST, Finding(DisputeResolution.UPHELD, "CHECKED", value_date=march(5)))
    booking.adjust(case, THE_DEBT, (principal(7),), AdjustmentReason.FEE, "tariff", march(6))
    booking.adjust(case, THE_DEBT, (principal(100),), AdjustmentReason.CLIENT_UPDATE, "their file", march(7))
    booking.attach(case, UUID(int=77), a_debt(principal(300), ref="loan"), march(8))
    report(case, march(10), 110_000)
    assert kinds(case, march(10)) == {
        "DISPUTE_NOT_BOOKED_BY_CREDITOR": -4_000,
        "ADJUSTMENT_NOT_BOOKED_BY_CREDITOR": 700,
        "DEBT_NOT_IN_BOTH": 30_000,
    }
    booking.detach(case, UUID(int=77), "SOLD", march(12))
    pay(case, 5_000, march(2), SECOND)
    crediting.unapply(case, SECOND, "RETURNED", march(14), Causation(UUID(int=9), 900))
    report(case, march(13), 105_000 - 3_300)
    report(case, march(15), 101_700)
    assert kinds(case, march(15)) == {"ADJUSTMENT_NOT_BOOKED_BY_CREDITOR": 5_000}


def test_what_is_booked_later_explains_an_earlier_snapshot_again() -> None:
    case = an_open_case(OURS)
    report(case, march(12), 99_000)
    assert difference(case, march(12)).unexplained == eur(10)
    pay(case, 1_000, march(11), source="CREDITOR_FILE")
    assert (difference(case, march(12)).ours, difference(case, march(12)).unexplained) == (eur(990), eur(0))
    assert names(case) == ["BalanceReported", "BalanceDifferenceExplained", "PaymentApplied", "BalanceDifferenceExplained"]


def test_in_whatever_order_dated_facts_come_the_differences_are_the_same() -> None:
    facts = {
        "paid": lambda case: pay(case, 1_000, march(10)),
        "reported": lambda case: report(case, march(12), 100_250),
        "reported before": lambda case: report(case, march(9), 100_000),
        "reported after": lambda case: report(case, march(14), 100_250),
        "adjusted": lambda case: booking.adjust(case, THE_DEBT, (principal(1),), AdjustmentReason.FEE, "tariff", march(13)),
    }
    seen = set()
    for order in permutations(facts):
        case = an_open_case(OURS)
        for name in order:
            facts[name](case)
        seen.add(
            tuple(
                (found.as_of, found.ours, found.theirs, found.unexplained, found.unexplained_since, tuple(sorted(kinds(case, day).items())))
                for day, found in sorted(case.reconciliation.by_day.items())
                if found.ours != found.theirs
            )
        )
    assert len(seen) == 1


# Settled, taken back ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "reason", "kind"),
    [
        (99_000, "PAYMENT_UNKNOWN_TO_US", "PAYMENT_UNKNOWN_TO_US"),
        (101_000, "CHARGE_UNKNOWN_TO_US", "CHARGE_UNKNOWN_TO_US"),
        (101_000, "PAYMENT_UNKNOWN_TO_US", "SETTLED_BEFORE"),
        (99_000, "ACCEPTED", "SETTLED_BEFORE"),
    ],
)
def test_what_somebody_has_found_out_explains_later_snapshots(theirs: int, reason: str, kind: str) -> None:
    """A payment that we do not know makes their balance the lower one; as the reason of a higher one it is no cause."""
    case = an_open_case(OURS)
    report(case, march(12), theirs)
    assert kinds(case, march(12)) == {}
    reconciling.resolve(case, march(12), reason, ["mail-1"])
    report(case, march(20), theirs)
    assert kinds(case, march(20)) == {kind: 100_000 - theirs}
    assert not difference(case, march(20)).is_unexplained


def test_only_what_is_unexplained_is_settled() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000, march(10))
    report(case, march(12), 100_000)
    stored(case)
    with refused(NothingIsUnexplained):
        reconciling.resolve(case, march(12), "ACCEPTED", ["mail"])
    with refused(DifferenceIsUnknown):
        reconciling.resolve(case, march(11), "ACCEPTED", ["mail"])
    assert told(case) == []


def test_a_wrong_file_is_taken_back_and_the_word_before_it_counts_again() -> None:
    case = an_open_case()
    for source, minor_units, cycles in (("file-1", 100_000, 1), ("file-2", 50_000, 3)):
        reconciling.report(case, Report(march(10), source, Declared(cycles), None, cents(minor_units)))
    assert (balance_at(case, TODAY), bucket_at(case, TODAY)) == (eur(500), "3")
    stored(case)
    for _ in range(2):
        reconciling.retract(case, march(10), "file-2", "", "WRONG_FILE")
    assert names(case) == ["ReportRetracted", "DelinquencyRestated", "BucketChanged"]
    assert (balance_at(case, TODAY), bucket_at(case, TODAY), case.reconciliation.by_day) == (eur(1_000), "1", {})
    assert (told(case)[0].reported_as_of, told(case)[0].reported) == (march(10), eur(1_000))
    assert {each.cause for each in told(case)[1:]} == {"REPORT_RETRACTED"}
    reconciling.retract(case, march(10), "file-1", "file-3", "WRONG_FILE")
    assert (bucket_at(case, TODAY), told(case)[3].reported) == ("", None)
    with refused(ReportIsUnknown):
        reconciling.retract(case, march(11), "file-1", "", "WRONG_FILE")


def test_a_later_file_corrects_an_earlier_one_and_taking_that_back_changes_nothing_that_counts() -> None:
    case = an_open_case()
    report(case, march(10), 90_000, "wrong")
    report(case, march(10), 100_000, "right")
    reconciling.retract(case, march(10), "wrong", "right", "WRONG_FILE")
    assert balance_at(case, march(10)) == eur(1_000)


def test_a_case_closed_on_a_report_reopens_when_the_creditor_says_otherwise() -> None:
    case = an_open_case()
    report(case, march(10), 0)
    closing.close(case, CloseOutcome.PAID_IN_FULL, ["saldos"])
    stored(case)
    report(case, march(20), 4_000)
    assert names(case) == ["BalanceReported", "BalanceDifferenceExplained", "CaseReopened"]
    assert told(case)[-1].trigger == Causation(case.id, case.version - 2)
    report(case, march(21), 0)
    closing.close(case, CloseOutcome.PAID_IN_FULL, ["saldos"])
    reconciling.retract(case, march(21), "saldos", "", "WRONG_FILE")
    assert case.lifecycle is Lifecycle.OPEN


def test_a_report_is_taken_whole_or_not_at_all() -> None:
    case = an_open_case(OURS)
    with refused(IsInvalid, field="as_of"):
        report(case, date(2026, 4, 1), 1)
    with refused(IsInvalid, field="balance.currency_code"):
        reconciling.report(case, Report(march(1), "f", theirs=Money("USD", 1)))
    assert told(case) == []


# How late ---------------------------------------------------------------------------------


def a_late_case(grace_days: int = 0) -> Case:
    policy = DelinquencyPolicy(grace_days=grace_days)
    case = an_open_case(
        terms(DAYS, balance_authority=Authority.OURS, delinquency_authority=Authority.OURS, delinquency_policy=policy),
    )
    scheduling.schedule(case, THE_DEBT, [Instalment(n, march(1) + timedelta(days=10 * (n - 1)), (principal(100),)) for n in (1, 2)], "c")
    return case


def holds_the_count(case: Case) -> None:
    wanted = HoldTerms(HoldKind.LEGAL, "ASKED", march(5), march(9), scopes=frozenset({HoldScope.DPD}))
    holding.place(case, UUID(int=88), wanted)


@pytest.mark.parametrize(
    ("grace_days", "before", "due_date", "expected"),
    [
        (0, None, march(1), None),
        (3, None, march(1), (16, 19, "GRACE")),
        (0, holds_the_count, march(1), (14, 19, "PAUSES")),
        (0, lambda case: pay(case, 10_000, march(12)), march(1), (9, 19, "PAYMENT_NOT_BOOKED_BY_CREDITOR")),
        (0, None, date(2026, 2, 20), (19, 28, "INSTALMENTS")),
        (0, None, march(11), (19, 9, "UNEXPLAINED")),
    ],
)
def test_another_lateness_than_we_count_is_told_with_its_cause(grace_days: int, before: Any, due_date: date, expected: Any) -> None:
    case = a_late_case(grace_days)
    if before is not None:
        before(case)
    reconciling.report(case, Report(march(20), "file", Declared(oldest_unpaid_due_date=due_date)))
    assert case.reconciliation.arrears.get(march(20)) == expected
    assert delinquency.bucket_at(case, march(20)) == "1-30"
