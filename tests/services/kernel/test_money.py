"""Money is exact, and never mixes currencies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.money import CurrenciesDiffer, Money, total

minor = st.integers(min_value=-(10**15), max_value=10**15)


@given(minor, st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=20).filter(any))
def test_parts_sum_to_the_whole_and_none_is_off_by_more_than_one_unit(amount: int, weights: list[int]) -> None:
    parts = Money("EUR", amount).split(weights)
    assert sum(part.minor_units for part in parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        exact_numerator = amount * weight
        assert abs(part.minor_units * sum(weights) - exact_numerator) < sum(weights)


@given(st.lists(minor, max_size=20))
def test_a_total_is_the_sum(amounts: list[int]) -> None:
    assert total([Money("EUR", a) for a in amounts], "EUR") == Money("EUR", sum(amounts))


def test_currencies_are_never_netted() -> None:
    with pytest.raises(CurrenciesDiffer) as refused:
        Money("EUR", 1) + Money("USD", 1)
    assert refused.value.reason == "CURRENCIES_DIFFER"
    assert refused.value.facts == {"one": "EUR", "other": "USD"}


@pytest.mark.parametrize("not_an_int", [1.0, "1", True, None])
def test_only_whole_minor_units_are_money(not_an_int: object) -> None:
    with pytest.raises(TypeError):
        Money("EUR", not_an_int)  # type: ignore[arg-type]
