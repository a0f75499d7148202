"""Reading: the log in order, one stream with its chain verified, and the marks beside them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from acuerdo.common.v1.types_pb2 import EventMeta
from google.protobuf.message import DecodeError
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from services.chassis.log.meta import meta_of
from services.chassis.log.news import News
from services.chassis.log.together import Together
from services.chassis.log.units import NO_HASH, HistoryDoesNotVerify, Record
from services.chassis.service import Service

READ_SECONDS_MAX = 20.0
READ_AGAIN_MAX = 6
READ_AGAIN_PAUSE_SECONDS = 0.05

_COLUMNS = "position, recorded_at, stream_id, version, tenant_id, type_name, event, epoch, coalesce(traceparent, '')"


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands; nothing is recorded at or before `complete_through` later."""

    epoch: int
    position: int
    complete_through: datetime


@dataclass(frozen=True, slots=True)
class Epoch:
    """How the topic is cut since the log's position `starts_after`."""

    number: int
    starts_after: int
    partitions: int


class Reader:
    """Questions to the stored log. `pool` and `dsn` connect as the writer or the follower."""

    def __init__(
        self, dsn: str, pool: AsyncConnectionPool[AsyncConnection[Any]], service: Service, claim_key: bytes, on_development_clock: bool
    ) -> None:
        self._pool, self._service, self._claim_key = pool, service, claim_key
        self._schema = service.name
        self._on_development_clock = on_development_clock
        self._histories = Together("log.loading", self._streams)
        self._news = News(dsn, service.name, _COLUMNS)

    def close(self) -> None:
        self._news.close()

    async def read(self, after: int, limit: int) -> list[Record]:
        """At most `limit` records after a position, in log order."""
        rows = await self._rows(
            f"SELECT {_COLUMNS} FROM {self._schema}.events WHERE position > %s ORDER BY position LIMIT %s", (after, limit)
        )
        return self._records(rows)

    async def streams(self, stream_ids: Sequence[UUID]) -> dict[UUID, list[Record]]:
        """The stored events of each stream, oldest first, chains verified against themselves and the stream's head."""
        return await self._histories(stream_ids)

    async def _streams(self, asked: Sequence[Sequence[UUID]]) -> Callable[[Sequence[UUID]], dict[UUID, list[Record]]]:
        """Heads, read first, and events: what the heads speak of is there."""
        heads = await self._rows(
            f"SELECT stream_id, version, head_hash FROM {self._schema}.streams WHERE stream_id = ANY(%b)",
            (list({stream_id for stream_ids in asked for stream_id in stream_ids}),),
        )
        known = {stream_id: (version, bytes(head)) for stream_id, version, head in heads}
        found: dict[UUID, list[Record]] = {stream_id: [] for stream_id in known}
        if known:
            rows = await self._rows(
                f"SELECT {_COLUMNS} FROM {self._schema}.events WHERE stream_id = ANY(%b) ORDER BY stream_id, version", (list(known),)
            )
            for record in self._records(rows):
                found[record.stream_id].append(record)
        return lambda stream_ids: _verified(stream_ids, known, found)

    async def after_version(self, stream_id: UUID, version: int) -> list[Record]:
        """What a live stream at `version` does not know yet."""
        return self._records(await self._news.of(stream_id, version))

    async def claimed(self, tenant_id: str, kind: str, values: Sequence[str]) -> dict[str, UUID]:
        """Which streams hold these names."""
        keys = {self.claim_hmac(tenant_id, kind, value): value for value in values}
        rows = await self._rows(
            f"SELECT hmac, stream_id FROM {self._schema}.claims WHERE hmac = ANY(%b) AND kind = %s AND tenant_id = %s",
            (list(keys), kind, tenant_id),
        )
        return {keys[bytes(found)]: stream_id for found, stream_id in rows}

    def claim_hmac(self, tenant_id: str, kind: str, value: str) -> bytes:
        return hmac.digest(self._claim_key, f"{tenant_id}\x1f{kind}\x1f{value}".encode(), hashlib.sha256)

    async def head(self) -> Head:
        rows = await self._rows(f"SELECT epoch, position, complete_through FROM {self._schema}.head(%s)", (self._on_development_clock,))
        return Head(*rows[0])

    async def epochs(self) -> list[Epoch]:
        """Oldest first; there is always one."""
        rows = await self._rows(f"SELECT epoch, starts_after, partitions FROM {self._schema}.epochs ORDER BY epoch", ())
        return [Epoch(*row) for row in rows]

    async def tenant_of(self, stream_id: UUID) -> str | None:
        rows = await self._rows(f"SELECT tenant_id FROM {self._schema}.streams WHERE stream_id = %s", (stream_id,))
        return rows[0][0] if rows else None

    async def _rows(self, query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        async with asyncio.timeout(READ_SECONDS_MAX):
            for again in range(READ_AGAIN_MAX):
                try:
                    async with self._pool.connection() as connection:
                        cursor = connection.cursor(binary=True)
                        await cursor.execute(query.encode(), parameters)
                        return await cursor.fetchall()
                except psycopg.OperationalError:
                    # After a restart of the server the pool holds dead connections; each is found out by being used. Reading is harmless.
                    if again == READ_AGAIN_MAX - 1:
                        raise
                await asyncio.sleep(READ_AGAIN_PAUSE_SECONDS * again)
        raise AssertionError("unreachable: the last attempt raises or returns")

    def _records(self, rows: list[tuple[Any, ...]]) -> list[Record]:
        package = self._service.package
        return [
            Record(position, recorded_at, stream_id, version, tenant_id, f"{package}.{type_name}", event, epoch, traceparent)
            for position, recorded_at, stream_id, version, tenant_id, type_name, event, epoch, traceparent in rows
        ]


def verify(records: Sequence[Record], version: int = 0, head: bytes = NO_HASH) -> bytes:
    """The head hash of a stream's records that follow `version`; HistoryDoesNotVerify where they do not fit."""
    for record in records:
        version += 1
        if record.version != version:
            raise HistoryDoesNotVerify(record.stream_id, version, f"version {record.version} stands where {version} is due")
        meta = _meta(record)
        if meta.prev_hash != head:
            raise HistoryDoesNotVerify(record.stream_id, version, "does not rest on the event before it")
        if meta.version != version or meta.stream_id != record.stream_id.bytes or meta.tenant_id != record.tenant_id:
            raise HistoryDoesNotVerify(record.stream_id, version, "says it is another event than its row does")
        head = hashlib.sha256(record.event).digest()
    return head


def _verified(
    stream_ids: Sequence[UUID], heads: dict[UUID, tuple[int, bytes]], records: dict[UUID, list[Record]]
) -> dict[UUID, list[Record]]:
    found = {stream_id: records.get(stream_id, []) for stream_id in stream_ids}
    for stream_id, events in found.items():
        _verify_against_head(stream_id, events, *heads.get(stream_id, (0, NO_HASH)))
    return found


def _verify_against_head(stream_id: UUID, records: Sequence[Record], version: int, head: bytes) -> None:
    """Events stored between the two reads are newer than the head, never older: what the head says must be there."""
    if len(records) < version:
        raise HistoryDoesNotVerify(stream_id, len(records) + 1, f"is missing: the stream's head is at version {version}")
    if verify(records[:version]) != head:
        raise HistoryDoesNotVerify(stream_id, version, "is not the event that the stream's head was made of")
    verify(records[version:], version, head)


def _meta(record: Record) -> EventMeta:
    try:
        return meta_of(record.event)
    except (ValueError, IndexError, DecodeError) as unreadable:
        raise HistoryDoesNotVerify(record.stream_id, record.version, "cannot be decoded") from unreadable
