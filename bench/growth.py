"""Growth: the same work on a log of few cases and on one of many. What is slower there grows with the log.

Cases in use are as many on both sides: what a cache holds is not what is measured, so questions are also asked of cases that nobody
has asked for before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from bench.aims import held
from bench.calling import Calling, Job
from bench.calls import PAGE_ROWS, Target
from bench.place import Place, Size
from bench.report import Report, measured, settings
from bench.seeding import check, check_since, seed
from bench.serving import House
from bench.writing import Writing, uuids
from services.cases.card import CASES
from services.chassis.log.log import Log
from services.chassis.migrate import migrate

WRITERS, ASKERS = 64, 16
COLD_MAX = 1_000
"""Cases used for the first time, for each kind of question and round."""
LOG, COLD, GET, PAGE = (
    "log.run, cases in use",
    "log.run, each case for the first time",
    "GetCase, each case for the first time",
    f"ListCases, pages of {PAGE_ROWS}, one after the other",
)


@dataclass
class _Side:
    """One of the two logs."""

    name: str
    dsn: str
    writing: Writing
    log: Log
    job: Job
    used: Sequence[UUID]
    """Cases that are written again and again; spread over all."""
    cold: list[UUID]
    """Cases that nobody has asked for yet; spread over all."""
    position: int
    gates: list[str] = field(default_factory=list)

    def unused(self, many: int) -> list[UUID]:
        taken, self.cold = self.cold[:many], self.cold[many:]
        return taken


async def measure(place: Place, size: Size) -> Report:
    few, many = f"{size.few_cases:,} cases", f"{size.many_cases:,} cases"
    report = Report("growth", f"Growth: {few} beside {many}, median of {size.runs} rounds of {size.seconds:g} s", settings(place.server))
    with House(place) as house, Calling() as calling:
        sides = [await _side(place, house, name, cases, report) for name, cases in ((few, size.few_cases), (many, size.many_cases))]
        cold = min(COLD_MAX, size.few_cases // (3 * size.runs))
        for side in sides:
            await side.writing.keep_on(side.used, WRITERS, size.seconds / 2)
        for number in range(size.runs):
            for side in sides:
                await _write(report, side, size.seconds, cold, number)
            for side in sides:
                _ask(report, calling, side, size.seconds, cold, number)
            for side in sides:
                side.position, found = check_since(side.dsn, side.position, side.writing.told())
                report.gates.append(f"round {number + 1}, {side.name}: {found}")
        for side in sides:
            await side.log.stop()
            report.gates.append(f"{side.name}, in the end: {await asyncio.to_thread(check, side.dsn)}")
    for aim, what, callers in (("growth/log", LOG, WRITERS), ("growth/get", GET, ASKERS), ("growth/list", PAGE, ASKERS)):
        report.held.append(held(aim, report.ratios((f"{what}, {few}", callers), (f"{what}, {many}", callers))))
    return report


async def _side(place: Place, house: House, name: str, cases: int, report: Report) -> _Side:
    dsn, began = place.database(), time.monotonic()
    await asyncio.to_thread(migrate, dsn, CASES.name)
    key = (place.home / "keys" / "claims").read_bytes()
    seeded = await asyncio.to_thread(seed, dsn, cases, key)
    report.said.append(f"{name} of {seeded.events:,} events were put in within {time.monotonic() - began:.0f} s")
    log = Log(dsn, CASES, key)
    await log.start()
    portfolio = str(seeded.portfolio_id)
    address = house.serve(f"cases-{cases}", dsn).address
    # Spread evenly: every 40th of few, every 4,000th of many.
    spread = uuids(seeded.case_ids[:: max(1, cases // (4 * WRITERS))])[: 4 * WRITERS]
    others = uuids(seeded.case_ids[1 :: max(1, cases // 10_000)])
    cold = [case_id for case_id in others if case_id not in set(spread)]
    job = Job(address, house.token, "page", "", [Target(portfolio_id=portfolio)], callers=ASKERS)
    return _Side(name, dsn, Writing(log, seeded.portfolio_id, "g"), log, job, spread, cold, seeded.events)


async def _write(report: Report, side: _Side, seconds: float, cold: int, number: int) -> None:
    took_all, took = await side.writing.keep_on(side.used, WRITERS, seconds)
    report.measured.append(measured(f"{LOG}, {side.name}", WRITERS, took_all, took, number))
    took_all, took = await side.writing.each_once(side.unused(cold), WRITERS)
    report.measured.append(measured(f"{COLD}, {side.name}", WRITERS, took_all, took, number))


def _ask(report: Report, calling: Calling, side: _Side, seconds: float, cold: int, number: int) -> None:
    job = side.job
    targets = [Target(case_id=str(case_id)) for case_id in side.unused(cold)]
    came = calling.do(Job(job.address, job.token, "get", "", targets, callers=ASKERS, count=len(targets)))
    report.measured.append(came.measured(f"{GET}, {side.name}", ASKERS, number))
    came = calling.do(Job(job.address, job.token, "page", "", job.targets, callers=ASKERS, seconds=seconds))
    report.measured.append(came.measured(f"{PAGE}, {side.name}", ASKERS, number))
