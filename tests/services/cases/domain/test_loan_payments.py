"""Loans of one instalment with their pay-off dates: days past due as their rows say."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from services.cases.domain import crediting, lateness, scheduling
from services.cases.domain.case import Case
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.crediting import Credit
from services.cases.domain.delinquency import bucket_at
from services.cases.domain.instalments import Instalment
from services.cases.domain.payments import PaymentLine
from services.cases.domain.terms import Authority
from services.kernel.facts import Causation
from services.kernel.money import Money
from tests.services.cases.examples import DAYS, THE_DEBT, a_debt, an_open_case, at, terms

LOANS = list(csv.DictReader((Path(__file__).resolve().parents[3] / "data" / "loan_payments" / "loans.csv").read_text().splitlines()))
COUNTED_TO = date(2016, 12, 8)
OURS = terms(DAYS, delinquency_authority=Authority.OURS, zone="America/Chicago")


def noon(day: date) -> datetime:
    return datetime.combine(day, time(18), UTC)


def a_loan(row: dict[str, str], now: date) -> Case:
    part = ComponentAmount(Component.PRINCIPAL, Money("EUR", int(row["principal"]) * 100))
    case = an_open_case(OURS, now=noon(now), value_date=date.fromisoformat(row["effective_date"]), debts=(a_debt(part),))
    scheduling.schedule(case, THE_DEBT, [Instalment(1, date.fromisoformat(row["due_date"]), (part,))], "contract")
    return case


def pay_off(case: Case, row: dict[str, str]) -> None:
    amount = Money("EUR", int(row["principal"]) * 100)
    lines = (PaymentLine(THE_DEBT, Component.PRINCIPAL, amount, 0),)
    credit = Credit(UUID(int=1), UUID(int=2), amount, lines, date.fromisoformat(row["paid_off_on"]), "BANK")
    crediting.apply(case, credit, Causation(UUID(int=3), 1))


def of(status: str) -> list[dict[str, str]]:
    return [row for row in LOANS if row["status"] == status]


def test_the_rows_are_all_there() -> None:
    assert [len(of(status)) for status in ("COLLECTION", "COLLECTION_PAIDOFF", "PAIDOFF")] == [46, 38, 145]


@pytest.mark.parametrize("row", of("COLLECTION"), ids=lambda row: row["loan"])
def test_an_unpaid_loan_is_as_many_days_late_as_its_row_says(row: dict[str, str]) -> None:
    case = a_loan(row, COUNTED_TO)
    assert lateness.of_case(case).units_on(COUNTED_TO) == int(row["past_due_days"])


@pytest.mark.parametrize("row", of("COLLECTION_PAIDOFF"), ids=lambda row: row["loan"])
def test_a_loan_paid_late_was_as_late_as_its_row_says_until_it_was_paid(row: dict[str, str]) -> None:
    paid_off_on = date.fromisoformat(row["paid_off_on"])
    case = a_loan(row, paid_off_on)
    assert lateness.of_case(case).units_on(paid_off_on) == int(row["past_due_days"])
    pay_off(case, row)
    assert lateness.of_case(case).units_on(paid_off_on) == 0
    assert lateness.of_case(case).units_on(paid_off_on - timedelta(days=1)) == int(row["past_due_days"]) - 1


@pytest.mark.parametrize("row", of("PAIDOFF"), ids=lambda row: row["loan"])
def test_a_loan_paid_in_time_was_never_late(row: dict[str, str]) -> None:
    """Also when its payment is heard long after."""
    paid_off_on = date.fromisoformat(row["paid_off_on"])
    for case in (a_loan(row, paid_off_on), at(a_loan(row, paid_off_on), noon(COUNTED_TO))):
        pay_off(case, row)
        begin = case.began_on
        assert {bucket_at(case, begin + timedelta(days=n)) for n in range((COUNTED_TO - begin).days)} == {"current"}
