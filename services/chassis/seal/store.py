"""The store of subjects' keys: rows of wrapped keys in their own schema, under their own role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from services.chassis.log import connections
from services.chassis.seal.subjects import Subject

CONNECTIONS_MAX = 4
ANSWER_WITHIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WrappedKey:
    key_version: int
    kek_id: str
    wrapped: bytes
    seals_reserved: int


@dataclass(frozen=True, slots=True)
class DestroyedKey:
    """A key that must stay destroyed, whatever is restored."""

    tenant_id: str
    subject_id: UUID
    key_version: int
    destroyed_at: datetime


class KeyStore:
    def __init__(self, dsn: str, service: str) -> None:
        options = f"-c role={service}_sealer -c search_path={service}_keys -c statement_timeout={int(ANSWER_WITHIN_SECONDS * 1000)}"
        self._pool = connections.pool(dsn, CONNECTIONS_MAX, f"{service}.seals", size_min=0, options=options)

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection[Any]]:
        async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
            async with self._pool.connection(ANSWER_WITHIN_SECONDS) as connection:
                yield connection

    async def newest(self, subject: Subject) -> WrappedKey | None:
        async with self._connection() as connection, connection.cursor(row_factory=class_row(WrappedKey)) as cursor:
            await cursor.execute(
                """SELECT key_version, kek_id, wrapped, seals_reserved FROM keys
                   WHERE tenant_id = %s AND subject_id = %s ORDER BY key_version DESC LIMIT 1""",
                (subject.tenant_id, subject.subject_id),
            )
            return await cursor.fetchone()

    async def of_version(self, subject: Subject, key_version: int) -> WrappedKey | None:
        async with self._connection() as connection, connection.cursor(row_factory=class_row(WrappedKey)) as cursor:
            await cursor.execute(
                """SELECT key_version, kek_id, wrapped, seals_reserved FROM keys
                   WHERE tenant_id = %s AND subject_id = %s AND key_version = %s""",
                (subject.tenant_id, subject.subject_id, key_version),
            )
            return await cursor.fetchone()

    async def versions(self, subject: Subject) -> tuple[int, int]:
        """(the newest key's, 0 if there is none; the next). The next is above every version that ever was: no number is given twice."""
        async with self._connection() as connection:
            cursor = await connection.execute(
                """SELECT coalesce(max(key_version) FILTER (WHERE exists), 0), coalesce(max(key_version), 0) + 1 FROM
                   (SELECT key_version, true AS exists FROM keys WHERE (tenant_id, subject_id) = (%(tenant)s, %(subject)s)
                    UNION ALL
                    SELECT key_version, false FROM destroyed WHERE (tenant_id, subject_id) = (%(tenant)s, %(subject)s)) AS known""",
                {"tenant": subject.tenant_id, "subject": subject.subject_id},
            )
            row = await cursor.fetchone()
        return (0, 1) if row is None else (int(row[0]), int(row[1]))

    async def add(self, subject: Subject, key: WrappedKey) -> bool:
        """False where another process has added this version first. Committed on return."""
        async with self._connection() as connection:
            cursor = await connection.execute(
                """INSERT INTO keys (tenant_id, subject_id, key_version, kek_id, wrapped) VALUES (%s, %s, %s, %s, %s)
                   ON CONFLICT DO NOTHING""",
                (subject.tenant_id, subject.subject_id, key.key_version, key.kek_id, key.wrapped),
            )
            return cursor.rowcount == 1

    async def begin(self, keys: Sequence[tuple[Subject, WrappedKey]]) -> set[Subject]:
        """Add first keys, with so many seals reserved, in one statement: for which subjects. Others have had a key. Committed on return."""
        rows = [
            (subject.tenant_id, subject.subject_id, key.key_version, key.kek_id, key.wrapped, key.seals_reserved) for subject, key in keys
        ]
        if not rows:
            return set()
        async with self._connection() as connection:
            cursor = await connection.execute(
                """INSERT INTO keys (tenant_id, subject_id, key_version, kek_id, wrapped, seals_reserved)
                   SELECT * FROM unnest(%s::text[], %s::uuid[], %s::int[], %s::text[], %s::bytea[], %s::bigint[])
                          n(tenant_id, subject_id, key_version, kek_id, wrapped, seals_reserved)
                    WHERE NOT EXISTS (SELECT FROM destroyed d WHERE (d.tenant_id, d.subject_id) = (n.tenant_id, n.subject_id))
                   ON CONFLICT DO NOTHING RETURNING tenant_id, subject_id""",
                [list(column) for column in zip(*rows, strict=True)],
            )
            return {Subject(*row) for row in await cursor.fetchall()}

    async def reserve(self, subject: Subject, key_version: int, seals: int) -> int | None:
        """Reserve the right to seal so many values; the total reserved with this key, None where the key is gone. Committed on return."""
        async with self._connection() as connection:
            cursor = await connection.execute(
                """UPDATE keys SET seals_reserved = seals_reserved + %s
                   WHERE tenant_id = %s AND subject_id = %s AND key_version = %s RETURNING seals_reserved""",
                (seals, subject.tenant_id, subject.subject_id, key_version),
            )
            row = await cursor.fetchone()
        return None if row is None else int(row[0])

    async def destroy(self, subject: Subject) -> int:
        """Delete every key of the subject and write down that they must stay destroyed. How many there were."""
        async with self._connection() as connection:
            cursor = await connection.execute(
                """WITH gone AS (DELETE FROM keys WHERE tenant_id = %s AND subject_id = %s RETURNING tenant_id, subject_id, key_version)
                   INSERT INTO destroyed (tenant_id, subject_id, key_version) SELECT * FROM gone ON CONFLICT DO NOTHING""",
                (subject.tenant_id, subject.subject_id),
            )
            return cursor.rowcount

    async def destroyed(self) -> list[DestroyedKey]:
        async with self._connection() as connection, connection.cursor(row_factory=class_row(DestroyedKey)) as cursor:
            await cursor.execute("SELECT tenant_id, subject_id, key_version, destroyed_at FROM destroyed ORDER BY destroyed_at")
            return await cursor.fetchall()

    async def destroy_again(self, keys: Sequence[DestroyedKey]) -> int:
        """Delete what a restore has brought back. How many keys were there again."""
        found = 0
        async with self._connection() as connection, connection.transaction():
            for key in keys:
                place = (key.tenant_id, key.subject_id, key.key_version)
                cursor = await connection.execute("DELETE FROM keys WHERE tenant_id = %s AND subject_id = %s AND key_version = %s", place)
                found += cursor.rowcount
                await connection.execute("INSERT INTO destroyed VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", (*place, key.destroyed_at))
        return found

    async def wrapped_otherwise(self, kek_id: str, limit: int) -> list[tuple[Subject, WrappedKey]]:
        """Keys that another key-encryption key wraps."""
        async with self._connection() as connection:
            cursor = await connection.execute(
                "SELECT tenant_id, subject_id, key_version, kek_id, wrapped, seals_reserved FROM keys WHERE kek_id <> %s LIMIT %s",
                (kek_id, limit),
            )
            return [(Subject(row[0], row[1]), WrappedKey(*row[2:])) for row in await cursor.fetchall()]

    async def replace(self, subject: Subject, key: WrappedKey) -> None:
        async with self._connection() as connection:
            await connection.execute(
                "UPDATE keys SET kek_id = %s, wrapped = %s WHERE tenant_id = %s AND subject_id = %s AND key_version = %s",
                (key.kek_id, key.wrapped, subject.tenant_id, subject.subject_id, key.key_version),
            )
