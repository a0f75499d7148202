"""The doors of a log that are not gRPC: commands run on it as such, and facts heard in batches, by the same rule as callers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from proof.callers import PAUSE_SECONDS, Told
from proof.one_service import TENANT
from services.cases import application as verbs
from services.cases.card import CASES
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command, HeardFact, HeardUpTo
from services.chassis.log.units import Conflict, HeardAlready, LogIsBusy, OutcomeUnknown
from services.kernel.facts import Causation, Change

FOLLOWER, SOURCE, PARTITIONS = "proof", "elsewhere", 16


async def writes_on_its_own(log: Log, told: Told, name: str, is_over: Callable[[], bool], deadline_seconds: float = 2.0) -> None:
    """`Log.run` as such: a new client, then the same again with another request id (a repeat tells nothing), on the version seen."""
    turn = 0
    while not is_over():
        turn += 1
        client_id, ref = new_id(), f"{name}-{turn}"
        await _run_until_known(log, told, f"{ref}-a", None, verbs.register_client(client_id, ref, "A Bank"), 1, deadline_seconds)
        await _run_until_known(log, told, f"{ref}-b", 1, verbs.register_client(client_id, ref, "A Bank"), 0, deadline_seconds)


async def _run_until_known(
    log: Log, told: Told, request_id: str, etag: int | None, change: Change[Any], events: int, deadline_seconds: float
) -> None:
    origin = Command(TENANT, "proof#run", "proof/Run", request_id, bytes(32), Actor("AGENT", "proof"), etag=etag)
    stored = await _until_known(told, lambda: log.run(origin, change, deadline_seconds=deadline_seconds), f"run {request_id}")
    if stored is not None:
        told.acknowledged[request_id] = events
        told.units["run"] += 1
        if [stream.version for stream in stored.streams] != [1]:
            told.false_answers.append(f"run {request_id}: version {stored.streams} where 1 was due")


async def hears(log: Log, told: Told, partition: int, is_over: Callable[[], bool]) -> int:
    """A follower's units: two facts heard and the position that they move, stored together. The last position."""
    heard = 0
    source = new_id()
    await _introduce(log.dsn)
    while not is_over():
        up_to = HeardUpTo(FOLLOWER, SOURCE, 1, partition, heard, heard + 2)
        decisions = [(_heard(source, heard + n), [_client(new_id(), f"heard-{partition}-{heard + n}")]) for n in (1, 2)]
        try:
            stored = await _until_known(told, lambda: log.run_heard(up_to, decisions, deadline_seconds=2.0), f"heard {heard}")  # noqa: B023
        except HeardAlready as already:
            # After an outcome that stayed unknown: the batch is stored, or nothing of it.
            if already.position not in (heard, heard + 2):
                told.false_answers.append(f"partition {partition} stands at {already.position}, between {heard} and {heard + 2}")
                return heard
            heard = already.position
            continue
        if stored is None:
            return heard
        heard += 2
        told.units["heard"] += 1
    return heard


async def _until_known(told: Told, run: Callable[[], Awaitable[Any]], what: str) -> Any:
    was_unknown = False
    while True:
        try:
            stored = await run()
        except (OutcomeUnknown, LogIsBusy, TimeoutError, psycopg.OperationalError) as unknown:
            was_unknown = True
            told.statuses[type(unknown).__name__] += 1
            await asyncio.sleep(PAUSE_SECONDS)
        except HeardAlready as already:
            if not was_unknown:
                told.false_answers.append(f"{what}: {already}, though its outcome was never unknown")
            raise
        except Conflict as conflict:
            told.false_answers.append(f"{what}: {conflict}")
            return None
        else:
            told.statuses["OK"] += 1
            return stored


def _heard(source: UUID, version: int) -> HeardFact:
    return HeardFact(FOLLOWER, TENANT, Causation(source, version), new_id(), datetime.now(UTC))


def _client(client_id: UUID, ref: str) -> Change[Any]:
    return verbs.register_client(client_id, ref, "A Bank")


async def _introduce(dsn: str) -> None:
    """As a listener does that begins to hear a source."""
    row = f"INSERT INTO {CASES.name}.listens VALUES (%s, %s, 1, 0, %s, 0) ON CONFLICT DO NOTHING"
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(row.encode(), (FOLLOWER, SOURCE, PARTITIONS))
