"""The runtime: starts a process's parts in order, drains them in reverse, and ends loudly when one fails.

Exit codes: 0 ended as asked (SIGTERM, SIGINT); 1 a part failed, or did not stop in time; 2 the settings are wrong;
3 the start was refused, because what is there does not fit what was promised (contracts, partitions, access rules).
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from google.protobuf.internal import api_implementation

from services.chassis.part import Part
from services.chassis.telemetry import logs

EXIT_CLEAN = 0
EXIT_PART_FAILED = 1
EXIT_SETTINGS_WRONG = 2
EXIT_START_REFUSED = 3

STOP_WITHIN_SECONDS = 25.0
"""For all parts together: below the 30 seconds that Kubernetes waits before it kills."""
STOP_AT_LEAST_SECONDS = 0.5
"""What each part gets, also after another one has used up the time."""
COLLECT_AFTER = (50_000, 20, 100)
"""Objects made and not given up, and how seldom the older ones: gc.set_threshold."""

_log = structlog.get_logger("runtime")


class StartRefused(Exception):
    """What is there does not fit what was promised: starting would do harm. Say what, without personal data."""


class SettingsAreWrong(Exception):
    """A setting is missing or impossible. Names the setting, never its value."""


class Runtime:
    """Runs `parts`: each starts after the ones before it and stops before them."""

    def __init__(self, *parts: Part, stop_within_seconds: float = STOP_WITHIN_SECONDS) -> None:
        self._parts = parts
        self._stop_within_seconds = stop_within_seconds
        self._asked_to_stop = asyncio.Event()

    def run(self) -> int:
        """Run until a signal or a failure; the process's exit code."""
        return asyncio.run(self.run_here(with_signals=True))

    async def run_here(self, *, with_signals: bool = False) -> int:
        """The same inside a running event loop; `stop()` ends it. Signals are left alone unless asked for."""
        if not structlog.is_configured():
            logs.configure()
        if with_signals:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self._asked_to_stop.set)
        started: list[Part] = []
        try:
            _refuse_slow_protobuf()
            code = await self._start_and_wait(started)
        except StartRefused as refused:
            _log.error("start_refused", error_type=type(refused).__name__, finding=str(refused))
            code = EXIT_START_REFUSED
        except SettingsAreWrong as wrong:
            _log.error("settings_are_wrong", finding=str(wrong))
            code = EXIT_SETTINGS_WRONG
        except Exception as failed:  # noqa: BLE001  # the last resort of the process: told, and the exit code says it
            _log.error("part_failed", exc_info=failed)
            code = EXIT_PART_FAILED
        stopped_well = await self._stop(started)
        return code if stopped_well or code != EXIT_CLEAN else EXIT_PART_FAILED

    def stop(self) -> None:
        """Ask for an ordered end, as SIGTERM does."""
        self._asked_to_stop.set()

    async def _start_and_wait(self, started: list[Part]) -> int:
        asked = asyncio.create_task(self._asked_to_stop.wait())
        watched: set[asyncio.Task[object]] = {asked}
        try:
            for part in self._parts:
                # Counted before it has started: a half-started part is stopped too.
                started.append(part)
                if not await self._start(part, asked):
                    return EXIT_CLEAN
                watched.add(asyncio.create_task(part.wait(), name=part.name))
            _log.info("started", parts=[part.name for part in started])
            done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {asked}:
                task.result()
                _log.error("part_ended_early", part=task.get_name())
            return EXIT_CLEAN if done == {asked} else EXIT_PART_FAILED
        finally:
            for task in watched:
                task.cancel()
            await asyncio.gather(*watched, return_exceptions=True)

    async def _start(self, part: Part, asked: asyncio.Task[object]) -> bool:
        """False when the process was asked to stop meanwhile."""
        starting: asyncio.Task[object] = asyncio.create_task(part.start(), name=part.name)
        await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            return False
        starting.result()
        return True

    async def _stop(self, started: Sequence[Part]) -> bool:
        stopped_well = True
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._stop_within_seconds
        for part in reversed(started):
            try:
                async with asyncio.timeout_at(max(give_up_at, loop.time() + STOP_AT_LEAST_SECONDS)):
                    await part.stop()
            except Exception as failed:  # noqa: BLE001  # the others must still be stopped: what failed is told
                _log.error("stop_failed", part=part.name, exc_info=failed)
                stopped_well = False
        return stopped_well


def open_door(parts: Callable[[], Sequence[Part]]) -> int:
    """Build the parts inside the event loop they will run in, run them, and give the exit code."""

    async def build_and_run() -> int:
        runtime = Runtime(*parts())
        collect_seldom()
        return await runtime.run_here(with_signals=True)

    logs.configure()
    try:
        return asyncio.run(build_and_run())
    except (SettingsAreWrong, StartRefused) as stopped:
        _log.error("start_refused", error_type=type(stopped).__name__, finding=str(stopped))
        return EXIT_SETTINGS_WRONG if isinstance(stopped, SettingsAreWrong) else EXIT_START_REFUSED


def collect_seldom() -> None:
    """What is there for good is not looked through again, and the rest less often: live streams are many objects and make no cycles.

    With Python's own thresholds the collector takes half the time of a fold (docs/performance.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _refuse_slow_protobuf() -> None:
    """The pure-Python backend is slow and has had recursion bugs (CVE-2025-4565): never serve with it."""
    if api_implementation.Type() == "python":
        raise StartRefused("protobuf runs on its pure-Python backend; install the binary wheel")
