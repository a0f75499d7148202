"""How fast the log stores commands, one small event each, durable and optimistic, beside its peers on the same server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from bench.aims import Held, held
from bench.gate import Gate, checker
from bench.place import Place, Size
from bench.report import Measured, Report, measured, settings
from bench.rivals import STOCK_THREADS, Pgbench, Stock
from services.cases import application as verbs
from services.cases.application import CaseKey
from services.cases.card import CASES
from services.cases.domain.booking import DebtTerms
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.dossier import Confidence
from services.cases.domain.parties import Liability, Party, PartyRole
from services.cases.domain.registration import CaseTerms
from services.cases.domain.terms import Authority, PortfolioTerms
from services.chassis.ids import new_id
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.migrate import migrate
from services.kernel.facts import Change
from services.kernel.money import Money
from services.kernel.sealed import Sealed

TENANT = "bench"
CASES_PER_CALLER = 4
CALLERS = (1, 32, 64, 128)
CALLERS_MAX = max(CALLERS)
EXISTING, NEW = "log.run, a note on an existing case", "log.run, a new client"


class Bench:
    """One log, one portfolio, some cases; what was acknowledged is remembered for the gate."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._portfolio_id = UUID(int=0)
        self._cases: list[CaseKey] = []
        self._asked = 0
        self._acknowledged: dict[str, int | None] = {}
        """request_id -> position."""

    async def prepare(self) -> None:
        client_id, self._portfolio_id = new_id(), new_id()
        await self._run(verbs.register_client(client_id, "bench", "Bench Bank"))
        await self._run(verbs.open_portfolio(self._portfolio_id, client_id, "p", "Portfolio", _TERMS))
        ids = [new_id() for _ in range(CALLERS_MAX * CASES_PER_CALLER)]
        rows = [_row(f"case-{number}") for number in range(len(ids))]
        changes = [verbs.register_case(case_id, self._portfolio_id, client_id, row) for case_id, row in zip(ids, rows, strict=True)]
        await asyncio.gather(*(self._run(change) for change in changes))
        self._cases = [CaseKey(case_id, self._portfolio_id) for case_id in ids]

    async def existing(self, callers: int, seconds: float, number: int = 0) -> Measured:
        def change(caller: int, turn: int) -> Change[Any]:
            key = self._cases[caller * CASES_PER_CALLER + turn % CASES_PER_CALLER]
            return verbs.record_fact(key, new_id(), "note", _SEALED, "agent", Confidence.STATED, None)

        return await self._measure(EXISTING, callers, seconds, number, change)

    async def new(self, callers: int, seconds: float, number: int = 0) -> Measured:
        def change(caller: int, turn: int) -> Change[Any]:
            return verbs.register_client(new_id(), f"{self._asked}-{caller}-{turn}", "A Bank")

        return await self._measure(NEW, callers, seconds, number, change)

    async def _measure(self, name: str, callers: int, seconds: float, number: int, change: Callable[[int, int], Change[Any]]) -> Measured:
        took: list[float] = []
        until = time.perf_counter() + seconds

        async def call(caller: int) -> None:
            turn = 0
            while (began := time.perf_counter()) < until:
                await self._run(change(caller, turn))
                took.append(time.perf_counter() - began)
                turn += 1

        began = time.perf_counter()
        await asyncio.gather(*(call(caller) for caller in range(callers)))
        return measured(name, callers, time.perf_counter() - began, took, number)

    async def _run(self, change: Change[Any]) -> None:
        self._asked += 1
        request_id = f"request-{self._asked}"
        origin = Command(TENANT, "bench", "acuerdo.cases.v1.Cases/Bench", request_id, bytes(32), Actor("AGENT", "bench"))
        self._acknowledged[request_id] = (await self._log.run(origin, change)).position

    def told(self) -> dict[str, int | None]:
        """What was acknowledged since this was asked last."""
        told, self._acknowledged = self._acknowledged, {}
        return told


async def measure(place: Place, size: Size) -> Report:
    """Interleaved, so that a slow minute of the machine falls on everybody; what is compared stands side by side."""
    dsn = place.database()
    report = Report("log", f"Log: commands per second, median of {size.runs} rounds of {size.seconds:g} s", settings(dsn))
    migrate(dsn, CASES.name)
    log = Log(dsn, CASES, b"bench" * 8)
    await log.start()
    ours, stock, pgbench, gate = Bench(log), Stock(dsn), Pgbench(dsn), Gate(dsn)
    await ours.prepare()
    await ours.existing(32, size.seconds / 2)
    gate.check(ours.told())
    for number in range(size.runs):
        report.measured += await _round(ours, stock, pgbench, size.seconds, number)
        report.gates.append(f"round {number + 1}: {gate.check(ours.told())}")
    stock.close()
    await log.stop()
    report.gates.append(await checker(dsn, (), only=frozenset({"I8", "I12"})))  # sealed values are made up here: not I17
    report.held = _held(report)
    if pgbench.program is None:
        report.said.append("NO PGBENCH: it is neither in the wheel nor on the path; not compared")
    return report


async def _round(ours: Bench, stock: Stock, pgbench: Pgbench, seconds: float, number: int) -> list[Measured]:
    found: list[Measured] = []

    async def existing(callers: int) -> None:
        found.append(await ours.existing(callers, seconds, number))

    async def rows(clients: int) -> None:
        if pgbench.program is not None:
            found.append(await asyncio.to_thread(pgbench.run, clients, seconds, number))

    await existing(1)
    await rows(1)
    await existing(64)
    found.append(await asyncio.to_thread(stock.run, seconds, number))
    await existing(128)
    await rows(32)
    await existing(32)
    found.append(await ours.new(64, seconds, number))
    return found


def _held(report: Report) -> list[Held]:
    compared = {
        "log/stock": ((EXISTING, 64), (Stock.name, STOCK_THREADS)),
        "log/pgbench": ((EXISTING, 128), (Pgbench.name, 32)),
        "log/one": ((EXISTING, 1), (Pgbench.name, 1)),
    }
    return [held(name, ratios) for name, pair in compared.items() if (ratios := report.ratios(*pair))]


def _row(external_ref: str) -> CaseTerms:
    debt = DebtTerms(external_ref, "credit_card", (ComponentAmount(Component.PRINCIPAL, Money("EUR", 100_000)),), None)
    return CaseTerms(external_ref, "credit_card", (Party(new_id(), PartyRole.DEBTOR, Liability.FULL),), (debt,), date(2026, 1, 1))


_SEALED = Sealed(UUID(int=7), 1, bytes(12), bytes(64))
_BUCKETS = BucketSet("cycles-1", BucketUnit.CYCLES, (Bucket("current", None, 0), Bucket("1+", 1, None)))
_TERMS = PortfolioTerms("Europe/Madrid", "ES", "EUR", _BUCKETS, Authority.OURS, Authority.CREDITOR, "ES")
