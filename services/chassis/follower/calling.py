"""Calling: streams that nothing wakes, neither a fact nor a timer, and that have something to do all the same (a new version in force).

Whoever has the lease looks for them in a read model, a few at a time, and lets each decide. What is found again before the read model
shows what came of it is the same command, and is answered as such.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from psycopg import AsyncConnection

from services.chassis.follower import marks
from services.chassis.follower.leaseholder import Leaseholder
from services.chassis.follower.leases import Leases
from services.chassis.follower.waking import Waking
from services.chassis.log.connections import STORE_IS_AWAY
from services.chassis.log.log import Log
from services.chassis.log.origins import Actor, Command
from services.chassis.log.units import Conflict, LogIsBusy, OutcomeUnknown, RefusedBefore
from services.kernel.facts import Change
from services.kernel.refusal import Refusal

CALLS_AT_ONCE_MAX = 100
LOOK_AGAIN_SECONDS = 0.2
NOTHING_FOUND_SECONDS = 5.0
CALLS_LEASE = "calls"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to be looked at. `name` is the same as long as what was seen of it is."""

    tenant_id: str
    name: str
    subject: UUID


Find = Callable[[AsyncConnection[Any], int], Awaitable[Sequence[Call]]]
"""At most so many of those that have something to do, in a lasting order."""

What = Callable[[Call], Change[Any]]


class Caller(Leaseholder):
    """Does `what` with everything that `find` finds. `nothing_found_seconds`: how long it rests when there was nothing."""

    name = "calls"

    def __init__(
        self, log: Log, find: Find, what: What, *, lease_seconds: float = 10.0, nothing_found_seconds: float = NOTHING_FOUND_SECONDS
    ) -> None:
        self._log, self._find, self._what, self._rest_seconds = log, find, what, nothing_found_seconds
        service = self._service = log.service.name
        super().__init__(
            Leases(log.dsn, service, CALLS_LEASE, [CALLS_LEASE], lease_seconds=lease_seconds),
            marks.pool(log.dsn, service, CALLS_LEASE),
            Waking(log, poll_seconds_max=nothing_found_seconds),
        )
        self._ended = asyncio.Event()
        self._failed: set[str] = set()
        """Calls that failed for another reason than a refusal: told once, and not tried again by this process."""

    async def _run(self) -> None:
        while not self._is_stopping:
            await self._leases.wait_held(CALLS_LEASE)
            try:
                found = await self._call_some()
            except (*STORE_IS_AWAY, LogIsBusy, OutcomeUnknown) as error:
                _log.warning("calls_interrupted", service=self._service, error_type=type(error).__name__)
                found = 0
            await self._pause(LOOK_AGAIN_SECONDS if found else self._rest_seconds)

    async def stop(self) -> None:
        self._ended.set()
        await super().stop()

    async def _pause(self, seconds: float) -> None:
        """A log that grows is no news to us: only time is, or the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    async def _call_some(self) -> int:
        async with self._pool.connection() as connection:
            found = await self._find(connection, CALLS_AT_ONCE_MAX + len(self._failed))
        calls = [call for call in found if call.name not in self._failed]
        await asyncio.gather(*(self._call(call) for call in calls))
        return len(calls)

    async def _call(self, call: Call) -> None:
        asked = Command(
            tenant_id=call.tenant_id,
            principal=self._service,
            method=CALLS_LEASE,
            request_id=call.name,
            payload_hash=hashlib.sha256(call.name.encode()).digest(),
            actor=Actor("SYSTEM", self._service),
        )
        try:
            await self._log.run(asked, self._what(call))
        except (Conflict, Refusal, RefusedBefore) as refused:
            _log.info("call_refused", service=self._service, error_type=type(refused).__name__)
        except (*STORE_IS_AWAY, LogIsBusy, OutcomeUnknown):
            raise
        except Exception as error:  # noqa: BLE001 - one stream that fails keeps no other from being called; it is told, and an alarm
            self._failed.add(call.name)
            _log.error("call_failed", service=self._service, error_type=type(error).__name__, exc_info=error)
