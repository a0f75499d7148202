"""Together: questions that come while one is under way are asked as one. A query for each would be the slowest part of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

AT_ONCE_MAX = 256


class Together(Generic[Q, A]):
    """`ask` gets many questions and gives the answer to each; what either raises goes to whoever asked."""

    def __init__(self, name: str, ask: Callable[[Sequence[Q]], Awaitable[Callable[[Q], A]]]) -> None:
        self._name, self._ask = name, ask
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, question: Q) -> A:
        answered: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answered))
        if self._asking is None or self._asking.done():
            # In a task of its own: a caller that goes away must not take the others' answer along.
            self._asking = asyncio.create_task(self._ask_all(), name=self._name)
        return await answered

    async def _ask_all(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:AT_ONCE_MAX], self._waiting[AT_ONCE_MAX:]
            try:
                answer = await self._ask([question for question, _ in taken])
            except Exception as error:  # noqa: BLE001 - whoever asked gets it, each of them
                for _, answered in taken:
                    if not answered.done():
                        answered.set_exception(error)
                continue
            for question, answered in taken:
                if not answered.done():
                    _tell(answered, answer, question)


def _tell(answered: asyncio.Future[A], answer: Callable[[Q], A], question: Q) -> None:
    try:
        answered.set_result(answer(question))
    except Exception as error:  # noqa: BLE001 - it is the fault of this question alone
        answered.set_exception(error)
