"""Writing the read models: what the facts of a batch were noted to come to, one statement for each table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from services.cases.domain.steps import Step, overlaid
from services.cases.views import promising, working
from services.cases.views.noting import Notes, note
from services.cases.views.statements import run
from services.chassis.heard import Heard, View


async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    """Facts in log order, inside the transaction that moves the view's position: each is written once."""
    notes = note(facts)
    for statement, kinds, rows in (
        (INSERT_CASES, "uuid text bigint uuid uuid uuid text text", notes.registered),
        (INSERT_LIVES, "uuid bigint text timestamptz timestamptz text", notes.lives),
        (INSERT_TOLD, "uuid bigint text timestamptz text", notes.buckets_told),
        (INSERT_LEDGER, "uuid bigint text uuid date timestamptz bigint", notes.ledger),
        (INSERT_DETACHED, "uuid uuid text date timestamptz", notes.detached),
        (INSERT_REPORTED, "uuid date bigint text timestamptz bigint text", notes.reported),
        *notes.differences.statements(),
        (UPDATE_CASES, "uuid bigint text text text", _changed_cases(notes)),
        (DELETE_PARTIES, "uuid uuid", [key for key, (_, role) in notes.parties.items() if role is None]),
        (UPSERT_PARTIES, "uuid uuid text text", [(*key, *value) for key, value in notes.parties.items() if value[1] is not None]),
    ):
        await run(connection, statement, kinds, rows)
    await _write_intervals(connection, notes)
    await working.write(connection, facts)


def _changed_cases(notes: Notes) -> list[tuple[Any, ...]]:
    return [
        (case_id, version, notes.lifecycles.get(case_id), notes.buckets.get(case_id), notes.segments.get(case_id))
        for case_id, version in notes.versions.items()
    ]


async def _write_intervals(connection: AsyncConnection[Any], notes: Notes) -> None:
    """The courses of the cases that changed are read, laid over with what was told, and written again."""
    case_ids = list(notes.overlays)
    if not case_ids:
        return
    found = await connection.execute(
        "SELECT case_id, from_day, bucket FROM cases.case_buckets_restated WHERE case_id = ANY (%s) ORDER BY case_id, from_day", (case_ids,)
    )
    courses: dict[UUID, tuple[Step, ...]] = dict.fromkeys(case_ids, ())
    for case_id, from_day, bucket in await found.fetchall():
        courses[case_id] += (Step(from_day, bucket),)
    rows: list[tuple[Any, ...]] = []
    for case_id, overlays in notes.overlays.items():
        course = courses[case_id]
        for since, until, bucket in overlays:
            course = overlaid(course, since, until, bucket)
        ends: list[date | None] = [*(step.since for step in course[1:]), None]
        rows.extend((case_id, step.since, end, notes.tenants[case_id], step.bucket) for step, end in zip(course, ends, strict=True))
    await connection.execute("DELETE FROM cases.case_buckets_restated WHERE case_id = ANY (%s)", (case_ids,))
    await run(connection, INSERT_INTERVALS, "uuid date date text text", rows)


INSERT_CASES = """
INSERT INTO cases.case_list
    (case_id, tenant_id, registered_at, client_id, portfolio_id, batch_id, external_ref, currency_code, lifecycle, version)
SELECT r.*, 'REGISTERED', 1 FROM {rows} r"""
UPDATE_CASES = """
UPDATE cases.case_list c
SET version = r.version, lifecycle = COALESCE(r.lifecycle, c.lifecycle), bucket = COALESCE(r.bucket, c.bucket),
    segment = COALESCE(r.segment, c.segment)
FROM {rows} r (case_id, version, lifecycle, bucket, segment)
WHERE c.case_id = r.case_id"""
INSERT_LIVES = "INSERT INTO cases.case_lives SELECT * FROM {rows}"
INSERT_TOLD = "INSERT INTO cases.case_buckets_told SELECT * FROM {rows}"
INSERT_INTERVALS = "INSERT INTO cases.case_buckets_restated SELECT * FROM {rows}"
INSERT_LEDGER = "INSERT INTO cases.case_ledger SELECT * FROM {rows}"
INSERT_DETACHED = "INSERT INTO cases.case_debts_detached SELECT * FROM {rows}"
INSERT_REPORTED = "INSERT INTO cases.case_balances_reported SELECT * FROM {rows}"
DELETE_PARTIES = """
DELETE FROM cases.case_parties p USING {rows} r (case_id, person_id)
WHERE (p.case_id, p.person_id) = (r.case_id, r.person_id)"""
UPSERT_PARTIES = """
INSERT INTO cases.case_parties (case_id, person_id, tenant_id, role) SELECT * FROM {rows}
ON CONFLICT (case_id, person_id) DO UPDATE SET role = EXCLUDED.role"""


VIEWS: Sequence[View] = (
    View(
        name="cases",
        tables=(
            "case_list",
            "case_parties",
            "case_lives",
            "case_buckets_restated",
            "case_buckets_told",
            "case_ledger",
            "case_debts_detached",
            "case_balances_reported",
            "case_balance_differences",
            *working.TABLES,
        ),
        write=write,
    ),
    promising.PROMISES,
)
