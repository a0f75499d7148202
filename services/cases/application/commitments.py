"""The verbs of promises, of the evidence they are judged by, and of money on its way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from services.cases.application.naming import CaseKey, on_terms
from services.cases.domain import case as cases
from services.cases.domain import docket, evidence, keeping, promising, transit
from services.cases.domain.case import Case
from services.cases.domain.docket import Docket
from services.cases.domain.portfolio import Portfolio
from services.cases.domain.promises import CancelledBy
from services.cases.domain.promising import PromiseTerms
from services.cases.domain.transit import MoneyKind
from services.kernel.facts import Causation, Change
from services.kernel.money import Money


def make_promise(key: CaseKey, promise_id: UUID, terms: PromiseTerms) -> Change[Case]:
    return on_terms(key, partial(promising.make, promise_id=promise_id, terms=terms))


def cancel_promise(key: CaseKey, promise_id: UUID, by: CancelledBy, reason_code: str) -> Change[Case]:
    return on_terms(key, partial(promising.cancel, promise_id=promise_id, by=by, reason_code=reason_code))


def supersede_promise(key: CaseKey, promise_id: UUID, new_promise_id: UUID, reason_code: str, asked: PromiseTerms) -> Change[Case]:
    decide = partial(promising.supersede, promise_id=promise_id, new_promise_id=new_promise_id, reason_code=reason_code, asked=asked)
    return on_terms(key, decide)


# The clock ---------------------------------------------------------------------------------------------------------------


def judge_promises(key: CaseKey, days: Iterable[date]) -> Change[Case]:
    """Those whose last day is one of these, by what the portfolio's payment sources have told: the one way to an adverse word."""

    def decide(case: Case, portfolio: Portfolio) -> None:
        cases.take_on_terms(case, portfolio)
        keeping.judge(case, portfolio, days)

    return Change(Case, key.case_id, decide, given=((Portfolio, key.portfolio_id),))


def remind_of_promises(key: CaseKey) -> Change[Case]:
    return on_terms(key, keeping.remind)


def turn_clocks(key: CaseKey) -> Change[Case]:
    return on_terms(key, partial(keeping.settle, cause="HOLD_CHANGED"))


def enter_docket(key: CaseKey, day: date) -> Change[Docket]:
    """After the case has been judged, in the same unit."""
    docket_id = docket.docket_of(key.portfolio_id, day, key.case_id)
    return Change(Docket, docket_id, partial(docket.enter, day=day), given=((Case, key.case_id),))


def announce_docket(of: Docket) -> Iterable[Change[Any]]:
    yield Change(Portfolio, of.portfolio_id, partial(evidence.await_day, day=of.day))
    yield Change(Docket, of.id, docket.announce)


def call_dockets(portfolio_id: UUID, day: date) -> Iterable[Change[Any]]:
    yield Change(Portfolio, portfolio_id, partial(evidence.call, day=day))
    for docket_id in docket.dockets_of(portfolio_id, day):
        yield Change(Docket, docket_id, docket.call)


def judge_next_cases(of: Docket) -> Iterable[Change[Any]]:
    case_ids = of.next_cases()
    yield Change(Docket, of.id, partial(docket.page, done=of.done + len(case_ids)))
    for case_id in case_ids:
        yield judge_promises(CaseKey(case_id, of.portfolio_id), [of.day])


# Told by payments --------------------------------------------------------------------------------------------------------


def note_completeness(
    portfolio_id: UUID, source_id: UUID, complete_through: date, evidence_ref: str, origin: Causation
) -> Change[Portfolio]:
    decide = partial(
        evidence.note_completeness, source_id=source_id, complete_through=complete_through, evidence_ref=evidence_ref, origin=origin
    )
    return Change(Portfolio, portfolio_id, decide)


def note_unmatched_money(portfolio_id: UUID, money_id: UUID, amount: Money, value_date: date, origin: Causation) -> Change[Portfolio]:
    decide = partial(evidence.note_unmatched, money_id=money_id, amount=amount, value_date=value_date, origin=origin)
    return Change(Portfolio, portfolio_id, decide)


def settle_unmatched_money(portfolio_id: UUID, money_id: UUID, origin: Causation) -> Change[Portfolio]:
    return Change(Portfolio, portfolio_id, partial(evidence.settle_unmatched, money_id=money_id, origin=origin))


def note_money_on_its_way(
    case_id: UUID, money_id: UUID, kind: MoneyKind, amount: Money, value_date: date | None, origin: Causation
) -> Change[Case]:
    decide = partial(transit.note, money_id=money_id, kind=kind, amount=amount, value_date=value_date, origin=origin)
    return Change(Case, case_id, decide)


def settle_money_on_its_way(case_id: UUID, money_id: UUID, reason_code: str, origin: Causation) -> Change[Case]:
    return Change(Case, case_id, partial(transit.settle, money_id=money_id, reason_code=reason_code, origin=origin))
