"""A case with a long history: asked for through the API for the first time and again, and a fact that restates five years of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import grpc.aio
from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.cases.v1.service_pb2_grpc import CasesStub

from bench.aims import held
from bench.calling import Calling, Job
from bench.calls import Target
from bench.chains import AMOUNT_MINOR_UNITS, EVENTS_PER_CASE
from bench.gate import Gate, GateFailed
from bench.place import Place, Size
from bench.report import Report, settings
from bench.restating import restate
from bench.seeding import seed
from bench.serving import House
from bench.writing import Writing, uuids
from services.cases.card import CASES
from services.chassis.log.log import Log
from services.chassis.migrate import migrate

COLD, WARM = "GetCase of a long case, for the first time", "GetCase of a long case, asked before"
CASES_MAX = 100
WARM_ASKED_TIMES = 10


async def measure(place: Place, size: Size) -> Report:
    """Each round asks a process that has just started, so that it has no case in memory."""
    report = Report("case", f"Long cases of {size.case_events:,} events, {size.runs} rounds", settings(place.server))
    cold: list[float] = []
    warm: list[float] = []
    restated: list[float] = []
    with House(place) as house, Calling() as calling:
        dsn = place.database()
        migrate(dsn, CASES.name)
        cases = await _long_cases(place, dsn, min(CASES_MAX, max(2, size.commands // 3)), size.case_events, report)
        targets = [Target(case_id=str(case_id)) for case_id in cases]
        for number in range(size.runs):
            serving = house.serve(f"cases-{number}", dsn)
            job = Job(serving.address, house.token, "get", "", targets)
            # Whatever is made at the first call of all is not the case's: one that is not measured is asked first.
            calling.do(Job(serving.address, house.token, "get", "", targets[:1], count=1))
            first = calling.do(Job(serving.address, house.token, "get", "", targets[1:], count=len(targets) - 1))
            again = calling.do(Job(serving.address, house.token, "get", "", targets, count=WARM_ASKED_TIMES * len(targets)))
            for name, came, values in ((COLD, first, cold), (WARM, again, warm)):
                report.measured.append(came.measured(name, 1, number))
                values.append(came.p99_ms)
            report.gates.append(f"round {number + 1}: {await _all_is_there(job, cases, size.case_events)}")
            restated.append(await restate(report, place, house, serving.address, dsn, size.commands, number))
    report.held = [held("case/cold", cold), held("case/warm", warm), held("case/restated", restated)]
    return report


async def _long_cases(place: Place, dsn: str, count: int, events: int, report: Report) -> list[UUID]:
    """Grown in another process's log, adjusted a cent at a time."""
    key = (place.home / "keys" / "claims").read_bytes()
    seeded = seed(dsn, count, key, with_views=False)
    gate, cases = Gate(dsn), uuids(seeded.case_ids)
    gate.begin()
    log = Log(dsn, CASES, key)
    await log.start()
    writing = Writing(log, seeded.portfolio_id, "long")
    await writing.each_once(cases * (events - EVENTS_PER_CASE))
    await log.stop()
    report.gates.append(await asyncio.to_thread(gate.check, writing.told()))
    return cases


async def _all_is_there(job: Job, cases: Sequence[UUID], events: int) -> str:
    """What the process answers, once more, is the whole of each case."""
    metadata = (("authorization", f"Bearer {job.token}"),)
    async with grpc.aio.insecure_channel(job.address) as channel:
        stub: Any = CasesStub(channel)
        for case_id in cases:
            found = (await stub.GetCase(pb.GetCaseRequest(case_id=str(case_id)), metadata=metadata)).case
            owed = sum(part.amount.minor_units for debt_ in found.debts for part in debt_.components)
            if found.etag != str(events) or owed != AMOUNT_MINOR_UNITS + events - EVENTS_PER_CASE:
                raise GateFailed(f"a case of {events} events is answered at {found.etag}, owing {owed}")
    return f"{len(cases)} cases answered at version {events:,} with every booking in the balance"
