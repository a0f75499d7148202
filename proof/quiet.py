"""Whether all is quiet: every fact published, heard and shown, by what the databases say; no service is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from proof.checker.contract import HEARS

LOOK_EVERY_SECONDS = 0.1
LOOKS_ALIKE = 3
"""So often in a row, with the same end of every log."""
STATEMENT_TIMEOUT = "-c statement_timeout=5s"


@dataclass(frozen=True, slots=True)
class Quiet:
    """`seconds` until it was quiet, or those after which nobody waited longer. `behind` says who was not there, as words."""

    seconds: float
    behind: tuple[str, ...]

    @property
    def is_quiet(self) -> bool:
        return not self.behind


def until_quiet(dsn: str, services: Sequence[str], began: float, within_seconds: float, tend: Callable[[], None]) -> Quiet:
    """Wait for it. `began`: of time.monotonic(), from where seconds are counted; `tend` is called between looks."""
    seen: list[dict[str, int]] = []
    first_quiet = 0.0
    while True:
        tend()
        behind, heads = look(dsn, services)
        now = time.monotonic()
        if behind or (seen and seen[-1] != heads):
            seen = []
        if not behind:
            first_quiet = first_quiet if seen else now
            seen.append(heads)
            if len(seen) == LOOKS_ALIKE:
                return Quiet(first_quiet - began, ())
        if now - began > within_seconds:
            return Quiet(now - began, behind or ("the logs still grow",))
        time.sleep(LOOK_EVERY_SECONDS)


def look(dsn: str, services: Sequence[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Who is behind, as words, and where each log ends."""
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=2, options=STATEMENT_TIMEOUT) as connection:
            heads = {service: _one(connection, "SELECT position FROM {schema}.log_counter", service) for service in services}
            behind = [line for service in services for line in _behind(connection, service, services, heads)]
    except psycopg.OperationalError as error:
        return (f"postgres does not answer: {type(error).__name__}",), {}
    return tuple(behind), heads


def _behind(connection: psycopg.Connection, service: str, services: Sequence[str], heads: dict[str, int]) -> list[str]:
    rows = connection.execute(
        _in(service, "SELECT follower, source, epoch, partition, position FROM {schema}.positions WHERE follower NOT LIKE '%/%'")
    ).fetchall()
    own = [row for row in rows if row[1] == service]
    lines = [f"{service}/{name}: {at} of {heads[service]}" for name, _, _, _, at in own if at < heads[service]]
    if not any(row[0] == "relay" for row in own):
        lines.append(f"{service} has no relay yet")
    for source in HEARS.get(service, ()):
        if source in services:
            lines += _behind_source(connection, service, source, [row for row in rows if row[1] == source], heads)
    if due := _one(connection, "SELECT count(*) FROM {schema}.timers WHERE due <= clock_timestamp()", service):
        lines.append(f"{service}: {due} timers are due")
    if rebuilds := _one(connection, "SELECT count(*) FROM {schema}.rebuilds", service):
        lines.append(f"{service}: {rebuilds} rebuilds are asked for")
    return lines


def _behind_source(
    connection: psycopg.Connection, service: str, source: str, rows: list[tuple[str, str, int, int, int]], heads: dict[str, int]
) -> list[str]:
    published = connection.execute(_in(source, "SELECT epoch, partition, position FROM {schema}.relay_partitions")).fetchall()
    lines = []
    for follower in sorted({row[0] for row in rows}) or ([""] if heads[source] else []):
        at = {(epoch, partition): position for name, _, epoch, partition, position in rows if name == follower}
        lines += [
            f"{service}/{follower or 'nobody'} hears {source}/{partition}: {at.get((epoch, partition), 0)} of {position}"
            for epoch, partition, position in published
            if at.get((epoch, partition), 0) < position
        ]
    return lines


def _one(connection: psycopg.Connection, query: str, service: str) -> int:
    row = connection.execute(_in(service, query)).fetchone()
    return int(row[0]) if row is not None else 0


def _in(service: str, query: str) -> sql.Composed:
    return sql.SQL(query).format(schema=sql.Identifier(service))
