"""Assignment: the segment a case is in, and everything that stands behind it: which table saw what, and the row that matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.money import Money
from services.kernel.refusal import Refusal
from services.strategy.domain.segments import Evaluate, Inputs, Match, SegmentTables

if TYPE_CHECKING:
    from services.strategy.domain.treatment import Treatment

# What happened ---------------------------------------------------------------


class SegmentAssigned(Fact):
    case_id: UUID
    from_: str
    to: str
    table_version: int
    row_id: str
    reason: str
    bucket: str
    balance: Money
    client_id: UUID

    def apply(self, treatment: Treatment) -> None:
        inputs = Inputs(self.bucket, self.balance, self.client_id)
        if treatment.in_segment_since is None or self.from_ != self.to:
            treatment.in_segment_since = self.timestamp
        treatment.assigned = Assigned(self.table_version, inputs, Match(self.to, self.row_id, self.reason))


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assigned:
    """Why the case is in its segment: which table saw what, and the row that matched."""

    table_version: int
    inputs: Inputs
    match: Match


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a case is in its segment, and whether the recorded table over the recorded inputs says so again."""

    table_version: int
    inputs: Inputs
    match: Match
    is_reproduced: bool


# What may be decided ---------------------------------------------------------


class CaseIsInNoSegment(Refusal):
    """No table has put the case into a segment yet."""


def assign_segment(treatment: Treatment, tables: SegmentTables, evaluate: Evaluate) -> None:
    """Ask the table in force, while the case is open. Told only when segment, row or version has changed.

    Another version is told although it says the same: the case's history names the table that stands behind its segment now.
    """
    if not treatment.is_treated or tables.active is None:
        return
    was, inputs, version = treatment.assigned, treatment.inputs, tables.active.version
    if was is not None and (was.table_version, was.inputs) == (version, inputs):
        return
    match = evaluate(tables.active.table, inputs)
    if was is not None and (was.table_version, was.match.segment, was.match.row_id) == (version, match.segment, match.row_id):
        return
    treatment.tell(
        SegmentAssigned(
            **treatment.next(),
            case_id=treatment.case_id,
            from_=treatment.segment,
            to=match.segment,
            table_version=version,
            row_id=match.row_id,
            reason=match.reason,
            bucket=inputs.bucket,
            balance=inputs.balance,
            client_id=inputs.client_id,
        )
    )


def explain(treatment: Treatment, tables: SegmentTables, evaluate: Evaluate) -> Explanation:
    """Of what is recorded, not of what a table would say now."""
    recorded = treatment.assigned
    if recorded is None:
        raise CaseIsInNoSegment
    again = evaluate(tables.known(recorded.table_version).table, recorded.inputs)
    return Explanation(recorded.table_version, recorded.inputs, recorded.match, again == recorded.match)
