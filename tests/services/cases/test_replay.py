"""Golden scenario 15: the whole store replayed gives the same read models, the same cases and the same hashes, each time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from acuerdo.cases.v1 import disputes_pb2 as disputes
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1 import types_pb2 as types
from psycopg import AsyncConnection

from services.cases.card import CASES
from services.cases.domain.case import Case
from services.cases.views import VIEWS
from services.chassis.log.meta import SharedMeta, meta_of
from tests.services.cases.service import Caller, Running, money, on
from tests.services.cases.test_cases_api import eventually, report
from tests.services.cases.test_holds_api import a_counted_case, a_hold, instalment

TENANT = "demo"


async def a_story(cases: Running) -> None:
    """Back-dated holds, corrected instalments, a correction of the balance, a closing and a reopening."""
    caller = cases.as_("supervisor", "operator", "compliance")
    case_id, debt_id = await a_counted_case(caller, instalment(1, date(2025, 12, 20), 100), instalment(2, date(2026, 1, 10), 100))
    placed = await caller.PlaceHold(case_id=case_id, **a_hold(date(2026, 1, 2), date(2026, 1, 9)))
    await caller.PlaceHold(case_id=case_id, kind=holds.HOLD_KIND_STATUTORY_BREATHING_SPACE, reason_code="MORATORIUM_GRANTED")
    await caller.ExtendHold(case_id=case_id, hold_id=placed.hold_id, through=on(date(2026, 1, 12)), reason_code="RECORDED_LATE")
    await caller.LiftHold(case_id=case_id, hold_id=placed.hold_id, reason_code="ENOUGH", effective_on=on(date(2026, 1, 5)))
    await caller.ScheduleInstalments(case_id=case_id, debt_id=debt_id, instalments=[instalment(2, date(2026, 2, 10), 100)])
    fee = types.ComponentAmount(component=types.COMPONENT_FEES, amount=money(1_000))
    await caller.AdjustBalance(
        case_id=case_id, debt_id=debt_id, deltas=[fee], reason=types.ADJUSTMENT_REASON_FEE, value_date=on(date(2026, 1, 8))
    )
    await people_and_the_creditor_speak(caller, case_id, debt_id)
    await caller.CloseCase(case_id=case_id, outcome=types.CLOSE_OUTCOME_UNTRACEABLE, evidence_refs=["report-1"])
    await cases.clock.advance(datetime(2026, 3, 1, 12, tzinfo=UTC))
    await eventually(partial(are_told, caller, case_id, "CircumstanceReviewDue", "ComplaintOverdue", "ClientQueryOverdue"))
    await caller.ReopenCase(case_id=case_id, reason=types.REOPEN_REASON_NEW_EVIDENCE)


async def are_told(caller: Caller, case_id: str, *facts: str) -> bool:
    """What the clock brings about in its own time."""
    return {row.type for row in (await caller.GetTimeline(case_id=case_id, types=facts)).rows} == set(facts)


async def people_and_the_creditor_speak(caller: Caller, case_id: str, debt_id: str) -> None:
    """A part is disputed and upheld in part; snapshots differ, one is settled and one was wrong; somebody is ill, and complains."""
    part = types.ComponentAmount(component=types.COMPONENT_PRINCIPAL, amount=money(5_000))
    disputed = await caller.DisputeDebt(case_id=case_id, debt_id=debt_id, components=[part], reason_code="NOT_MINE", statement="no")
    await caller.ResolveDispute(
        case_id=case_id, dispute_id=disputed.dispute_id, resolution=disputes.DISPUTE_RESOLUTION_UPHELD, reason_code="CHECKED"
    )
    for day, theirs in ((13, 90_000), (14, 90_250), (15, 1)):
        await report(caller, case_id, date(2026, 1, day), balance=money(theirs))
    await caller.ResolveBalanceDifference(case_id=case_id, as_of=on(date(2026, 1, 14)), reason_code="ACCEPTED", evidence_refs=["mail"])
    await caller.RetractReport(case_id=case_id, as_of=on(date(2026, 1, 15)), source_ref="file", reason_code="WRONG_FILE")
    flag = {"category": 1, "severity": 1, "visibility": 2, "source": "debtor", "review_on": on(date(2026, 2, 1)), "with_hold": True}
    await caller.FlagVulnerability(case_id=case_id, details="in treatment", **flag)
    await caller.FileComplaint(case_id=case_id, category="RUDENESS", statement="she shouted", with_hold=True)
    await caller.OpenClientQuery(case_id=case_id, subject="ALREADY_PAID", question="in cash?")


async def read_models(cases: Running) -> dict[str, list[Any]]:
    """Every row of every table, once the tables know the whole log."""
    caller, position = cases.as_(), (await cases.log.head()).position
    await caller.ListCases(min_position=position)
    async with await AsyncConnection.connect(cases.log.dsn, autocommit=True) as connection:
        found = {}
        for table in VIEWS[0].tables:
            rows = await (await connection.execute(f"SELECT to_jsonb(t) FROM cases.{table} t".encode())).fetchall()
            found[table] = sorted((row for (row,) in rows), key=str)
        return found


async def test_the_whole_store_replayed_twice_gives_the_same_read_models(cases: Running) -> None:
    await a_story(cases)
    live = await read_models(cases)
    assert all(
        live[table]
        for table in ("case_list", "case_buckets_told", "case_buckets_restated", "case_ledger", "case_lives", "case_balance_differences")
    )
    for _ in range(2):
        await cases.rebuild_views()
        assert await read_models(cases) == live


async def test_every_stored_event_is_written_back_byte_for_byte_and_its_case_folds_the_same(cases: Running) -> None:
    await a_story(cases)
    records = await cases.log.read(0, 10_000)
    assert len(records) > 15
    for record in records:
        meta = meta_of(record.event)
        again = CASES.mapper.encode(CASES.mapper.decode(record.event), SharedMeta.of(meta), meta.prev_hash)
        assert (again.event, again.type_name) == (record.event, record.type_name)
    case_ids = {record.stream_id for record in records if record.type_name.endswith("CaseRegistered")}
    for case_id in case_ids:
        one, other = [await cases.log.fold(Case, case_id, TENANT) for _ in range(2)]
        live = await cases.log.load(Case, case_id, TENANT)
        assert vars(one) == vars(other)
        assert (one.delinquency, one.holds, one.debts, one.version) == (live.delinquency, live.holds, live.debts, live.version)
