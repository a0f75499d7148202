"""Complaints tied to their interactions, and queries to the creditor: each has a last day, told when it goes by, and ends with its hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.cases.domain import client_queries, closing, complaints
from services.cases.domain.case import Case, FactLiesBeforeTheCase
from services.cases.domain.client_queries import ClientQueryIsOver, ClientQueryIsUnknown, Inquiry, QueryState
from services.cases.domain.complaints import ComplaintIsResolved, ComplaintIsUnknown, ComplaintOutcome, Grievance
from services.cases.domain.deadlines import DeadlineLiesBeforeItBegins
from services.cases.domain.debts import DebtIsUnknown
from services.cases.domain.holds import HoldScope
from services.cases.domain.lifecycle import CloseOutcome
from services.cases.domain.parties import PartyIsUnknown
from services.cases.timers import TIMERS
from services.kernel.calendar import start_of, zone
from services.kernel.facts import told
from services.kernel.money import Money
from services.kernel.refusal import IsInvalid
from tests.services.cases.examples import (
    CYCLES,
    THE_DEBT,
    THE_DEBTOR,
    TODAY,
    a_portfolio,
    an_open_case,
    at,
    eur,
    names,
    refused,
    sealed,
    stored,
    terms,
)

FIRST, SECOND, HOLD = UUID(int=701), UUID(int=702), UUID(int=711)
A_CALL = UUID(int=799)
UPHELD, REJECTED = ComplaintOutcome.UPHELD, ComplaintOutcome.REJECTED


def file(case: Case, complaint_id: UUID = FIRST, hold_id: UUID | None = HOLD, **other: Any) -> None:
    usual: dict[str, Any] = {
        "person_id": THE_DEBTOR,
        "category": "RUDENESS",
        "statement": sealed("she shouted"),
        "interaction_ids": (A_CALL, A_CALL),
    }
    complaints.file(case, complaint_id, hold_id, Grievance(**{**usual, **other}))


def resolve(case: Case, outcome: ComplaintOutcome = UPHELD, redress: Money | None = None) -> None:
    complaints.resolve(case, FIRST, outcome, "RECORDING_HEARD", redress, ())


def ask(case: Case, query_id: UUID = FIRST, hold_id: UUID | None = HOLD, **other: Any) -> None:
    client_queries.open_query(case, query_id, hold_id, Inquiry(**{"subject": "ALREADY_PAID", **other}))


def wake(case: Case, key: str, when: datetime) -> None:
    (change,) = TIMERS[key].wake(at(case, when), None)  # type: ignore[arg-type]  # it does not look at the timer
    change.decide(case, a_portfolio())


# Complaints ------------------------------------------------------------------------


def test_a_complaint_names_its_interactions_and_its_hold_ends_with_the_answer() -> None:
    case = an_open_case()
    file(case)
    file(case)
    assert names(case) == ["ComplaintFiled", "HoldPlaced"]
    assert case.complaints.by_id[FIRST].interaction_ids == (A_CALL,)
    assert case.holds.effect(HoldScope.CONTACT, TODAY).is_stopped
    for _ in range(2):
        resolve(case, redress=eur(30))
    assert names(case)[2:] == ["ComplaintResolved", "HoldLifted"]
    with refused(ComplaintIsResolved, outcome="UPHELD"):
        resolve(case, REJECTED)


def test_a_complaint_is_heard_on_a_closed_case_too() -> None:
    case = an_open_case()
    closing.close(case, CloseOutcome.UNTRACEABLE, ["report"])
    stored(case)
    file(case, hold_id=None)
    resolve(case, REJECTED)
    assert names(case) == ["ComplaintFiled", "ComplaintResolved"]


def test_the_law_that_governs_says_by_when_a_complaint_is_answered() -> None:
    for jurisdiction, days in (("ES", 30), ("GB", 56), ("GB-SCT", 56)):
        case = an_open_case(terms(CYCLES, jurisdiction=jurisdiction))
        file(case)
        assert case.complaints.by_id[FIRST].answer_due == TODAY + timedelta(days=days)


def test_what_is_wrong_with_a_complaint_is_refused() -> None:
    case = an_open_case()
    with refused(PartyIsUnknown):
        file(case, person_id=UUID(int=9))
    with refused(DeadlineLiesBeforeItBegins):
        file(case, answer_due=date(2026, 3, 30))
    with refused(ComplaintIsUnknown):
        resolve(case)
    case.happened_at = datetime(2025, 12, 1, tzinfo=UTC)
    with refused(FactLiesBeforeTheCase):
        file(case)
    assert told(at(case, case.now)) == []
    file(case)
    stored(case)
    for outcome, redress, field in (
        (UPHELD, Money("USD", 1), "redress.currency_code"),
        (UPHELD, eur(0), "redress"),
        (REJECTED, eur(1), "redress"),
    ):
        with refused(IsInvalid, field=field):
            resolve(case, outcome, redress)
    assert told(case) == []


# Queries to the creditor ---------------------------------------------------------------


def test_a_query_is_answered_late_or_in_time_and_its_hold_ends() -> None:
    case = an_open_case()
    ask(case, debt_id=THE_DEBT)
    ask(case, debt_id=THE_DEBT)
    assert names(case) == ["ClientQueryOpened", "HoldPlaced"]
    assert [hold.debt_id for hold in case.holds.effect(HoldScope.TREATMENT, TODAY).of_debts] == [THE_DEBT]
    wake(case, "query.deadline", datetime(2026, 4, 20, tzinfo=UTC))
    assert case.client_queries.by_id[FIRST].state is QueryState.OVERDUE
    for _ in range(2):
        client_queries.answer(case, FIRST, "CONFIRMED", None, ("receipt",))
    assert names(case)[2:] == ["ClientQueryOverdue", "ClientQueryAnswered", "HoldLifted"]
    with refused(ClientQueryIsOver, state="ANSWERED"):
        client_queries.cancel(case, FIRST, "FOUND_IT")


def test_a_query_is_cancelled_once() -> None:
    case = an_open_case()
    ask(case)
    for _ in range(2):
        client_queries.cancel(case, FIRST, "FOUND_IT")
    assert names(case)[2:] == ["ClientQueryCancelled", "HoldLifted"]
    with refused(ClientQueryIsOver, state="CANCELLED"):
        client_queries.answer(case, FIRST, "CONFIRMED", None, ())


def test_what_is_wrong_with_a_query_is_refused() -> None:
    case = an_open_case()
    with refused(DebtIsUnknown):
        ask(case, debt_id=UUID(int=9))
    with refused(DeadlineLiesBeforeItBegins):
        ask(case, due=date(2026, 3, 30))
    with refused(IsInvalid, field="due"):
        ask(case, due=date(2036, 3, 30))
    with refused(ClientQueryIsUnknown):
        client_queries.answer(case, FIRST, "CONFIRMED", None, ())
    assert told(case) == []


# Deadlines ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "key", "fact"),
    [(file, "complaint.deadline", "ComplaintOverdue"), (ask, "query.deadline", "ClientQueryOverdue")],
    ids=["complaint", "query"],
)
def test_a_last_day_that_goes_by_is_told_at_the_midnight_after_it_and_once(begin: Callable[..., None], key: str, fact: str) -> None:
    case = an_open_case()
    last_day = {"answer_due" if begin is file else "due": date(2026, 4, 3)}
    begin(case, hold_id=None, **last_day)
    begin(case, SECOND, None)
    stored(case)
    first = min((due for due in case.due() if due.key.startswith(key)), key=lambda due: due.at)
    assert (first.key, first.at) == (f"{key}/{FIRST}", start_of(date(2026, 4, 4), zone("Europe/Madrid")))
    wake(case, key, first.at - timedelta(microseconds=1))
    assert names(case) == []
    wake(case, key, first.at)
    wake(case, key, first.at)
    assert names(case) == [fact]
    assert [due.key for due in case.due() if due.key.startswith(key)] == [f"{key}/{SECOND}"]
