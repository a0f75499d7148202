"""Writing the read models of reconciliation: what a case's snapshots differ by, and which reports were taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from acuerdo.cases.v1 import events_pb2 as told
from google.type.date_pb2 import Date

from services.chassis.heard import Heard


@dataclass(slots=True)
class Differences:
    """What the facts of one batch come to: by case and day the last row (None: gone), days settled besides, and reports taken back."""

    rows: dict[tuple[UUID, date], tuple[Any, ...] | None] = field(default_factory=dict)
    settled: list[tuple[UUID, date]] = field(default_factory=list)
    retracted: list[tuple[Any, ...]] = field(default_factory=list)

    def explained(self, heard: Heard[told.BalanceDifferenceExplained], case_id: UUID) -> None:
        fact, as_of = heard.fact, _day(heard.fact.as_of)
        row = (case_id, as_of, heard.tenant_id, fact.unexplained.minor_units, False, fact.SerializeToString(deterministic=True))
        self.rows[case_id, as_of] = row

    def resolved(self, heard: Heard[told.BalanceDifferenceResolved], case_id: UUID) -> None:
        as_of = _day(heard.fact.as_of)
        row = self.rows.get((case_id, as_of))
        if row is None:
            self.settled.append((case_id, as_of))
        else:
            self.rows[case_id, as_of] = (*row[:4], True, row[5])

    def taken_back(self, heard: Heard[told.ReportRetracted], case_id: UUID) -> None:
        as_of = _day(heard.fact.as_of)
        self.rows[case_id, as_of] = None
        self.retracted.append((case_id, as_of, heard.fact.source_ref, heard.position, heard.recorded_at))

    def statements(self) -> tuple[tuple[str, str, list[tuple[Any, ...]]], ...]:
        """Each with the kinds of its columns and its rows, in the order in which they are run."""
        gone = [key for key, row in self.rows.items() if row is None]
        standing = [row for row in self.rows.values() if row is not None]
        return (
            (RETRACT_REPORTED, "uuid date text bigint timestamptz", self.retracted),
            (SETTLE_DIFFERENCES, "uuid date", list(self.settled)),
            (DELETE_DIFFERENCES, "uuid date", gone),
            (UPSERT_DIFFERENCES, "uuid date text bigint boolean bytea", standing),
        )


def _day(wire: Date) -> date:
    return date(wire.year, wire.month, wire.day)


RETRACT_REPORTED = """
UPDATE cases.case_balances_reported b SET retracted_at = r.recorded_at
FROM {rows} r (case_id, as_of, source_ref, position, recorded_at)
WHERE (b.case_id, b.as_of, b.source_ref) = (r.case_id, r.as_of, r.source_ref) AND b.position < r.position AND b.retracted_at IS NULL"""
SETTLE_DIFFERENCES = """
UPDATE cases.case_balance_differences d SET is_resolved = true
FROM {rows} r (case_id, as_of) WHERE (d.case_id, d.as_of) = (r.case_id, r.as_of)"""
DELETE_DIFFERENCES = """
DELETE FROM cases.case_balance_differences d USING {rows} r (case_id, as_of)
WHERE (d.case_id, d.as_of) = (r.case_id, r.as_of)"""
UPSERT_DIFFERENCES = """
INSERT INTO cases.case_balance_differences (case_id, as_of, tenant_id, unexplained, is_resolved, fact) SELECT * FROM {rows}
ON CONFLICT (case_id, as_of) DO UPDATE
SET unexplained = EXCLUDED.unexplained, is_resolved = EXCLUDED.is_resolved, fact = EXCLUDED.fact"""
