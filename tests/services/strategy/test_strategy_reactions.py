"""What cases tells becomes a standing and a segment, in one unit with the position, through a real log."""

from __future__ import annotations

from typing import Any

import pytest
from acuerdo.cases.v1 import events_pb2 as cases
from acuerdo.cases.v1 import types_pb2 as types
from google.protobuf.message import Message

from services.chassis.log.log import Log
from services.chassis.log.units import HeardAlready
from services.kernel.facts import Fact
from services.kernel.money import Money
from services.strategy.card import STRATEGY
from services.strategy.domain import treatment
from services.strategy.domain.assignment import SegmentAssigned
from services.strategy.domain.treatment import Treatment, TreatmentIsUnknown
from services.strategy.reactions import REACTIONS
from tests.services.strategy.examples import ANOTHER_DEBT, THE_CASE, THE_DEBT, THE_TENANT
from tests.services.strategy.hearing import Hearing, adjusted, attached, bucket, day, paid, registered, reported, terms, twd

MOVE_NOTHING = {"CaseFileAccessed", "CaseAssigned", "CaseUnassigned", "CaseWithdrawn", "DebtDisputed"}
"""By themselves: a withdrawn case is closed and a dispute upheld adjusts the balance by facts of their own."""
OPENED = cases.CaseOpened(reason="RELEASED", initial_bucket="1")


async def of(log: Log) -> Treatment:
    return await log.load(Treatment, treatment.stream_of(THE_CASE), THE_TENANT)


async def history(log: Log) -> list[Fact]:
    records = await log.read_stream(treatment.stream_of(THE_CASE), THE_TENANT)
    return [STRATEGY.mapper.decode(record.event) for record in records]


async def names(log: Log) -> list[str]:
    return [type(fact).__name__ for fact in await history(log)]


async def test_what_is_paid_and_taken_back_moves_the_balance_of_each_debt(log: Log, hearing: Hearing) -> None:
    await hearing.hear((1, registered(types.AUTHORITY_OURS)), (2, attached(1_000)), (3, attached(500, ANOTHER_DEBT)), (4, OPENED))
    lines = [paid(300), paid(200, ANOTHER_DEBT), paid(100)]
    await hearing.hear((5, cases.PaymentApplied(lines=lines)))
    assert (await of(log)).standing.debts == {THE_DEBT: Money("TWD", 600), ANOTHER_DEBT: Money("TWD", 300)}
    await hearing.hear((6, cases.DebtDetached(debt_id=ANOTHER_DEBT.bytes)), (7, cases.PaymentUnapplied(lines=lines)))
    assert (await of(log)).standing.debts == {THE_DEBT: Money("TWD", 1_000)}


async def test_a_case_is_followed_from_its_registration_to_its_end_and_back(log: Log, hearing: Hearing) -> None:
    await hearing.hear((1, registered()), (3, attached(1_500_000)), (4, OPENED))
    assert ((await of(log)).segment, (await of(log)).standing.balance) == ("friendly_reminder", Money("TWD", 1_500_000))
    await hearing.hear((6, reported(2_500_000, 5)), (7, bucket("1", "2")))
    assert (await of(log)).segment == "personal_call"
    await hearing.hear((8, bucket("2", "3")), (9, cases.CaseClosed(outcome=types.CLOSE_OUTCOME_RECALLED_BY_CLIENT)))
    assert ((await of(log)).segment, (await of(log)).has_ended) == ("affordability_review", True)
    await hearing.hear((10, cases.CaseReopened(reason=types.REOPEN_REASON_CLIENT_REQUEST)))
    assert await names(log) == [
        *("TreatmentStarted", "StandingNoted", "TreatmentOpened", "StandingNoted", "SegmentAssigned"),
        *("StandingNoted", "SegmentAssigned"),
        *("StandingNoted", "LatenessNoted", "SegmentAssigned"),
        *("StandingNoted", "SegmentAssigned"),
        *("TreatmentEnded", "TreatmentResumed"),
    ]


