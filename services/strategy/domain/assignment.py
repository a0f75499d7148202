"""Assignment: the table in force puts a case into a segment, says by which row, and can say it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from services.kernel.facts import Fact
from services.kernel.money import Money
from services.kernel.refusal import IsUnknown
from services.strategy.domain.matching import Evaluate, Inputs, Match

if TYPE_CHECKING:
    from services.strategy.domain.segments import SegmentTables
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
        treatment.assignment = Assignment(Match(self.to, self.row_id, self.reason), self.table_version, inputs)


# Where it stands -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a table said, which one, and what it saw."""

    match: Match
    table_version: int
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class Explanation:
    assignment: Assignment
    is_reproduced: bool
    """The same table over the same inputs still says the same."""


# What may be decided ---------------------------------------------------------


class NoSegmentIsAssigned(IsUnknown):
    """The case has not been put into a segment: it is not open yet, or no table was in force."""


def assign(treatment: Treatment, tables: SegmentTables, evaluate: Evaluate) -> None:
    """Put an open case into its segment.

    Told when the segment, the row or its reason is another one: the case's history then has the reason that holds now. A new version
    of the table that says the same of a case is no news of that case; telling it would write to every history on each activation.
    """
    table = tables.active
    if table is None or not treatment.is_worked:
        return
    inputs = Inputs(treatment.standing.bucket, treatment.standing.balance, treatment.client_id)
    match, known = evaluate(table.table, inputs), treatment.assignment
    if known is not None and match == known.match:
        return
    treatment.tell(
        SegmentAssigned(
            **treatment.next(),
            case_id=treatment.case_id,
            from_=known.match.segment if known else "",
            to=match.segment,
            table_version=table.version,
            row_id=match.row_id,
            reason=match.reason,
            bucket=inputs.bucket,
            balance=inputs.balance,
            client_id=inputs.client_id,
        )
    )


def explain(treatment: Treatment, tables: SegmentTables, evaluate: Evaluate) -> Explanation:
    """Ask the table that put the case into its segment once more, over what it saw then."""
    treatment.must_exist()
    known = treatment.assignment
    if known is None:
        raise NoSegmentIsAssigned
    again = evaluate(tables.must_have(known.table_version).table, known.inputs)
    return Explanation(known, is_reproduced=again == known.match)
