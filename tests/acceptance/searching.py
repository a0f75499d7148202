"""Searching everything that leaves the seals for what must not be there."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import psycopg
from psycopg import sql

from dev.services import SERVICES


def assert_nowhere_in_clear(canary: str, where: str, searched: Iterable[bytes]) -> None:
    """Neither as it is, nor in the writings that bytes take on in a text."""
    written = canary.encode()
    writings = {written, written.hex().encode(), base64.b64encode(written)[:-4], written.lower()}
    looked_at = list(searched)
    found = [part[:200] for part in looked_at if any(writing in part or writing in part.lower() for writing in writings)]
    assert found == [], where
    assert looked_at, f"nothing was searched of {where}"


def every_row(dsn: str) -> list[bytes]:
    """Of every table of all services and of the keys, as text: bytes are in hexadecimal there."""
    schemas = [schema for service in SERVICES for schema in (service, f"{service}_keys")]
    found: list[bytes] = []
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)", (schemas,)).fetchall()
        for schema, table in tables:
            rows = connection.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(schema, table)))
            found += [row.encode() for (row,) in rows]
    return found
