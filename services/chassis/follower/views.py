"""Views: our own log to tables that people's queries read. A view's position moves in the transaction that writes its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from psycopg import AsyncConnection, sql

from services.chassis.follower import marks
from services.chassis.follower.leases import Leases
from services.chassis.follower.marks import At
from services.chassis.follower.rebuilding import ask_for_rebuild, is_rebuild_asked_for, rebuild_is_begun
from services.chassis.follower.relayed import OWN_LOG_EPOCH
from services.chassis.follower.source import Source, read
from services.chassis.follower.tasks import Tasks
from services.chassis.follower.waking import Waking
from services.chassis.heard import View
from services.chassis.log.connections import STORE_IS_AWAY
from services.chassis.log.log import Log
from services.chassis.log.origins import HeardUpTo
from services.chassis.log.units import HeardAlready, Record
from services.chassis.telemetry.metrics import FOLLOWER_LAG

GATHER_SECONDS = 0.02
PAGE_RECORDS_MAX = 500
LOOK_SECONDS_MIN, LOOK_SECONDS_MAX = 0.005, 0.05
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.2, 10.0

_log = structlog.get_logger()


class ViewIsBehind(Exception):
    """The view does not show that position yet; ask again. (UNAVAILABLE)"""


def follower_of(view: str) -> str:
    """A view's name among the followers."""
    return f"view:{view}"


class Views:
    """Writes all views of a service, each as a follower of its own; of several workers one writes a view."""

    name = "views"

    def __init__(self, log: Log, views: Sequence[View], *, lease_seconds: float = 10.0, poll_seconds_max: float = 0.2) -> None:
        self._log = log
        self._service = log.service.name
        self._views = {view.name: view for view in views}
        self._leases = Leases(log.dsn, self._service, "views", self._views, lease_seconds=lease_seconds)
        self._pool = marks.pool(log.dsn, self._service, "views")
        self._poll_seconds_max = poll_seconds_max
        self._source = Source(self._service, log.service.event)
        self._shown = dict.fromkeys(self._views, 0)
        self._has_moved = asyncio.Condition()
        self._tasks = Tasks()
        self._is_stopping = False

    async def start(self) -> None:
        await self._pool.open(wait=True, timeout=10)
        async with self._pool.connection() as connection:
            for name in self._views:
                await marks.open_position(connection, self._at(name), 0)
        await self._leases.start()
        for view in self._views.values():
            self._tasks.start(follower_of(view.name), self._follow(view))

    async def stop(self) -> None:
        self._is_stopping = True
        await self._tasks.stop(grace_seconds=1.0 if self._leases.held else 0.0)
        await self._leases.stop()
        await self._pool.close()

    async def wait(self) -> None:
        await self._tasks.wait()

    async def wait_for(self, position: int, timeout: float, views: Sequence[str] = ()) -> None:
        """Return once the named views (all, when none is named) show our log up to `position`; ViewIsBehind after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                for name in views or self._views:
                    await self._wait_for_one(name, position)
        except TimeoutError:
            raise ViewIsBehind from None

    async def rebuild(self, name: str = "") -> None:
        """Empty a view (all, when none is named) and write it again from the first fact, by whoever has its lease."""
        async with self._pool.connection() as connection:
            await ask_for_rebuild(connection, [follower_of(view) for view in ([name] if name else self._views)])

    async def _wait_for_one(self, name: str, position: int) -> None:
        """Told in process where the view is written here; looked up otherwise."""
        pause = LOOK_SECONDS_MIN
        while self._shown[name] < position:
            if name in self._leases.held:
                async with self._has_moved:
                    if self._shown[name] < position:
                        with suppress(TimeoutError):  # the lease may have gone elsewhere meanwhile
                            await asyncio.wait_for(self._has_moved.wait(), LOOK_SECONDS_MAX * 4)
            else:
                async with self._pool.connection() as connection:
                    shown, _ = await marks.position(connection, self._at(name))
                if shown >= position:
                    return
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LOOK_SECONDS_MAX)

    async def _follow(self, view: View) -> None:
        waking = Waking(self._log, poll_seconds_max=self._poll_seconds_max, gather_seconds=GATHER_SECONDS)
        pause = RETRY_SECONDS_MIN
        while not self._is_stopping:
            await self._leases.wait_held(view.name)
            began = monotonic()
            try:
                await self._write_while_held(view, waking)
            except HeardAlready:
                _log.warning("another_worker_writes_the_view", service=self._service, view=view.name)
            except STORE_IS_AWAY as error:
                _log.warning("view_interrupted", service=self._service, view=view.name, error_type=type(error).__name__)
            pause = RETRY_SECONDS_MIN if monotonic() - began > RETRY_SECONDS_MAX else min(pause * 2, RETRY_SECONDS_MAX)
            if not self._is_stopping:
                await asyncio.sleep(pause)

    async def _write_while_held(self, view: View, waking: Waking) -> None:
        at = self._at(view.name)
        async with self._pool.connection() as connection:
            await self._show(view.name, (await marks.position(connection, at))[0])
        while not self._is_stopping and view.name in self._leases.held:
            async with self._pool.connection() as connection:
                if await is_rebuild_asked_for(connection, at.follower):
                    await self._empty(connection, view)
                    await self._show(view.name, 0)
                while not self._is_stopping and await self._write_page(connection, view):
                    pass
            FOLLOWER_LAG.set(0, {"service": self._service, "follower": at.follower, "source": self._service})
            await waking.wait(seconds_max=self._poll_seconds_max)

    async def _write_page(self, connection: AsyncConnection[Any], view: View) -> bool:
        """The next facts and the position in one transaction. Whether there may be more."""
        at, shown = self._at(view.name), self._shown[view.name]
        records, is_cut = await self._page(shown)
        if not records:
            return False
        facts = [read(self._source, record.event, record.position, record.recorded_at) for record in records]
        last = records[-1].position
        async with connection.transaction():
            await marks.move(connection, HeardUpTo(at.follower, at.source, at.epoch, at.partition, shown, last))
            await view.write(connection, facts)
        await self._show(view.name, last)
        return is_cut

    async def _page(self, after: int) -> tuple[list[Record], bool]:
        """Whole units (all facts of one share their `recorded_at`): what is stored together is shown together. And whether more follow."""
        records: list[Record] = []
        while True:
            more = await self._log.read(records[-1].position if records else after, PAGE_RECORDS_MAX)
            records += more
            if len(more) < PAGE_RECORDS_MAX:
                return records, False
            whole = [record for record in records if record.recorded_at != records[-1].recorded_at]
            if whole:
                return whole, True

    async def _empty(self, connection: AsyncConnection[Any], view: View) -> None:
        at = self._at(view.name)
        async with connection.transaction():
            tables = sql.SQL(", ").join(sql.Identifier(self._service, table) for table in view.tables)
            await connection.execute(sql.SQL("TRUNCATE {}").format(tables))
            shown, _ = await marks.position(connection, at)
            await marks.move(connection, HeardUpTo(at.follower, at.source, at.epoch, at.partition, shown, 0))
            await rebuild_is_begun(connection, at.follower)

    async def _show(self, name: str, position: int) -> None:
        async with self._has_moved:
            self._shown[name] = position
            self._has_moved.notify_all()

    def _at(self, name: str) -> At:
        return At(follower_of(name), self._service, OWN_LOG_EPOCH, 0)
