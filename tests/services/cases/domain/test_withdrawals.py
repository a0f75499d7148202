"""The client takes a case or a debt back, and may have done so by mistake; a closed case reopens when its ground is gone."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from services.cases.domain import balance, booking, closing, crediting, withdrawals
from services.cases.domain.case import Case, CaseIsClosed, FactLiesBeforeTheCase
from services.cases.domain.closing import BalanceIsNotPaid, CaseIsNotOpen, CaseIsWithdrawn
from services.cases.domain.components import Component
from services.cases.domain.crediting import Credit
from services.cases.domain.lifecycle import CloseOutcome, Lifecycle, ReopenReason
from services.cases.domain.payments import PaymentLine
from services.cases.domain.terms import Authority, DelinquencyPolicy
from services.cases.domain.withdrawals import CaseIsNotWithdrawn, DebtRefIsUnknown
from services.kernel.facts import Causation, told
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import (
    DAYS,
    THE_DEBT,
    TODAY,
    a_debt,
    a_registered_case,
    an_open_case,
    eur,
    names,
    principal,
    refused,
    stored,
    terms,
)

OURS = terms(DAYS, balance_authority=Authority.OURS, delinquency_authority=Authority.OURS)
PAYMENT = UUID(int=401)


def withdraw(case: Case, effective_on: date | None = None) -> None:
    withdrawals.withdraw(case, "SOLD_BY_CREDITOR", "bajas-03.csv", effective_on)


def test_a_case_that_is_taken_back_closes_with_it_and_keeps_its_ledger() -> None:
    case = an_open_case(OURS)
    withdraw(case)
    withdraw(case)
    assert names(case) == ["CaseWithdrawn", "CaseClosed"]
    assert (case.lifecycle, case.outcome) == (Lifecycle.CLOSED, CloseOutcome.RECALLED_BY_CLIENT)
    assert told(case)[-1].balance_at_close == (principal(1_000),)
    assert told(case)[-1].evidence_refs == ("bajas-03.csv",)


def test_a_withdrawal_that_was_a_mistake_is_revoked_and_nothing_else_reopens_the_case() -> None:
    case = an_open_case(OURS)
    with refused(CaseIsNotWithdrawn):
        withdrawals.revoke(case, "SENT_IN_ERROR", ["mail-1"])
    withdraw(case)
    stored(case)
    with refused(CaseIsWithdrawn):
        closing.reopen(case, ReopenReason.CLOSED_IN_ERROR, [])
    assert told(case) == []
    withdrawals.revoke(case, "SENT_IN_ERROR", ["mail-1"])
    assert (names(case), case.lifecycle) == (["WithdrawalRevoked", "CaseReopened"], Lifecycle.OPEN)
    assert (told(case)[-1].reason, told(case)[-1].trigger) == (ReopenReason.WITHDRAWAL_REVOKED, Causation(case.id, case.version - 1))
    withdraw(case)
    assert case.lifecycle is Lifecycle.CLOSED


def test_only_an_open_case_is_taken_back_and_not_from_before_it_began_nor_ahead() -> None:
    with refused(CaseIsNotOpen):
        withdraw(a_registered_case(OURS))
    case = an_open_case(OURS)
    with refused(FactLiesBeforeTheCase):
        withdraw(case, date(2025, 12, 31))
    with refused(IsInvalid, field="effective_on"):
        withdraw(case, date(2026, 4, 1))
    assert told(case) == []
    closing.close(case, CloseOutcome.UNTRACEABLE, ["report"])
    with refused(CaseIsClosed):
        withdraw(case)


def test_one_debt_is_taken_back_by_its_reference() -> None:
    case = an_open_case(OURS, debts=(a_debt(principal(100)), a_debt(principal(50), ref="loan")))
    for _ in range(2):
        withdrawals.withdraw_debt(case, "loan", "SOLD_BY_CREDITOR", date(2026, 3, 1))
    assert names(case) == ["DebtDetached"]
    assert balance.ledger_at(case, TODAY) == eur(100)
    with refused(DebtRefIsUnknown):
        withdrawals.withdraw_debt(case, "nothing", "SOLD_BY_CREDITOR", None)


# Grounds that disappear -------------------------------------------------------------


def pay(case: Case, amount: int) -> None:
    line = PaymentLine(THE_DEBT, Component.PRINCIPAL, eur(amount), 0)
    crediting.apply(case, Credit(PAYMENT, PAYMENT, eur(amount), (line,), date(2026, 3, 10), "PSP"), Causation(UUID(int=9), 1))


def test_a_case_closed_as_paid_reopens_when_the_payment_is_returned() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000)
    closing.close(case, CloseOutcome.PAID_IN_FULL, ["receipt-1"])
    stored(case)
    crediting.unapply(case, PAYMENT, "RETURNED", TODAY, Causation(UUID(int=9), 2))
    assert names(case) == ["PaymentUnapplied", "CaseReopened"]
    assert (told(case)[-1].reason, told(case)[-1].trigger) == (ReopenReason.PAYMENT_REVERSED, Causation(case.id, case.version - 1))


def test_it_reopens_too_where_the_payment_counts_until_a_day_ahead() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000)
    closing.close(case, CloseOutcome.PAID_IN_FULL, ["receipt-1"])
    crediting.unapply(case, PAYMENT, "RETURNED", date(2026, 4, 2), Causation(UUID(int=9), 2))
    assert case.lifecycle is Lifecycle.OPEN


def test_a_case_closed_for_another_reason_stays_closed_when_a_payment_is_returned() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000)
    closing.close(case, CloseOutcome.UNTRACEABLE, ["report"])
    stored(case)
    crediting.unapply(case, PAYMENT, "RETURNED", TODAY, Causation(UUID(int=9), 2))
    assert names(case) == ["PaymentUnapplied"]


def test_a_case_that_was_taken_back_stays_so_whatever_comes_for_it() -> None:
    case = an_open_case(OURS)
    pay(case, 1_000)
    withdraw(case)
    stored(case)
    crediting.unapply(case, PAYMENT, "RETURNED", TODAY, Causation(UUID(int=9), 2))
    assert names(case) == ["PaymentUnapplied"]


def test_what_the_portfolio_tolerates_may_be_left_of_a_case_that_is_paid() -> None:
    lenient = terms(
        DAYS,
        balance_authority=Authority.OURS,
        delinquency_authority=Authority.OURS,
        delinquency_policy=DelinquencyPolicy(tolerance_minor_units=500),
    )
    case = an_open_case(lenient)
    pay(case, 994)
    with refused(BalanceIsNotPaid, minor_units=600):
        closing.close(case, CloseOutcome.PAID_IN_FULL, ["receipt-1"])
    booking.adjust(case, THE_DEBT, (principal(-1),), booking.AdjustmentReason.CORRECTION, "f", None)
    closing.close(case, CloseOutcome.PAID_IN_FULL, ["receipt-1"])
    assert case.lifecycle is Lifecycle.CLOSED
