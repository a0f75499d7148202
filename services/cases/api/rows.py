"""Rows: each row of a chunk is asked for by itself, and what comes of it is an outcome with its line, never the chunk's failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from acuerdo.cases.v1 import service_pb2 as pb

from services.cases.domain.batch import RejectedRow
from services.chassis.log.units import Stored
from services.chassis.rpc.validation import violations_of
from services.kernel.refusal import IsInvalid, Refusal


class RowIsRefused(Refusal):
    """A row breaks a rule of its contract, before anybody was asked."""

    def __init__(self, field: str, rule: str, description: str) -> None:
        self.field, self.rule, self.description = field, rule, description
        super().__init__()


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one row, and the position of what it told (0: nothing was asked)."""

    outcome: pb.RowOutcome
    position: int = 0


async def came_of(row: Any, take: Callable[[], Awaitable[Came]]) -> Came:
    """Taken, or refused by the rule that the row broke. What is not the row's fault is raised."""
    try:
        for broken in violations_of(row):
            raise RowIsRefused(broken.field, broken.rule, broken.description)
        return await take()
    except Refusal as refusal:
        return Came(_refused(row.line, refusal))


def taken(line: int, stored: Stored) -> Came:
    case = stored.streams[0]
    outcome = pb.RowOutcome(line=line, case_id=str(case.stream_id), version=case.version, is_repeated=stored.is_repeated)
    return Came(outcome, stored.position)


def rejected(outcome: pb.RowOutcome) -> RejectedRow:
    return RejectedRow(outcome.line, outcome.field, outcome.reason)


def _refused(line: int, refusal: Refusal) -> pb.RowOutcome:
    if isinstance(refusal, RowIsRefused):
        return pb.RowOutcome(line=line, field=refusal.field, reason=_as_reason(refusal.rule), description=refusal.description)
    if isinstance(refusal, IsInvalid):
        return pb.RowOutcome(line=line, field=refusal.field, reason=refusal.reason, description=refusal.description)
    return pb.RowOutcome(line=line, field=FIELD_OF.get(refusal.reason, ""), reason=refusal.reason, description=refusal.sentence)


def _as_reason(rule: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in rule).upper()


def repeated_lines(rows: Iterable[Any]) -> frozenset[int]:
    """Lines that a chunk brings more than once: a line names one row."""
    return frozenset(line for line, times in Counter(row.line for row in rows).items() if times > 1)


FIELD_OF: Mapping[str, str] = {
    "EXTERNAL_REF_IS_TAKEN": "external_ref",
    "EXTERNAL_REF_IS_UNKNOWN": "external_ref",
    "LINE_IS_REPEATED": "line",
    "ROW_IS_REJECTED_ALREADY": "line",
    "CASE_IS_OF_ANOTHER_PORTFOLIO": "external_ref",
    "CASE_HAS_NO_DEBTOR": "parties",
    "PARTY_HAS_ANOTHER_ROLE": "parties",
    "DEBT_IS_ATTACHED_ALREADY": "debts",
    "DEBT_REF_IS_UNKNOWN": "debt_ref",
    "FACT_LIES_BEFORE_THE_CASE": "effective_on",
}
"""The field of a row that a named rule is about."""
