"""Tasks of a part: what it runs beside its callers. The first failure ends the part, loudly."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """A part's tasks; `wait` raises what the first of them raised, `stop` ends them all."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._over: asyncio.Future[None] | None = None

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._over is None:
            self._over = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def wait(self) -> None:
        if self._over is not None:
            await asyncio.shield(self._over)

    async def stop(self, grace_seconds: float = 0.0) -> None:
        """Let tasks end by themselves for `grace_seconds`, then cancel what is left."""
        running = set(self._running)
        if running and grace_seconds > 0:
            await asyncio.wait(running, timeout=grace_seconds)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled() or self._over is None:
            return
        error = task.exception()
        if error is not None and not self._over.done():
            self._over.set_exception(error)
            self._over.exception()  # `wait` tells it; nobody need have asked yet
