"""Told by others: what cases does with the facts of other services."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from acuerdo.strategy.v1.events_pb2 import SegmentAssigned

from services.cases import application
from services.cases.domain.case import Case
from services.chassis.heard import Heard, Reactions
from services.kernel.facts import Change


def record_segment(heard: Heard[SegmentAssigned]) -> Iterable[Change[Case]]:
    """Strategy has put the case into a segment: the case's history says so, with the row that matched."""
    fact = heard.fact
    yield application.record_segment(UUID(bytes=fact.case_id), heard.origin, fact.to, str(fact.table_version), fact.reason)


# By source; each source is followed on its own.
REACTIONS: dict[str, Reactions] = {
    "strategy": {SegmentAssigned: record_segment},
}
