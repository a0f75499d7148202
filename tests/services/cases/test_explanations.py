"""Asked over gRPC why an answer is what it is: the facts add up to it, rules are named, and what was answered once is answered again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
import pytest
from acuerdo.cases.v1 import explain_pb2 as explained
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import types_pb2 as types
from google.protobuf.message import Message

from tests.services.cases.service import Caller, Running, a_debt, money, on
from tests.services.cases.test_cases_api import a_case, refused, report, stamp
from tests.services.cases.test_holds_api import a_counted_case, a_hold, counted_terms, instalment

DUE = date(2026, 1, 5)


def added(answer: explained.ExplainBalanceResponse) -> int:
    return sum(ground.amount.minor_units for ground in answer.grounds)


def of(grounds: Any) -> list[tuple[str, int, int]]:
    return [(ground.type, ground.amount.minor_units, ground.days) for ground in grounds]


# A balance -------------------------------------------------------------------------------------------------------------


async def test_the_grounds_of_a_balance_add_up_to_our_ledger_on_every_day(cases: Running) -> None:
    caller = cases.as_()
    case_id, debt_id = await a_counted_case(caller, instalment(1, DUE, 100))
    loan = await caller.AttachDebt(case_id=case_id, debt=a_debt(50_000, ref="loan"), value_date=on(date(2026, 1, 3)))
    fee = types.ComponentAmount(component=types.COMPONENT_FEES, amount=money(1_000))
    for debt, day in ((loan.debt_id, date(2026, 1, 4)), (debt_id, date(2026, 1, 8))):
        await caller.AdjustBalance(
            case_id=case_id, debt_id=debt, deltas=[fee], reason=types.ADJUSTMENT_REASON_FEE, source_ref="file", value_date=on(day)
        )
    await caller.DetachDebt(case_id=case_id, debt_id=loan.debt_id, reason_code="BAJA", value_date=on(date(2026, 1, 10)))
    for day in (date(2026, 1, number) for number in range(1, 16)):
        answer = await caller.ExplainBalance(case_id=case_id, as_of=on(day))
        balance = await caller.GetBalance(case_id=case_id, as_of=on(day))
        assert added(answer) == answer.ledger_balance.minor_units == balance.ledger_balance.minor_units
        assert answer.balance == balance.balance
    assert [ground.type for ground in answer.grounds] == ["DebtAttached", "DebtAttached", *["DebtBalanceAdjusted"] * 2, "DebtDetached"]
    assert answer.grounds[-1].amount.minor_units == -51_000
    assert answer.sentence == (
        "On 2026-01-15 1,010.00 EUR is owed by our ledger: opening balances 1,500.00 EUR, adjustments 20.00 EUR, "
        "debts no longer counted -510.00 EUR."
    )
    (rule,) = answer.rules
    assert (rule.kind, rule.version, rule.says) == ("BALANCE_AUTHORITY", "1", "our ledger counts")


async def test_a_balance_of_the_creditor_is_explained_by_its_word_and_what_it_differs_by(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller)
    nothing_said = await caller.ExplainBalance(case_id=case_id)
    assert not nothing_said.HasField("reported_balance")
    assert not nothing_said.differences
    await report(caller, case_id, date(2026, 1, 10), balance=money(98_750))
    answer = await caller.ExplainBalance(case_id=case_id)
    assert (answer.balance.minor_units, answer.ledger_balance.minor_units, answer.reported_balance.minor_units) == (98_750, 100_000, 98_750)
    assert (answer.unexplained.minor_units, [ground.type for ground in answer.differences]) == (1_250, ["BalanceReported"])
    assert "the creditor said 987.50 EUR as of 2026-01-10, whose word counts" in answer.sentence
    assert "12.50 EUR is unexplained" in answer.sentence
    before = await caller.ExplainBalance(case_id=case_id, as_of=on(date(2026, 1, 9)))
    assert (before.balance.minor_units, before.HasField("reported_balance")) == (100_000, False)


# A bucket --------------------------------------------------------------------------------------------------------------


async def test_a_counted_bucket_is_explained_by_what_fell_due_and_by_the_days_on_hold(cases: Running) -> None:
    """Golden 3 told as an explanation: two holds of 11 and 31 days are 31 days together."""
    caller = cases.as_()
    case_id, _ = await a_counted_case(caller, instalment(1, DUE, 100), instalment(2, date(2026, 2, 5), 100), grace_days=2)
    await cases.clock.advance(datetime(2026, 4, 10, 10, tzinfo=UTC))
    await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 3, 10), date(2026, 3, 20)))
    await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 3, 1), date(2026, 3, 31)))
    answer = await caller.ExplainBucket(case_id=case_id)
    assert (answer.bucket, answer.past_due_units) == ("31+", 95 - 31 - 2)
    # The timer may have told by now that both have ended.
    assert [ground for ground in of(answer.grounds) if ground[0] != "HoldExpired"] == [
        ("CaseRegistered", 0, 0),
        ("InstalmentsScheduled", 10_000, 0),
        ("HoldPlaced", 0, 11),
        ("HoldPlaced", 0, 31),
    ]
    assert answer.grounds[1].says == "instalment 1 fell due on 2026-01-05"
    assert answer.sentence == (
        "On 2026-04-10 the case is in bucket 31+: 100.00 EUR of what card fell due for on 2026-01-05 is unpaid, 95 days went by less"
        " 31 on hold and 2 of grace, which makes 62 days past due on that day, and in set days-1 this bucket holds 31 and more."
    )
    assert [(rule.kind, rule.version) for rule in answer.rules] == [
        ("BUCKET_SET", "days-1"),
        ("DELINQUENCY_POLICY", "1"),
        ("HOLD_RULES", "holds-1"),
    ]
    early = await caller.ExplainBucket(case_id=case_id, as_of=on(date(2026, 1, 4)))
    assert (early.bucket, [ground.type for ground in early.grounds]) == ("current", ["CaseRegistered", "InstalmentsScheduled"])
    assert "nothing that fell due is unpaid" in early.sentence


async def test_days_counted_on_from_a_declared_due_date_leave_out_those_on_hold(cases: Running) -> None:
    caller = cases.as_()
    case_id = await a_case(caller, counted_terms())
    await report(caller, case_id, date(2026, 1, 10), oldest_unpaid_due_date=on(DUE))
    lifted = await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 1, 8), date(2026, 1, 11)))
    await caller.LiftHold(case_id=case_id, hold_id=lifted.hold_id, effective_on=on(date(2026, 1, 10)), reason_code="ENOUGH")
    answer = await caller.ExplainBucket(case_id=case_id)
    types_told = [ground.type for ground in answer.grounds if ground.type != "HoldExpired"]  # by its timer, sooner or later
    assert types_told == ["CaseRegistered", "ArrearsReported", "HoldPlaced", "HoldLifted"]
    assert (answer.past_due_units, answer.grounds[2].days) == (8, 2)
    assert "unpaid since 2026-01-05 as of 2026-01-10 (file), 10 days went by less 2 on hold, which makes 8 days" in answer.sentence


async def test_a_case_of_which_nobody_has_said_anything_is_in_no_bucket(cases: Running) -> None:
    caller = cases.as_()
    answer = await caller.ExplainBucket(case_id=await a_case(caller))
    assert (answer.bucket, [ground.type for ground in answer.grounds]) == ("", ["CaseRegistered"])
    assert "in no bucket" in answer.sentence


# What a hold stops -------------------------------------------------------------------------------------------------------


async def test_a_stopped_scope_is_explained_by_its_holds_and_one_that_is_not_by_those_of_other_days(cases: Running) -> None:
    caller = cases.as_("supervisor", "operator", "compliance")
    case_id, debt_id = await a_counted_case(caller, instalment(1, DUE, 100))
    scope = holds.HOLD_SCOPE_TREATMENT
    never = await caller.ExplainHoldEffect(case_id=case_id, scope=scope)
    assert (never.is_stopped, len(never.grounds)) == (False, 0)
    assert "no hold of this case has ever stopped it" in never.sentence
    terms = a_hold(date(2026, 1, 10), date(2026, 1, 20), scopes=[scope])
    placed = await caller.PlaceHold(case_id=case_id, **terms)
    await caller.ExtendHold(case_id=case_id, hold_id=placed.hold_id, through=on(date(2026, 1, 25)), reason_code="ASKED")
    subject = holds.HoldSubject(debt_id=debt_id, amount=money(4_000))
    await caller.PlaceHold(case_id=case_id, kind=holds.HOLD_KIND_DISPUTE, reason_code="DISPUTED", subject=subject)
    stopped = await caller.ExplainHoldEffect(case_id=case_id, scope=scope)
    assert (stopped.is_stopped, stopped.effect.stopped_until) == (True, on(date(2026, 1, 26)))
    assert [ground.type for ground in stopped.grounds] == ["HoldPlaced", "HoldExtended", "HoldPlaced"]
    assert "treatment is stopped for the whole case by a hold for legal" in stopped.sentence
    assert "besides for a part of one debt by a hold for dispute" in stopped.sentence
    assert [(rule.kind, rule.version) for rule in stopped.rules] == [("HOLD_RULES", "holds-1")]
    contact = await caller.ExplainHoldEffect(case_id=case_id, scope=holds.HOLD_SCOPE_CONTACT)
    assert not contact.is_stopped
    later = await caller.ExplainHoldEffect(case_id=case_id, scope=scope, as_of=on(date(2026, 1, 26)))
    assert "not stopped for the whole case, but for a part of one debt" in later.sentence


# The same answer later ---------------------------------------------------------------------------------------------------


async def _answers(caller: Caller, case_id: str, known_at: datetime) -> list[Message]:
    at = {"case_id": case_id, "as_known_at": stamp(known_at)}
    effects = [await caller.ExplainHoldEffect(scope=scope, **at) for scope in holds.HoldScope.values()[1:]]
    return [await caller.ExplainBalance(**at), await caller.ExplainBucket(**at), *effects]


async def test_what_was_explained_once_is_explained_alike_whatever_came_to_be_known_since(cases: Running) -> None:
    caller = cases.as_("supervisor", "operator", "compliance")
    case_id, debt_id = await a_counted_case(caller, instalment(1, DUE, 100), instalment(2, date(2026, 1, 12), 100))
    portfolio_id = (await caller.GetCase(case_id=case_id)).case.portfolio_id
    fee = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=money(-3_000))
    asked: list[tuple[datetime, list[Message]]] = []
    placed = ""
    for week in range(5):
        now = datetime(2026, 1, 16, 12, tzinfo=UTC) + timedelta(days=30 * week)
        await cases.clock.advance(now)
        match week:
            case 0:
                placed = (await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 1, 6)))).hold_id
            case 1:
                await caller.AdjustBalance(
                    case_id=case_id,
                    debt_id=debt_id,
                    deltas=[fee],
                    reason=types.ADJUSTMENT_REASON_DISPUTE_UPHELD,
                    value_date=on(date(2026, 1, 7)),
                )
            case 2:
                await caller.LiftHold(case_id=case_id, hold_id=placed, effective_on=on(date(2026, 1, 20)), reason_code="ENOUGH")
            case 3:
                terms = counted_terms(grace_days=5)
                terms.bucket_set.version = "days-2"
                terms.bucket_set.buckets[0].name = "al corriente"
                await caller.ChangePortfolioTerms(portfolio_id=portfolio_id, terms=terms, effective_from=on(date(2026, 1, 1)))
            case _:
                await caller.ScheduleInstalments(case_id=case_id, debt_id=debt_id, instalments=[instalment(1, date(2026, 1, 2), 90)])
        known_at = now + timedelta(hours=1)
        await cases.clock.advance(known_at)
        asked.append((known_at, await _answers(caller, case_id, known_at)))
    for known_at, answers in asked:
        assert await _answers(caller, case_id, known_at) == answers
    assert len({answers[1].SerializeToString() for _, answers in asked}) == len(asked)


@pytest.mark.parametrize("method", ["ExplainBalance", "ExplainBucket", "ExplainHoldEffect"])
async def test_a_case_that_the_caller_may_not_see_is_not_explained(cases: Running, method: str) -> None:
    case_id = await a_case(cases.as_())
    asked = {"case_id": case_id} | ({"scope": holds.HOLD_SCOPE_CONTACT} if method == "ExplainHoldEffect" else {})
    with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
        await getattr(cases.as_("agent", tenant="elsewhere"), method)(**asked)
    with refused(grpc.StatusCode.NOT_FOUND, "CASE_IS_UNKNOWN"):
        await getattr(cases.as_(), method)(**asked, as_known_at=stamp(datetime(2026, 1, 1, tzinfo=UTC)))
