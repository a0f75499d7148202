"""How fast the log stores commands, one small event each, durable and optimistic, beside its peers on the same server."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from bench.report import FOLDER, Measured, measured, rate, settings, tell
from bench.rivals import STOCK_THREADS, Pgbench, Stock
from dev.postgres import Postgres
from services.cases import application as verbs
from services.cases.application import CaseKey
from services.cases.card import CASES
from services.cases.domain.buckets import Bucket, BucketSet, BucketUnit
from services.cases.domain.debts import Component, ComponentAmount, DebtTerms
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
PGBENCH_CLIENTS = (1, 32)


class Bench:
    """One log, one portfolio, some cases; what was acknowledged is remembered for the check at the end."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._portfolio_id = UUID(int=0)
        self._cases: list[CaseKey] = []
        self._asked = 0
        self.acknowledged: dict[str, int] = {}
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

    async def existing(self, callers: int, seconds: float) -> Measured:
        def change(caller: int, turn: int) -> Change[Any]:
            key = self._cases[caller * CASES_PER_CALLER + turn % CASES_PER_CALLER]
            return verbs.record_fact(key, new_id(), "note", _SEALED, "agent", Confidence.STATED, None)

        return await self._measure(EXISTING, callers, seconds, change)

    async def new(self, callers: int, seconds: float) -> Measured:
        def change(caller: int, turn: int) -> Change[Any]:
            return verbs.register_client(new_id(), f"{self._asked}-{caller}-{turn}", "A Bank")

        return await self._measure(NEW, callers, seconds, change)

    async def _measure(self, name: str, callers: int, seconds: float, change: Callable[[int, int], Change[Any]]) -> Measured:
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
        return measured(name, callers, time.perf_counter() - began, took)

    async def _run(self, change: Change[Any]) -> None:
        self._asked += 1
        request_id = f"request-{self._asked}"
        origin = Command(TENANT, "bench", "acuerdo.cases.v1.Cases/Bench", request_id, bytes(32), Actor("AGENT", "bench"))
        self.acknowledged[request_id] = (await self._log.run(origin, change)).position

    async def check(self, dsn: str) -> str:
        """Dense positions, no holes in a stream, every chain, every acknowledged request there once, at its position."""
        after, versions, commands = 0, dict[UUID, int](), 0
        while page := await self._log.read(after, 5_000):
            for record in page:
                after += 1
                assert record.position == after, f"position {record.position} stands where {after} is due"
                assert record.version == versions.get(record.stream_id, 0) + 1, "a stream has a hole"
                versions[record.stream_id] = record.version
        for stream_id, version in versions.items():
            assert len(await self._log.read_stream(stream_id, TENANT)) == version
        async with self._log._pool.connection() as connection:  # the bench may look behind the counter
            async for request_id, position in await connection.execute("SELECT request_id, position FROM cases.commands"):
                assert self.acknowledged.get(request_id) == position, "stored and acknowledged differ"
                commands += 1
        assert commands == len(self.acknowledged), "an acknowledged request is missing"
        return (
            f"checked: {after:,} events dense and chained in {len(versions):,} streams, {commands:,} acknowledged requests each there once"
        )


async def bench(runs: int, seconds: float) -> None:
    """Interleaved, so that a slow minute of the machine falls on everybody."""
    data = FOLDER / "postgres"
    shutil.rmtree(data, ignore_errors=True)
    with Postgres(data) as server:
        known = settings(server.dsn)
        migrate(server.dsn, CASES.name)
        log = Log(server.dsn, CASES, b"bench" * 8)
        await log.start()
        ours, stock, pgbench = Bench(log), Stock(server.dsn), Pgbench(server.dsn)
        await ours.prepare()
        await ours.existing(32, 1.0)
        found: list[Measured] = []
        for number in range(runs):
            print(f"round {number + 1} of {runs} …", flush=True)
            found += [await ours.existing(callers, seconds) for callers in CALLERS]
            found.append(await ours.new(64, seconds))
            found.append(await asyncio.to_thread(stock.run, seconds))
            if pgbench.program is not None:
                found += [await asyncio.to_thread(pgbench.run, clients, seconds) for clients in PGBENCH_CLIENTS]
        gate = await ours.check(server.dsn)
        stock.close()
        await log.stop()
    shutil.rmtree(data)
    claims = _claims(found, has_pgbench=pgbench.program is not None)
    tell(f"Log: commands per second, median of {runs} rounds of {seconds:g} s", found, known, [*claims, gate])


def _claims(found: list[Measured], *, has_pgbench: bool) -> list[str]:
    claims = [f"64 callers: {rate(found, EXISTING, 64) / rate(found, Stock.name, STOCK_THREADS):.1f} times the stock library (aim 20)"]
    if not has_pgbench:
        return [*claims, "NO PGBENCH: it is neither in the wheel nor on the path; not compared"]
    alone, many = rate(found, Pgbench.name, 1), rate(found, Pgbench.name, 32)
    return [
        *claims,
        f"128 callers: {rate(found, EXISTING, 128) / many:.2f} times pgbench with 32 clients (aim 1.3)",
        f"1 caller: {rate(found, EXISTING, 1) / alone:.2f} times pgbench with 1 client (aim 0.25)",
    ]


def _row(external_ref: str) -> CaseTerms:
    debt = DebtTerms(external_ref, "credit_card", (ComponentAmount(Component.PRINCIPAL, Money("EUR", 100_000)),), None)
    return CaseTerms(external_ref, "credit_card", (Party(new_id(), PartyRole.DEBTOR, Liability.FULL),), (debt,), date(2026, 1, 1))


_SEALED = Sealed(UUID(int=7), 1, bytes(12), bytes(64))
_BUCKETS = BucketSet("cycles-1", BucketUnit.CYCLES, (Bucket("current", None, 0), Bucket("1+", 1, None)))
_TERMS = PortfolioTerms("Europe/Madrid", "ES", "EUR", _BUCKETS, Authority.OURS, Authority.CREDITOR, "ES")
