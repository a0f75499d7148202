"""A fact that restates five years: a hold on days late, known only now, over months in each of which the case was late and caught up."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import grpc.aio
import psycopg
from acuerdo.cases.v1 import holds_pb2 as holds
from acuerdo.cases.v1.events_pb2 import CaseEvent
from acuerdo.cases.v1.service_pb2_grpc import CasesStub

from bench.calls import CURRENCY
from bench.counted import a_case, a_portfolio, command
from bench.gate import GateFailed
from bench.place import Place
from bench.report import Measured, Report, percentiles_ms
from bench.serving import House
from services.cases.application import CaseKey, stops
from services.cases.card import CASES
from services.cases.domain.buckets import Bucket
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.crediting import Credit
from services.cases.domain.instalments import Instalment
from services.cases.domain.payments import PaymentLine
from services.chassis.clock import RealClock
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.rpc import words
from services.kernel import ids
from services.kernel.facts import Causation, Change
from services.kernel.money import Money

RESTATED = "PlaceHold that restates five years"
MONTHS, LATE_DAYS = 60, 20
CASES_MAX = 40
INSTALMENT = Money(CURRENCY, 10_000)
LATE = (Bucket("1-30", 1, 30), Bucket("31+", 31, None))


async def restate(report: Report, place: Place, house: House, address: str, dsn: str, commands: int, number: int) -> float:
    """Asked through the API; the cases' past was written before. The median in ms."""
    first_day, took = _months_ago(MONTHS), []
    cases = await _late_cases(place, dsn, max(2, min(CASES_MAX, commands // 8)), first_day)
    metadata = (("authorization", f"Bearer {house.token}"),)
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = CasesStub(channel)
        for case_id in cases:
            request = holds.PlaceHoldRequest(
                request_id=uuid4().hex,
                case_id=str(case_id),
                kind=holds.HOLD_KIND_LEGAL,
                scopes=[holds.HOLD_SCOPE_DPD],
                reason_code="KNOWN_LATER",
                through=words.wire_date(_months_ago(1)),
                **{"from": words.wire_date(first_day)},
            )
            began = time.perf_counter()
            await stub.PlaceHold(request, metadata=metadata)
            took.append(time.perf_counter() - began)
    p50, p99 = percentiles_ms(took)
    report.measured.append(Measured(RESTATED, 1, len(took) / sum(took), p50, p99, number))
    report.gates.append(f"round {number + 1}: {_is_restated(dsn, cases, first_day)}")
    return p50


async def _late_cases(place: Place, dsn: str, count: int, first_day: date) -> list[UUID]:
    """Each opened five years ago; every month an instalment fell due, and was paid twenty days later."""
    log = Log(dsn, CASES, (place.home / "keys" / "claims").read_bytes())
    await log.start()
    key, numbers = uuid4().hex[:8], itertools.count()
    portfolio = await a_portfolio(log, key, LATE)
    owed = Money(CURRENCY, INSTALMENT.minor_units * MONTHS)

    async def one(number: int) -> UUID:
        case = await a_case(log, portfolio, f"{key}-{number}", owed, began_on=first_day)
        for change in _past(case):
            await command(log, f"{key}/{next(numbers)}", change)
        return case.case_id

    cases = await asyncio.gather(*(one(number) for number in range(count)))
    await log.stop()
    return cases


def _past(case: CaseKey) -> Iterator[Change[Any]]:
    debt_id = ids.derived(case.case_id, "debt", 0)
    part = ComponentAmount(Component.PRINCIPAL, INSTALMENT)
    due_dates = [_months_ago(MONTHS - n) for n in range(MONTHS)]
    yield stops.schedule_instalments(case, debt_id, [Instalment(n, day, (part,)) for n, day in enumerate(due_dates, 1)], "contract")
    for day in due_dates[:-1]:
        lines = (PaymentLine(debt_id, Component.PRINCIPAL, INSTALMENT, 0),)
        paid = Credit(new_id(), new_id(), INSTALMENT, lines, day + timedelta(days=LATE_DAYS), "bench")
        yield stops.apply_payment(case.case_id, paid, Causation(new_id(), 1))


def _is_restated(dsn: str, cases: Sequence[UUID], first_day: date) -> str:
    """What each case has told last of its past speaks of every year of it."""
    years = {first_day.year + n for n in range(MONTHS // 12)}
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            """SELECT DISTINCT ON (stream_id) event FROM cases.events
               WHERE type_name = 'DelinquencyRestated' AND stream_id = ANY (%s) ORDER BY stream_id, version DESC""",
            (list(cases),),
        ).fetchall()
    told = [CaseEvent.FromString(event).delinquency_restated for (event,) in rows]
    intervals = [len(each.intervals) for each in told]
    is_whole = all(each.cause == "HOLD_PLACED" and years <= {getattr(one, "from").year for one in each.intervals} for each in told)
    if len(told) != len(cases) or not is_whole:
        raise GateFailed(f"{len(told)} of {len(cases)} cases are restated, by {intervals[:3]} intervals: not through five years")
    return f"{len(told)} cases restated, each by {min(intervals)} to {max(intervals)} intervals through five years"


def _months_ago(months: int) -> date:
    """The fifth of that month."""
    today = RealClock().now().date()
    month = today.year * 12 + today.month - 1 - months
    return date(month // 12, month % 12 + 1, 5)