async def test_the_history_says_which_fact_and_which_row_stand_behind_a_segment(log: Log, hearing: Hearing) -> None:
    await hearing.hear((1, registered()), (2, attached(1_500_000)), (3, OPENED))
    assigned = (await history(log))[-1]
    assert isinstance(assigned, SegmentAssigned)
    assert (assigned.from_, assigned.to, assigned.row_id, assigned.table_version) == ("", "friendly_reminder", "one-cycle-small", 1)
    assert (assigned.bucket, assigned.balance) == ("1", Money("TWD", 1_500_000))
    records = await log.read_stream(treatment.stream_of(THE_CASE), THE_TENANT)
    meta: Any = STRATEGY.event.FromString(records[-1].event).meta
    assert (meta.causation.stream_id, meta.causation.version) == (THE_CASE.bytes, 3)


async def test_our_own_ledger_is_kept_debt_by_debt(log: Log, hearing: Hearing) -> None:
    await hearing.hear((1, registered(types.AUTHORITY_OURS)), (2, attached(500)), (3, attached(700, ANOTHER_DEBT)), (4, OPENED))
    await hearing.hear((5, adjusted(-900)), (6, cases.DebtDetached(debt_id=ANOTHER_DEBT.bytes)), (7, reported(99, 9)))
    found = await of(log)
    assert (found.standing.debts, found.standing.balance) == ({THE_DEBT: Money("TWD", -400)}, Money("TWD", -400))
    assert found.segment == "credit_balance"
    await hearing.hear((8, cases.CaseTermsChanged(terms=terms(types.AUTHORITY_CREDITOR), effective_from=day(1))))
    assert (await of(log)).standing.balance == Money("TWD", 99)


async def test_a_rejected_case_is_never_treated(log: Log, hearing: Hearing) -> None:
    await hearing.hear((1, registered()), (2, cases.CaseRejected()), (3, bucket("", "4+")))
    assert ((await of(log)).segment, (await of(log)).has_ended) == ("", True)


async def test_facts_told_again_tell_nothing_again(log: Log, hearing: Hearing) -> None:
    facts: list[tuple[int, Message]] = [(1, registered()), (2, attached(500)), (3, OPENED), (4, bucket("1", "2"))]
    await hearing.hear(*facts)
    told = await names(log)
    await hearing.hear(*facts)
    assert await names(log) == told
    hearing.position = 0
    with pytest.raises(HeardAlready):
        await hearing.hear((5, bucket("2", "3")))
    assert await names(log) == told


async def test_what_is_stored_folds_to_what_is_live(log: Log, hearing: Hearing) -> None:
    await hearing.hear((1, registered()), (2, attached(500)), (3, OPENED), (4, reported(800, 3)), (5, reported(900, 4)))
    live, folded = await of(log), await log.fold(Treatment, treatment.stream_of(THE_CASE), THE_TENANT)
    assert (folded.standing, folded.assigned, folded.terms, folded.heard) == (live.standing, live.assigned, live.terms, live.heard)


async def test_a_fact_of_a_case_that_was_never_registered_is_refused_and_stores_nothing(log: Log, hearing: Hearing) -> None:
    with pytest.raises(TreatmentIsUnknown):
        await hearing.hear((4, bucket("1", "2")))
    assert not (await of(log)).exists


def test_every_fact_that_moves_a_balance_a_bucket_or_a_life_is_heard() -> None:
    told = {field.message_type.name for field in cases.CaseEvent.DESCRIPTOR.oneofs_by_name["event"].fields if field.message_type}
    heard = {fact.DESCRIPTOR.name for fact in REACTIONS["cases"]}
    assert heard <= told
    assert {name for name in told if name.startswith(("Case", "Debt", "Payment"))} - MOVE_NOTHING <= heard


async def test_a_report_that_was_wrong_gives_way_to_the_one_before_it_and_then_to_our_ledger(log: Log, hearing: Hearing) -> None:
    await hearing.hear((1, registered()), (2, attached(1_000)), (3, OPENED), (4, reported(700, 2)), (5, reported(50, 9)))
    assert (await of(log)).standing.balance == Money("TWD", 50)
    await hearing.hear((6, cases.ReportRetracted(as_of=day(9), reported_as_of=day(2), reported=twd(700))))
    assert (await of(log)).standing.balance == Money("TWD", 700)
    await hearing.hear((7, cases.ReportRetracted(as_of=day(2))), (8, cases.ReportRetracted(as_of=day(1))))
    assert ((await of(log)).standing.balance, (await of(log)).standing.report) == (Money("TWD", 1_000), None)
    assert (await log.fold(Treatment, treatment.stream_of(THE_CASE), THE_TENANT)).standing == (await of(log)).standing
