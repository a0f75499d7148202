"""One unary command with everything on, beside a raw echo of the same sizes and the stock library behind grpc.

Server and client are processes of their own; the client program is the same for all. Ours runs as the api process alone, and as
one process that also relays to Kafka, writes the views and hears (`all`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from acuerdo.cases.v1 import service_pb2 as pb
from acuerdo.common.v1.types_pb2 import Receipt
from google.protobuf.timestamp_pb2 import Timestamp

from bench.aims import held
from bench.calling import Calling, Job
from bench.collecting import collecting
from bench.gate import Gate, checker
from bench.place import Place, Size
from bench.portfolio import portfolio
from bench.report import Report, settings
from bench.serving import House, Serving, wait_until_followed
from services.chassis.migrate import migrate

CASES_PER_CALLER = 4
ECHO, STOCK = "raw grpc.aio echo, same sizes", "eventsourcing save behind grpc, 8 threads"
API, ALL, TRACED = "RecordFact, api process", "RecordFact, process `all`", "RecordFact, api process, every span exported"
OTHER = "RegisterClient, api process"
TAGS = dict(zip((ECHO, STOCK, API, ALL, TRACED, OTHER), "esalto", strict=True))
"""Begins every request id, as long for one as for another."""
OWN_FOLLOWERS = ("relay", "view:cases")


@dataclass(frozen=True)
class _Peer:
    """A server that is measured. Ours have a database with cases, and a gate."""

    name: str
    serving: Serving
    job: Job
    dsn: str = ""
    gate: Gate | None = None
    followers: Sequence[str] = ()


class _Rounds:
    """Does the measurements, each followed by the gate where it was of ours."""

    def __init__(self, report: Report, calling: Calling, home: Path) -> None:
        self._report, self._calling, self._home = report, calling, home
        self._cpu_micros: defaultdict[str, list[float]] = defaultdict(list)
        self._sizes = ""

    def do(self, number: int, peer: _Peer, job: Job, name: str = "") -> None:
        name = name or peer.name
        history = str(self._histories(peer.name) / f"{job.key}-{job.call}.jsonl") if peer.gate else ""
        cpu_before = peer.serving.cpu_seconds()
        came = self._calling.do(replace(job, history=history, key=f"{TAGS[name]}-{job.key}"))
        cpu_seconds = peer.serving.cpu_seconds() - cpu_before
        self._report.measured.append(came.measured(name, job.callers, number))
        self._cpu_micros[f"{name}, {job.callers} callers"].append(1e6 * cpu_seconds / len(came.acknowledged))
        if job.call == "note":
            self._sizes = f"a request and its answer: {came.request_bytes} and {came.answer_bytes} bytes, and a real token"
        if peer.gate is not None:
            found = peer.gate.check(came.acknowledged)
            followed = f"; followers at the head {wait_until_followed(peer.dsn, peer.followers):.1f} s later" if peer.followers else ""
            self._report.gates.append(f"round {number + 1}, {name}, {job.callers} callers: {found}{followed}")

    async def end(self, ours: Sequence[_Peer]) -> None:
        self._report.said += [
            self._sizes,
            "CPU of the server's own process for each call, in microseconds (median):",
        ]
        self._report.said += [f"  {name}: {median(values):.0f}" for name, values in self._cpu_micros.items()]
        for peer in ours:
            histories = tuple(sorted(self._histories(peer.name).glob("*.jsonl")))
            self._report.gates.append(f"{peer.name}: {await checker(peer.dsn, histories)}")

    def _histories(self, name: str) -> Path:
        return self._home / "histories" / "".join(character if character.isalnum() else "_" for character in name)


async def measure(place: Place, size: Size) -> Report:
    """Round by round, each number of callers on every server before the next number."""
    report = Report("unary", f"Unary command over gRPC, median of {size.runs} rounds of {size.seconds:g} s", settings(place.server))
    most = size.callers[-1]
    with House(place) as house, collecting() as endpoint, Calling() as calling:
        raw, library = house.run("echo", "echo", an_answer().hex()), house.run("stock", "stock_service", place.database())
        api = await _ours(API, place, house, "api", most)
        traced = await _ours(TRACED, place, house, "api", most, otlp_endpoint=endpoint)
        all_in_one = [await _ours(ALL, place, house, "all", most)] if place.kafka else []
        echo, stock = (_Peer(name, peer, replace(api.job, address=peer.address)) for name, peer in ((ECHO, raw), (STOCK, library)))
        rounds = _Rounds(report, calling, place.home)
        for number in range(size.runs):
            for callers in size.callers:
                for peer in (echo, api, *([traced] if callers == most else []), *all_in_one, stock):
                    job = replace(peer.job, callers=callers, seconds=size.seconds, key=f"{number}-{callers}")
                    rounds.do(number, peer, job)
            rounds.do(number, api, replace(api.job, call="client", callers=most, seconds=size.seconds, key=f"{number}-c"), OTHER)
        await rounds.end([api, traced, *all_in_one])
    for aim, name in (("unary/echo", ECHO), ("unary/stock", STOCK)):
        report.held.append(held(aim, report.ratios((API, most), (name, most))))
    if not place.kafka:
        report.said.append("NO KAFKA: the layout `all` was not measured")
    return report


async def _ours(name: str, place: Place, house: House, door: str, callers: int, **more: str) -> _Peer:
    dsn = place.database()
    migrate(dsn, "cases")
    serving = house.serve(f"cases-{door}{'-traced' * bool(more)}", dsn, door=door, **more)
    made = await portfolio(serving.address, house.token, callers * CASES_PER_CALLER)
    gate = Gate(dsn)
    gate.begin()
    job = Job(serving.address, house.token, "note", "", made.targets)
    return _Peer(name, serving, job, dsn, gate, OWN_FOLLOWERS if door == "all" else ())


def an_answer() -> bytes:
    """As large as ours."""
    id_ = "01a20f0d-ad96-75a4-9997-e2cb1d7b28d8"
    receipt = Receipt(stream_id=id_, version=300, position=100_000, recorded_at=Timestamp(seconds=1_800_000_000, nanos=123_456_000))
    return pb.RecordFactResponse(receipt=receipt, fact_id=id_).SerializeToString()
