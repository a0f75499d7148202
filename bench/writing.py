"""Commands on cases straight at the log, as an api process has them decided and stored: for the parts that measure no gRPC."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from bench.calls import CURRENCY
from bench.serving import TENANT
from services.cases import application as verbs
from services.cases.application import CaseKey
from services.cases.domain.case import Case
from services.cases.domain.components import Component, ComponentAmount
from services.cases.domain.debts import AdjustmentReason
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.kernel.facts import Change
from services.kernel.money import Money

AT_ONCE = 64
PRINCIPAL = "https://issuer.acuerdo.localhost#bench"
"""As long as a real one: issuer and subject."""
VALUE_DATE = date(2026, 1, 2)


class Writing:
    """Adjusts balances: one event for each command. What was acknowledged is remembered for the gate."""

    def __init__(self, log: Log, portfolio_id: UUID, key: str, traceparent: str = "") -> None:
        self._log, self._portfolio_id, self._key, self._traceparent = log, portfolio_id, key, traceparent
        self._numbers = itertools.count()
        self.acknowledged: dict[str, int | None] = {}
        """request_id -> position."""

    async def adjust(self, case_id: UUID, source_ref: str = "") -> None:
        """Interest of one cent on the case's debt. `source_ref` makes the event as long as is wanted."""
        deltas = (ComponentAmount(Component.INTEREST, Money(CURRENCY, 1)),)
        # Seeded cases: their debt has the case's own id.
        key = CaseKey(case_id, self._portfolio_id)
        await self._run(verbs.adjust_balance(key, case_id, deltas, AdjustmentReason.INTEREST, source_ref, VALUE_DATE))

    async def each_once(self, case_ids: Iterable[UUID], callers: int = AT_ONCE, source_ref: str = "") -> tuple[float, list[float]]:
        """So many at a time; a case that is named again waits its turn. How long it went on in all, and how long each command took."""
        left, began = iter(case_ids), time.perf_counter()
        took: list[float] = []

        async def call() -> None:
            for case_id in left:
                asked = time.perf_counter()
                await self.adjust(case_id, source_ref)
                took.append(time.perf_counter() - asked)

        await asyncio.gather(*(call() for _ in range(callers)))
        return time.perf_counter() - began, took

    async def keep_on(self, case_ids: Sequence[UUID], callers: int, seconds: float) -> tuple[float, list[float]]:
        """Closed loop: how long it went on in all, and how long each command took. Each caller has cases of its own."""
        began = time.perf_counter()
        took: list[float] = []

        async def call(caller: int) -> None:
            for case_id in itertools.cycle(case_ids[caller::callers] or case_ids):
                if (asked := time.perf_counter()) >= began + seconds:
                    return
                await self.adjust(case_id)
                took.append(time.perf_counter() - asked)

        await asyncio.gather(*(call(caller) for caller in range(callers)))
        return time.perf_counter() - began, took

    async def _run(self, change: Change[Case]) -> None:
        request_id = f"{self._key}-{next(self._numbers)}"
        origin = Command(
            TENANT,
            PRINCIPAL,
            "acuerdo.cases.v1.Cases/AdjustBalance",
            request_id,
            bytes(32),
            Actor("AGENT", "bench"),
            traceparent=self._traceparent,
        )
        self.acknowledged[request_id] = (await self._log.run(origin, change)).position

    def told(self) -> dict[str, int | None]:
        """What was acknowledged since this was asked last."""
        told, self.acknowledged = self.acknowledged, {}
        return told


def uuids(ids: Sequence[bytes]) -> list[UUID]:
    return [UUID(bytes=each) for each in ids]
