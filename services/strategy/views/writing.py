"""Writing the read model: facts of a batch are noted in one pass, then each table gets one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from acuerdo.strategy.v1 import events_pb2 as told
from acuerdo.strategy.v1 import types_pb2 as types
from google.protobuf.message import Message
from psycopg import AsyncConnection

from services.chassis.heard import Heard, View

UNDER_WAY = (types.REQUEST_ANSWER_GRANTED, types.REQUEST_ANSWER_DISPATCHED)


@dataclass(slots=True)
class Notes:
    """What the facts of one batch come to: of each treatment the columns that changed; of each tenant what is in force."""

    began: dict[UUID, tuple[str, UUID]] = field(default_factory=dict)
    changed: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    in_force: dict[str, tuple[int, str]] = field(default_factory=dict)


def _change(notes: Notes, heard: Heard[Any], **columns: Any) -> None:
    notes.changed.setdefault(heard.stream_id, {}).update(columns)


def _began(notes: Notes, heard: Heard[told.TreatmentStarted]) -> None:
    notes.began[heard.stream_id] = (heard.tenant_id, UUID(bytes=heard.fact.case_id))


def _entered(notes: Notes, heard: Heard[told.StepEntered]) -> None:
    fact = heard.fact
    kind = types.StepKind.Name(fact.kind).removeprefix("STEP_KIND_")
    _change(notes, heard, strategy_version=fact.strategy_version, step=fact.step, kind=kind, is_out=False)


def _left(notes: Notes, heard: Heard[Any]) -> None:
    _change(notes, heard, step="", kind="", is_out=False)


def _requested(notes: Notes, heard: Heard[told.TreatmentRequested]) -> None:
    _change(notes, heard, is_out=heard.fact.kind == types.REQUEST_KIND_MESSAGE)


def _answered(notes: Notes, heard: Heard[told.RequestAnswered]) -> None:
    # An answer to a request of a step before is of no account: where that hides a message under way, the call comes to nothing.
    if heard.fact.answer not in UNDER_WAY:
        _change(notes, heard, is_out=False)


def _activated(notes: Notes, heard: Heard[told.StrategyActivated]) -> None:
    migration = types.Migration.Name(heard.fact.migration).removeprefix("MIGRATION_")
    notes.in_force[heard.tenant_id] = (heard.fact.version, migration)


NOTES: Mapping[type[Message], Callable[[Notes, Heard[Any]], None]] = {
    told.TreatmentStarted: _began,
    told.TreatmentOpened: lambda notes, heard: _change(notes, heard, is_treated=True),
    told.TreatmentEnded: lambda notes, heard: _change(notes, heard, is_treated=False),
    told.TreatmentResumed: lambda notes, heard: _change(notes, heard, is_treated=True),
    told.TreatmentMoved: lambda notes, heard: _change(notes, heard, strategy_version=heard.fact.to_version),
    told.StepEntered: _entered,
    told.StepCompleted: _left,
    told.StepSkipped: _left,
    told.TreatmentRequested: _requested,
    told.RequestAnswered: _answered,
    told.StrategyActivated: _activated,
}
_COLUMNS = ("is_treated", "strategy_version", "step", "kind", "is_out")


async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    notes, versions = Notes(), dict[UUID, int]()
    for heard in facts:
        noting = NOTES.get(type(heard.fact))
        if noting is not None:
            noting(notes, heard)
            versions[heard.stream_id] = heard.meta.version
    async with connection.cursor() as cursor:
        if notes.began:
            await cursor.executemany(
                """INSERT INTO treatment_list (stream_id, tenant_id, case_id, is_treated, strategy_version, step, kind, is_out, version)
                   VALUES (%s, %s, %s, false, 0, '', '', false, 1) ON CONFLICT DO NOTHING""",
                [(stream_id, *of) for stream_id, of in notes.began.items()],
            )
        if notes.changed:
            await cursor.executemany(
                """UPDATE treatment_list SET is_treated = coalesce(%s, is_treated), strategy_version = coalesce(%s, strategy_version),
                     step = coalesce(%s, step), kind = coalesce(%s, kind), is_out = coalesce(%s, is_out), version = %s
                   WHERE stream_id = %s""",
                [
                    (*(columns.get(name) for name in _COLUMNS), versions[stream_id], stream_id)
                    for stream_id, columns in notes.changed.items()
                ],
            )
        if notes.in_force:
            await cursor.executemany(
                """INSERT INTO strategies_in_force VALUES (%s, %s, %s)
                   ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version, migration = excluded.migration""",
                [(tenant_id, *of) for tenant_id, of in notes.in_force.items()],
            )


VIEWS: Sequence[View] = (View(name="treatments", tables=("treatment_list", "strategies_in_force"), write=write),)
