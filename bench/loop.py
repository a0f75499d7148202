"""From money received to the next step: payment recorded, promise kept, treatment decided; three services as processes, real Kafka.

All three logs are on one server, and `recorded_at` is that server's clock at each commit: the way is their difference. What belongs
together is told by its correlation: the payment's command is that of everything that came of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import uuid4
from zoneinfo import ZoneInfo

import grpc.aio
import psycopg
from acuerdo.cases.v1 import promises_pb2 as promises
from acuerdo.cases.v1.promises_pb2_grpc import PromisesStub
from acuerdo.common.v1.types_pb2 import Money
from acuerdo.payments.v1 import payments_pb2 as payments
from acuerdo.payments.v1 import receipts_pb2 as receipts
from acuerdo.payments.v1.payments_pb2_grpc import PaymentsStub
from acuerdo.strategy.v1 import strategies_pb2 as strategies
from acuerdo.strategy.v1.events_pb2 import StrategyEvent
from acuerdo.strategy.v1.service_pb2_grpc import StrategyStub
from google.type.date_pb2 import Date

from bench.aims import held
from bench.calls import CURRENCY, Target
from bench.gate import GateFailed, checker, meta_of
from bench.place import Place, Size
from bench.portfolio import portfolio
from bench.report import Measured, Report, percentiles_ms, settings
from bench.serving import House
from dev.ports import LOOPBACK, free_port
from services.chassis.migrate import migrate

SERVICES = ("cases", "payments", "strategy")
RATE = 20
"""Payments begun each second, whatever becomes of those before."""
PROMISED = 1_000
ZONE = ZoneInfo("Europe/Madrid")
SETTLED_WITHIN_SECONDS = 60.0
WAY = "RecordPayment to the step after the kept promise"
PART = "RecordPayment to PromiseKept"
STRATEGY = b"""
form: acuerdo.strategy/1
name: Bench
always: {on_promise_made: follow, on_promise_kept: thank, on_promise_broken: call, on_promise_cancelled: call}
begin: {otherwise: rest}
steps:
  follow: {follow_promise: {}}
  thank: {wait: {days: 1}, next: rest}
  call: {hand_to_agent: {reason: BROKEN}}
  rest: {end: {because: Nothing is to be done for now.}}
