"""Waking: told in process when our log has grown; polling is the backstop for what other processes append."""

from __future__ import annotations

import asyncio
from time import monotonic

from services.chassis.log.log import Log

POLL_SECONDS_MIN = 0.02


class Waking:
    """Waits for news of our log. The pause between two looks grows from 20 ms to `poll_seconds_max` while there is none.

    What comes within `gather_seconds` of the last news is taken together: the first is never kept waiting, and a busy log does not
    make us look for each fact by itself.
    """

    def __init__(self, log: Log, *, poll_seconds_max: float, gather_seconds: float = 0.0) -> None:
        self._poll_seconds_max, self._gather_seconds = poll_seconds_max, gather_seconds
        self._woken_at = 0.0
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
        await asyncio.sleep(max(0.0, self._woken_at + self._gather_seconds - monotonic()))
        self._woken_at = monotonic()
        self._has_grown.clear()
        self._pause_seconds = POLL_SECONDS_MIN
