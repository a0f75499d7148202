"""The verbs of what a tenant works by: segment tables, strategies, and why something was decided by them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.kernel.facts import Change
from services.strategy.adapters import rows, segment_table, strategy_file
from services.strategy.domain import assignment, explaining, segments, strategies
from services.strategy.domain.assignment import Explanation
from services.strategy.domain.course import TreatmentDecided
from services.strategy.domain.findings import Finding
from services.strategy.domain.graph import Graph
from services.strategy.domain.segments import SegmentTables
from services.strategy.domain.strategies import Jump, Migration, Strategies
from services.strategy.domain.treatment import Treatment
from services.strategy.domain.walking import Engine

ENGINE = Engine(read=strategy_file.read, match_row=rows.match_row, evaluate=segment_table.evaluate)
"""What decisions are taken with."""


def publish_segment_table(tenant_id: str, name: str, table: bytes) -> Change[SegmentTables]:
    decide = partial(segments.publish, name=name, table=table, check=segment_table.check)
    return Change(SegmentTables, segments.stream_of(tenant_id), decide)


def activate_segment_table(tenant_id: str, version: int) -> Change[SegmentTables]:
    return Change(SegmentTables, segments.stream_of(tenant_id), partial(segments.activate, version=version))


def publish_strategy(tenant_id: str, document: bytes) -> Change[Strategies]:
    decide = partial(strategies.publish, document=document, judge=strategy_file.judge)
    return Change(Strategies, strategies.stream_of(tenant_id), decide, given=((SegmentTables, segments.stream_of(tenant_id)),))


def activate_strategy(tenant_id: str, version: int, migration: Migration, jumps: Sequence[Jump], reason_code: str) -> Change[Strategies]:
    decide = partial(
        strategies.activate, version=version, migration=migration, jumps=jumps, reason_code=reason_code, read=strategy_file.read
    )
    return Change(Strategies, strategies.stream_of(tenant_id), decide)


# Questions ------------------------------------------------------------------------


def findings_in(document: bytes, tables: SegmentTables) -> Sequence[Finding]:
    """Everything that is wrong with a document."""
    return strategy_file.judge(document, tables)[1]


def read_strategy(document: bytes) -> Graph:
    """Of a published document."""
    return strategy_file.read(document)


def explain_segment(of: Treatment, tables: SegmentTables) -> Explanation:
    """Why the case is in its segment, evaluated again."""
    return assignment.explain(of, tables, segment_table.evaluate)


def explain_decision(decided: TreatmentDecided, of: Strategies) -> bool:
    """Whether it comes out the same when it is taken again from what was recorded."""
    return explaining.is_reproduced(decided, of, ENGINE)
