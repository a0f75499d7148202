"""Payments as cases hears it: a small teller of its facts, by their contract, on a real log and a real topic."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

from acuerdo.payments.v1.events_pb2 import PaymentEvent
from aiokafka.errors import UnknownTopicOrPartitionError

from services.cases.domain.components import Component
from services.chassis.follower import topics
from services.chassis.follower.source import Source
from services.chassis.follower.topics import Kafka, events_topic, heads_topic
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.mapper import Mapper
from services.chassis.service import Service
from services.chassis.wire.hints import ContractsDiffer
from services.kernel.facts import Change, Fact, Stream
from services.kernel.ids import derived
from services.kernel.money import Money, total
from tests.chassis.follower.tales import eventually

TENANT = "demo"


@dataclass(frozen=True, slots=True)
class AllocationLine:
    debt_id: UUID
    component: Component
    amount: Money
    instalment: int = 0
    commitment_id: UUID | None = None
    rule: str = "OLDEST_FIRST"


class ReversalCause(Enum):
    RETURNED = "RETURNED"
    CHARGEBACK = "CHARGEBACK"
    REALLOCATED = "REALLOCATED"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"


class PaymentAllocated(Fact):
    case_id: UUID
    allocation_id: UUID
    payment_id: UUID
    amount: Money
    lines: tuple[AllocationLine, ...]
    value_date: date
    waterfall_version: str
    source: str
    designated_debt_ids: tuple[UUID, ...]
    commitment_id: UUID | None

    def apply(self, ledger: Any) -> None: ...


class AllocationReversed(Fact):
    case_id: UUID
    allocation_id: UUID
    payment_id: UUID
    cause: ReversalCause
    value_date: date
    amount: Money

    def apply(self, ledger: Any) -> None: ...


class AllocationLedger(Stream):
    """One for each case."""


def _module() -> ModuleType:
    module = ModuleType(__name__)
    vars(module).update(PaymentAllocated=PaymentAllocated, AllocationReversed=AllocationReversed)
    return module


class _Partly(Mapper):
    """Of the facts of payments, those few that are told here."""

    def __init__(self, event: Any, facts: Any) -> None:
        with suppress(ContractsDiffer):  # the messages that are left over are known last
            super().__init__(event, facts)


class _Payments(Service):
    @cached_property
    def mapper(self) -> Mapper:
        return _Partly(self.event, self.facts)


PAYMENTS = _Payments("payments", PaymentEvent, [_module()])
SOURCE = Source("payments", PaymentEvent)


class Teller:
    """Tells what payments would tell."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def allocate(self, case_id: str, name: str, on: date, *lines: AllocationLine) -> None:
        """`name` tells one allocation from another."""
        amount = total((line.amount for line in lines), lines[0].amount.currency_code)
        allocation_id = derived("allocation", name)

        def decide(ledger: AllocationLedger) -> None:
            ledger.tell(
                PaymentAllocated(
                    **ledger.next(),
                    case_id=UUID(case_id),
                    allocation_id=allocation_id,
                    payment_id=derived("payment", name),
                    amount=amount,
                    lines=lines,
                    value_date=on,
                    waterfall_version="es-1",
                    source="CREDITOR_FILE",
                    designated_debt_ids=(),
                    commitment_id=None,
                )
            )

        await self._tell(case_id, decide)

    async def reverse(self, case_id: str, name: str, on: date, cause: ReversalCause = ReversalCause.RETURNED) -> None:
        def decide(ledger: AllocationLedger) -> None:
            ledger.tell(
                AllocationReversed(
                    **ledger.next(),
                    case_id=UUID(case_id),
                    allocation_id=derived("allocation", name),
                    payment_id=derived("payment", name),
                    cause=cause,
                    value_date=on,
                    amount=Money("EUR", 1),
                )
            )

        await self._tell(case_id, decide)

    async def _tell(self, case_id: str, decide: Any) -> None:
        origin = Command(TENANT, "tester", "Tell", str(uuid4()), bytes(32), Actor("SYSTEM", "tester"))
        await self._log.run(origin, Change(AllocationLedger, derived("ledger", case_id), decide))


async def without_topics(kafka: Kafka, *services: str) -> None:
    """What another test told of payments (or of these services) is gone from the broker."""
    names = {topic(service) for service in services or ("payments",) for topic in (events_topic, heads_topic)}

    async def are_gone() -> bool:
        async with topics.administrator(kafka) as admin:
            return not names & set(await admin.list_topics())

    async with topics.administrator(kafka) as admin:
        there = sorted(names & set(await admin.list_topics()))
        if there:
            with suppress(UnknownTopicOrPartitionError):
                await admin.delete_topics(there)
    await eventually(are_gone)
