"""Cases and payments in one process, each hearing the other over real Kafka, on clocks that move together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from acuerdo.cases.v1 import events_pb2 as cases_told
from acuerdo.cases.v1 import promises_pb2 as pb
from acuerdo.cases.v1 import types_pb2 as types
from acuerdo.payments.v1 import events_pb2 as payments_told
from acuerdo.payments.v1 import receipts_pb2 as receipts

from services.cases.reactions import EVIDENCE, REACTIONS
from services.chassis.follower.marks import connect
from services.chassis.follower.relay import Relay
from services.chassis.follower.source import Source
from services.chassis.follower.state import followers_state, is_quiet
from services.chassis.follower.timers import is_any_due
from services.chassis.follower.topics import Kafka
from services.chassis.log.log import Log
from services.kernel.calendar import start_of, zone
from services.payments.reactions import REACTIONS as PAYMENTS_REACTIONS
from tests.chassis.follower.tales import Direct, House
from tests.services.cases.payments_teller import without_topics
from tests.services.cases.service import Caller, Running, a_debt, a_row, cycles_terms, money, on, running
from tests.services.cases.test_cases_api import ANA
from tests.services.payments import service as payments_service

MADRID = zone("Europe/Madrid")
TOPIC_PARTITIONS = 12
SETTLED_WITHIN_SECONDS = 150.0
PROMISES = (
    *("Made", "ReminderDue", "PartPaid", "PartRevoked", "Kept", "UnpaidSoFar", "PartlyKept", "Broken"),
    *("KeptRevoked", "BreakRevoked", "Cancelled", "Superseded", "Suspended", "Resumed"),
)


@dataclass
class Loop:
    """Two services, a caller at each, one portfolio whose payments come through a bank and the creditor's file."""

    cases: Running
    payments: payments_service.Running
    caller: Caller
    money: payments_service.Caller
    relays: tuple[Relay, Relay]
    portfolio_id: str = ""
    bank: str = ""
    file: str = ""

    async def begin(self) -> None:
        client = await self.caller.RegisterClient(external_ref="bank", name="Bank")
        terms = cycles_terms()
        terms.balance_authority = types.AUTHORITY_OURS
        portfolio = await self.caller.OpenPortfolio(client_id=client.client_id, external_ref="cards", name="Cards", terms=terms)
        self.portfolio_id = portfolio.portfolio_id
        of = {"portfolio_ids": [self.portfolio_id]}
        self.bank = await self.money.a_source("bank", **of)
        self.file = await self.money.a_source("file", kind=receipts.SOURCE_KIND_CREDITOR_FILE, **of)
        terms.payment_source_ids.extend([self.bank, self.file])
        await self.caller.ChangePortfolioTerms(portfolio_id=self.portfolio_id, terms=terms, effective_from=on(date(2026, 1, 1)))

    async def a_case(self, ref: str) -> str:
        case = await self.caller.RegisterCase(
            portfolio_id=self.portfolio_id,
            external_ref=ref,
            product="card",
            parties=a_row(1, "x", 1, ANA).parties,
            debts=[a_debt(100_000)],
            value_date=on(date(2026, 1, 1)),
        )
        await self.settle()
        return str(case.case_id)

    async def promise(self, case_id: str, day: date, euros: int, by: Caller | None = None, **other: Any) -> str:
        part = pb.PromisePart(date=on(day), amount=money(euros * 100))
        answer = await (by or self.caller).MakePromise(case_id=case_id, parts=[part], **other)
        await self.settle()
        return str(answer.promise_id)

    async def pay(self, case_id: str, ref: str, day: date, euros: int, source: str = "") -> str:
        answer = await self.money.RecordPayment(
            source_id=source or self.bank, provider_ref=ref, amount=money(euros * 100), value_date=on(day), case_id=case_id
        )
        await self.settle()
        return str(answer.payment_id)

    async def complete(self, source_id: str, through: date) -> None:
        await self.money.CompletePaymentSource(source_id=source_id, complete_through=on(through), evidence_ref="statement")
        await self.settle()

    async def complete_all(self, through: date) -> None:
        await self.complete(self.bank, through)
        await self.complete(self.file, through)

    async def midnight_of(self, day: date) -> None:
        await self.pass_until(start_of(day, MADRID))

    async def pass_until(self, instant: datetime) -> None:
        for running_ in (self.cases, self.payments):
            await running_.clock.advance(instant)
        await self.settle()

    async def told(self, case_id: str) -> list[str]:
        """Names of what was told of promises, in order, without their first word."""
        wanted = [f"Promise{name}" for name in PROMISES]
        return [row.type.removeprefix("Promise") for row in (await self.caller.GetTimeline(case_id=case_id, types=wanted)).rows]

    async def settle(self) -> None:
        """Until no timer is due and everybody has heard everything, in two looks that see the same logs."""
        seen: list[int] = []
        try:
            async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
                await self._until_quiet(seen)
        except TimeoutError:
            raise AssertionError(f"not quiet: {seen} {[await _standing(log) for log in (self.cases.log, self.payments.log)]}") from None

    async def _until_quiet(self, seen: list[int]) -> None:
        while True:
            for relay in self.relays:
                relay.announce()
            logs = [self.cases.log, self.payments.log]
            standing = [(await log.head()).position for log in logs]
            quiet = all([await _is_quiet(log, standing) for log in logs])
            if quiet and standing == seen:
                return
            seen[:] = standing if quiet else []
            await asyncio.sleep(0.1)


