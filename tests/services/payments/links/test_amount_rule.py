"""What a link lets its holder pay: never more than is owed, never less than the least, never nothing."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from services.payments.domain.amount_rule import AmountRule, AmountRuleKind, Choice, Owed, check, choice

PROMISE = UUID(int=7)


def eur(minor_units: int) -> Money:
    return Money("EUR", minor_units)


def owed(balance: int, past_due: int = 0) -> Owed:
    return Owed(eur(balance), eur(past_due))


BALANCE = AmountRule(AmountRuleKind.BALANCE)
PAST_DUE = AmountRule(AmountRuleKind.PAST_DUE)
THE_PROMISE = AmountRule(AmountRuleKind.PROMISE, promise_id=PROMISE)
FIXED = AmountRule(AmountRuleKind.FIXED, amount=eur(5_000))


def test_the_balance_is_proposed_and_nothing_less_is_taken() -> None:
    found = choice(BALANCE, owed(10_000), None)
    assert found == Choice(eur(10_000), eur(10_000), eur(10_000))
    assert not found.takes(eur(9_999))


def test_with_a_least_a_part_is_taken() -> None:
    found = choice(AmountRule(AmountRuleKind.BALANCE, least=eur(2_000)), owed(10_000), None)
    assert found == Choice(eur(10_000), eur(2_000), eur(10_000))
    assert [found.takes(eur(amount)) for amount in (1_999, 2_000, 10_000, 10_001)] == [False, True, True, False]


def test_what_is_past_due_is_proposed_and_all_of_it_may_be_paid() -> None:
    assert choice(PAST_DUE, owed(10_000, 3_000), None) == Choice(eur(3_000), eur(3_000), eur(10_000))


def test_a_fixed_amount_is_capped_by_what_is_still_owed() -> None:
    assert choice(FIXED, owed(10_000), None) == Choice(eur(5_000), eur(5_000), eur(5_000))
    assert choice(FIXED, owed(1_200), None) == Choice(eur(1_200), eur(1_200), eur(1_200))


@pytest.mark.parametrize(
    ("past_due", "promised", "due"),
    [(3_000, eur(2_500), 2_500), (3_000, None, 3_000), (3_000, eur(0), 3_000), (0, None, 10_000), (3_000, eur(20_000), 10_000)],
    ids=["what is left of it", "not heard of: past due", "kept: past due", "nothing past due: the balance", "never more than the balance"],
)
def test_a_promise_proposes_what_is_left_of_it(past_due: int, promised: Money | None, due: int) -> None:
    found = choice(THE_PROMISE, owed(10_000, past_due), promised)
    assert found is not None
    assert found.due == eur(due)


def test_where_nothing_is_owed_nothing_may_be_paid() -> None:
    assert [choice(rule, owed(0, 0), eur(100)) for rule in (BALANCE, PAST_DUE, THE_PROMISE, FIXED)] == [None] * 4
    assert choice(PAST_DUE, owed(10_000, 0), None) is None


amounts = st.integers(min_value=-(10**6), max_value=10**6)


@given(
    kind=st.sampled_from([BALANCE, PAST_DUE, THE_PROMISE, FIXED]),
    least=st.none() | st.integers(min_value=1, max_value=10**6),
    balance=amounts,
    past_due=amounts,
    promised=st.none() | amounts,
)
def test_whatever_is_owed_no_more_than_the_balance_and_no_less_than_a_cent_is_offered(
    kind: AmountRule, least: int | None, balance: int, past_due: int, promised: int | None
) -> None:
    rule = AmountRule(kind.kind, kind.amount, kind.promise_id, None if least is None else eur(least))
    found = choice(rule, owed(balance, past_due), None if promised is None else eur(promised))
    if found is not None:
        assert eur(0) < found.least <= found.due <= found.most <= eur(balance)
        assert found.takes(found.due)
        assert least is None or found.least <= eur(least)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (AmountRule(AmountRuleKind.FIXED), "amount.amount"),
        (AmountRule(AmountRuleKind.BALANCE, amount=eur(1)), "amount.amount"),
        (AmountRule(AmountRuleKind.PROMISE), "amount.promise_id"),
        (AmountRule(AmountRuleKind.PAST_DUE, promise_id=PROMISE), "amount.promise_id"),
        (AmountRule(AmountRuleKind.FIXED, amount=Money("USD", 5)), "amount.amount.currency_code"),
        (AmountRule(AmountRuleKind.FIXED, amount=eur(0)), "amount.amount.minor_units"),
        (AmountRule(AmountRuleKind.BALANCE, least=eur(-5)), "amount.least.minor_units"),
    ],
)
def test_a_rule_that_is_not_whole_is_refused_by_its_field(rule: AmountRule, field: str) -> None:
    with pytest.raises(IsInvalid) as refused:
        check(rule, "EUR")
    assert refused.value.field == field
