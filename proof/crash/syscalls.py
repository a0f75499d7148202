"""The sweep over system calls: the same small work again and again, killed at its 1st, 2nd, 3rd … call of each kind, until it gets through.

python -m proof.crash.syscalls [--calls sendto,recvfrom] [--numbers 1,2,5] [--postgres DSN] [--no-relay] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import psycopg
from rich.console import Console
from rich.table import Table

from dev.kafka import HOME as KAFKA_HOME
from dev.kafka import Kafka, is_available
from dev.postgres import Postgres
from dev.services import migrate
from proof.crash import topic, traced
from proof.crash.worked import Work, acknowledged, stream_of, work

CALLS = ("sendto", "recvfrom", "epoll_wait", "write", "connect", "close")
CALLS_RELAYED = ("sendto", "recvfrom", "write", "connect", "close")
"""Between two of its many waits for news the relay says or hears something: the other calls find each of its states."""
REQUESTS = 3
"""The first alone, the others in one batch."""
NUMBERS_MAX = 400
"""Of one call: work that has not got through by then never will."""
SKIPPED = 77
"""Exit code, as automake has it: nothing was tried, and nothing is said of the product."""


@dataclass
class Swept:
    """What one kind of system call brought."""

    call: str
    with_relay: bool
    runs: int = 0
    killed: int = 0
    outcomes: Counter[tuple[bool, int]] = field(default_factory=Counter)
    """(acknowledged, events stored) of each request, before it was asked again."""
    broken: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        outcomes = {f"acknowledged {int(told)}, stored {stored}": count for (told, stored), count in sorted(self.outcomes.items())}
        return {**asdict(self), "outcomes": outcomes}


def sweep(dsn: str, call: str, numbers: Sequence[int], kafka: str = "") -> Swept:
    """Kill at each number, look, ask again without strace, look again; ends early where the work gets through."""
    swept = Swept(call, bool(kafka))
    for number in numbers:
        requests = tuple(f"{call}-{number}-{len(kafka)}-{n}" for n in range(REQUESTS))
        doing = partial(work, Work(dsn, requests, kafka))
        ended = traced.in_a_child(doing, (call, number))
        swept.runs += 1
        swept.killed += ended.was_killed
        if not ended.was_killed and ended.code:
            swept.broken.append(f"{call} {number}: the work failed with code {ended.code}")
        told, stored = set(acknowledged(ended.written)), _stored(dsn, requests)
        for request_id in requests:
            outcome = (request_id in told, stored[request_id])
            swept.outcomes[outcome] += 1
            if outcome[1] > 1 or outcome == (True, 0):
                swept.broken.append(f"{request_id}: acknowledged {outcome[0]}, stored {outcome[1]}")
        swept.broken += _ask_again(doing, dsn, requests)
        if kafka:
            swept.broken += asyncio.run(topic.what_is_wrong(dsn, kafka))
        if not ended.was_killed:
            break
    return swept


def _ask_again(doing: partial[None], dsn: str, requests: Sequence[str]) -> list[str]:
    """The documented rule: with the same request ids, everything is acknowledged and has its one event."""
    ended = traced.in_a_child(doing)
    told, stored = set(acknowledged(ended.written)), _stored(dsn, requests)
    wrong = [f"{request_id}: asked again, and not acknowledged" for request_id in requests if request_id not in told]
    return wrong + [
        f"{request_id}: asked again, and stored {stored[request_id]} times" for request_id in requests if stored[request_id] != 1
    ]


def _stored(dsn: str, requests: Sequence[str]) -> dict[str, int]:
    """How many events each request has."""
    streams: dict[UUID, str] = {stream_of(request_id): request_id for request_id in requests}
    with psycopg.connect(dsn, autocommit=True) as connection:
        _end_orphans(connection)
        rows = connection.execute(
            "SELECT stream_id, count(*) FROM cases.events WHERE stream_id = ANY (%s) GROUP BY 1", (list(streams),)
        ).fetchall()
    return {**dict.fromkeys(requests, 0), **{streams[stream_id]: count for stream_id, count in rows}}


def _end_orphans(connection: psycopg.Connection) -> None:
    """What a dead client has asked for may still be under way: what is stored is looked at once the log's lock is free of it."""
    connection.execute(
        "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'acuerdo/%' AND state = 'active')"
        " LOOP PERFORM pg_sleep(0.002), pg_stat_clear_snapshot(); END LOOP; END $$"
    )


def report(console: Console, all_swept: Sequence[Swept]) -> None:
    table = Table(
        "system call", "relay", "runs", "killed", "told 0 stored 0", "told 0 stored 1", "told 1 stored 1", "told 1 stored 0", "broken"
    )
    for swept in all_swept:
        counts = [swept.outcomes[key] for key in ((False, 0), (False, 1), (True, 1), (True, 0))]
        table.add_row(swept.call, "yes" if swept.with_relay else "no", *map(str, (swept.runs, swept.killed, *counts, len(swept.broken))))
    console.print(table)
    for swept in all_swept:
        for line in swept.broken[:10]:
            console.print(f"[red]{line}[/]")


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m proof.crash.syscalls", description=__doc__)
    parser.add_argument("--calls", default=",".join(CALLS))
    parser.add_argument("--numbers", type=_numbers, default=range(1, NUMBERS_MAX + 1), help="which of each call; else one after the other")
    parser.add_argument("--postgres", metavar="DSN", help="an empty database of a server that runs; else a server of its own")
    parser.add_argument("--no-relay", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(argv)
    console = Console(width=140)
    reason = traced.missing()
    if reason is not None:
        console.print(f"[bold red]SKIPPED, NOTHING WAS TRIED: {reason}[/]")
        return SKIPPED
    calls = asked.calls.split(",")
    if asked.postgres is None:
        with _folder() as folder, Postgres(folder / "postgres") as postgres:
            all_swept = _all(postgres.dsn, folder, calls, asked.numbers, is_relayed=not asked.no_relay)
    else:
        with _folder() as folder:
            all_swept = _all(asked.postgres, folder, calls, asked.numbers, is_relayed=not asked.no_relay)
    report(console, all_swept)
    if asked.json is not None:
        asked.json.write_text(json.dumps([swept.as_json() for swept in all_swept], indent=2) + "\n")
    return 0 if not any(swept.broken for swept in all_swept) else 1


def _all(dsn: str, folder: Path, calls: Sequence[str], numbers: Sequence[int], *, is_relayed: bool) -> list[Swept]:
    """Without a relay where there is no real Kafka, which is said."""
    migrate("cases", dsn)
    swept = [sweep(dsn, call, numbers) for call in calls]
    missing = is_available()
    if is_relayed and missing is not None:
        print(f"NO REAL KAFKA, the relay is not swept: {missing}", file=sys.stderr)
    elif is_relayed:
        with Kafka(KAFKA_HOME, folder / "kafka") as kafka:
            swept += [sweep(dsn, call, numbers, kafka.bootstrap) for call in calls if call in CALLS_RELAYED]
    return swept


@contextmanager
def _folder() -> Iterator[Path]:
    (Path(".run") / "crash").mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=Path(".run") / "crash", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _numbers(words: str) -> list[int]:
    return [int(word) for word in words.split(",")]


if __name__ == "__main__":
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")  # nothing of grpc is used in the children
    sys.exit(main(sys.argv[1:]))
