"""Clocks: the port for business time. Tokens, leases and RPC deadlines always use real time, never this."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What time the business believes it is. Every instant has a zone (UTC)."""

    def now(self) -> datetime: ...


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)
