"""Money: integer minor units of one currency. No float comes near it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.kernel.refusal import Refusal


class CurrenciesDiffer(Refusal):
    """Amounts of different currencies are never added, compared or netted."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount. `minor_units` are cents for EUR; negative amounts are credits."""

    currency_code: str
    minor_units: int

    def __post_init__(self) -> None:
        if type(self.minor_units) is not int:
            raise TypeError(f"minor_units must be an int, got {type(self.minor_units).__name__}")

    @staticmethod
    def zero(currency_code: str) -> Money:
        return Money(currency_code, 0)

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.currency_code, self.minor_units + other.minor_units)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.currency_code, self.minor_units - other.minor_units)

    def __neg__(self) -> Money:
        return Money(self.currency_code, -self.minor_units)

    def __lt__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.minor_units < other.minor_units

    def __le__(self, other: Money) -> bool:
        self._same_currency(other)
        return self.minor_units <= other.minor_units

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    @property
    def is_zero(self) -> bool:
        return self.minor_units == 0

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Parts in proportion to `weights`, summing exactly to the whole.

        Largest remainder (Hare–Niemeyer); on a tie the earlier part gets the unit.
        Raises ValueError when no weight is positive or one is negative.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights must be non-negative and not all zero")
        sign = -1 if self.minor_units < 0 else 1
        shares = [divmod(abs(self.minor_units) * weight, total) for weight in weights]
        left = abs(self.minor_units) - sum(share for share, _ in shares)
        by_remainder = sorted(range(len(shares)), key=lambda i: (-shares[i][1], i))
        extra = set(by_remainder[:left])
        return [Money(self.currency_code, sign * (share + (i in extra))) for i, (share, _) in enumerate(shares)]

    def _same_currency(self, other: Money) -> None:
        if self.currency_code != other.currency_code:
            raise CurrenciesDiffer(one=self.currency_code, other=other.currency_code)


def total(amounts: Iterable[Money], currency_code: str) -> Money:
    """The sum of `amounts`, all of which must be in `currency_code`; zero of it when there are none."""
    summed = Money.zero(currency_code)
    for amount in amounts:
        summed += amount
    return summed