async def _standing(log: Log) -> list[str]:
    """Who is where, as words."""
    async with await connect(log.dsn, log.service.name, autocommit=True) as connection:
        states = await followers_state(connection)
        is_due = "a timer is due" if await is_any_due(connection, log.clock.now()) else "no timer is due"
    return [is_due, *(f"{state.follower}<{state.source} {state.partition}: {state.position}/{state.head_position}" for state in states)]


async def _is_quiet(log: Log, heads: list[int]) -> bool:
    async with await connect(log.dsn, log.service.name, autocommit=True) as connection:
        if not await is_quiet(connection, log.clock.now()):
            return False
        listening = [state for state in await followers_state(connection) if state.follower in ("reactions", "evidence")]
        followers = {state.follower for state in listening}
        if len(listening) < TOPIC_PARTITIONS * len(followers) or not followers:
            return False
        head = heads[1] if log.service.name == "cases" else heads[0]
        # Some partition holds the source's last fact: whoever has heard it stands there.
        return all(max(state.position for state in listening if state.follower == follower) == head for follower in followers)


@asynccontextmanager
async def both(database: str, home: Path, kafka: str, begin: datetime) -> AsyncIterator[Loop]:
    broker = Kafka(kafka)
    await without_topics(broker, "cases", "payments")
    async with AsyncExitStack() as stack:
        cases = await stack.enter_async_context(running(database, home / "cases", begin))
        payments = await stack.enter_async_context(payments_service.running(database, home / "payments", begin))
        house = House(database, broker, stack)
        relays = (await house.relay(cases.log), await house.relay(payments.log))
        of_cases, of_payments = Source("cases", cases_told.CaseEvent), Source("payments", payments_told.PaymentEvent)
        from_cases, from_payments = Direct(cases.log, partitions=TOPIC_PARTITIONS), Direct(payments.log, partitions=TOPIC_PARTITIONS)
        await house.reactions(payments.log, from_cases, PAYMENTS_REACTIONS["cases"], of_cases)
        await house.reactions(cases.log, from_payments, REACTIONS["payments"], of_payments)
        await house.reactions(cases.log, from_payments, EVIDENCE["payments"], of_payments, follower="evidence", behind="reactions")
        loop = Loop(cases, payments, cases.as_("supervisor", "operator", "agent"), payments.as_(), relays)
        await loop.begin()
        yield loop
