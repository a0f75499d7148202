"""Waking: told in process when our log has grown; polling is the backstop for what other processes append."""

from __future__ import annotations

import asyncio

from services.chassis.log.log import Log

POLL_SECONDS_MIN = 0.02


class Waking:
    """Waits for news of our log. The pause between two looks grows from 20 ms to `poll_seconds_max` while there is none."""

    def __init__(self, log: Log, *, poll_seconds_max: float) -> None:
        self._poll_seconds_max = poll_seconds_max
        self._pause_seconds = POLL_SECONDS_MIN
        self._has_grown = asyncio.Event()
        log.on_appended(self.wake)

    def wake(self) -> None:
        self._has_grown.set()

    async def wait(self, *, seconds_max: float) -> None:
        """Until the log has grown, or it is time to look again. An append since the last wait returns at once."""
        try:
            async with asyncio.timeout(max(0.0, min(self._pause_seconds, seconds_max))):
                await self._has_grown.wait()
        except TimeoutError:
            self._pause_seconds = min(self._pause_seconds * 1.5, self._poll_seconds_max)
            return
        self._has_grown.clear()
        self._pause_seconds = POLL_SECONDS_MIN
