"""I15: all is quiet within the time allowed: relays, views and listeners at their sources' heads, no timer due, in two looks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import psycopg
from psycopg import sql

from proof.checker.contract import HEARS
from proof.checker.findings import Finding, Looked

LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Standing:
    """Where everybody is, at one look."""

    heads: Mapping[str, int]
    """By service: its log's position."""
    behind: tuple[str, ...]


async def wait_until_quiet(dsn: str, services: Sequence[str], within_seconds: float, apart_seconds: float) -> tuple[Finding, float | None]:
    """The finding, and after how many seconds the first of the two looks saw it."""
    looked, began = Looked("I15"), monotonic()
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        while True:
            at = monotonic()
            first = await look(connection, services)
            looked.counted += 1
            if not first.behind:
                await asyncio.sleep(apart_seconds)
                second = await look(connection, services)
                if second == first:
                    break
                first = second
            if monotonic() - began > within_seconds:
                looked.breaks(*(first.behind or [f"the logs move on: {dict(first.heads)}"]))
                return looked.finding(reason=f"not quiet within {within_seconds:.0f} s"), None
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
    if at - began > within_seconds:
        looked.breaks(f"quiet only after {at - began:.1f} s")
    return looked.finding(reason=f"quiet after {at - began:.1f} s"), at - began


async def look(connection: psycopg.AsyncConnection[Any], services: Sequence[str]) -> Standing:
    seen = {service: await _look_at(connection, service) for service in services}
    behind = [line for service in services for line in _behind(service, seen)]
    return Standing({service: rows["log"][0][0] for service, rows in seen.items()}, tuple(behind))


async def _look_at(connection: psycopg.AsyncConnection[Any], service: str) -> dict[str, list[Any]]:
    found = {}
    for name, query in _LOOKS.items():
        cursor = await connection.execute(sql.SQL(query).format(sql.Identifier(service)))
        found[name] = await cursor.fetchall()
    return found


def _behind(service: str, seen: Mapping[str, dict[str, list[Any]]]) -> Iterator[str]:
    mine = seen[service]
    log = mine["log"][0][0]
    yield from (f"{service}: a rebuild of {name} is asked for" for (name,) in mine["rebuilds"])
    yield from (f"{service}: timer {key} of {stream} is due" for stream, key in mine["due"])
    yield from (f"{service}: parked facts of {follower} are to be heard again" for (follower,) in mine["retries"])
    own = [(follower, position) for follower, source, _, _, position in mine["positions"] if source == service and "/" not in follower]
    if log and "relay" not in dict(own):
        yield f"{service}: nothing is relayed yet"
    yield from (f"{service}/{follower}: {position} of {log}" for follower, position in own if position < log)
    for source in HEARS[service]:
        if source in seen:
            yield from _behind_source(service, mine, source, seen[source])


def _behind_source(service: str, mine: dict[str, list[Any]], source: str, theirs: dict[str, list[Any]]) -> Iterator[str]:
    followers = [(follower, epoch) for follower, of, epoch in mine["listens"] if of == source]
    if not followers:
        yield f"{service} does not listen to {source} yet"
    there = {(follower, epoch, partition): position for follower, of, epoch, partition, position in mine["positions"] if of == source}
    for follower, epoch in followers:
        for of_epoch, partition, head in theirs["relayed"]:
            if epoch != of_epoch:
                yield f"{service}/{follower} of {source}: epoch {epoch} of {of_epoch}"
            elif there.get((follower, epoch, partition), 0) < head:
                yield f"{service}/{follower} of {source}/{partition}: {there.get((follower, epoch, partition), 0)} of {head}"


_LOOKS = {
    "log": "SELECT position FROM {}.log_counter",
    "positions": "SELECT follower, source, epoch, partition, position FROM {}.positions",
    "listens": "SELECT follower, source, epoch FROM {}.listens",
    "relayed": """SELECT epoch, partition, position FROM {0}.relay_partitions WHERE epoch = (SELECT max(epoch) FROM {0}.epochs)""",
    "rebuilds": "SELECT follower FROM {}.rebuilds",
    "retries": "SELECT DISTINCT follower FROM {}.parked WHERE retry",
    "due": """SELECT stream_id::text, key FROM {0}.timers t
              WHERE due <= coalesce((SELECT now FROM {0}.development_clock), clock_timestamp()) AND NOT EXISTS (
                SELECT FROM {0}.timer_troubles x WHERE (x.stream_id, x.key, x.version, x.due) = (t.stream_id, t.key, t.version, t.due))
              LIMIT 10""",
}
