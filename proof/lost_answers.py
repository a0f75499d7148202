"""Lost answers: the server commits and its answer never arrives, a thousand times, under load. Nothing is lost, nothing is there twice.

python -m proof.lost_answers --answers 1000 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import structlog
from rich.console import Console
from rich.table import Table

from dev.postgres import Postgres
from proof.callers import Caller, Told, case_worker, prepare, receive_batch
from proof.checker.judging import Where, judge
from proof.history import History
from proof.one_service import OneService, new_database, one_service
from proof.other_doors import hears, writes_on_its_own
from proof.postgres_wire import Loss
from proof.stored_once import Found, stored_once

LANES = 3
"""Services side by side, each with its database and two writers: a lost answer is mostly waiting."""
CASE_WORKERS, WRITERS, LISTENERS, BATCHES = 6, 4, 2, 2
BATCH_ROWS = 40
CHANCES = {Loss.DROP_ANSWER: 0.5, Loss.HOLD_OPEN: 0.04, Loss.HOLD_THEN_ABORT: 0.03, Loss.ARRIVE_LATE: 0.05}
LOOK_EVERY_SECONDS = 0.05
UNITS_WITHOUT_A_LOSS_MAX = 1000
OPENED_WITHIN_SECONDS = 60.0
RUN = Path(__file__).resolve().parent.parent / ".run" / "lost_answers"


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run came out."""

    seconds: float
    lost: Counter[Loss]
    told: Sequence[Told]
    found: Sequence[Found]
    judged: Sequence[list[str]]
    """What the checker holds against it."""
    unopened: int
    """Cases of released batches that the timers did not open."""

    @property
    def false_answers(self) -> list[str]:
        return [line for told in self.told for line in told.false_answers]

    @property
    def statuses(self) -> Counter[str]:
        return sum((told.statuses for told in self.told), Counter[str]())

    @property
    def wrong(self) -> dict[str, list[str]]:
        """What must be empty."""
        internal = [f"{count} x {status}" for status, count in self.statuses.items() if status in NEVER]
        return {
            "there twice": [line for found in self.found for line in found.duplicates],
            "acknowledged and not there": [line for found in self.found for line in found.missing],
            "order or chain broken": [line for found in self.found for line in found.broken],
            "false answers (conflict, not stored, stale)": self.false_answers,
            "INTERNAL, UNKNOWN, ABORTED": internal,
            "after their deadline": [line for told in self.told for line in told.late],
            f"against {', '.join(sorted(JUDGED))}, says the checker": [line for lines in self.judged for line in lines],
            "cases not opened by timers": ["not opened"] * self.unopened,
        }

    @property
    def holds(self) -> bool:
        return not any(self.wrong.values())


