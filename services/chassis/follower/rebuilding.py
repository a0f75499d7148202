"""Rebuilding: asked for by an operator in one process, done by whoever holds the lease in another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection


async def ask_for_rebuild(connection: AsyncConnection[Any], followers: Sequence[str]) -> None:
    """'relay' publishes everything again, 'view:<name>' is emptied and written again."""
    async with connection.cursor() as cursor:
        await cursor.executemany("INSERT INTO rebuilds (follower) VALUES (%s) ON CONFLICT DO NOTHING", [(name,) for name in followers])


async def is_rebuild_asked_for(connection: AsyncConnection[Any], follower: str) -> bool:
    cursor = await connection.execute("SELECT 1 FROM rebuilds WHERE follower = %s", (follower,))
    return await cursor.fetchone() is not None


async def rebuild_is_begun(connection: AsyncConnection[Any], follower: str) -> None:
    """In the transaction that puts the position back to zero."""
    await connection.execute("DELETE FROM rebuilds WHERE follower = %s", (follower,))
