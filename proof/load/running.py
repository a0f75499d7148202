"""The load as a whole: tenants are opened, callers do their deeds until told to stop, and what they got is counted."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from proof.history import History
from proof.load.calling import Caller, Tally, Tokens
from proof.load.doing import DEEDS
from proof.load.knowing import Book
from proof.load.looping import LOOP
from proof.load.opening import open_tenant

PATIENCE_SECONDS = 60.0
OPENED_WITHIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to whom. `addresses`: host:port, several for a service with replicas."""

    addresses: Mapping[str, Sequence[str]]
    tokens: Mapping[str, str]
    """By tenant: of somebody with the roles operator, supervisor and agent."""
    issuer: str
    subject: str
    """Of these tokens: together they are the principal."""
    history: Path
    canaries: Path
    """Where the personal values are listed that were put in, one a line."""
    seed: int = 1
    callers: int = 16
    name: str = "load"
    """Begins every reference: another load in the same tenants needs another one."""
    deeds_per_second: float | None = None
    """Of all callers; None: as fast as it goes."""
    impatient_share: float = 0.02
    patience_seconds: float = PATIENCE_SECONDS

    @property
    def principal(self) -> str:
        return f"{self.issuer}#{self.subject}"

    @property
    def has_loop(self) -> bool:
        """Whether people, contacts and money are there to work with."""
        return {"contacts", "payments"} <= self.addresses.keys()


async def run(plan: Plan, seconds: float, stop: asyncio.Event | None = None, say: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Callers at work for so long (or until `stop`); then each finishes what it has begun. `say` is told now and then."""
    tally, history, stop = Tally(), History(plan.history), stop or asyncio.Event()
    canaries = _Canaries(plan.canaries)
    try:
        async with AsyncExitStack() as opened:
            numbers = count(1)
            books = [Book(f"{plan.name}-{tenant}", random.Random(f"{plan.seed}/{tenant}"), canaries) for tenant in plan.tokens]
            callers: list[tuple[Caller, Book, random.Random]] = []
            for number in range(max(plan.callers, len(books))):
                book, tenant = books[number % len(books)], list(plan.tokens)[number % len(books)]
                rng = random.Random(f"{plan.seed}/{number}")
                who = Tokens(tenant, plan.principal, plan.tokens[tenant])
                caller = Caller(
                    who,
                    plan.addresses,
                    history,
                    tally,
                    rng,
                    numbers,
                    patience_seconds=plan.patience_seconds,
                    impatient_share=plan.impatient_share,
                )
                opened.push_async_callback(caller.close)
                callers.append((caller, book, rng))
            await asyncio.gather(
                *(open_tenant(callers[number][0], book, number, has_loop=plan.has_loop) for number, book in enumerate(books))
            )
            await _work(plan, callers, seconds, stop, tally, say)
    finally:
        history.close()
        canaries.close()
    return tally


async def _work(
    plan: Plan,
    callers: Sequence[tuple[Caller, Book, random.Random]],
    seconds: float,
    stop: asyncio.Event,
    tally: Tally,
    say: Callable[[Tally], None],
) -> None:
    ends_at = time.monotonic() + seconds
    table = DEEDS | LOOP if plan.has_loop else DEEDS
    deeds, weights = list(table), list(table.values())
    pause = len(callers) / plan.deeds_per_second if plan.deeds_per_second else 0.0

    async def work(caller: Caller, book: Book, rng: random.Random) -> None:
        while not stop.is_set() and time.monotonic() < ends_at:
            await rng.choices(deeds, weights)[0](caller, book)
            await asyncio.sleep(rng.uniform(0, 2 * pause))

    async def speak() -> None:
        while True:
            await asyncio.sleep(1.0)
            say(tally)

    speaking = asyncio.create_task(speak())
    try:
        await asyncio.gather(*(work(*caller) for caller in callers))
    finally:
        speaking.cancel()


class _Canaries(list[str]):
    """Each one written down before it is used: a load that is killed leaves a whole list."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._out = file.open("a", encoding="utf-8", buffering=1)

    def append(self, value: str) -> None:
        self._out.write(value + "\n")
        super().append(value)

    def close(self) -> None:
        self._out.close()
