"""The read model of messages: which contacts there were with whom, and which messages wait to be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from acuerdo.contacts.v1 import message_events_pb2 as told
from google.protobuf.message import Message
from psycopg import AsyncConnection

from services.chassis.heard import Heard, View


@dataclass(slots=True)
class _Notes:
    """What the facts of one batch come to."""

    began: dict[UUID, tuple[str, int, UUID, UUID]] = field(default_factory=dict)
    waiting: dict[UUID, tuple[str, int, datetime, bool]] = field(default_factory=dict)
    with_link: set[UUID] = field(default_factory=set)
    over: set[UUID] = field(default_factory=set)


def _began(notes: _Notes, heard: Heard[Any]) -> None:
    """The first fact of an interaction; what comes later finds its row there."""
    if heard.meta.version == 1:
        fact = heard.fact
        notes.began[heard.stream_id] = (heard.tenant_id, heard.position, UUID(bytes=fact.case_id), UUID(bytes=fact.person_id))


def _started(notes: _Notes, heard: Heard[told.AttemptStarted]) -> None:
    _began(notes, heard)
    send_before = heard.fact.send_before.ToDatetime(UTC)
    notes.waiting[heard.stream_id] = (heard.tenant_id, heard.position, send_before, bool(heard.fact.link_token_hash))


def _link_issued(notes: _Notes, heard: Heard[told.AttemptLinkIssued]) -> None:
    waiting = notes.waiting.get(heard.stream_id)
    if waiting is None:
        notes.with_link.add(heard.stream_id)
    else:
        notes.waiting[heard.stream_id] = (*waiting[:3], False)


def _over(notes: _Notes, heard: Heard[Any]) -> None:
    _began(notes, heard)
    notes.waiting.pop(heard.stream_id, None)
    notes.over.add(heard.stream_id)


async def write(connection: AsyncConnection[Any], facts: Sequence[Heard[Any]]) -> None:
    notes = _Notes()
    for heard in facts:
        note = NOTES.get(type(heard.fact))
        if note is not None:
            note(notes, heard)
    async with connection.cursor() as cursor:
        await cursor.executemany(_INSERT_INTERACTION, [(key, *row) for key, row in notes.began.items()])
        await cursor.executemany(_INSERT_DISPATCH, [(key, *row) for key, row in notes.waiting.items()])
        if notes.with_link:
            await cursor.execute("UPDATE dispatches SET waits_for_link = false WHERE interaction_id = ANY (%s)", (list(notes.with_link),))
        if notes.over:
            await cursor.execute("DELETE FROM dispatches WHERE interaction_id = ANY (%s)", (list(notes.over),))
            await cursor.execute("DELETE FROM dispatch_tries WHERE interaction_id = ANY (%s)", (list(notes.over),))


_INSERT_INTERACTION = """
INSERT INTO interactions (interaction_id, tenant_id, began_at, case_id, person_id) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
_INSERT_DISPATCH = """
INSERT INTO dispatches (interaction_id, tenant_id, began_at, send_before, waits_for_link) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING"""

NOTES: Mapping[type[Message], Callable[[_Notes, Heard[Any]], None]] = {
    told.AttemptStarted: _started,
    told.AttemptLinkIssued: _link_issued,
    told.AttemptDispatched: _over,
    told.AttemptBounced: _over,
    told.AttemptFailed: _over,
    told.AttemptCancelled: _over,
    told.OutcomeRecorded: _began,
}

MESSAGES_VIEW = View(name="messages", tables=("interactions", "dispatches"), write=write)