"""
JUDGED = frozenset({"I1", "I2", "I4", "I5", "I6", "I9", "I12", "I15"})
"""I17 and the views are judged where nothing is timed; these calls keep no history of their own (I3, I8)."""


async def measure(place: Place, size: Size) -> Report:
    """A round: every case promises, strategy has heard it, every case pays; each payment is found at the end of its way."""
    count = size.commands
    report = Report("loop", f"Payment to next step: {count} at {RATE}/s, {size.runs} rounds", settings(place.server))
    dsn = place.database()
    for service in SERVICES:
        migrate(dsn, service)
    ports = {service: free_port() for service in SERVICES}
    peers = ",".join(f"{service}={LOOPBACK}:{port}" for service, port in ports.items())
    with House(place) as house:
        serving = {name: house.serve(name, dsn, name, "all", port=str(ports[name]), peers=peers) for name in SERVICES}
        made = await portfolio(serving["cases"].address, house.token, count)
        async with _Loop({name: served.address for name, served in serving.items()}, house.token) as loop:
            await loop.prepare()
            ways = []
            for number in range(size.runs):
                report.gates.append(await _round(report, loop, dsn, made.targets, number))
                ways += [one.p99_ms for one in report.measured if one.name == WAY and one.round == number and one.p99_ms is not None]
        report.gates.append(await checker(dsn, (), SERVICES, kafka=place.kafka, only=JUDGED))
    report.held = [held("loop/step", ways)]
    report.said.append("the way begins and ends in the log: gRPC before it is not in it; contacts is not there, and not needed")
    return report


async def _round(report: Report, loop: _Loop, dsn: str, targets: Sequence[Target], number: int) -> str:
    after = _heads(dsn)
    await loop.promise(targets)
    await _until(lambda: _count(dsn, "strategy", "StepEntered", after["strategy"]), len(targets), "promises followed")
    after = _heads(dsn)
    await loop.pay(targets)
    await _until(lambda: len(_decided(dsn, after["strategy"])), len(targets), "payments with a next step")
    received = _moments(dsn, "payments", "PaymentReceived", after["payments"])
    kept = _moments(dsn, "cases", "PromiseKept", after["cases"])
    decided = _decided(dsn, after["strategy"])
    if not received.keys() == kept.keys() == decided.keys() or len(received) != len(targets):
        raise GateFailed(f"{len(targets)} payments: {len(received)} received, {len(kept)} promises kept, {len(decided)} next steps")
    for name, ends in ((PART, kept), (WAY, decided)):
        p50, p99 = percentiles_ms([(ends[each] - at).total_seconds() for each, at in received.items()])
        report.measured.append(Measured(name, 0, None, p50, p99, number))
    return f"round {number + 1}: each of {len(received):,} payments keeps its promise, and leads to one next step"


class _Loop:
    """The callers of the three services."""

    def __init__(self, addresses: Mapping[str, str], token: str) -> None:
        self._addresses, self._metadata = addresses, (("authorization", f"Bearer {token}"),)
        self._source_id = ""

    async def __aenter__(self) -> Self:
        self._channels = {name: grpc.aio.insecure_channel(address) for name, address in self._addresses.items()}
        self._promises: Any = PromisesStub(self._channels["cases"])
        self._payments: Any = PaymentsStub(self._channels["payments"])
        self._strategy: Any = StrategyStub(self._channels["strategy"])
        return self

    async def __aexit__(self, *_: object) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def prepare(self) -> None:
        """A source, and the strategy in force."""
        registering = payments.RegisterPaymentSourceRequest(
            request_id="source", external_ref="psp", name="Bench", kind=receipts.SOURCE_KIND_PSP, zone=str(ZONE)
        )
        self._source_id = (await self._payments.RegisterPaymentSource(registering, metadata=self._metadata)).source_id
        published = await self._strategy.PublishStrategy(
            strategies.PublishStrategyRequest(request_id="publish", document=STRATEGY), metadata=self._metadata
        )
        activating = strategies.ActivateStrategyRequest(request_id="activate", version=published.version)
        await self._strategy.ActivateStrategy(activating, metadata=self._metadata)

    async def promise(self, targets: Sequence[Target]) -> None:
        parts = [promises.PromisePart(date=_wire(_today() + timedelta(days=7)), amount=_euros())]
        requests = [promises.MakePromiseRequest(request_id=str(uuid4()), case_id=each.case_id, parts=parts) for each in targets]
        await asyncio.gather(*(self._promises.MakePromise(request, metadata=self._metadata) for request in requests))

    async def pay(self, targets: Sequence[Target]) -> None:
        """Open loop: each begins at its time."""
        loop, tasks = asyncio.get_running_loop(), []
        begin = loop.time()
        for number, target in enumerate(targets):
            await asyncio.sleep(max(0.0, begin + number / RATE - loop.time()))
            request = payments.RecordPaymentRequest(
                request_id=str(uuid4()),
                source_id=self._source_id,
                provider_ref=str(uuid4()),
                amount=_euros(),
                value_date=_wire(_today()),
                case_id=target.case_id,
            )
            tasks.append(asyncio.ensure_future(self._payments.RecordPayment(request, metadata=self._metadata)))
        await asyncio.gather(*tasks)


def _today() -> date:
    return datetime.now(ZONE).date()


def _wire(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _euros() -> Money:
    return Money(currency_code=CURRENCY, minor_units=PROMISED)


# What is stored -----------------------------------------------------------------------------------------------------------


def _heads(dsn: str) -> dict[str, int]:
    with psycopg.connect(dsn) as connection:
        return {name: _number(connection, f"SELECT position FROM {name}.log_counter") for name in SERVICES}


def _count(dsn: str, service: str, type_name: str, after: int) -> int:
    with psycopg.connect(dsn) as connection:
        return _number(connection, f"SELECT count(*) FROM {service}.events WHERE type_name = '{type_name}' AND position > {after}")


def _number(connection: psycopg.Connection[tuple[Any, ...]], query: str) -> int:
    found = connection.execute(query.encode()).fetchone()
    assert found is not None
    return int(found[0])


def _moments(dsn: str, service: str, type_name: str, after: int) -> dict[bytes, datetime]:
    """When a fact of that type was recorded, by the command that everything goes back to."""
    return {meta_of(event).correlation_id: recorded_at for event, recorded_at in _facts(dsn, service, type_name, after)}


def _decided(dsn: str, after: int) -> dict[bytes, datetime]:
    """When the step after a kept promise was decided."""
    found = {}
    for event, recorded_at in _facts(dsn, "strategy", "TreatmentDecided", after):
        told = StrategyEvent.FromString(event)
        if told.treatment_decided.occasion == "on_promise_kept":
            found[told.meta.correlation_id] = recorded_at
    return found


def _facts(dsn: str, service: str, type_name: str, after: int) -> list[tuple[bytes, datetime]]:
    query = f"SELECT event, recorded_at FROM {service}.events WHERE type_name = %s AND position > %s"
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode(), (type_name, after)).fetchall()


async def _until(found: Callable[[], int], wanted: int, what: str) -> None:
    until = time.monotonic() + SETTLED_WITHIN_SECONDS
    while (there := found()) < wanted:
        if time.monotonic() > until:
            raise GateFailed(f"{there} of {wanted} {what} after {SETTLED_WITHIN_SECONDS:g} s")
        await asyncio.sleep(0.2)
