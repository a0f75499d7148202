"""Balance: what is owed on a day, by whose word counts: our ledger's or the creditor's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from services.cases.domain.components import check_money
from services.cases.domain.terms import Authority
from services.kernel.facts import Fact
from services.kernel.money import Money
from services.kernel.refusal import Refusal

if TYPE_CHECKING:
    from services.cases.domain.case import Case

REPORTS_PER_CASE_MAX = 10_000

# What happened ---------------------------------------------------------------


class BalanceReported(Fact):
    as_of: date
    theirs: Money
    ours: Money
    source_ref: str

    def apply(self, case: Case) -> None:
        case.balance.note(self.as_of, self.source_ref, self.theirs)


# Where it stands -------------------------------------------------------------


@dataclass(slots=True)
class Balance:
    """The creditor's snapshots by the day they speak of; the latest word on a day is the one that counts."""

    reported: dict[date, Money] = field(default_factory=dict)
    words: dict[date, tuple[tuple[str, Money], ...]] = field(default_factory=dict)
    """By that day, each file's word on it, in the order in which they came."""

    def note(self, as_of: date, source_ref: str, theirs: Money) -> None:
        self.words[as_of] = (*(word for word in self.words.get(as_of, ()) if word[0] != source_ref), (source_ref, theirs))
        self.reported[as_of] = theirs

    def forget(self, as_of: date, source_ref: str) -> None:
        """What that file said of that day; another file's word on it counts again."""
        left = tuple(word for word in self.words.pop(as_of, ()) if word[0] != source_ref)
        self.reported.pop(as_of, None)
        if left:
            self.words[as_of], self.reported[as_of] = left, left[-1][1]

    def newest_without(self, as_of: date, source_ref: str) -> tuple[date, Money] | None:
        """The newest snapshot there would be without that file's word on that day."""
        left = {day: word for day, word in self.reported.items() if day != as_of}
        others = [theirs for source, theirs in self.words.get(as_of, ()) if source != source_ref]
        left.update({as_of: others[-1]} if others else {})
        return (max(left), left[max(left)]) if left else None

    def source_of(self, as_of: date) -> str:
        """The file whose word on that day counts."""
        return self.words[as_of][-1][0]

    def reported_as_of(self, day: date) -> tuple[date, Money] | None:
        """The creditor's latest snapshot through `day`."""
        as_of = max((known for known in self.reported if known <= day), default=None)
        return None if as_of is None else (as_of, self.reported[as_of])


def ledger_at(case: Case, day: date) -> Money:
    """Our ledger on that day, whoever has authority."""
    return case.debts.balance_on(day, case.currency_code)


def balance_at(case: Case, day: date) -> Money:
    """By the authority of the terms in force on that day; where the creditor has said nothing yet, our ledger."""
    if case.terms.at(day).balance_authority is Authority.CREDITOR:
        reported = case.balance.reported_as_of(day)
        if reported is not None:
            return reported[1]
    return ledger_at(case, day)


# What may be decided ---------------------------------------------------------


class CaseHasTooManyReports(Refusal):
    """The creditor has reported on the case as often as it may."""


def report_balance(case: Case, as_of: date, theirs: Money, source_ref: str) -> None:
    """The creditor's snapshot, beside what we had on that day. The same file's same word again: told once."""
    case.must_be_reportable()
    check_money(theirs, case.currency_code, "balance")
    on = case.day_or_today(as_of, "as_of")
    if case.balance.words.get(on, ())[-1:] == ((source_ref, theirs),):
        return
    if on not in case.balance.reported and len(case.balance.reported) >= REPORTS_PER_CASE_MAX:
        raise CaseHasTooManyReports(reports_max=REPORTS_PER_CASE_MAX)
    case.tell(BalanceReported(**case.next(), as_of=on, theirs=theirs, ours=ledger_at(case, on), source_ref=source_ref))
