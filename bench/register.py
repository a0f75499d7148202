"""RegisterCases: four streams of chunks of 128 rows, beside the unary echo: what bulk work on streams gains."""

from __future__ import annotations

from dataclasses import replace

from bench.aims import held
from bench.calling import Calling, Job
from bench.calls import CHUNK_ROWS
from bench.gate import Gate, checker
from bench.place import Place, Size
from bench.portfolio import portfolio
from bench.report import Report, settings
from bench.serving import House
from bench.unary import ECHO, an_answer
from services.chassis.migrate import migrate

STREAMS = 4
ROWS = "rows of RegisterCases, api process"
ECHO_CALLERS = 64


async def measure(place: Place, size: Size) -> Report:
    """A round: the echo, then the rows, each stream of them a batch of its own."""
    chunks = max(1, size.rows // CHUNK_ROWS // STREAMS)
    title = f"RegisterCases, {STREAMS} streams of {chunks} chunks of {CHUNK_ROWS} rows, median of {size.runs} rounds"
    report = Report("register", title, settings(place.server))
    dsn = place.database()
    migrate(dsn, "cases")
    with House(place) as house, Calling() as calling:
        raw, ours = house.run("echo", "echo", an_answer().hex()), house.serve("cases", dsn)
        made = await portfolio(ours.address, house.token, ECHO_CALLERS)
        gate = Gate(dsn)
        gate.begin()
        echo = Job(raw.address, house.token, "note", "", made.targets, callers=ECHO_CALLERS, seconds=size.seconds)
        rows = Job(ours.address, house.token, "rows", "", made.targets[:1], callers=STREAMS, count=chunks)
        for number in range(size.runs):
            report.measured.append(calling.do(replace(echo, key=f"{number}")).measured(ECHO, ECHO_CALLERS, number))
            history = f"{place.home}/histories/{number}.jsonl"
            came = calling.do(replace(rows, key=f"r{number}", history=history))
            report.measured.append(came.measured(ROWS, STREAMS, number))
            report.gates.append(f"round {number + 1}: {gate.check(came.acknowledged)}")
        histories = tuple(sorted((place.home / "histories").glob("*.jsonl")))
        report.gates.append(await checker(dsn, histories))
    report.held = [held("register/echo", report.ratios((ROWS, STREAMS), (ECHO, ECHO_CALLERS)))]
    report.said.append("p50 and p99 of the rows are those of a chunk: from its sending, with others of its stream before it, to its answer")
    return report
