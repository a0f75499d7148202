"""Evidence: up to where a portfolio's payment sources have told everything, so that what is missing may be called unpaid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Causation, Due, Fact
from services.kernel.money import Money

if TYPE_CHECKING:
    from services.cases.domain.portfolio import Portfolio

# What happened ---------------------------------------------------------------


class SourceCompletenessNoted(Fact):
    source_id: UUID
    complete_through: date
    evidence_ref: str
    origin: Causation

    def apply(self, portfolio: Portfolio) -> None:
        portfolio.evidence.sources[self.source_id] = SourceEvidence(self.source_id, self.complete_through, self.origin)


class UnmatchedMoneyNoted(Fact):
    money_id: UUID
    amount: Money
    value_date: date
    origin: Causation

    def apply(self, portfolio: Portfolio) -> None:
        portfolio.evidence.unmatched[self.money_id] = self.value_date


class UnmatchedMoneySettled(Fact):
    money_id: UUID
    origin: Causation

    def apply(self, portfolio: Portfolio) -> None:
        on = portfolio.evidence.unmatched.pop(self.money_id)
        # Who waits for nothing else may be judged now: they are called once more.
        portfolio.evidence.awaited.update({day: False for day in portfolio.evidence.awaited if day >= on})


class EvidenceAwaited(Fact):
    day: date

    def apply(self, portfolio: Portfolio) -> None:
        portfolio.evidence.awaited[self.day] = False


class EvidenceCalled(Fact):
    day: date
    is_complete: bool

    def apply(self, portfolio: Portfolio) -> None:
        portfolio.evidence.awaited[self.day] = self.is_complete


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceEvidence:
    """A source has told everything with a value date through that day; `origin` is the statement that says so."""

    source_id: UUID
    complete_through: date
    origin: Causation


@dataclass(slots=True)
class Evidence:
    """What a portfolio knows of its payment sources. `awaited`: days that promises wait for, and whether those who wait were called."""

    sources: dict[UUID, SourceEvidence] = field(default_factory=dict)
    unmatched: dict[UUID, date] = field(default_factory=dict)
    awaited: dict[date, bool] = field(default_factory=dict)


# What may be decided ---------------------------------------------------------


def named(portfolio: Portfolio, day: date) -> tuple[UUID, ...]:
    """The sources that the terms of that day name."""
    return tuple(UUID(source_id) for source_id in portfolio.terms.at(day).payment_source_ids)


def lacking(portfolio: Portfolio, day: date) -> tuple[UUID, ...]:
    """Those of them that are not complete through that day."""
    sources = portfolio.evidence.sources
    return tuple(each for each in named(portfolio, day) if each not in sources or sources[each].complete_through < day)


def is_complete(portfolio: Portfolio, day: date) -> bool:
    """Where no source is named, nobody can say that nothing was paid."""
    return bool(named(portfolio, day)) and not lacking(portfolio, day)


def given_by(portfolio: Portfolio, day: date) -> tuple[SourceEvidence, ...]:
    return tuple(portfolio.evidence.sources[each] for each in named(portfolio, day) if each in portfolio.evidence.sources)


def unmatched_within(portfolio: Portfolio, since: date, through: date) -> tuple[UUID, ...]:
    """Money that nobody can be named for, with a value date in between."""
    return tuple(sorted(money_id for money_id, on in portfolio.evidence.unmatched.items() if since <= on <= through))


def note_completeness(portfolio: Portfolio, source_id: UUID, complete_through: date, evidence_ref: str, origin: Causation) -> None:
    """Also an earlier day than before: a statement may have been wrong. Heard late, after a newer one of the source: passed over."""
    portfolio.must_exist()
    known = portfolio.evidence.sources.get(source_id)
    if known is not None and known.origin.stream_id == origin.stream_id and known.origin.version >= origin.version:
        return
    portfolio.tell(
        SourceCompletenessNoted(
            **portfolio.next(), source_id=source_id, complete_through=complete_through, evidence_ref=evidence_ref, origin=origin
        )
    )


def note_unmatched(portfolio: Portfolio, money_id: UUID, amount: Money, value_date: date, origin: Causation) -> None:
    portfolio.must_exist()
    if money_id not in portfolio.evidence.unmatched:
        portfolio.tell(UnmatchedMoneyNoted(**portfolio.next(), money_id=money_id, amount=amount, value_date=value_date, origin=origin))


def settle_unmatched(portfolio: Portfolio, money_id: UUID, origin: Causation) -> None:
    portfolio.must_exist()
    if money_id in portfolio.evidence.unmatched:
        portfolio.tell(UnmatchedMoneySettled(**portfolio.next(), money_id=money_id, origin=origin))


def await_day(portfolio: Portfolio, day: date) -> None:
    """Promises that fell due on that day wait. Where the sources are complete already, those who come later are judged as they come."""
    if day not in portfolio.evidence.awaited:
        portfolio.tell(EvidenceAwaited(**portfolio.next(), day=day))


def call(portfolio: Portfolio, day: date) -> None:
    """The sources are complete through that day, or not any more: those who waited are to be judged again."""
    complete = is_complete(portfolio, day)
    if portfolio.evidence.awaited.get(day, complete) != complete:
        portfolio.tell(EvidenceCalled(**portfolio.next(), day=day, is_complete=complete))


def to_call(portfolio: Portfolio) -> list[date]:
    """Awaited days, the oldest first, of which something else is known than those who wait were told."""
    return [day for day, called in sorted(portfolio.evidence.awaited.items()) if called != is_complete(portfolio, day)]


def due(portfolio: Portfolio) -> Iterable[Due]:
    if to_call(portfolio):
        yield Due("evidence.call", portfolio.modified_on)
