"""Calling: the cases that nothing wakes and that have something to do, as far as the read model knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from services.chassis.follower.calling import Call

_CALLS = (Path(__file__).parent / "calls.sql").read_text()


async def find_calls(connection: AsyncConnection[Any], calls_max: int) -> Sequence[Call]:
    """Each named by what was seen of it: seen again before its call has shown, it is the same call."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_CALLS.encode(), (calls_max,))
        found = await cursor.fetchall()
    return [
        Call(
            tenant_id=row["tenant_id"],
            name=f"{row['stream_id']}:{row['version']}:{row['in_force']}",
            subject=row["case_id"],
        )
        for row in found
    ]
