"""Where a part of the bench runs, and how much it does there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql


@dataclass(frozen=True, slots=True)
class Place:
    """A server to measure on, with what belongs to this run alone."""

    server: str
    """DSN of a superuser of a real PostgreSQL; each database a part needs is made there, and stays until the server goes."""
    home: Path
    """A folder for keys, logs of processes, histories."""
    kafka: str = ""
    """Bootstrap address of a real Kafka; empty where the part needs none, or there is none."""

    def database(self) -> str:
        """DSN of a new, empty database."""
        name = f"bench_{uuid4().hex[:12]}"
        with psycopg.connect(self.server, autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return conninfo.make_conninfo(self.server, dbname=name)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done. The defaults are those of `make bench`; what a part has no use for it leaves alone."""

    runs: int = 5
    """Interleaved rounds; the median of them counts."""
    seconds: float = 2.0
    """Of each measurement of a rate."""
    callers: Sequence[int] = (1, 16, 64)
    """Of a unary command; aims are of the last."""
    events: int = 300_000
    """In a backlog, or in a log that is folded as a whole."""
    commands: int = 300
    """Whose way is timed one by one, in each round."""
    rows: int = 20_480
    """Sent through RegisterCases in each round."""
    few_cases: int = 10_000
    many_cases: int = 1_000_000
    case_events: int = 1_000
    """In the one case that is loaded cold."""
    night_cases: int = 100_000
    """That cross a boundary in one night."""