async def lose_answers(dsn: str, answers: int, seed: int, home: Path, lanes: int = LANES) -> Ran:
    """Load on `lanes` services until so many answers of commits are lost; then all is healed, finished and looked at."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        services = []
        for lane in range(lanes):
            database = await stack.enter_async_context(new_database(dsn, f"lost_{seed}_{lane}_{time.monotonic_ns()}"))
            services.append(await stack.enter_async_context(one_service(database, home / str(lane), seed + lane)))
        files = [home / str(lane) / "history.jsonl" for lane in range(lanes)]
        told = [Told(History(file)) for file in files]
        portfolios = [(await prepare(service, some))[1] for service, some in zip(services, told, strict=True)]

        def lost() -> int:
            return sum(service.losses.commits_lost for service in services)

        async with asyncio.TaskGroup() as load:
            for service, some, portfolio in zip(services, told, portfolios, strict=True):
                service.losses.lose_by_chance(CHANCES)
                _begin(load, service, some, portfolio, is_over=lambda: lost() >= answers)
            while lost() < answers:
                if lost() == 0 and sum(some.finished for some in told) > UNITS_WITHOUT_A_LOSS_MAX:
                    raise RuntimeError("the proxy sees no call of append() go by: is it called otherwise now?")
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            for service in services:
                service.losses.heal()
        due = BATCHES * BATCH_ROWS
        not_opened = sum([await unopened(service.dsn, due) for service in services])
        found = [await stored_once(service.dsn, some.acknowledged) for service, some in zip(services, told, strict=True)]
        judged = [await judged_by_the_checker(service.dsn, file) for service, file in zip(services, files, strict=True)]
        counted = sum((service.losses.lost for service in services), Counter[Loss]())
    return Ran(time.monotonic() - began, counted, told, found, judged, not_opened)


def _begin(load: asyncio.TaskGroup, service: OneService, told: Told, portfolio_id: str, is_over: Callable[[], bool]) -> None:
    for n in range(CASE_WORKERS):
        load.create_task(case_worker(Caller(service, told, f"case-{n}"), portfolio_id, is_over))
    for n in range(WRITERS):
        load.create_task(writes_on_its_own((service.log, service.replica)[n % 2], told, f"own-{n}", is_over))
    for n in range(LISTENERS):
        load.create_task(hears((service.log, service.replica)[n % 2], told, n, is_over))
    for n in range(BATCHES):
        load.create_task(receive_batch(Caller(service, told, f"batch-{n}"), portfolio_id, BATCH_ROWS))


async def judged_by_the_checker(dsn: str, history: Path) -> list[str]:
    """What does not hold of the invariants that can be judged of one service whose other doors wrote nothing down."""
    verdict = await judge(Where(postgres=dsn, history=(history,), services=("cases",), only=JUDGED))
    return [f"{found.invariant}: {found.holds} {found.broken}" for found in verdict.findings if not found.holds or not found.counted]


async def unopened(dsn: str, due: int) -> int:
    """How many of so many cases of batches were not opened exactly once, when the timers have had their time."""
    give_up_at = time.monotonic() + OPENED_WITHIN_SECONDS
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        while True:
            cursor = await connection.execute(
                """SELECT count(*), count(DISTINCT o.stream_id) FROM cases.events o
                   JOIN cases.events r ON r.stream_id = o.stream_id AND r.type_name = 'CaseRegistered' AND r.version = 1
                   WHERE o.type_name = 'CaseOpened' AND o.recorded_at > r.recorded_at"""
            )
            row = await cursor.fetchone()
            opened, cases = row if row is not None else (0, 0)
            if (opened, cases) == (due, due) or time.monotonic() > give_up_at:
                return int(due - 2 * cases + opened)
            await asyncio.sleep(LOOK_EVERY_SECONDS)


# Said -----------------------------------------------------------------------------------------------------------------


def tell(ran: Ran, console: Console) -> None:
    table = Table(title="Lost answers of commits", show_header=False)
    for loss in Loss:
        table.add_row(f"answers lost: {loss}", f"{ran.lost[loss]:,}")
    units = sum((told.units for told in ran.told), Counter[str]())
    table.add_row("units finished", ", ".join(f"{count:,} {door}" for door, count in units.items()))
    table.add_row("statuses of attempts", ", ".join(f"{count:,} {status}" for status, count in ran.statuses.most_common()))
    table.add_row("events", f"{sum(found.events for found in ran.found):,}")
    table.add_section()
    for what, lines in ran.wrong.items():
        table.add_row(what, f"{len(lines):,}" + "".join(f"\n  {line}" for line in lines[:10]))
    table.add_row("seconds", f"{ran.seconds:.1f}")
    console.print(table)


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 0 only where nothing was wrong."""
    parser = argparse.ArgumentParser(prog="python -m proof.lost_answers", description=__doc__)
    parser.add_argument("--answers", type=int, default=1000, help="how many commits whose answer is lost (default: 1000)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 100_000)
    options = parser.parse_args(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # each lost answer would be a warning
    console = Console()
    console.print(f"seed {options.seed}")
    RUN.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=RUN, ignore_cleanup_errors=True) as folder, Postgres(Path(folder) / "postgres") as server:
        ran = asyncio.run(lose_answers(server.dsn, options.answers, options.seed, Path(folder)))
    tell(ran, console)
    return 0 if ran.holds else 1


JUDGED = frozenset({"I1", "I3", "I12"})
NEVER = frozenset({"INTERNAL", "UNKNOWN", "ABORTED", "DATA_LOSS"})

if __name__ == "__main__":
    sys.exit(main())
