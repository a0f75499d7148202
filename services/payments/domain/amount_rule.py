"""Amount rules: what a payment link lets its holder pay, worked out from what the case owes at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from services.kernel.money import Money
from services.kernel.refusal import IsInvalid


class AmountRuleKind(Enum):
    """What is to be paid through a link."""

    BALANCE = "BALANCE"
    PAST_DUE = "PAST_DUE"
    PROMISE = "PROMISE"
    FIXED = "FIXED"


@dataclass(frozen=True, slots=True)
class AmountRule:
    """`amount`: of a fixed one. `promise_id`: of a promise. `least`: the least part that may be paid; None: all that is due."""

    kind: AmountRuleKind
    amount: Money | None = None
    promise_id: UUID | None = None
    least: Money | None = None


@dataclass(frozen=True, slots=True)
class Owed:
    """What a case owes at a moment. Money that is on its way still counts."""

    balance: Money
    past_due: Money


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be paid: `due` is proposed; any amount from `least` to `most` is taken."""

    due: Money
    least: Money
    most: Money

    def takes(self, amount: Money) -> bool:
        return self.least <= amount <= self.most


def check(rule: AmountRule, currency_code: str) -> None:
    """That the rule is whole and speaks of the case's money. IsInvalid names the field."""
    for field, amount in (("amount.amount", rule.amount), ("amount.least", rule.least)):
        if amount is not None and amount.currency_code != currency_code:
            raise IsInvalid(f"{field}.currency_code", f"must be {currency_code}, as the case's")
        if amount is not None and amount.minor_units <= 0:
            raise IsInvalid(f"{field}.minor_units", "must be more than nothing")
    if (rule.kind is AmountRuleKind.FIXED) != (rule.amount is not None):
        raise IsInvalid("amount.amount", "must be given for a fixed amount, and for no other")
    if (rule.kind is AmountRuleKind.PROMISE) != (rule.promise_id is not None):
        raise IsInvalid("amount.promise_id", "must be given for a promise, and for nothing else")


def choice(rule: AmountRule, owed: Owed, promised: Money | None) -> Choice | None:
    """What may be paid now; None: nothing is. Never more than the balance.

    `promised`: what is left of the rule's promise; None where it is not known, or over: then what is past due is proposed, or where
    nothing is, the balance.
    """
    due = _proposed(rule, owed, promised)
    due = min(due, owed.balance, key=_units)
    if due.minor_units <= 0:
        return None
    most = due if rule.kind is AmountRuleKind.FIXED else owed.balance
    least = due if rule.least is None else min(rule.least, due, key=_units)
    return Choice(due, least, most)


def _proposed(rule: AmountRule, owed: Owed, promised: Money | None) -> Money:
    if rule.amount is not None:
        return rule.amount
    if rule.kind is AmountRuleKind.PROMISE and promised is not None and promised.minor_units > 0:
        return promised
    if rule.kind is AmountRuleKind.PROMISE and owed.past_due.minor_units <= 0:
        return owed.balance
    return owed.balance if rule.kind is AmountRuleKind.BALANCE else owed.past_due


def _units(amount: Money) -> int:
    return amount.minor_units
