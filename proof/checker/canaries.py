"""I18: no personal data outside sealed values: what the load put in is searched for in everything that came out, in every writing of it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from proof.checker.findings import Looked
from proof.history import Attempt

BLOCK_BYTES = 1024 * 1024
SHOWN_CHARACTERS_MAX = 100


class Search:
    """For texts as they are, in lower case, hexadecimal, base64 at any offset, percent-encoded and as JSON escapes."""

    def __init__(self, canaries: Iterable[str]) -> None:
        self._writings = sorted(
            {writing.lower() for canary in canaries for form in (canary, canary.lower()) for writing in _writings(form)}
        )
        self.longest = max(map(len, self._writings), default=0)

    def finds_in(self, text: bytes) -> bool:
        lower = text.lower()
        return any(writing in lower for writing in self._writings)


def _writings(canary: str) -> Iterator[bytes]:
    raw = canary.encode()
    yield raw
    yield raw.hex().encode()
    yield quote(canary).encode()
    yield canary.encode("unicode_escape")
    for offset in range(3):
        # What stands whole in base64, whatever came before and comes after.
        encoded = base64.b64encode(b"\0" * offset + raw)
        whole = encoded[(0, 2, 3)[offset] : (len(raw) + offset) * 8 // 6]
        yield whole
        yield whole.translate(bytes.maketrans(b"+/", b"-_"))


# The database ------------------------------------------------------------------------------------------------------------


def search_tables(dsn: str, services: Sequence[str], search: Search, looked: Looked) -> None:
    """Every row of every table, as text: bytes are in hexadecimal there."""
    schemas = [schema for service in services for schema in (service, f"{service}_keys")]
    with psycopg.connect(dsn) as connection:
        connection.execute("SET TRANSACTION READ ONLY")
        connection.execute("SET LOCAL row_security TO off")
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY (%s) ORDER BY 1, 2", (schemas,)
        ).fetchall()
        for schema, table in tables:
            for row in _rows_that_hold(connection, schema, table, search, looked):
                looked.breaks(f"{schema}.{table}: {row}")


def _rows_that_hold(connection: psycopg.Connection[Any], schema: str, table: str, search: Search, looked: Looked) -> Iterator[str]:
    query = sql.SQL("COPY (SELECT t::text FROM {} AS t) TO STDOUT").format(sql.Identifier(schema, table))
    gathered: list[bytes] = []
    size = 0
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for row in copy:
            gathered.append(bytes(row))
            size += len(row)
            looked.counted += 1
            if size > BLOCK_BYTES:
                yield from _that_hold(gathered, search)
                gathered, size = [], 0
    yield from _that_hold(gathered, search)


def _that_hold(rows: Sequence[bytes], search: Search) -> Iterator[str]:
    if search.finds_in(b"".join(rows)):
        yield from (row[:SHOWN_CHARACTERS_MAX].decode(errors="replace").strip() for row in rows if search.finds_in(row))


# Topics, files, answers --------------------------------------------------------------------------------------------------


def search_records(topic: str, partition: int, records: Sequence[Any], search: Search, looked: Looked) -> None:
    looked.counted += len(records)
    texts = [b"\n".join([each.key or b"", each.value or b"", *(value or b"" for _, value in each.headers)]) for each in records]
    if search.finds_in(b"\n".join(texts)):
        found = [record.offset for record, text in zip(records, texts, strict=True) if search.finds_in(text)]
        looked.breaks(*(f"{topic}/{partition} offset {offset}" for offset in found))


def search_files(paths: Iterable[Path], search: Search, looked: Looked) -> None:
    for path in paths:
        for file in sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]:
            looked.counted += 1
            looked.breaks(*_lines_that_hold(file, search))


def _lines_that_hold(file: Path, search: Search) -> Iterator[str]:
    with file.open("rb") as read:
        before = b""
        while block := read.read(BLOCK_BYTES):
            if search.finds_in(before + block):
                break
            before = block[-search.longest :]
        else:
            return
        read.seek(0)
        found = [number for number, line in enumerate(read, 1) if search.finds_in(line)]
        yield from (f"{file}:{number}" for number in found)
        if not found:
            yield f"{file}: over the end of a line"


def search_answers(attempts: Iterable[Attempt], search: Search, looked: Looked) -> None:
    for attempt in attempts:
        looked.counted += 1
        came = attempt.came
        if came is not None and search.finds_in(f"{came.text} {came.reason}".encode()):
            looked.breaks(f"{attempt.asked.method} (attempt {attempt.asked.attempt}): its {came.status} says it")
