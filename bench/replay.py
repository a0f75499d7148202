"""Replay: one case with a long history loaded cold, and the whole log read, decoded and folded into live streams."""

from __future__ import annotations

import asyncio
import gc
import time
from uuid import UUID

from bench.aims import held
from bench.chains import EVENTS_PER_CASE
from bench.gate import Gate, GateFailed
from bench.place import Place, Size
from bench.report import Measured, Report, percentiles_ms, settings
from bench.seeding import Seeded, seed
from bench.serving import TENANT
from bench.writing import Writing, uuids
from services.cases.card import CASES
from services.cases.domain.case import Case
from services.cases.domain.client import Client
from services.cases.domain.portfolio import Portfolio
from services.chassis.log.log import Log
from services.chassis.migrate import migrate
from services.kernel.facts import Stream

LONG_CASES = 4
PAGE_RECORDS = 5_000
FOLDED, UNCOLLECTED = "the whole log folded", "the same, Python's cycle collector off"
LOADED = "Log.load of one long case, cold"
CLAIM_KEY = b"bench" * 8
KINDS: dict[str, type[Stream]] = {"ClientRegistered": Client, "PortfolioOpened": Portfolio, "CaseRegistered": Case}
"""By the first fact of a stream."""


async def measure(place: Place, size: Size) -> Report:
    report = Report("replay", f"Replay: {size.events:,} events folded, {size.runs} rounds", settings(place.server))
    dsn = place.database()
    migrate(dsn, CASES.name)
    seeded = seed(dsn, size.events // EVENTS_PER_CASE, CLAIM_KEY, with_views=False)
    # It holds one live stream: of several asked in turn, each is loaded from the store.
    log = Log(dsn, CASES, CLAIM_KEY, streams_live_max=1)
    await log.start()
    long_cases, gate = uuids(seeded.case_ids[:LONG_CASES]), Gate(dsn)
    gate.begin()
    writing = await _make_long(log, seeded, long_cases, size.case_events)
    report.gates.append(gate.check(writing.told()))
    folded, loaded = [], []
    for number in range(size.runs):
        folded.append(await _fold(log, FOLDED, number, report))
        gc.disable()
        await _fold(log, UNCOLLECTED, number, report)
        gc.enable()
        loaded.append(await _load(log, long_cases, size.case_events, size.commands, number, report))
    await log.stop()
    report.held = [held("replay/fold", folded), held("replay/case", loaded)]
    report.said.append("per core: a second of this process's CPU, reading and decoding in it; the server's own work is on another core")
    report.said.append(f"a long case: {size.case_events:,} events, its chain verified; the server's own cache is warm")
    return report


async def _make_long(log: Log, seeded: Seeded, cases: list[UUID], events: int) -> Writing:
    """One log beside the one that is measured: here the cases may stay live while they grow."""
    growing = Log(log.dsn, CASES, CLAIM_KEY)
    await growing.start()
    writing = Writing(growing, seeded.portfolio_id, "long")
    await writing.each_once(cases * (events - EVENTS_PER_CASE), len(cases), "a month's interest")
    await growing.stop()
    return writing


async def _fold(log: Log, name: str, number: int, report: Report) -> float:
    """Every stream of the service live in memory. Events folded in a second of CPU."""
    streams: dict[UUID, Stream] = {}
    mapper, events = CASES.mapper, 0
    began, cpu_began = time.perf_counter(), time.process_time()
    page = await log.read(0, PAGE_RECORDS)
    while page:
        reading = asyncio.create_task(log.read(page[-1].position, PAGE_RECORDS))
        await asyncio.sleep(0)
        for record in page:
            stream = streams.get(record.stream_id)
            if stream is None:
                kind = KINDS[record.type_name.rpartition(".")[2]]
                stream = streams[record.stream_id] = kind.blank(record.stream_id)
            mapper.decode(record.event).mutate(stream)
        events += len(page)
        page = await reading
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    report.measured.append(Measured(f"{name}, a second", 0, events / seconds, round=number))
    report.measured.append(Measured(f"{name}, a second of CPU", 0, events / cpu_seconds, round=number))
    if events != (await log.head()).position or sum(stream.version for stream in streams.values()) != events:
        raise GateFailed("the folded streams do not hold every event")
    report.gates.append(f"round {number + 1}: {events:,} events are the versions of {len(streams):,} folded streams, added up")
    return events / cpu_seconds


async def _load(log: Log, cases: list[UUID], events: int, loads: int, number: int, report: Report) -> float:
    """The median in milliseconds."""
    took = []
    for turn in range(max(loads // 5, 2)):
        began = time.perf_counter()
        case = await log.load(Case, cases[turn % len(cases)], TENANT)
        took.append(time.perf_counter() - began)
        booked = sum(len(debt.entries) for debt in case.debts.by_id.values())
        if case.version != events or booked != events - EVENTS_PER_CASE + 1:
            raise GateFailed(f"a case of {events} events was loaded at version {case.version} with {booked} bookings")
    p50, p99 = percentiles_ms(took)
    report.measured.append(Measured(LOADED, 1, len(took) / sum(took), p50, p99, number))
    return p50
