"""RecordPayments: four streams of chunks of 256 payments, receipt and allocation stored; beside the unary echo of the same machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from statistics import median
from typing import Any
from uuid import UUID

import grpc.aio
import psycopg
from acuerdo.payments.v1 import payments_pb2 as pb
from acuerdo.payments.v1 import receipts_pb2 as receipts
from acuerdo.payments.v1.events_pb2 import PaymentEvent
from acuerdo.payments.v1.payments_pb2_grpc import PaymentsStub

from bench.aims import held
from bench.calling import Calling, Job
from bench.calls import CURRENCY, Target
from bench.gate import CHECKED, Gate, GateFailed, checker
from bench.paying import CHUNK_PAYMENTS
from bench.place import Place, Size
from bench.report import Report, settings
from bench.serving import TENANT, House
from bench.unary import ECHO, an_answer
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardFact, HeardUpTo
from services.chassis.migrate import migrate
from services.kernel.facts import Causation, Change
from services.kernel.ids import derived
from services.kernel.money import Money
from services.payments.application import books
from services.payments.card import PAYMENTS
from services.payments.domain.book import BookState, CaseTraits
from services.payments.domain.components import Component, ComponentAmount

STREAMS = 4
CASES = 2_000
PAID = "payments of RecordPayments, api process"
ECHO_CALLERS = 64
HEARD_AT_ONCE = 200
JUDGED = CHECKED - {"I2", "I12"}
"""The case books are heard of a cases service that is not there: what rests on its facts cannot be looked up."""
MONEY_EVENTS = "SELECT event FROM payments.events WHERE type_name IN ('PaymentReceived', 'PaymentAllocated')"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


async def measure(place: Place, size: Size) -> Report:
    """A round: the echo, then the payments. After each, every cent acknowledged is found in receipts and allocations alike."""
    chunks = max(1, size.rows // CHUNK_PAYMENTS // STREAMS)
    title = f"RecordPayments, {STREAMS} streams of {chunks} chunks of {CHUNK_PAYMENTS}, {CASES:,} cases, median of {size.runs} rounds"
    report = Report("payments", title, settings(place.server))
    dsn = place.database()
    migrate(dsn, "payments")
    case_ids = await _hear_cases(dsn, CASES)
    with House(place) as house, Calling() as calling:
        raw, ours = house.run("echo", "echo", an_answer().hex()), house.serve("payments", dsn, service="payments")
        source_id = await _a_source(ours.address, house.token)
        targets = [Target(case_id=str(case_id), portfolio_id=source_id) for case_id in case_ids]
        gate = Gate(dsn, "payments")
        gate.begin()
        echo = Job(raw.address, house.token, "note", "", targets[:ECHO_CALLERS], callers=ECHO_CALLERS, seconds=size.seconds)
        paid = Job(ours.address, house.token, "payments", "", targets, callers=STREAMS, count=chunks)
        used: list[float] = []
        for number in range(size.runs):
            report.measured.append(calling.do(replace(echo, key=f"{number}")).measured(ECHO, ECHO_CALLERS, number))
            history = f"{place.home}/histories/{number}.jsonl"
            before = ours.cpu_seconds()
            came = calling.do(replace(paid, key=f"r{number}", history=history))
            used.append(1e6 * (ours.cpu_seconds() - before) / came.count)
            report.measured.append(came.measured(PAID, STREAMS, number))
            report.gates.append(f"round {number + 1}: {gate.check(came.acknowledged)}; {_money_adds_up(dsn, came.count * (number + 1))}")
        histories = tuple(sorted((place.home / "histories").glob("*.jsonl")))
        report.gates.append(await checker(dsn, histories, ("payments",), only=JUDGED))
    report.held = [held("payments/rows", [one.per_second or 0.0 for one in report.of((PAID, STREAMS))])]
    report.said.append(f"the api process used {median(used):.0f} ({min(used):.0f}–{max(used):.0f}) µs of CPU a payment")
    report.said.append(
        "a payment is two facts in two streams and one claim, durable; a chunk is one unit. p50 and p99 are those of a chunk: from its "
        "sending, with others of its stream before it, to its answer"
    )
    return report


async def _hear_cases(dsn: str, count: int) -> Sequence[UUID]:
    """As if cases had told of them: one debt each, open."""
    log = Log(dsn, PAYMENTS, b"c" * 32)
    await log.start()
    case_ids = [derived("bench-case", number) for number in range(count)]
    try:
        for at in range(0, count, HEARD_AT_ONCE):
            some = case_ids[at : at + HEARD_AT_ONCE]
            decisions = [_heard(case_id, version) for case_id in some for version in (1, 2, 3)]
            await log.run_heard(HeardUpTo("payments.cases", "cases", 1, 0, at, at + len(some)), decisions)
    finally:
        await log.stop()
    return case_ids


def _heard(case_id: UUID, version: int) -> tuple[HeardFact, Sequence[Change[Any]]]:
    origin = Causation(case_id, version)
    owed = (ComponentAmount(Component.INTEREST, Money(CURRENCY, 50_000)), ComponentAmount(Component.PRINCIPAL, Money(CURRENCY, 10**9)))
    traits = CaseTraits(
        case_id, derived("bench-client"), derived("bench-portfolio"), str(case_id), "credit_card", "ES", CURRENCY, "Europe/Madrid"
    )
    changes: Sequence[Change[Any]] = {
        1: books.open_book(traits, origin),
        2: (books.note_debt(case_id, derived("bench-debt", case_id), "credit_card", owed, date(2025, 12, 1), date(2025, 1, 1), origin),),
        3: (books.turn_book(case_id, BookState.OPEN, origin),),
    }[version]
    return HeardFact("payments.cases", TENANT, origin, derived("bench"), BEGAN), changes


async def _a_source(address: str, token: str) -> str:
    async with grpc.aio.insecure_channel(address) as channel:
        request = pb.RegisterPaymentSourceRequest(
            request_id="source", external_ref="psp", name="Bench", kind=receipts.SOURCE_KIND_PSP, zone="Europe/Madrid"
        )
        answer = await PaymentsStub(channel).RegisterPaymentSource(request, metadata=(("authorization", f"Bearer {token}"),))
        return str(answer.source_id)


def _money_adds_up(dsn: str, payments: int) -> str:
    """From the stored bytes alone: what was received is what was spread, and as many payments as were acknowledged."""
    received = allocated = count = 0
    with psycopg.connect(dsn) as connection:
        for (event,) in connection.execute(MONEY_EVENTS):
            told = PaymentEvent.FromString(event)
            if told.HasField("payment_received"):
                received, count = received + told.payment_received.amount.minor_units, count + 1
            elif told.HasField("payment_allocated"):
                allocated += sum(line.amount.minor_units for line in told.payment_allocated.lines)
    if count != payments or received != allocated:
        raise GateFailed(f"{count:,} payments of {payments:,}; received {received:,}, spread {allocated:,}")
    return f"{count:,} payments, received = spread = {received:,}"
