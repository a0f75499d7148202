"""From a command in one service to its reaction committed in the other: both as processes, through real Kafka, idle and under load.

Both services keep their logs on one server, and `recorded_at` is that server's clock at each commit: the way is their difference.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import grpc.aio
import psycopg
from acuerdo.common.v1.types_pb2 import EventMeta
from acuerdo.strategy.v1 import service_pb2 as strategy
from acuerdo.strategy.v1.service_pb2_grpc import StrategyStub

from bench.aims import held
from bench.calling import Calling, Job
from bench.gate import GateFailed, checker, meta_of
from bench.place import Place, Size
from bench.portfolio import portfolio
from bench.report import FOLDER, Measured, Report, percentiles_ms, settings
from bench.serving import House
from dev.ports import LOOPBACK, free_port
from services.chassis.migrate import migrate

SERVICES = ("cases", "strategy")
CASES_USED = 256
IDLE_RATE, LOAD_RATE = 20, 200
"""Commands begun each second, whatever becomes of those before."""
IDLE = "AdjustBalance to StandingNoted, one at a time"
LOADED = f"AdjustBalance to StandingNoted, {LOAD_RATE} begun each second"
REACTED_WITHIN_SECONDS = 60.0
SEGMENTS = FOLDER.parent.parent / "data" / "segments.json"
JUDGED = frozenset({"I1", "I2", "I3", "I4", "I5", "I6", "I12", "I15"})
"""I17 and the views are judged where nothing is timed."""


async def measure(place: Place, size: Size) -> Report:
    title = f"Reaction: {size.commands} commands at {IDLE_RATE}/s, then {LOAD_RATE}/s for {4 * size.seconds:g} s, {size.runs} rounds"
    report = Report("reaction", title, settings(place.server))
    dsn = place.database()
    for service in SERVICES:
        migrate(dsn, service)
    ports = {service: free_port() for service in SERVICES}
    peers = ",".join(f"{service}={LOOPBACK}:{port}" for service, port in ports.items())
    with House(place) as house, Calling() as calling:
        serving = {name: house.serve(name, dsn, name, "all", port=str(ports[name]), peers=peers) for name in SERVICES}
        await _publish_segments(serving["strategy"].address, house.token)
        made = await portfolio(serving["cases"].address, house.token, CASES_USED)
        job = Job(serving["cases"].address, house.token, "adjust", "", made.targets)
        _ways(dsn, 0, CASES_USED, "CaseOpened", "TreatmentOpened")
        idle, loaded = [], []
        for number in range(size.runs):
            asked = replace(job, key=f"i{number}", rate=IDLE_RATE, count=size.commands)
            idle.append(_round(report, calling, dsn, asked, IDLE, number, place))
            asked = replace(job, key=f"l{number}", rate=LOAD_RATE, seconds=4 * size.seconds)
            loaded.append(_round(report, calling, dsn, asked, LOADED, number, place))
        histories = tuple(sorted((place.home / "histories").glob("*.jsonl")))
        report.gates.append(await checker(dsn, histories, SERVICES, kafka=place.kafka, only=JUDGED))
    report.held = [held("reaction/idle", idle)]
    report.said.append("the way begins and ends in the log: gRPC before it is not in it; the tenant's segment table is asked for each fact")
    return report


async def _publish_segments(address: str, token: str) -> None:
    metadata = (("authorization", f"Bearer {token}"),)
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = StrategyStub(channel)
        table = strategy.PublishSegmentTableRequest(request_id="table", name="Cards", table=SEGMENTS.read_bytes())
        published = await stub.PublishSegmentTable(table, metadata=metadata)
        activate = strategy.ActivateSegmentTableRequest(request_id="table", version=published.version)
        await stub.ActivateSegmentTable(activate, metadata=metadata)


def _round(report: Report, calling: Calling, dsn: str, job: Job, name: str, number: int, place: Place) -> float:
    """The 99th percentile in milliseconds. Every command has one reaction, or the run has failed."""
    with psycopg.connect(dsn) as connection:
        (after,) = _row(connection, "SELECT position FROM cases.log_counter")
    came = calling.do(replace(job, history=f"{place.home}/histories/{job.key}.jsonl"))
    ways = _ways(dsn, after, len(came.acknowledged), "DebtBalanceAdjusted", "StandingNoted")
    p50, p99 = percentiles_ms(ways)
    report.measured.append(Measured(name, 0, came.count / came.seconds, p50, p99, number))
    report.gates.append(f"round {number + 1}, {name}: each of {len(ways):,} commands has its one reaction")
    return p99


def _ways(dsn: str, after: int, wanted: int, cause: str, effect: str) -> list[float]:
    """Seconds from each cause to its effect, once all are there. Both types are told one for the other."""
    until = time.monotonic() + REACTED_WITHIN_SECONDS
    with psycopg.connect(dsn, autocommit=True) as connection:
        while True:
            rows = connection.execute(CAUSES, (after, cause)).fetchall()
            caused = {(stream_id.bytes, version): recorded_at for stream_id, version, recorded_at in rows}
            effects = [(meta_of(event), recorded_at) for event, recorded_at in connection.execute(EFFECTS, (effect,)).fetchall()]
            ours = [(caused[_cause(meta)], recorded_at) for meta, recorded_at in effects if _cause(meta) in caused]
            if len(ours) >= wanted:
                break
            if time.monotonic() > until:
                raise GateFailed(f"{len(ours)} of {wanted} commands have a reaction after {REACTED_WITHIN_SECONDS:g} s")
            time.sleep(0.1)
    if not len(ours) == len(caused) == wanted:
        raise GateFailed(f"{wanted} commands, {len(caused)} causes, {len(ours)} reactions")
    return [(recorded_at - begun_at).total_seconds() for begun_at, recorded_at in ours]


def _cause(meta: EventMeta) -> tuple[bytes, int]:
    return meta.causation.stream_id, meta.causation.version


def _row(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> tuple[Any, ...]:
    found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return found


CAUSES = b"SELECT stream_id, version, recorded_at FROM cases.events WHERE position > %s AND type_name = %s"
EFFECTS = b"SELECT event, recorded_at FROM strategy.events WHERE type_name = %s"
