"""Delinquency and pauses as Apache Fineract's own tests expect them: every figure agrees, or its difference is explained here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.cases.domain import crediting, holding, lateness, scheduling
from services.cases.domain.arrears import Ledger
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.case import Case
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.crediting import Credit
from services.cases.domain.holding import HoldTerms
from services.cases.domain.holds import HoldKind, HoldScope
from services.cases.domain.instalments import Instalment
from services.cases.domain.payments import PaymentLine
from services.cases.domain.terms import Authority, DelinquencyPolicy
from services.kernel.facts import Causation
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from tests.services.cases.examples import THE_DEBT, a_debt, an_open_case, at, terms

SCENARIOS = json.loads((Path(__file__).resolve().parents[3] / "data" / "fineract" / "delinquency.json").read_text())
GRACE_DAYS = 3
ONE_DAY = timedelta(days=1)

STALE = "Fineract classifies at close of business only, and not while a pause is active; our buckets are true on every day."
WHOLE = "Fineract takes a pause that began before the due date away whole; we take away the days on hold since the due date."

EXPLAINED = {
    ("LoanDelinquency-L865", "2023-10-06", "classification", "NO_DELINQUENCY", "RANGE_1"): STALE,
    ("LoanDelinquency-L865", "2023-10-16", "classification", "NO_DELINQUENCY", "RANGE_1"): STALE,
    ("LoanDelinquency-L608", "2023-10-15", "classification", "NO_DELINQUENCY", "RANGE_3"): STALE,
    ("LoanDelinquency-L608", "2023-10-26", "classification", "NO_DELINQUENCY", "RANGE_3"): STALE,
    ("LoanDelinquency-L865", "2023-10-26", "installments", "", "RANGE_1 250.00"): WHOLE,
    ("LoanDelinquency-L865", "2023-11-15", "delinquentdays", "8", "18"): WHOLE,
    ("LoanDelinquency-L865", "2023-11-15", "installments", "RANGE_3 250.00", "RANGE_3 500.00"): WHOLE,
}
"""(case, day, figure, theirs, ours): why."""


def ranges() -> BucketSet:
    buckets = [Bucket(name, first, last) for name, first, last in SCENARIOS["ranges"]]
    return BucketSet("fineract-1", BucketUnit.DAYS, (Bucket("NO_DELINQUENCY", None, 0), *buckets))


OF_FINERACT = terms(
    ranges(), delinquency_authority=Authority.OURS, balance_authority=Authority.OURS, delinquency_policy=DelinquencyPolicy(GRACE_DAYS)
)


def cents(amount: str) -> Money:
    return Money("EUR", int(Decimal(amount) * 100))


def noon(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(12), UTC)


@dataclass
class Loan:
    """One scenario played on a case of ours."""

    today: str = ""
    terms: dict[str, Any] = field(default_factory=dict)
    case: Case | None = None
    holds: int = 0
    payments: int = 0

    def play(self, step: dict[str, Any]) -> None:
        decide = getattr(self, step["op"])
        if "expect_error" in step:
            with pytest.raises(Refusal):
                decide(step)
        else:
            decide(step)

    def set_date(self, step: dict[str, Any]) -> None:
        self.today = step["date"]
        if self.case is not None:
            at(self.case, noon(self.today))

    def create_loan(self, step: dict[str, Any]) -> None:
        self.terms = step

    def close_of_business(self, step: dict[str, Any]) -> None:
        """Nothing: our figures are true without it."""

    def disburse(self, step: dict[str, Any]) -> None:
        """A down payment of a quarter is due at once in the products that have one; the rest in equal instalments."""
        begin, principal = date.fromisoformat(step["date"]), int(Decimal(step["amount"]) * 100)
        parts = [ComponentAmount(Component.PRINCIPAL, Money("EUR", principal))]
        self.case = an_open_case(OF_FINERACT, now=noon(step["date"]), value_date=begin, debts=(a_debt(*parts),))
        down = principal // 4 if "DOWNPAYMENT" in self.terms["product"] else 0
        every, count = timedelta(days=int(self.terms["every"].split()[0])), self.terms["n"]
        dues = [(begin, down)] if down else []
        dues += [(begin + every * number, (principal - down) // count) for number in range(1, count + 1)]
        schedule = [
            Instalment(number, due, (ComponentAmount(Component.PRINCIPAL, Money("EUR", amount)),))
            for number, (due, amount) in enumerate(dues, 1)
        ]
        scheduling.schedule(self.case, THE_DEBT, schedule, "contract")
        if down and "_AUTO" in self.terms["product"]:
            self.repay({"date": step["date"], "amount": str(Decimal(down) / 100)})

    def repay(self, step: dict[str, Any]) -> None:
        self.payments += 1
        lines = (PaymentLine(THE_DEBT, Component.PRINCIPAL, cents(step["amount"]), 0),)
        money = Credit(
            UUID(int=self.payments), UUID(int=self.payments), cents(step["amount"]), lines, date.fromisoformat(step["date"]), "PSP"
        )
        crediting.apply(self.loan, money, Causation(UUID(int=1), self.payments))

    goodwill_credit = merchant_issued_refund = repay

    def pause(self, step: dict[str, Any]) -> None:
        """Their end is the first day that counts again."""
        self.holds += 1
        from_, through = date.fromisoformat(step["from"]), date.fromisoformat(step["to"]) - ONE_DAY
        wanted = HoldTerms(HoldKind.LEGAL, "PAUSE", from_, through, frozenset({HoldScope.DPD}))
        holding.place(self.loan, UUID(int=self.holds), wanted)

    def resume(self, step: dict[str, Any]) -> None:
        holding.lift(self.loan, UUID(int=self.holds), "RESUME", date.fromisoformat(step["from"]))

    @property
    def loan(self) -> Case:
        assert self.case is not None
        return self.case

    # What we answer -------------------------------------------------------------

    def delinquency(self) -> dict[str, str]:
        day = date.fromisoformat(self.today)
        if self.case is None:
            return {
                "classification": "NO_DELINQUENCY",
                "delinquentamount": "0.00",
                "delinquentdate": "null",
                "delinquentdays": "0",
                "pastduedays": "0",
            }
        count = lateness.of_case(self.case)
        bucket, (clock,) = count.bucket_on(day), count.clocks_on(day)
        of = count.count_of(clock, day)
        return {
            "classification": bucket.name if bucket else "",
            "delinquentamount": money(sum(amount for _, amount in self.unpaid(day))),
            "delinquentdate": "null" if of is None or of.gone_by <= 0 else (of.due_date + timedelta(days=GRACE_DAYS)).isoformat(),
            "delinquentdays": "0" if of is None else str(of.late),
            "pastduedays": "0" if of is None else str(of.gone_by),
        }

    def installments(self) -> str:
        """What is unpaid by the age of each instalment, without grace."""
        day = date.fromisoformat(self.today)
        clocks = lateness.of_case(self.loan).clocks_on(day)
        by_range: dict[str, int] = {}
        for due, amount in self.unpaid(day):
            age = (day - due).days - clocks[0].pauses.days_within(due, day)
            name = OF_FINERACT.bucket_set.bucket_of(age).name
            if age > 0:
                by_range[name] = by_range.get(name, 0) + amount
        order = {name: place for place, (name, *_) in enumerate(SCENARIOS["ranges"])}
        return ", ".join(f"{name} {money(by_range[name])}" for name in sorted(by_range, key=order.__getitem__))

    def unpaid(self, day: date) -> list[tuple[date, int]]:
        """Past its day: what falls due on the day itself is not late yet."""
        ledger = Ledger(self.loan.debts.by_id[THE_DEBT], self.loan.payments.by_allocation.values())
        return [
            (each.instalment.due_date, sum(part.amount.minor_units for part in each.components))
            for each in ledger.unpaid_on(day)
            if each.instalment.due_date < day
        ]


def money(minor_units: int) -> str:
    return f"{minor_units // 100}.{minor_units % 100:02}"


def differences(scenario: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    loan = Loan()
    for step in scenario["steps"]:
        if "op" in step:
            loan.play(step)
        elif step["expect"] == "delinquency":
            ours = loan.delinquency()
            for figure, theirs in step["rows"][0].items():
                if str(theirs or "null") != ours[figure]:
                    yield scenario["id"], loan.today, figure, str(theirs), ours[figure]
        elif step["expect"] == "installment_delinquency":
            theirs = ", ".join(f"{row['range']} {row['amount']}" for row in step["rows"])
            if theirs != loan.installments():
                yield scenario["id"], loan.today, "installments", theirs, loan.installments()
        elif step["expect"] == "outstanding":
            assert money(loan.loan.debts.balance_on(date.fromisoformat(loan.today), "EUR").minor_units) == step["is"]


@pytest.mark.parametrize("scenario", SCENARIOS["cases"], ids=lambda scenario: scenario["id"])
def test_every_figure_agrees_or_its_difference_is_explained(scenario: dict[str, Any]) -> None:
    assert set(differences(scenario)) == {known for known in EXPLAINED if known[0] == scenario["id"]}


def test_every_explanation_is_of_a_scenario_that_is_played() -> None:
    assert {known[0] for known in EXPLAINED} <= {scenario["id"] for scenario in SCENARIOS["cases"]}
    assert len(SCENARIOS["cases"]) == 9
