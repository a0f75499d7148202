"""One statement for all rows of a batch: their columns travel as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection


async def run(connection: AsyncConnection[Any], statement: str, kinds: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """The statement once, for all rows: its `{rows}` is their columns as arrays."""
    if not rows:
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds.split())
    columns = [list(column) for column in zip(*rows, strict=True)]
    # Only our own constants are put together here; values travel apart.
    await connection.execute(statement.replace("{rows}", f"unnest({arrays})").encode(), columns)
