"""The watchdog: a consumer that has something to read and makes no progress is begun again; three times in vain, and the process ends."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import structlog

from services.chassis.follower.listening import Listener
from services.chassis.follower.meters import RESTARTS

_log = structlog.get_logger()


class MadeNoProgress(OSError):
    """Caught where the consumer is made: it is made anew."""


class IsStuck(Exception):
    """New consumers did not help: the part has failed."""


class Watchdog:
    """Looks at one follower's listeners each second."""

    def __init__(self, follower: str, source: str, *, patience_seconds: float = 30.0, restarts_max: int = 3) -> None:
        self._follower, self._source = follower, source
        self._patience_seconds, self._restarts_max = patience_seconds, restarts_max
        self._began_at = self._head_at = self._looked_at = monotonic()
        self._restarts = 0
        self._behind_since: dict[int, float] = {}
        """By partition: it may have had nothing to hear for hours, and news a moment ago."""

    def begin(self) -> None:
        """A new consumer: it has its time from now."""
        self._began_at = self._head_at = self._looked_at = monotonic()
        self._behind_since.clear()

    def heard_a_head(self) -> None:
        self._head_at = monotonic()

    def look(self, listeners: Sequence[Listener]) -> None:
        """MadeNoProgress, and IsStuck after that has not helped. A listener that waits for something it can name is not stuck."""
        now = monotonic()
        if any(listener.progressed_at > self._began_at for listener in listeners):
            self._restarts = 0
        for listener in listeners:
            partition = listener.at.partition
            if not listener.is_behind or listener.trouble or listener.is_waiting:
                self._behind_since.pop(partition, None)
                continue
            since = self._behind_since.setdefault(partition, self._looked_at)
            if now - max(listener.progressed_at, self._began_at, since) > self._patience_seconds:
                self._restart(partition=partition, position=listener.position)
        self._looked_at = now
        if listeners and now - self._head_at > self._patience_seconds:
            # Silence may be the source's: begin again, for nothing else would show that our connection is dead.
            _log.warning("heads_are_silent", follower=self._follower, source=self._source)
            raise MadeNoProgress

    def _restart(self, partition: int, position: int) -> None:
        self._restarts += 1
        RESTARTS.add(1, {"follower": self._follower, "source": self._source})
        _log.error(
            "no_progress", follower=self._follower, source=self._source, partition=partition, position=position, attempts=self._restarts
        )
        if self._restarts >= self._restarts_max:
            raise IsStuck(f"{self._follower} of {self._source}: partition {partition} stays at {position}")
        raise MadeNoProgress
